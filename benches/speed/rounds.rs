//! Measuring by turns: in each round the floor and the server do the same work, one right after the other.

use std::error::Error;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::cases::{Case, Question};
use crate::client::Client;
use crate::data::cores;
use crate::floor;
use crate::report::{Goal, Report, Row};
use crate::server::Server;

/// Rounds whose median is judged: an odd number.
pub const ROUNDS: usize = 9;
/// How long one side of a round works at least.
const TURN: Duration = Duration::from_millis(150);
/// The same where processor time is read, which comes in hundredths of a second.
const CPU_TURN: Duration = Duration::from_millis(600);
/// Connections of the throughput measurement.
pub const CONNECTIONS: usize = 8;

/// A failure ends the run.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Asks each question once: checks the answer against the floor, and gives the floor as many rows as the answer has.
pub fn check(case: &mut Case, server: &Server, file: &Path) -> Outcome<()> {
    const FEATURE: &[u8] = br#"{"type":"Feature","id""#;
    let connection = floor::open(file)?;
    let mut statement = floor::prepare(&connection)?;
    let mut client = Client::connect(server.address)?;
    let mut expected = Vec::new();
    for question in &mut case.questions {
        let answer = client.ask(&question.body)?;
        let features = answer.windows(FEATURE.len()).filter(|bytes| *bytes == FEATURE).count();
        if features == 0 {
            return Err(format!("{}: an empty answer: {}", case.name, String::from_utf8_lossy(answer)).into());
        }
        question.floor.limit = features;
        floor::answer(&mut statement, question, &mut expected)?;
        if case.is_same_answer && !answer.windows(expected.len()).any(|bytes| bytes == expected) {
            return Err(format!("{}: the floor has other features", case.name).into());
        }
    }
    Ok(())
}

/// Measures a case on one connection, and on several at once when throughput is its goal.
pub fn against_floor(case: &Case, server: &Server, file: &Path, report: &mut Report) -> Outcome<()> {
    let (mut one, mut many) = (Rounds::default(), Rounds::default());
    for _ in 0..ROUNDS {
        one.push(floor_turn(case, file, 1)?, server_turn(case, server, 1, TURN)?);
        // The floor needs no more threads than there are processors: it never waits for anybody.
        many.push(floor_turn(case, file, cores())?, server_turn(case, server, CONNECTIONS, TURN)?);
    }
    let time = if matches!(case.goal, Goal::AtMost(_)) { case.goal } else { Goal::None };
    let throughput = if matches!(case.goal, Goal::AtLeast(_)) { case.goal } else { Goal::None };
    report.push(Row::times(format!("{}: time", case.name), one.seconds(), time));
    report.push(Row::rates(format!("{}: throughput", case.name), many.rates(), throughput));
    Ok(())
}

/// What every round gave, as answers a second.
#[derive(Default)]
pub struct Rounds {
    floor: Vec<f64>,
    cairn: Vec<f64>,
}

/// The medians of both sides, and of their ratios round by round.
pub struct Medians {
    pub floor: f64,
    pub cairn: f64,
    /// Cairn by floor.
    pub ratio: f64,
}

impl Rounds {
    /// Adds what both sides reached in one round.
    pub fn push(&mut self, floor: f64, cairn: f64) {
        self.floor.push(floor);
        self.cairn.push(cairn);
    }

    /// As answers a second.
    pub fn rates(&self) -> Medians {
        let ratios: Vec<f64> = self.cairn.iter().zip(&self.floor).map(|(cairn, floor)| cairn / floor).collect();
        Medians { floor: median(&self.floor), cairn: median(&self.cairn), ratio: median(&ratios) }
    }

    fn seconds(&self) -> Medians {
        let Medians { floor, cairn, ratio } = self.rates();
        Medians { floor: floor.recip(), cairn: cairn.recip(), ratio: ratio.recip() }
    }
}

/// Answers a second of the floor on so many threads, each with a connection and a statement of its own.
fn floor_turn(case: &Case, file: &Path, threads: usize) -> Outcome<f64> {
    at_once(threads, |barrier, offset| {
        let connection = floor::open(file)?;
        let mut statement = floor::prepare(&connection)?;
        let mut out = Vec::new();
        turn(&case.questions, offset, barrier, TURN, |question| Ok(floor::answer(&mut statement, question, &mut out)?))
    })
}

/// Answers a second of the server on so many connections, each driven by a thread that waits most of the time.
pub fn server_turn(case: &Case, server: &Server, connections: usize, least: Duration) -> Outcome<f64> {
    at_once(connections, |barrier, offset| {
        let mut client = Client::connect(server.address)?;
        turn(&case.questions, offset, barrier, least, |question| client.ask(&question.body).map(|_| ()))
    })
}

/// The sum of what so many threads reach.
pub fn at_once(threads: usize, work: impl Fn(&Barrier, usize) -> Outcome<f64> + Sync) -> Outcome<f64> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn({
                    let (work, barrier) = (&work, &barrier);
                    move || work(barrier, 7 * thread)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| "a thread of the benchmark panicked")?).sum()
    })
}

/// Asks all questions, again and again until the turn is over; gives answers a second. Both start at the same question.
fn turn(
    questions: &[Question],
    offset: usize,
    barrier: &Barrier,
    least: Duration,
    mut ask: impl FnMut(&Question) -> Outcome<()>,
) -> Outcome<f64> {
    // The first answer pays for what is made once: a connection's buffers, a statement's first run.
    questions.first().map_or(Ok(()), &mut ask)?;
    barrier.wait();
    let began = Instant::now();
    let mut answers = 0_u32;
    while began.elapsed() < least {
        for question in questions.iter().cycle().skip(offset).take(questions.len()) {
            ask(question)?;
            answers += 1;
        }
    }
    Ok(f64::from(answers) / began.elapsed().as_secs_f64())
}

/// The processor time of the server against that of the floor: what is left of a comparison when other programs are at work,
/// because a server of many threads then gets more turns than a floor of few.
pub fn cpu_against_floor(case: &Case, server: &Server, file: &Path, report: &mut Report) -> Outcome<()> {
    let connection = floor::open(file)?;
    let mut statement = floor::prepare(&connection)?;
    let mut out = Vec::new();
    let mut client = Client::connect(server.address)?;
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let floor = per_cpu_second(&case.questions, own_cpu_seconds, |question| {
            Ok(floor::answer(&mut statement, question, &mut out)?)
        })?;
        rounds.push(floor, server_per_cpu_second(&case.questions, server, &mut client)?);
    }
    report.push(Row::times(format!("{}: CPU", case.name), rounds.seconds(), Goal::None));
    Ok(())
}

/// The processor time of the server for a connection of plain fields, against the same rows as GeoJSON.
pub fn connection_cpu(name: &str, sides: &[Vec<Question>; 2], server: &Server, report: &mut Report) -> Outcome<()> {
    let [geojson, connection] = sides;
    let mut client = Client::connect(server.address)?;
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let geojson = server_per_cpu_second(geojson, server, &mut client)?;
        rounds.push(geojson, server_per_cpu_second(connection, server, &mut client)?);
    }
    report.push(Row::times(format!("{name}: CPU, against GeoJSON"), rounds.seconds(), Goal::AtMost(2.0)));
    Ok(())
}

fn server_per_cpu_second(questions: &[Question], server: &Server, client: &mut Client) -> Outcome<f64> {
    per_cpu_second(questions, || server.cpu_seconds(), |question| client.ask(&question.body).map(|_| ()))
}

/// Answers for each second on the processor that `cpu_seconds` tells.
fn per_cpu_second(
    questions: &[Question],
    cpu_seconds: impl Fn() -> Outcome<f64>,
    mut ask: impl FnMut(&Question) -> Outcome<()>,
) -> Outcome<f64> {
    let (began, before) = (Instant::now(), cpu_seconds()?);
    let mut answers = 0_u32;
    for question in questions.iter().cycle().take_while(|_| began.elapsed() < CPU_TURN) {
        ask(question)?;
        answers += 1;
    }
    Ok(f64::from(answers) / (cpu_seconds()? - before))
}

/// Of this thread, in which the floor runs.
fn own_cpu_seconds() -> Outcome<f64> {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(schedstat.split_whitespace().next().ok_or("an empty schedstat")?.parse::<f64>()? / 1e9)
}

/// The way to the server and back with the shortest answer there is.
pub fn round_trip(server: &Server, report: &mut Report) -> Outcome<()> {
    const KNOCKS: u32 = 500;
    let mut client = Client::connect(server.address)?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..KNOCKS {
            client.knock()?;
        }
        times.push(began.elapsed().as_secs_f64() / f64::from(KNOCKS));
    }
    report.push(Row::time("an answer without a question (/livez)", median(&times), Goal::None));
    Ok(())
}
