//! `cairn token`: API tokens from the shell of the server.

use chrono::{Duration, Utc};
use clap::Subcommand;

use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Account, ApiToken};
use crate::model::time::format_timestamp;
use crate::model::{Author, Viewer};
use crate::service::api_tokens::{MOST_DAYS, TokenDraft, USUAL_DAYS};

/// What is done to API tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Makes a token with a part of an account's rights, and prints it once.
    Create {
        /// Whose rights.
        #[arg(long)]
        user: String,
        /// What to call it.
        #[arg(long)]
        name: String,
        /// locations:write, import, admin or layer:KEY; may be given several times. None: reading only.
        #[arg(long = "scope")]
        scopes: Vec<String>,
        /// Days until it ends.
        #[arg(long, default_value_t = USUAL_DAYS, value_parser = clap::value_parser!(i64).range(1..=MOST_DAYS))]
        days: i64,
    },
    /// Lists tokens that have not ended.
    List {
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Ends a token.
    Revoke {
        /// Its id in the list.
        id: i64,
    },
}

/// Runs one command.
pub async fn run(app: &App, command: &TokenCommand) -> Result<()> {
    let accounts = app.accounts();
    match command {
        TokenCommand::Create { user, name, scopes, days } => {
            let account = accounts.named(&Viewer::Server, user).await?;
            // A minute less than asked: the limit is counted from a moment later.
            let expires = Utc::now() + Duration::days(*days) - Duration::minutes(1);
            let draft = TokenDraft { name: name.clone(), scopes: scopes.clone(), expires: Some(expires) };
            let (token, kept) = accounts.create_api_token_of(&Author::of(Viewer::Server), account.id, draft).await?;
            println!("{}", token.0);
            eprintln!("token {} of {}, until {}", kept.id, account.username, format_timestamp(kept.expires));
        }
        TokenCommand::List { json } => {
            let tokens = accounts.all_api_tokens(&Viewer::Server).await?;
            list(&tokens, &accounts.all(&Viewer::Server).await?, *json);
        }
        TokenCommand::Revoke { id } => {
            let revoked = accounts.revoke_api_token(&Author::of(Viewer::Server), *id).await;
            revoked.map_err(|error| match error.code() {
                ErrorCode::NotFound => Error::new(ErrorCode::NotFound, format!("there is no live token {id}")),
                _ => error,
            })?;
            println!("token {id} is ended");
        }
    }
    Ok(())
}

fn list(tokens: &[ApiToken], accounts: &[Account], json: bool) {
    let owner = |token: &ApiToken| {
        let found = accounts.iter().find(|account| account.id == token.account);
        found.map_or(String::new(), |account| account.username.clone())
    };
    if json {
        let rows = tokens.iter().map(|token| {
            serde_json::json!({
                "id": token.id.to_string(), "user": owner(token), "name": token.name, "scopes": token.scope.words(),
                "createdAt": format_timestamp(token.created), "lastUsedAt": token.used.map(format_timestamp),
                "expiresAt": format_timestamp(token.expires),
            })
        });
        println!("{}", serde_json::Value::Array(rows.collect()));
        return;
    }
    for token in tokens {
        let (scopes, until) = (token.scope.words().join(" "), format_timestamp(token.expires));
        println!("{:>4} {:<16} {:<24} until {until} {scopes}", token.id, owner(token), token.name);
    }
}
