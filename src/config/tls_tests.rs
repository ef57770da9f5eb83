//! Settings of HTTPS as operators write them, right and wrong.

use super::*;
use crate::config::Config;

fn config(pairs: &[(&str, &str)]) -> crate::error::Result<Config> {
    Config::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn an_authority_is_asked_for_the_names_and_the_first_is_the_address_of_the_site() {
    let acme = ("CAIRN_TLS", "acme");
    let read = config(&[acme, ("CAIRN_ACME_DOMAINS", "Maps.Example.org, tiles.example.org")]).unwrap();
    let Tls::Acme(acme_settings) = &read.tls else { panic!("{:?}", read.tls) };
    assert_eq!(acme_settings.domains, ["maps.example.org", "tiles.example.org"]);
    assert_eq!(acme_settings.directory, PRODUCTION);
    assert_eq!(read.public_url.as_ref().unwrap().to_string(), "https://maps.example.org");
    assert!(["maps.example.org", "tiles.example.org"].iter().all(|name| read.allowed_hosts.contains(&(*name).into())));
    assert_eq!(read.http_listen.unwrap().to_string(), "0.0.0.0:80");
    let trial = config(&[acme, ("CAIRN_ACME_DOMAINS", "a.example"), ("CAIRN_ACME_DIRECTORY", "staging")]).unwrap();
    assert!(trial.warnings.iter().any(|warning| warning.contains("NO BROWSER TRUSTS THEM")), "{:?}", trial.warnings);
}

#[test]
fn what_does_not_go_together_is_told_by_name() {
    let acme = ("CAIRN_TLS", "acme");
    let files = ("CAIRN_TLS", "files");
    let name = ("CAIRN_ACME_DOMAINS", "a.example");
    let faults = [
        (&[("CAIRN_TLS", "on")][..], &["CAIRN_TLS: must be off, files or acme"][..]),
        (&[files], &["CAIRN_TLS_CERT: must be the path", "CAIRN_TLS_KEY: must be the path"]),
        (&[acme], &["CAIRN_ACME_DOMAINS: must name"]),
        (&[("CAIRN_TLS_CERT", "a.pem")], &["CAIRN_TLS_CERT: does nothing unless CAIRN_TLS is files"]),
        (&[name], &["CAIRN_ACME_DOMAINS: does nothing unless CAIRN_TLS is acme"]),
        (&[("CAIRN_HTTP_LISTEN", "0.0.0.0:81")], &["CAIRN_HTTP_LISTEN: does nothing unless"]),
        (&[acme, ("CAIRN_ACME_DOMAINS", "*.a.example")], &["CAIRN_ACME_DOMAINS: `*.a.example` is not"]),
        (&[acme, ("CAIRN_ACME_DOMAINS", "192.0.2.1")], &["CAIRN_ACME_DOMAINS: `192.0.2.1` is not"]),
        (&[acme, ("CAIRN_ACME_DOMAINS", "localhost")], &["CAIRN_ACME_DOMAINS: `localhost` is not"]),
        (&[acme, ("CAIRN_ACME_DOMAINS", ",")], &["CAIRN_ACME_DOMAINS: must name"]),
        (&[acme, name, ("CAIRN_ACME_EMAIL", "me")], &["CAIRN_ACME_EMAIL: must be"]),
        (&[acme, name, ("CAIRN_ACME_DIRECTORY", "http://ca.example")], &["CAIRN_ACME_DIRECTORY: must be"]),
        (&[acme, name, ("CAIRN_ACME_CHALLENGE", "dns-01")], &["CAIRN_ACME_CHALLENGE: must be"]),
        (&[acme, name, ("CAIRN_PUBLIC_URL", "http://a.example")], &["CAIRN_PUBLIC_URL: must begin with https"]),
        (
            &[acme, name, ("CAIRN_ACME_CHALLENGE", "http-01"), ("CAIRN_HTTP_LISTEN", "off")],
            &["CAIRN_HTTP_LISTEN: must not be off"],
        ),
    ];
    for (pairs, wanted) in faults {
        let error = config(pairs).unwrap_err().to_string();
        assert_eq!(error.lines().count(), wanted.len() + 1, "{error}");
        assert!(wanted.iter().all(|sentence| error.contains(sentence)), "{error}");
    }
}
