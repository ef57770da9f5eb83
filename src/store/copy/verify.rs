//! Reads a table on both sides again, in the order of the key, and compares row by row.

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::TryStreamExt as _;
use serde::Serialize;

use crate::error::Result;
use crate::store::copy::connection::Connection;
use crate::store::copy::plan::TablePlan;
use crate::store::copy::value::{Digest, Value, finish};

/// Rows between two words to the watcher.
const ROWS_BETWEEN_STEPS: u64 = 2_000;

/// What reading a table on both sides has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The table.
    pub table: String,
    /// Rows of the source.
    pub source_rows: u64,
    /// Rows of the target.
    pub target_rows: u64,
    /// SHA-256 over the rows of the source, in hexadecimal digits.
    pub source_sha256: String,
    /// SHA-256 over the rows of the target.
    pub target_sha256: String,
    /// Where the two begin to differ, in words.
    pub difference: Option<String>,
}

/// Reads and compares. `step` hears the number of rows now and then.
pub async fn compare(
    source: &mut Connection,
    target: &mut Connection,
    plan: &TablePlan,
    mut step: impl FnMut(u64) -> Result<()>,
) -> Result<Comparison> {
    let (mut theirs, mut ours) = (source.rows(plan, &[]), target.rows(plan, &[]));
    let (mut source_side, mut target_side) = (Side::new(), Side::new());
    let mut last_equal = Vec::new();
    let mut difference = None;
    loop {
        let (one, other) = tokio::try_join!(theirs.try_next(), ours.try_next())?;
        if one.is_none() && other.is_none() {
            break;
        }
        let equal = source_side.add(plan, one.as_deref()) == target_side.add(plan, other.as_deref());
        let key = one.as_deref().or(other.as_deref()).map(|row| plan.key(row)).unwrap_or_default();
        if difference.is_none() {
            if equal {
                last_equal = key;
            } else {
                difference = Some(describe(plan, &last_equal, one.as_deref(), other.as_deref()));
            }
        }
        if source_side.rows.is_multiple_of(ROWS_BETWEEN_STEPS) {
            step(source_side.rows)?;
        }
    }
    Ok(Comparison {
        table: plan.table.to_owned(),
        source_rows: source_side.rows,
        target_rows: target_side.rows,
        source_sha256: source_side.finish(),
        target_sha256: target_side.finish(),
        difference,
    })
}

fn describe(plan: &TablePlan, last_equal: &[Value], one: Option<&[Value]>, other: Option<&[Value]>) -> String {
    let side = |row: Option<&[Value]>| row.map_or("nothing more".to_owned(), |row| plan.describe(&plan.key(row)));
    let from = if last_equal.is_empty() {
        "from the first row on".to_owned()
    } else {
        format!("behind {}", plan.describe(last_equal))
    };
    format!("{from}: the source has {}, the target {}", side(one), side(other))
}

/// One side of the comparison.
struct Side {
    rows: u64,
    hash: Context,
}

impl Side {
    fn new() -> Self {
        Self { rows: 0, hash: Context::new(&SHA256) }
    }

    fn add(&mut self, plan: &TablePlan, row: Option<&[Value]>) -> Option<Digest> {
        let digest = plan.digest(row?);
        self.rows += 1;
        self.hash.update(&digest);
        Some(digest)
    }

    fn finish(self) -> String {
        use std::fmt::Write as _;
        finish(self.hash).iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing into memory cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
