//! The server under test: the release binary as a process of its own on a free loopback port.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use crate::client::Client;

/// Ticks a second of the times in /proc/PID/stat: `USER_HZ`, 100 on every architecture that Linux shares with Rust's tiers 1.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server; dropping it ends the process.
pub struct Server {
    child: Child,
    /// Kept open: the server may say more than its first line.
    _output: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts the process over a database, with what it keeps in `folder`, and waits for its first answer; gives the seconds
    /// that this took.
    pub fn start(database: &str, folder: &Path, question: &[u8]) -> Result<(Self, f64), Box<dyn Error + Send + Sync>> {
        Self::start_with(database, folder, question, &[])
    }

    /// The same with further settings.
    pub fn start_with(
        database: &str,
        folder: &Path,
        question: &[u8],
        settings: &[(&str, &str)],
    ) -> Result<(Self, f64), Box<dyn Error + Send + Sync>> {
        let began = Instant::now();
        let server = Self::spawn(database, folder, settings)?;
        Client::connect(server.address)?.ask(question)?;
        Ok((server, began.elapsed().as_secs_f64()))
    }

    /// Starts the process; it listens when this returns.
    pub fn spawn(
        database: &str,
        folder: &Path,
        settings: &[(&str, &str)],
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cairn"))
            .arg("serve")
            .env_clear()
            .env("DATABASE_URL", database)
            .env("CAIRN_DATA_DIR", folder)
            .env("CAIRN_LISTEN", "127.0.0.1:0")
            .env("CAIRN_LOG", "error")
            .envs(settings.iter().copied())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        let read = output.read_line(&mut line);
        // From here on the process ends with this value.
        let mut server = Self { child, _output: output, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        read?;
        let said = line.trim().strip_prefix("listening on http").and_then(|rest| rest.split_once("://"));
        let (_, address) = said.ok_or(format!("unexpected output: {line:?}"))?;
        server.address = address.trim_end_matches('/').parse()?;
        Ok(server)
    }

    /// Seconds of processor time so far, its own and the kernel's for it.
    pub fn cpu_seconds(&self) -> Result<f64, Box<dyn Error + Send + Sync>> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field, the name in parentheses, may hold spaces; utime and stime are the 14th and 15th.
        let after_name = stat.rsplit_once(')').ok_or("/proc/PID/stat without a name")?.1;
        let mut times = after_name.split_whitespace().skip(11).map(str::parse::<f64>);
        let (user, system) = (times.next().ok_or("no utime")??, times.next().ok_or("no stime")??);
        Ok((user + system) / TICKS_PER_SECOND)
    }

    /// Memory that is really there (RSS).
    pub fn resident_bytes(&self) -> Result<u64, Box<dyn Error + Send + Sync>> {
        self.bytes("VmRSS:")
    }

    /// The most memory that was ever there.
    pub fn peak_bytes(&self) -> Result<u64, Box<dyn Error + Send + Sync>> {
        self.bytes("VmHWM:")
    }

    fn bytes(&self, name: &str) -> Result<u64, Box<dyn Error + Send + Sync>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The file is thrown away with its folder: nothing is lost by not asking politely.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
