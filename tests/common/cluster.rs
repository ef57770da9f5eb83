//! A scratch cluster of PostgreSQL, for the tests and for the benchmark.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Makes a cluster in a folder of its own, says where, and takes it away as soon as its standard input ends: so it goes with
/// the test run, however that ends. `postgres` refuses to run as root.
const SUPERVISOR: &str = r#"
set -eu
bin=$1
shift
folder=$(mktemp -d /tmp/cairn-postgres-XXXXXX)
end() { "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap end EXIT
"$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
cat >>"$folder/data/postgresql.conf" <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
full_page_writes = off
max_connections = 200
SETTINGS
[ $# -eq 0 ] || printf '%s\n' "$@" >>"$folder/data/postgresql.conf"
"$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w start >/dev/null || { cat "$folder/log" >&2; exit 1; }
echo "$folder"
read -r _ || true
"#;

/// A running cluster that nobody else uses.
pub struct Cluster {
    folder: PathBuf,
    _supervisor: (Child, ChildStdin),
}

impl Cluster {
    /// Makes one, with lines of `postgresql.conf` beside its own; some two seconds.
    pub fn start(settings: &[&str]) -> Self {
        let mut supervisor = as_unprivileged("sh")
            .args(["-c", SUPERVISOR, "sh"])
            .arg(programs())
            .args(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let leash = supervisor.stdin.take().expect("its input");
        let mut folder = String::new();
        let output = supervisor.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut folder).expect("a line");
        assert!(!folder.trim().is_empty(), "the scratch cluster does not start; its words stand above");
        Self { folder: PathBuf::from(folder.trim()), _supervisor: (supervisor, leash) }
    }

    /// The folder of its socket, which programs of PostgreSQL take for a host.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.folder().display().to_string().replace('/', "%2F"))
    }

    /// Runs `pg_ctl` on it and waits.
    pub fn control(&self, arguments: &[&str]) {
        let data = self.folder.join("data");
        let log = self.folder.join("log");
        let mut command = as_unprivileged(programs().join("pg_ctl").to_str().expect("a path"));
        command.arg("-D").arg(data).arg("-l").arg(log).arg("-w").args(arguments).stdout(Stdio::null());
        assert!(command.status().expect("pg_ctl").success(), "pg_ctl {arguments:?}");
    }
}

fn as_unprivileged(program: &str) -> Command {
    let user = Command::new("id").arg("-u").output().expect("id").stdout;
    if user.trim_ascii() != b"0" {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]).current_dir("/tmp");
    command
}

/// Where `initdb` and `postgres` are: Debian keeps them beside each other by version.
pub fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = debian.chain(std::env::split_paths(&on_path)).filter(|folder| folder.join("initdb").exists());
    let of_version = |folder: &PathBuf| {
        let number = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<f64>().ok());
        number.map_or(0, f64::to_bits)
    };
    candidates.max_by_key(of_version).expect("PostgreSQL is not installed: run scripts/test-tools")
}
