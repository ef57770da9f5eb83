//! The table.

use std::fmt;

use crate::rounds::Medians;

/// What a line of the table is to reach.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// Told for what it explains.
    None,
    /// A ratio of throughputs.
    AtLeast(f64),
    /// A ratio of times.
    AtMost(f64),
    /// An absolute time, in seconds.
    Seconds(f64),
    /// An absolute size.
    Bytes(u64),
}

/// One line of the table.
pub struct Row {
    case: String,
    floor: String,
    cairn: String,
    ratio: Option<f64>,
    goal: Goal,
    is_met: bool,
}

impl Row {
    /// A time against the floor's.
    pub fn times(case: String, Medians { floor, cairn, ratio }: Medians, goal: Goal) -> Self {
        let is_met = matches!(goal, Goal::AtMost(most) if ratio <= most);
        Self { case, floor: seconds(floor), cairn: seconds(cairn), ratio: Some(ratio), goal, is_met }
    }

    /// Answers a second against the floor's.
    pub fn rates(case: String, Medians { floor, cairn, ratio }: Medians, goal: Goal) -> Self {
        let is_met = matches!(goal, Goal::AtLeast(least) if ratio >= least);
        let rate = |rate: f64| format!("{rate:.0}/s");
        Self { case, floor: rate(floor), cairn: rate(cairn), ratio: Some(ratio), goal, is_met }
    }

    /// A time that has no floor.
    pub fn time(case: &str, time: f64, goal: Goal) -> Self {
        let is_met = matches!(goal, Goal::Seconds(most) if time <= most);
        Self { case: case.into(), floor: String::new(), cairn: seconds(time), ratio: None, goal, is_met }
    }

    /// A size that has no floor.
    pub fn bytes(case: &str, bytes: u64, goal: Goal) -> Self {
        let is_met = matches!(goal, Goal::Bytes(most) if bytes <= most);
        Self { case: case.into(), floor: String::new(), cairn: megabytes(bytes), ratio: None, goal, is_met }
    }
}

fn seconds(seconds: f64) -> String {
    if seconds < 1e-3 { format!("{:.0} us", seconds * 1e6) } else { format!("{:.2} ms", seconds * 1e3) }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes >> 20)
}

/// All lines.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a line.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.case.len()).max().unwrap_or_default();
        writeln!(f, "{:width$}  {:>10}  {:>10}  {:>6}  {:<14}", "case", "floor", "Cairn", "ratio", "goal")?;
        for row in &self.rows {
            let ratio = row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
            let goal = match row.goal {
                Goal::None => String::new(),
                Goal::AtLeast(least) => format!("at least {least}"),
                Goal::AtMost(most) => format!("at most {most}"),
                Goal::Seconds(most) => format!("at most {}", seconds(most)),
                Goal::Bytes(most) => format!("at most {}", megabytes(most)),
            };
            let verdict = match (row.goal, row.is_met) {
                (Goal::None, _) => "",
                (_, true) => "met",
                (_, false) => "MISSED",
            };
            let Row { case, floor, cairn, .. } = row;
            writeln!(f, "{case:width$}  {floor:>10}  {cairn:>10}  {ratio:>6}  {goal:<14}  {verdict}")?;
        }
        Ok(())
    }
}
