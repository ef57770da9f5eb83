//! `cairn secret`: the key that signs access tokens.

use clap::Subcommand;

use crate::app::App;
use crate::auth::keys;
use crate::error::Result;

/// What is done to the signing key.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum SecretCommand {
    /// Makes a new key in the data folder, which signs from now on. The one before it goes on verifying for an hour.
    Rotate,
}

/// Prints a new key for `CAIRN_JWT_KEY`.
pub fn print() -> Result<()> {
    print!("{}", keys::new_pem()?);
    Ok(())
}

/// Runs one command.
pub async fn run(app: &App, command: SecretCommand) -> Result<()> {
    match command {
        SecretCommand::Rotate => {
            let kid = app.accounts().keys().rotate().await?;
            println!("the key {kid} signs from now on");
        }
    }
    Ok(())
}
