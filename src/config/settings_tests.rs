//! Settings as operators write them, right and wrong.

use super::*;
use crate::error::ErrorCode;

fn config(pairs: &[(&str, &str)]) -> Result<Config> {
    Config::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn nothing_set_is_a_server_for_this_machine() {
    let config = config(&[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database, Database::Geopackage("./data/cairn.gpkg".into()));
    assert_eq!(config.allowed_hosts, ["127.0.0.1", "[::1]", "localhost"]);
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.warnings, Vec::<String>::new());
    assert!(config.introspection && config.playground && config.basemap.is_none());
}

#[test]
fn the_defaults_in_the_table_are_the_defaults_in_the_code() {
    let pairs = groups().into_iter().flat_map(|group| group.settings).map(|row| (row.name.to_owned(), row.default));
    assert_eq!(Config::from_pairs(pairs).unwrap(), config(&[]).unwrap());
}

#[test]
fn every_setting_of_the_table_is_read() {
    // Without an issuer, or a bucket, what belongs to it changes nothing.
    let usual = [
        ("CAIRN_OIDC_ISSUER", "https://a.example"),
        ("CAIRN_OIDC_AUDIENCE", "cairn"),
        ("CAIRN_BACKUP_URL", "s3://maps"),
        ("AWS_ACCESS_KEY_ID", "me"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    for setting in groups().into_iter().flat_map(|group| group.settings) {
        let odd = config(&[&usual[..], &[(setting.name, "\u{1}?&%$ ,=")]].concat());
        let changed = odd.map_or(true, |odd| Config { warnings: Vec::new(), ..odd } != config(&usual).unwrap());
        let text_without_effect_alone = setting.name == "CAIRN_BASEMAP_ATTRIBUTION";
        assert!(changed || text_without_effect_alone, "{} changes nothing", setting.name);
    }
}

#[test]
fn all_faults_are_told_together() {
    let faulty = [
        ("CAIRN_LISTEN", "8080"),
        ("CAIRN_TLS", "on"),
        ("CAIRN_ADMIN_PATH", "/admin"),
        ("CAIRN_ADMIN_ALLOW_IPS", ","),
        ("DATABASE_URL", "postgres://me:secret@one,two/cairn"),
        ("CAIRN_INTROSPECTION", "signed-in"),
        ("CAIRN_LOG", "=="),
        ("CAIRN_LIMIT_GRAPHQL_NESTING", "101"),
        ("CAIRN_LIMIT_PAGE_DEFAULT", "2000"),
        ("CAIRN_ALLOWED_HOSTS", "a.example, https://b.example"),
    ];
    let error = config(&faulty).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BadInput);
    for (name, _) in faulty {
        assert!(error.to_string().contains(&format!("\n  {name}: ")), "{name} is missing in: {error}");
    }
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn mail_and_registration_name_what_they_lack() {
    let smtp = ("CAIRN_SMTP_URL", "smtps://me:canary@mail.example.org");
    let from = ("CAIRN_MAIL_FROM", "Maps <maps@example.org>");
    let site = ("CAIRN_PUBLIC_URL", "https://maps.example.org");
    let open = ("CAIRN_REGISTRATION", "open");
    let good = config(&[smtp, from, site, open]).unwrap();
    assert_eq!(
        (good.registration, good.mail.as_ref().map(|mail| mail.from.as_str())),
        (Registration::Open, Some(from.1))
    );
    assert!(!format!("{good:?}").contains("canary"));
    assert!(good.warnings.iter().any(|warning| warning.contains("reads every private layer")), "{:?}", good.warnings);
    let faults = [
        (&[open][..], &["CAIRN_REGISTRATION: open needs CAIRN_SMTP_URL, CAIRN_MAIL_FROM and CAIRN_PUBLIC_URL"][..]),
        (&[open, smtp], &["CAIRN_MAIL_FROM: must name", "CAIRN_PUBLIC_URL: must be set"]),
        (&[smtp, from], &["CAIRN_PUBLIC_URL: must be set"]),
        (&[("CAIRN_REGISTRATION", "public")], &["CAIRN_REGISTRATION: must be closed, invite or open"]),
        (&[smtp, site, ("CAIRN_MAIL_FROM", "maps")], &["CAIRN_MAIL_FROM: must be an address"]),
    ];
    for (pairs, wanted) in faults {
        let error = config(pairs).unwrap_err().to_string();
        assert_eq!(error.lines().count(), wanted.len() + 1, "{error}");
        assert!(wanted.iter().all(|sentence| error.contains(sentence)), "{error}");
    }
    assert!(config(&[from]).unwrap().warnings[0].contains("does nothing without CAIRN_SMTP_URL"));
}

#[test]
fn an_smtp_url_is_checked_and_never_told() {
    let read = |url: &str| {
        config(&[
            ("CAIRN_SMTP_URL", url),
            ("CAIRN_MAIL_FROM", "maps@example.org"),
            ("CAIRN_PUBLIC_URL", "https://maps.example.org"),
        ])
    };
    let good = [
        ("smtp://localhost:25", false),
        ("smtp://me:canary@127.0.0.1", false),
        ("smtp://mail.example.org", false),
        ("smtp://me:canary@mail.example.org", true),
        ("smtp://me:canary@mail.example.org?tls=opportunistic", true),
        ("smtp://me:canary@mail.example.org:587?tls=required", false),
        ("smtps://me%40example.org:can%40ary@mail.example.org:465", false),
    ];
    for (url, is_warned) in good {
        let config = read(url).unwrap();
        assert_eq!(config.mail.unwrap().url, Secret::new(url));
        assert_eq!(config.warnings.len(), usize::from(is_warned), "{url} {:?}", config.warnings);
    }
    let bad = ["mail.example.org:25", "http://me:canary@mail.example.org", "smtp://", "smtp://canary@mail.example.org"];
    for url in bad {
        let error = read(url).unwrap_err().to_string();
        assert!(error.contains("\n  CAIRN_SMTP_URL: ") && !error.contains("canary"), "{url}: {error}");
    }
}

#[test]
fn a_limit_is_taken_at_its_bounds_and_not_beyond() {
    let nesting = |text: &str| config(&[("CAIRN_LIMIT_GRAPHQL_NESTING", text)]).map(|c| c.limits.graphql.nesting);
    assert_eq!(nesting("4").unwrap(), 4);
    assert_eq!(nesting(" 100 ").unwrap(), 100);
    for bad in ["3", "101", "0", "-1", "64.0", "1e3", "many"] {
        let error = nesting(bad).unwrap_err().to_string();
        assert!(error.contains("a whole number from 4 to 100"), "{bad}: {error}");
    }
}

#[test]
fn the_database_is_a_file_in_the_data_folder_unless_said_otherwise() {
    let database =
        |url: &str| config(&[("DATABASE_URL", url), ("CAIRN_DATA_DIR", "/d")]).map(|c| c.database.to_string());
    assert_eq!(database("").unwrap(), "/d/cairn.gpkg");
    assert_eq!(database("sqlite://./data/a.gpkg").unwrap(), "./data/a.gpkg");
    assert_eq!(database("postgres://me:secret@db/a").unwrap(), "postgres://me@db/a");
}

#[test]
fn hosts_of_the_listen_address_and_the_public_url_are_allowed() {
    let pairs = [
        ("CAIRN_LISTEN", "[fd00::1]:80"),
        ("CAIRN_PUBLIC_URL", "https://maps.example.org:8443"),
        ("CAIRN_ALLOWED_HOSTS", "Tiles.example.org, 10.0.0.7"),
    ];
    let wanted = ["10.0.0.7", "127.0.0.1", "[::1]", "[fd00::1]", "localhost", "maps.example.org", "tiles.example.org"];
    assert_eq!(config(&pairs).unwrap().allowed_hosts, wanted);
    let open = config(&[("CAIRN_LISTEN", "0.0.0.0:80")]).unwrap();
    assert_eq!(open.allowed_hosts, ["127.0.0.1", "[::1]", "localhost"]);
}

#[test]
fn an_unknown_name_is_warned_about_with_the_nearest_known_one() {
    let warnings = config(&[("CAIRN_LISTN", "a"), ("CAIRN_TURBO_MODE", "on"), ("CAIRN_LIMIT_BODY_BYTE", "1")]);
    let wanted = [
        "CAIRN_LIMIT_BODY_BYTE is not a setting; did you mean CAIRN_LIMIT_BODY_BYTES?",
        "CAIRN_LISTN is not a setting; did you mean CAIRN_LISTEN?",
        "CAIRN_TURBO_MODE is not a setting of this version",
    ];
    assert_eq!(warnings.unwrap().warnings, wanted);
}

#[test]
fn a_dotenv_file_is_read_and_a_faulty_line_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    assert_eq!(dotenv_pairs(&path).unwrap(), []);
    std::fs::write(&path, "# a comment\nCAIRN_LOG=debug\nOTHER=1\n").unwrap();
    assert_eq!(dotenv_pairs(&path).unwrap(), [("CAIRN_LOG".to_owned(), "debug".to_owned())]);
    std::fs::write(&path, "CAIRN_LOG=debug\nsecret phrase without a sign\n").unwrap();
    let error = dotenv_pairs(&path).unwrap_err().to_string();
    assert!(error.contains("setting 2") && !error.contains("secret"), "{error}");
}

#[test]
fn letters_to_change_are_counted() {
    for (a, b, wanted) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2)] {
        assert_eq!(edits(a, b), wanted, "{a} {b}");
    }
}

#[test]
fn a_bucket_wants_its_keys_and_shows_none() {
    let read = |more: &[(&str, &str)]| config(&[&[("CAIRN_BACKUP_URL", "s3://maps/cairn")], more].concat());
    let fault = read(&[]).unwrap_err().to_string();
    assert!(fault.contains("AWS_ACCESS_KEY_ID") && fault.contains("AWS_SECRET_ACCESS_KEY"), "{fault}");
    let keys = [("AWS_ACCESS_KEY_ID", "me"), ("AWS_SECRET_ACCESS_KEY", "canary"), ("AWS_SESSION_TOKEN", "canary")];
    let config = read(&keys).unwrap();
    assert!(!format!("{config:?}").contains("canary"));
    let bucket = config.backup.bucket.unwrap();
    assert_eq!((bucket.to_string().as_str(), bucket.region.as_str()), ("s3://maps/cairn", "us-east-1"));
    for (endpoint, is_good) in [
        ("http://minio:9000/", true),
        ("https://s3.example.org", true),
        ("minio:9000", false),
        ("https://me:canary@s3.example.org", false),
        ("https://s3.example.org?x=1", false),
    ] {
        let outcome = read(&[&keys[..], &[("AWS_ENDPOINT_URL", endpoint)]].concat());
        assert_eq!(outcome.is_ok(), is_good, "{endpoint}");
    }
}

#[test]
fn the_proxy_protocol_is_heard_from_trusted_proxies_alone() {
    assert!(config(&[("CAIRN_TRUSTED_PROXIES", "10.0.0.0/8")]).unwrap().leading_proxies.is_empty());
    let on = [("CAIRN_TRUSTED_PROXIES", "10.0.0.0/8"), ("CAIRN_PROXY_PROTOCOL", "on")];
    assert!(config(&on).unwrap().leading_proxies[0].contains([10, 1, 2, 3].into()));
    let error = config(&on[1..]).unwrap_err().to_string();
    assert!(error.contains("CAIRN_PROXY_PROTOCOL: needs CAIRN_TRUSTED_PROXIES"), "{error}");
}
