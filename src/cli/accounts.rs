//! `cairn user`: accounts from the shell of the server.

use std::io::Read as _;

use clap::{Subcommand, ValueEnum};

use crate::app::App;
use crate::auth::secret;
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::time::format_timestamp;
use crate::model::{Author, Role, Viewer};
use crate::service::accounts::{AccountDraft, AccountPatch};
use crate::service::invitations::InvitationDraft;

/// What is done to accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes an account. Without --password-stdin a random password is made and printed.
    Create {
        /// The name to sign in with.
        username: String,
        /// What it may.
        #[arg(long, value_enum, default_value_t = RoleArgument::Viewer)]
        role: RoleArgument,
        /// Holds the role to this layer; may be given several times.
        #[arg(long = "layer", value_name = "KEY")]
        layers: Vec<String>,
        /// Reads the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Invites somebody, who chooses name and password. The link goes out by mail, or is printed when no mail is set up.
    Invite {
        /// Where they are reached.
        email: String,
        /// What the account may.
        #[arg(long, value_enum, default_value_t = RoleArgument::Viewer)]
        role: RoleArgument,
        /// Holds the role to this layer; may be given several times.
        #[arg(long = "layer", value_name = "KEY")]
        layers: Vec<String>,
    },
    /// Lists accounts.
    List {
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Gives an account a new password and ends its sessions. Without --password-stdin a random one is made and printed.
    Passwd {
        /// The account.
        username: String,
        /// Reads the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Changes what an account may.
    Role {
        /// The account.
        username: String,
        /// What it may.
        #[arg(value_enum)]
        role: RoleArgument,
    },
    /// Sets where the letters of an account go, such as the link for a forgotten password.
    Email {
        /// The account.
        username: String,
        /// A plain address such as anna@example.org; none takes the address away.
        email: Option<String>,
    },
    /// Keeps an account from signing in, and ends its sessions.
    Disable {
        /// The account.
        username: String,
    },
    /// Lets a disabled account sign in again.
    Enable {
        /// The account.
        username: String,
    },
}

/// A role as it is written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArgument {
    /// Reads private layers.
    Viewer,
    /// Writes locations.
    Editor,
    /// Everything.
    Admin,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Viewer => Self::Viewer,
            RoleArgument::Editor => Self::Editor,
            RoleArgument::Admin => Self::Admin,
        }
    }
}

/// Runs one command.
pub async fn run(app: &App, command: &UserCommand) -> Result<()> {
    let accounts = app.accounts();
    match command {
        UserCommand::Create { username, role, layers, password_stdin } => {
            let (password, is_made) = password(*password_stdin)?;
            let role = Role::from(*role);
            let grants = layers.iter().map(|key| (key.clone(), role)).collect();
            let draft = AccountDraft { username: username.clone(), password: password.clone(), role, grants };
            let account = accounts.create(&Author::of(Viewer::Server), draft).await?;
            println!("made {} ({})", account.username, account.role.as_str());
            tell(&password, is_made);
        }
        UserCommand::Invite { email, role, layers } => {
            let role = Role::from(*role);
            let grants = layers.iter().map(|key| (key.clone(), role)).collect();
            let draft = InvitationDraft { email: email.clone(), role, grants };
            match accounts.invite(&Author::of(Viewer::Server), draft).await? {
                (_, Some(link)) => println!("hand on this link, good once and for 7 days:\n  {}", link.0),
                (_, None) => println!("an invitation goes to {email}"),
            }
        }
        UserCommand::List { json } => list(&accounts.all(&Viewer::Server).await?, *json),
        UserCommand::Passwd { username, password_stdin } => {
            let account = accounts.named(&Viewer::Server, username).await?;
            let (password, is_made) = password(*password_stdin)?;
            accounts.set_password(&Author::of(Viewer::Server), account.id, password.clone()).await?;
            println!("{} has a new password; its sessions are ended", account.username);
            tell(&password, is_made);
        }
        UserCommand::Role { username, role } => {
            let patch = AccountPatch { role: Some(Role::from(*role)), ..AccountPatch::default() };
            change(app, username, patch).await?;
        }
        UserCommand::Email { username, email } => {
            change(app, username, AccountPatch { email: Some(email.clone()), ..AccountPatch::default() }).await?;
        }
        UserCommand::Disable { username } => {
            change(app, username, AccountPatch { disabled: Some(true), ..AccountPatch::default() }).await?;
        }
        UserCommand::Enable { username } => {
            change(app, username, AccountPatch { disabled: Some(false), ..AccountPatch::default() }).await?;
        }
    }
    Ok(())
}

async fn change(app: &App, username: &str, patch: AccountPatch) -> Result<()> {
    let account = app.accounts().named(&Viewer::Server, username).await?;
    let changed = app.accounts().update(&Author::of(Viewer::Server), account.id, patch).await?;
    println!("{}", line(&changed));
    Ok(())
}

fn list(accounts: &[Account], json: bool) {
    if json {
        let rows = accounts.iter().map(|account| {
            serde_json::json!({
                "id": account.id.to_string(), "username": account.username, "role": account.role.as_str(),
            "disabled": account.disabled, "email": account.email, "createdAt": format_timestamp(account.created),
            })
        });
        println!("{}", serde_json::Value::Array(rows.collect()));
        return;
    }
    for account in accounts {
        println!("{}", line(account));
    }
}

fn line(account: &Account) -> String {
    let state = if account.disabled { "disabled" } else { "" };
    let email = account.email.as_deref().unwrap_or_default();
    format!("{:<24} {:<8} {state:<8} {email}", account.username, account.role.as_str()).trim_end().to_owned()
}

/// The password, and whether it was made here. Never an argument: those stand in the list of processes.
fn password(from_stdin: bool) -> Result<(String, bool)> {
    if !from_stdin {
        return Ok((secret::checked("")?.0, true));
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| Error::bad_input("no password on standard input").caused_by(error))?;
    Ok((text.trim_end_matches(['\r', '\n']).to_owned(), false))
}

fn tell(password: &str, is_made: bool) {
    if is_made {
        println!("password: {password}");
    }
}
