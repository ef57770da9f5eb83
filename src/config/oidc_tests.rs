//! Which issuers are taken, and what is told about them.

use crate::config::Config;

fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_pairs(pairs).map_err(|error| error.to_string())
}

#[test]
fn an_issuer_is_https_or_this_machine_and_needs_an_audience() {
    let with = |issuer| read(&[("CAIRN_OIDC_ISSUER", issuer), ("CAIRN_OIDC_AUDIENCE", "cairn")]);
    let good = [
        "https://a.example",
        "https://a.example/realms/b/",
        "http://127.0.0.1:81",
        "http://localhost",
        "http://[::1]:9/x",
    ];
    for issuer in good {
        let oidc = with(issuer).unwrap().oidc.unwrap();
        assert_eq!((oidc.issuer.as_str(), oidc.role_claim.as_str(), oidc.admin), (issuer, "roles", None));
    }
    let bad = [
        "http://a.example",
        "http://127.0.0.1.a.example",
        "http://localhost.a.example",
        "a.example",
        "ftp://a.example",
        "https://",
        "https://a.example?b=1",
        "https://a.example#b",
        "https://user:word@a.example",
    ];
    for issuer in bad {
        assert!(with(issuer).unwrap_err().contains("CAIRN_OIDC_ISSUER"), "{issuer}");
    }
    assert!(read(&[("CAIRN_OIDC_ISSUER", "https://a.example")]).unwrap_err().contains("CAIRN_OIDC_AUDIENCE"));
}

#[test]
fn what_would_confuse_is_a_fault_and_what_does_nothing_a_warning() {
    let own = read(&[
        ("CAIRN_OIDC_ISSUER", "https://maps.example"),
        ("CAIRN_OIDC_AUDIENCE", "cairn"),
        ("CAIRN_PUBLIC_URL", "https://maps.example"),
    ]);
    assert!(own.unwrap_err().contains("our own tokens"));
    let same = read(&[
        ("CAIRN_OIDC_ISSUER", "https://a.example"),
        ("CAIRN_OIDC_AUDIENCE", "cairn"),
        ("CAIRN_OIDC_ADMIN", "maps"),
        ("CAIRN_OIDC_EDITOR", "maps"),
    ]);
    assert!(same.unwrap_err().contains("CAIRN_OIDC_EDITOR"));
    let alone = read(&[("CAIRN_OIDC_ADMIN", "maps")]).unwrap();
    assert!(alone.oidc.is_none() && alone.warnings.iter().any(|warning| warning.contains("CAIRN_OIDC_ADMIN")));
}
