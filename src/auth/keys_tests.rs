//! Keys in files and by a setting.

use super::*;

/// Made by `openssl genpkey -algorithm ed25519`; guards nothing.
const OPENSSL: &str = "-----BEGIN PRIVATE KEY-----\n\
                       MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
                       -----END PRIVATE KEY-----\n";

fn given(text: &str) -> Keys {
    Keys::new(Source::Given(Secret::new(text)))
}

fn kids(ring: &Ring) -> Vec<String> {
    ring.verifying.iter().map(|(kid, _, _)| kid.clone()).collect()
}

#[tokio::test]
async fn eight_servers_that_start_at_once_make_one_private_key() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let source = Source::Folder(keys.clone());
            std::thread::spawn(move || read(&source).unwrap().signing().0.to_owned())
        })
        .collect();
    let mut made: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    made.dedup();
    assert_eq!(made.len(), 1);
    let files = files(&keys).unwrap();
    assert_eq!(files.len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&files[0].1), mode(&keys)), (0o600, 0o700));
    }
}

#[tokio::test]
async fn a_new_key_signs_and_the_old_one_verifies_until_its_tokens_have_ended() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::new(Source::Folder(folder.path().to_owned()));
    let first = keys.ring().await.unwrap().signing().0.to_owned();
    let second = keys.rotate().await.unwrap();
    let ring = keys.ring().await.unwrap();
    assert_eq!((ring.signing().0, kids(&ring)), (second.as_str(), vec![first.clone(), second.clone()]));
    // An hour later: the second key was made when the files say it was.
    let files = files(folder.path()).unwrap();
    let long_ago = Utc::now().timestamp_millis() - RETIRED_AFTER_MS - 1;
    std::fs::rename(&files[0].1, folder.path().join(format!("{:013}-a.pem", long_ago - 5))).unwrap();
    std::fs::rename(&files[1].1, folder.path().join(format!("{long_ago:013}-b.pem"))).unwrap();
    let later = read(&keys.source).unwrap();
    assert_eq!((later.signing().0, kids(&later)), (second.as_str(), vec![second.clone()]));
    let third = keys.rotate().await.unwrap();
    assert_eq!(self::files(folder.path()).unwrap().len(), 2, "the retired file is gone");
    assert_eq!(kids(&read(&keys.source).unwrap()), [second, third]);
    let ring = keys.ring_with(&first).await.unwrap();
    assert!(ring.verifying(&first).is_none());
}

#[tokio::test]
async fn a_key_is_taken_from_the_setting_in_lines_in_one_line_or_from_a_file() {
    let lines = given(OPENSSL).ring().await.unwrap();
    let one_line = given(&OPENSSL.replace('\n', "\\n")).ring().await.unwrap();
    assert_eq!(lines.signing().0, one_line.signing().0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, OPENSSL).unwrap();
    let file = given(path.to_str().unwrap()).ring().await.unwrap();
    assert_eq!(lines.signing().0, file.signing().0);
    let both = given(&format!("{}{OPENSSL}", new_pem().unwrap())).ring().await.unwrap();
    assert_eq!(both.verifying.len(), 2);
    assert_eq!(both.signing().0, kids(&both)[0], "the first one signs");
    for bad in ["", "nowhere.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "secret"] {
        let error = given(bad).ring().await.unwrap_err();
        assert_eq!(error.field(), Some("CAIRN_JWT_KEY"));
        assert!(!error.to_string().contains("AAAA"));
    }
    assert!(given(OPENSSL).rotate().await.is_err());
}

#[tokio::test]
async fn the_key_set_shows_public_halves_only() {
    let ring = given(OPENSSL).ring().await.unwrap();
    let jwks = ring.jwks();
    let key = &jwks["keys"][0];
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str(), key["alg"].as_str()),
        (Some("OKP"), Some("Ed25519"), Some("EdDSA"))
    );
    assert_eq!(key["kid"], ring.signing().0);
    assert!(key.get("d").is_none());
}
