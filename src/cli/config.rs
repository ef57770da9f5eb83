//! `cairn config`: the settings as they hold.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::config::{Config, Effective, effective, example_file, given_pairs};
use crate::error::Result;

/// How they are printed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// As one JSON object: each name with `value` and `set`.
    #[arg(long)]
    json: bool,
    /// Prints the text of `.env.example` instead: every setting with its default and its meaning.
    #[arg(long, conflicts_with = "json")]
    example: bool,
}

/// Prints every setting in a form that `.env` takes; those that nobody set as comments. All faults are told at once.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.example {
        print!("{}", example_file());
        return Ok(());
    }
    let pairs = given_pairs()?;
    let config = Config::from_pairs(pairs.clone())?;
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    let settings = effective(&config, &pairs);
    if arguments.json {
        let object: Map<_, _> = settings
            .into_iter()
            .map(|Effective { name, value, is_set }| (name.to_owned(), json!({ "value": value, "set": is_set })))
            .collect();
        println!("{}", Value::Object(object));
        return Ok(());
    }
    for Effective { name, value, is_set } in settings {
        println!("{}{name}={value}", if is_set { "" } else { "#" });
    }
    Ok(())
}
