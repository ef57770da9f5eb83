//! `cairn systemd`: a unit under which the server runs without rights that it does not need.

use std::path::PathBuf;

use clap::Args;

use crate::error::{Error, Result};

const NOTES: &str = "Example, as root:
  useradd --system --home-dir /var/lib/cairn --shell /usr/sbin/nologin cairn
  mkdir -p /etc/cairn && cairn config --example > /etc/cairn/cairn.env && chmod 600 /etc/cairn/cairn.env
  cairn systemd > /etc/systemd/system/cairn.service
  systemctl daemon-reload && systemctl enable --now cairn";

/// What stands in the unit.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// The account that the server runs as.
    #[arg(long, default_value = "cairn", value_parser = plain)]
    user: String,
    /// The file of settings; root alone need read it.
    #[arg(long, value_name = "FILE", default_value = "/etc/cairn/cairn.env")]
    environment: PathBuf,
}

/// What a unit takes as a name, without signs that mean something to it.
fn plain(text: &str) -> std::result::Result<String, String> {
    let is_plain = !text.is_empty() && text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign));
    if is_plain { Ok(text.to_owned()) } else { Err("must be the name of an account".to_owned()) }
}

/// Prints it, for the program that runs.
pub fn run(arguments: &Arguments) -> Result<()> {
    let program = std::env::current_exe().map_err(Error::internal)?;
    print!("{}", unit(&program.display().to_string(), arguments));
    Ok(())
}

/// Settings of the environment file go before those of the unit: the folder can be another one, if `ReadWritePaths` names it.
fn unit(program: &str, Arguments { user, environment }: &Arguments) -> String {
    // A percent sign is a placeholder of systemd.
    let program = program.replace('%', "%%");
    let environment = environment.display().to_string().replace('%', "%%");
    format!(
        "[Unit]
Description=Cairn, a web mapping server
After=network-online.target postgresql.service
Wants=network-online.target
# A server that cannot start is tried again for as long as it takes: its database may come later.
StartLimitIntervalSec=0

[Service]
User={user}
Group={user}
EnvironmentFile=-{environment}
# The data folder: /var/lib/cairn, made by systemd for the account alone. Name other folders (CAIRN_BACKUP_URL) in ReadWritePaths=.
StateDirectory=cairn
StateDirectoryMode=0700
WorkingDirectory=/var/lib/cairn
Environment=CAIRN_DATA_DIR=/var/lib/cairn
ExecStart=\"{program}\" serve
Restart=on-failure
RestartSec=2
# Running requests get 30 s (CAIRN_LIMIT_SHUTDOWN_TIME_MS).
TimeoutStopSec=45
LimitNOFILE=65536
UMask=0077
# Ports below 1024, for HTTPS, and nothing else.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_names_the_program_the_account_and_the_settings() {
        let arguments = Arguments { user: "maps".to_owned(), environment: "/etc/100%/a.env".into() };
        let unit = unit("/opt/a b/cairn", &arguments);
        for line in [
            "ExecStart=\"/opt/a b/cairn\" serve",
            "User=maps",
            "Group=maps",
            "EnvironmentFile=-/etc/100%%/a.env",
            "WantedBy=multi-user.target",
        ] {
            assert!(unit.lines().any(|have| have == line), "{line} is missing in:\n{unit}");
        }
        let odd = unit.lines().find(|line| !(line.is_empty() || line.starts_with(['[', '#']) || line.contains('=')));
        assert_eq!(odd, None, "each line is a section, a comment or a setting");
        for (name, is_plain) in
            [("cairn", true), ("a-b_1", true), ("", false), ("a b", false), ("a\nExecStart=x", false)]
        {
            assert_eq!(plain(name).is_ok(), is_plain, "{name}");
        }
    }
}
