//! Where the data is: `DATABASE_URL` as a choice between the two stores.

use std::fmt;
use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;
use url::Url;

/// The database of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// The file of a GeoPackage. Its folder may not exist yet.
    Geopackage(PathBuf),
    /// A database of a PostgreSQL server.
    Postgis(PostgresUrl),
}

impl Database {
    /// Reads `sqlite://PATH` or `postgres://...`. No fault repeats the text: it may hold a password.
    pub fn read(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
            return PostgresUrl::read(rest).map(Self::Postgis);
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or_default();
        if path.is_empty() || path.contains('?') || path == ":memory:" {
            return Err(
                "must be sqlite://PATH, with the path of a file, or postgres://USER:PASSWORD@HOST/DATABASE".to_owned()
            );
        }
        Ok(Self::Geopackage(PathBuf::from(path)))
    }
}

/// For people: the path, or the address without its password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Geopackage(path) => path.display().fmt(f),
            Self::Postgis(url) => url.fmt(f),
        }
    }
}

/// The address of a PostgreSQL database. It shows itself without the password and without the parameters, which may hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    secret: String,
    shown: String,
}

impl PostgresUrl {
    fn read(rest: &str) -> Result<Self, String> {
        let wanted =
            "must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, signs such as @ and / in the password as %40 and %2F";
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.rsplit('@').next().is_some_and(|hosts| hosts.contains(',')) {
            return Err("several hosts are not in this version: name one".to_owned());
        }
        let secret = format!("postgres://{rest}");
        let mut shown = Url::parse(&secret).map_err(|_| wanted.to_owned())?;
        // What has no host has no password either, and refuses to lose it.
        let _ = shown.set_password(None);
        shown.set_query(None);
        shown.set_fragment(None);
        Ok(Self { secret, shown: shown.into() })
    }

    /// The name of the database; that of the user when the address names none.
    pub fn database(&self) -> String {
        let options = self.secret.parse::<PgConnectOptions>().ok();
        let named = options.as_ref().map(|options| options.get_database().unwrap_or(options.get_username()).to_owned());
        named.unwrap_or_default()
    }

    /// The address of another database of the same server.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let replace = |text: &str| match Url::parse(text) {
            Ok(mut url) => {
                let pairs: Vec<_> = url
                    .query_pairs()
                    .filter(|(key, _)| key != "dbname")
                    .map(|(key, value)| (key.into_owned(), value.into_owned()))
                    .collect();
                url.set_query(None);
                if !pairs.is_empty() {
                    url.query_pairs_mut().extend_pairs(pairs);
                }
                url.set_path(name);
                url.into()
            }
            // It was read by the same parser.
            Err(_) => text.to_owned(),
        };
        Self { secret: replace(&self.secret), shown: replace(&self.shown) }
    }

    /// The address with everything that is secret in it: for the connection alone.
    pub fn expose(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_a_file_or_a_server() {
        for (text, shown) in [
            ("sqlite:///var/lib/cairn/a.gpkg", "/var/lib/cairn/a.gpkg"),
            ("sqlite://./data/a.gpkg", "./data/a.gpkg"),
            ("postgres://me@db.example:5433/maps", "postgres://me@db.example:5433/maps"),
            ("postgresql://db/maps", "postgres://db/maps"),
            ("postgres:///maps?host=/run/postgresql&user=me", "postgres:///maps"),
            ("postgres://me@%2Frun%2Fpostgresql/maps", "postgres://me@%2Frun%2Fpostgresql/maps"),
        ] {
            assert_eq!(Database::read(text).unwrap().to_string(), shown, "{text}");
        }
        for text in
            ["sqlite://", "sqlite::memory:", "sqlite://a?mode=ro", "mysql://a", "a.gpkg", "postgres://a:b@c:port/d"]
        {
            assert!(Database::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://me:s3cret@db/maps",
            "postgres://me:s3cret@db/maps?sslmode=require&password=s3cret",
            "postgres:///maps?password=s3cret",
        ] {
            let database = Database::read(text).unwrap();
            assert!(!format!("{database} {database:?}").contains("s3cret"), "{database}");
            assert!(matches!(&database, Database::Postgis(url) if url.expose() == text));
        }
        for text in
            ["postgres://me:s3cret@db:port/maps", "postgres://me:s3cret@a,b/maps", "postgre://me:s3cret@db/maps"]
        {
            assert!(!Database::read(text).unwrap_err().contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn another_database_of_the_same_server_is_named() {
        for (text, name, wanted) in [
            ("postgres://me:a%2Fb@db:5433/maps", "maps", "postgres://me:a%2Fb@db:5433/other"),
            (
                "postgres://me@%2Frun%2Fpg/maps?sslmode=require&dbname=real",
                "real",
                "postgres://me@%2Frun%2Fpg/other?sslmode=require",
            ),
            ("postgres://me@db", "me", "postgres://me@db/other"),
        ] {
            let Ok(Database::Postgis(url)) = Database::read(text) else { panic!("{text}") };
            assert_eq!((url.database().as_str(), url.with_database("other").expose()), (name, wanted));
            assert!(!url.with_database("other").to_string().contains("a%2Fb"));
        }
    }

    #[test]
    fn several_hosts_are_a_clear_fault() {
        let fault = Database::read("postgres://me:a,b@one:5432,two:5432/maps").unwrap_err();
        assert!(fault.contains("several hosts"), "{fault}");
        assert!(Database::read("postgres://me:a%2Cb@one/maps").is_ok());
    }
}
