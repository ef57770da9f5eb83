//! The table of all settings: name, default, meaning. `.env.example` is printed from it.

use super::limits::Limits;
use super::rows::{BACKUPS, CONTAINERS, Row, row};
use super::setting::{Group, Setting};
use std::fmt::Write as _;

const DATA: &[Row] = &[
    row(
        "CAIRN_DATA_DIR",
        "./data",
        &["The folder of the database file, of the signing keys and of uploads, made at the first start."],
    ),
    row(
        "DATABASE_URL",
        "",
        &[
            "The database: sqlite://PATH, a GeoPackage file, or postgres://USER:PASSWORD@HOST:PORT/DATABASE, PostgreSQL 14 or",
            "newer with PostGIS 3. Not set: cairn.gpkg in CAIRN_DATA_DIR.",
        ],
    ),
];

const ADDRESS: &[Row] = &[
    row(
        "CAIRN_LISTEN",
        "127.0.0.1:8080",
        &["Where to listen: ADDRESS:PORT. Port 0 takes a free one, which is printed."],
    ),
    row(
        "CAIRN_PUBLIC_URL",
        "",
        &[
            "Where browsers find the server, such as https://maps.example.org. Its host becomes an allowed one. With a path, such as",
            "https://example.org/maps, every route is below it, whether the proxy before leaves the path there or takes it away.",
        ],
    ),
    row(
        "CAIRN_ALLOWED_HOSTS",
        "",
        &[
            "Further host names that requests may carry, by comma, without ports. The host of CAIRN_PUBLIC_URL, the",
            "listen address, localhost, 127.0.0.1 and [::1] always may; any other gets 421 (DNS rebinding).",
        ],
    ),
];

const HTTPS: &[Row] = &[
    row(
        "CAIRN_TLS",
        "off",
        &[
            "off: plain HTTP, for this machine or behind a proxy that speaks TLS. acme: HTTPS with a certificate that the server",
            "gets and renews by itself; files: HTTPS with a certificate of yours. Both speak HTTP/2 and HTTP/1.1 at CAIRN_LISTEN,",
            "which then is 0.0.0.0:443 or a port that 443 is mapped to.",
        ],
    ),
    row(
        "CAIRN_HTTP_LISTEN",
        "0.0.0.0:80",
        &[
            "With HTTPS: where plain HTTP is answered, by the way to HTTPS and by the proofs that an authority asks for: ADDRESS:PORT,",
            "or off.",
        ],
    ),
    row(
        "CAIRN_TLS_CERT",
        "",
        &["With files: a PEM file with the certificate and its chain. A changed file is taken over within seconds."],
    ),
    row("CAIRN_TLS_KEY", "", &["With files: a PEM file with the private key of that certificate."]),
    row(
        "CAIRN_ACME_DOMAINS",
        "",
        &[
            "With acme: the names of the certificate, by comma, such as maps.example.org. They must lead to this server. The first",
            "is where browsers find it, unless CAIRN_PUBLIC_URL says so.",
        ],
    ),
    row("CAIRN_ACME_EMAIL", "", &["With acme: whom the authority may write to, such as admin@example.org."]),
    row(
        "CAIRN_ACME_DIRECTORY",
        "production",
        &[
            "With acme: production (Let's Encrypt), staging (Let's Encrypt for trials: no browser trusts the certificates), or the",
            "https URL of another authority's directory.",
        ],
    ),
    row(
        "CAIRN_ACME_CA_FILE",
        "",
        &[
            "A PEM file of certificate authorities that sign for the directory, in place of the public ones: for an authority",
            "inside a company.",
        ],
    ),
    row(
        "CAIRN_ACME_CHALLENGE",
        "any",
        &[
            "How the names are proved: tls-alpn-01 needs port 443 to reach this server, http-01 needs port 80; any takes the",
            "other way after a failure.",
        ],
    ),
];

const ACCOUNTS: &[Row] = &[
    row(
        "CAIRN_ADMIN_PASSWORD",
        "",
        &[
            "The password of the account admin, made at a start that finds no account. Not set: such a start prints a link",
            "that makes the first administrator, good once and for 24 hours.",
        ],
    ),
    row(
        "CAIRN_JWT_KEY",
        "",
        &[
            "The Ed25519 key that signs access tokens: PKCS#8 PEM (line breaks may be written \\n), or the path of such a file;",
            "`cairn secret` prints a new one. After a first key that signs, older ones may stand that still verify. Not set: a",
            "key is made in CAIRN_DATA_DIR/keys. Servers on one database need the same key or share that folder.",
        ],
    ),
    row(
        "CAIRN_ADMIN_PATH",
        "",
        &[
            "The path of the admin page, such as /a-word-of-yours. Never /admin or what else everybody tries: decoys answer there.",
            "Not set: a random one, made at the first start, printed at each, and kept in CAIRN_DATA_DIR/keys/admin-path.",
        ],
    ),
    row(
        "CAIRN_ADMIN_ALLOW_IPS",
        "",
        &[
            "Networks that may see the admin page, by comma, such as 10.0.0.0/8; to all others it is not there. Not set: all may.",
            "The API does not ask for it: what it does, a token or a password decides.",
        ],
    ),
    row(
        "CAIRN_TRUSTED_PROXIES",
        "",
        &[
            "Networks of proxies before the server, by comma, such as 10.0.0.0/8. Only they may name the client's address in",
            "X-Forwarded-For; it counts failed sign-ins, and CAIRN_ADMIN_ALLOW_IPS goes by it.",
        ],
    ),
    row(
        "CAIRN_PROXY_PROTOCOL",
        "off",
        &[
            "Whether CAIRN_TRUSTED_PROXIES are TCP proxies that name the client of each connection by the PROXY protocol, version 1",
            "or 2: on or off. Each of them has to, then; from everybody else it is refused.",
        ],
    ),
];

const COMING_IN: &[Row] = &[
    row(
        "CAIRN_REGISTRATION",
        "closed",
        &[
            "How somebody gets an account. closed: an administrator makes it. invite: administrators invite by a link as well.",
            "open: whoever proves an e-mail address also makes their own, and as VIEWER reads every private layer; this needs",
            "CAIRN_SMTP_URL and CAIRN_PUBLIC_URL.",
        ],
    ),
    row(
        "CAIRN_SMTP_URL",
        "",
        &[
            "The server that takes mail: smtps://USER:PASSWORD@HOST:465, smtp://USER:PASSWORD@HOST:587?tls=required (STARTTLS)",
            "or smtp://HOST:25 (no TLS). It needs CAIRN_MAIL_FROM and CAIRN_PUBLIC_URL. Not set: no mail is sent; invitations",
            "are links to be handed on, and nobody resets a forgotten password but an administrator.",
        ],
    ),
    row("CAIRN_MAIL_FROM", "", &["The sender of mails: maps@example.org or Maps <maps@example.org>."]),
    row(
        "CAIRN_ALERT_TO",
        "",
        &[
            "Who hears by mail, once a day, of what only an operator can mend: a certificate that is not renewed, a backup that is",
            "not made. It needs CAIRN_SMTP_URL.",
        ],
    ),
    row(
        "CAIRN_ALERT_WEBHOOK",
        "",
        &[
            "Where the same is posted as JSON: an https URL. The object has topic (certificate or backup), site, trouble, at, and text,",
            "which chat programs show.",
        ],
    ),
];

const OIDC: &[Row] = &[
    row(
        "CAIRN_OIDC_ISSUER",
        "",
        &[
            "Tokens of this OpenID Connect issuer are accepted beside our own: its URL, letter by letter as it stands in `iss`.",
            "https, or http on this machine. Who comes with such a token gets an account at the first use.",
        ],
    ),
    row(
        "CAIRN_OIDC_AUDIENCE",
        "",
        &["What `aud` of its tokens must hold: the name that the issuer has for this server."],
    ),
    row(
        "CAIRN_OIDC_ROLE_CLAIM",
        "roles",
        &[
            "The claim that gives the role: a list of words, or words with spaces between; a path such as realm_access.roles",
            "leads into objects. Who has neither of the next two words is a VIEWER.",
        ],
    ),
    row("CAIRN_OIDC_ADMIN", "", &["The word that makes an ADMIN. Not set: nobody is one by such a token."]),
    row("CAIRN_OIDC_EDITOR", "", &["The word that makes an EDITOR. Not set: nobody is one by such a token."]),
    row(
        "CAIRN_OIDC_CA",
        "",
        &[
            "A PEM file of certificate authorities that sign for the issuer, in place of the public ones (Mozilla's list, which",
            "is built in): for an issuer inside a company.",
        ],
    ),
];

const PAGES: &[Row] = &[
    row("CAIRN_INTROSPECTION", "on", &["Whether clients may ask for the GraphQL schema: on or off."]),
    row("CAIRN_PLAYGROUND", "on", &["Whether GraphiQL answers at /graphiql/: on or off."]),
    row(
        "CAIRN_BASEMAP_URL",
        "",
        &[
            "Raster tiles in place of the built-in base map: https://HOST/.../{z}/{x}/{y}.png. Browsers then ask that host.",
        ],
    ),
    row("CAIRN_BASEMAP_ATTRIBUTION", "", &["The credit that the owner of those tiles asks for. Plain text."]),
    row(
        "CAIRN_EMBED_ORIGINS",
        "",
        &[
            "Sites that may show the map of /embed/ in a frame: origins such as https://www.example.org by comma, or * for every",
            "site. Not set: pages of this server alone. No other page of this server can be framed elsewhere.",
        ],
    ),
];

const LOG: &[Row] = &[
    row(
        "CAIRN_LOG",
        "info",
        &["What goes to the log: error, warn, info, debug, trace, or by module: info,cairn::http=debug."],
    ),
    row("CAIRN_LOG_FORMAT", "pretty", &["pretty for people, json (one object a line) for machines."]),
    row(
        "CAIRN_METRICS_LISTEN",
        "",
        &[
            "Where /metrics answers for Prometheus: ADDRESS:PORT, such as 127.0.0.1:9464. An address of its own, because everybody who",
            "reaches it may read it. Not set: nowhere.",
        ],
    ),
];

fn group(title: &'static str, rows: &'static [Row]) -> Group {
    let settings =
        rows.iter().map(|&(name, default, meaning)| Setting { name, default: default.to_owned(), meaning }).collect();
    Group { title, settings }
}

/// All settings of the server, in the order of `.env.example`.
pub fn groups() -> Vec<Group> {
    let mut groups = vec![
        group("Data", DATA),
        group("Backups", BACKUPS),
        group("Address", ADDRESS),
        group("HTTPS", HTTPS),
        group("Accounts", ACCOUNTS),
        group("Registration and mail", COMING_IN),
        group("Accounts of an OpenID Connect issuer", OIDC),
        group("Pages and GraphQL", PAGES),
        group("Log", LOG),
    ];
    groups.extend(Limits::groups());
    groups
}

/// The default of one setting in `groups`; empty for "not set".
pub(super) fn default_of(name: &str) -> &'static str {
    [DATA, BACKUPS, ADDRESS, HTTPS, ACCOUNTS, COMING_IN, OIDC, PAGES, LOG]
        .into_iter()
        .flatten()
        .find(|(row, _, _)| *row == name)
        .map_or("", |(_, default, _)| default)
}

/// The text of `.env.example`: every setting, commented out, with its default and its meaning.
pub fn example_file() -> String {
    let mut text = String::from(
        "# Settings of Cairn. Copy this file to .env and take away the # of a line to change it.\n\
         # The environment goes before this file. An unknown CAIRN_ name is warned about at the start.\n",
    );
    for group in groups().into_iter().chain([group("Containers", CONTAINERS)]) {
        let _ = writeln!(text, "\n# ---- {} ----", group.title);
        for setting in group.settings {
            text.push('\n');
            for line in setting.meaning {
                let _ = writeln!(text, "# {}", line.trim());
            }
            let _ = writeln!(text, "#{}={}", setting.name, setting.default);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_committed_example_lists_every_setting_with_its_default() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let wanted = example_file();
        let line = committed.lines().zip(wanted.lines()).position(|(have, want)| have != want);
        assert!(
            committed == wanted,
            ".env.example differs from the table, first at line {line:?}; it must read:\n{wanted}"
        );
    }

    #[test]
    fn no_setting_stands_twice_and_each_is_explained() {
        let mut seen = HashSet::new();
        for setting in groups().into_iter().flat_map(|group| group.settings) {
            assert!(seen.insert(setting.name), "{} stands twice", setting.name);
            assert!(setting.meaning.iter().any(|line| line.len() > 20), "{} is not explained", setting.name);
        }
    }
}
