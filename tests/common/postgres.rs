//! PostgreSQL for the tests: a scratch cluster of this run, or the server of `TEST_DATABASE_URL`; a database for each test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

/// What every test database is copied from.
const TEMPLATE: &str = "cairn_template";

/// Makes a cluster in a folder of its own, says where, and takes it away as soon as its standard input ends: so it goes with
/// the test run, however that ends. `postgres` refuses to run as root.
const SUPERVISOR: &str = r#"
set -eu
bin=$1
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
    /// Makes one; some two seconds.
    pub fn start() -> Self {
        let mut supervisor = as_unprivileged("sh")
            .args(["-c", SUPERVISOR, "sh"])
            .arg(programs())
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

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.folder.display().to_string().replace('/', "%2F"))
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
fn programs() -> PathBuf {
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

/// A database of one test, with PostGIS and nothing else in it.
pub struct TestDatabase {
    /// Its address.
    pub url: String,
}

impl TestDatabase {
    /// A copy of the template.
    pub async fn new() -> Self {
        Self::copy_of(TEMPLATE).await
    }

    /// Without any extension.
    pub async fn bare() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("cairn_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let server = server();
        // Two copies of one template at once are refused.
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let mut connection = PgConnection::connect(&server("postgres")).await.expect("the server");
        execute(&mut connection, "SELECT pg_advisory_lock(1)").await;
        execute(&mut connection, &statement).await;
        connection.close().await.expect("an end");
        Self { url: server(&name) }
    }

    /// Another program that writes.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the database")
    }
}

impl Drop for TestDatabase {
    /// A scratch cluster takes its databases with it; a server that is not ours must not keep them.
    fn drop(&mut self) {
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else { return };
        let name = self.url.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
        let ending = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let mut connection = PgConnection::connect(&server).await.expect("the server");
                execute(&mut connection, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        assert!(ending.join().is_ok() || std::thread::panicking(), "a test database stays behind");
    }
}

/// Runs statements that need no parameters.
pub async fn execute(connection: &mut PgConnection, statements: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{error} in {statements}"));
}

type Addresses = Box<dyn Fn(&str) -> String + Send + Sync>;

/// The address of a database on the server of this run, which has the template.
fn server() -> &'static Addresses {
    static SERVER: OnceLock<Addresses> = OnceLock::new();
    SERVER.get_or_init(|| {
        let address: Addresses = if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            Box::new(move |name| with_database(&url, name))
        } else {
            let cluster = Cluster::start();
            Box::new(move |name| cluster.url(name))
        };
        std::thread::scope(|scope| scope.spawn(|| make_template(&address)).join().expect("a template"));
        address
    })
}

fn with_database(url: &str, name: &str) -> String {
    let (start, query) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = start.rsplit_once('/').expect("TEST_DATABASE_URL ends with the name of a database");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{server}/{name}{mark}{query}")
}

fn make_template(address: &Addresses) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&address("postgres")).await.expect("the server");
        execute(&mut connection, &format!("DROP DATABASE IF EXISTS {TEMPLATE}")).await;
        execute(&mut connection, &format!("CREATE DATABASE {TEMPLATE}")).await;
        let mut connection = PgConnection::connect(&address(TEMPLATE)).await.expect("the template");
        execute(&mut connection, "CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm").await;
        connection.close().await.expect("an end");
    });
}
