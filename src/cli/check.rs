//! `cairn check`: looks at everything that an operator should know.

use clap::Args;
use serde_json::json;

use super::with::with_config;
use crate::check::{Finding, Level, all};
use crate::config::Config;
use crate::error::{Error, ErrorCode, Result};

/// How the findings are printed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// As one JSON object: `good`, and `findings` with `about`, `level`, `words`, `todo`.
    #[arg(long)]
    json: bool,
}

/// Prints one finding a line, and what to do under those that are not good. Fails when there is a fault; warnings are none.
pub fn run(arguments: &Arguments) -> Result<()> {
    match Config::from_env() {
        Ok(_) => with_config(async |config| print(&all(&config).await, arguments.json)),
        Err(error) => {
            let todo = "`cairn config` prints what holds, .env.example what each is for";
            print(&[Finding::fault("settings", error.to_string(), todo)], arguments.json)
        }
    }
}

fn print(findings: &[Finding], json: bool) -> Result<()> {
    let faults = findings.iter().filter(|finding| finding.level == Level::Fault).count();
    if json {
        println!("{}", json!({ "good": faults == 0, "findings": findings }));
    } else {
        for Finding { about, level, words, todo } in findings {
            let mark = match level {
                Level::Good => "good   ",
                Level::Warning => "WARNING",
                Level::Fault => "FAULT  ",
            };
            println!("{mark}  {about:<14} {words}");
            if let Some(todo) = todo {
                println!("{:24} -> {todo}", "");
            }
        }
    }
    let sentence = format!("{faults} of {} findings are faults", findings.len());
    if faults == 0 { Ok(()) } else { Err(Error::new(ErrorCode::Unavailable, sentence)) }
}
