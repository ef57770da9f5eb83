//! Encrypted backups: the program `age` opens what Cairn wrote, Cairn restores it, and without the right key nothing is read or
//! replaced.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cairn::backup::{Checked, Work};
use cairn::config::Config;
use cairn::store::backup::inspect;
use serde_json::{Value, json};

use crate::backups::{all, config, options, spoil};
use crate::bucket;
use crate::commands::cairn_with;
use crate::common::bucket::FakeBucket;
use crate::common::{Kind, Server};
use crate::copy::Place;

crate::on_both_stores! {
    an_encrypted_backup_is_opened_by_age_and_restored_with_the_key,
    an_encrypted_backup_goes_to_a_bucket_and_comes_back,
    what_cannot_be_opened_is_told_and_replaces_nothing,
}

/// A pair of keys that `age-keygen` made: the public one, and the file of the secret one.
struct Keys {
    folder: tempfile::TempDir,
    public: String,
}

impl Keys {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Command::new("age-keygen").arg("-o").arg(folder.path().join("key.txt")).output();
        let made = made.expect("run scripts/test-tools");
        let text = String::from_utf8(made.stderr).expect("text");
        let public = text.split_whitespace().find(|word| word.starts_with("age1")).expect("a public key").to_owned();
        Self { folder, public }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("key.txt")
    }
}

fn age(arguments: &[&str], from: &Path, to: &Path) {
    let ended = Command::new("age").args(arguments).arg("-o").arg(to).arg(from).status();
    assert!(ended.expect("run scripts/test-tools").success());
}

fn work(config: &Config, key: Option<&Keys>) -> Work {
    Work::new(config).expect("a place").with_identity(key.map(Keys::file))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

async fn restored(work: &Work, config: &Config, kind: Kind) -> Vec<Value> {
    let place = Place::new(kind).await;
    let scratch = tempfile::tempdir().expect("a folder");
    work.restore(None, &options(config, &place.url), scratch.path()).await.expect("a restore");
    let (app, router) = Server::open(&place.url, &[]).await;
    let nodes = all(&router).await;
    app.close().await.expect("an end");
    nodes
}

async fn an_encrypted_backup_is_opened_by_age_and_restored_with_the_key(store: Kind) {
    let server = Server::with_places_on(store).await;
    let (mine, theirs) = (Keys::new(), Keys::new());
    let recipients = format!("{},{}", theirs.public, mine.public);
    // The server knows public keys alone, and makes it by the clock.
    let config = config(&server, &[("CAIRN_BACKUP_RECIPIENTS", &recipients), ("CAIRN_BACKUP_SCHEDULE", "1d")]);
    let keeper = server.app.backups(&config).expect("settings").expect("a schedule");
    assert!(keeper.round().await.expect("a look"));
    let folder = &config.backup.folder;
    let made = work(&config, None).place().find(None).await.expect("a backup");
    assert!(made.encrypted && made.name.ends_with("Z.gpkg.age"), "{made:?}");
    assert_eq!(names(folder), [made.name.clone(), format!("{}.sha256", made.name)]);
    assert_eq!(names(&config.backup.open_folder), [""; 0], "nothing open stays behind");
    let opened = mine.folder.path().join("opened.gpkg");
    age(&["-d", "-i", mine.file().to_str().expect("UTF-8")], &folder.join(&made.name), &opened);
    let contents = inspect(&opened).expect("a good one");
    let before = all(&server.router).await;
    for key in [&mine, &theirs] {
        let work = work(&config, Some(key));
        assert_eq!(work.verify(None).await.expect("a good one").contents, contents);
        assert_eq!(restored(&work, &config, store).await, before);
    }
    // One that age has encrypted, put there by hand.
    let foreign = "cairn-20990101T000000000Z.gpkg.age";
    age(&["-r", &mine.public], &opened, &folder.join(foreign));
    let Checked::Sealed { backup, is_compared: false } =
        work(&config, None).check(&work(&config, None).place().find(None).await.expect("it")).await.expect("a look")
    else {
        panic!("nobody noted its sum")
    };
    assert_eq!(backup.name, foreign);
    let other = if store == Kind::Postgis { Kind::Geopackage } else { Kind::Postgis };
    assert_eq!(restored(&work(&config, Some(&mine)), &config, other).await, before);
    assert_eq!(names(&config.backup.open_folder), [""; 0]);
}

async fn an_encrypted_backup_goes_to_a_bucket_and_comes_back(store: Kind) {
    let server = Server::with_places_on(store).await;
    let (bucket, keys) = (FakeBucket::start().await, Keys::new());
    let settings = bucket::settings(&bucket);
    let config = config(&server, &[&settings[..], &[("CAIRN_BACKUP_RECIPIENTS", keys.public.as_str())]].concat());
    let made = server.app.back_up(&config).await.expect("a backup").backup;
    assert!(made.encrypted);
    let object = format!("some/where/{}", made.name);
    assert_eq!(bucket.names(), [object.clone(), format!("{object}.sha256")]);
    assert!(bucket.bytes(&object).starts_with(b"age-encryption.org/v1\n"));
    let unread = work(&config, None).check(&made).await.expect("a look");
    assert!(matches!(unread, Checked::Sealed { is_compared: true, .. }), "{unread:?}");
    let work = work(&config, Some(&keys));
    assert_eq!(restored(&work, &config, store).await, all(&server.router).await);
    server.app.back_up(&config).await.expect("another");
    let gone = work.place().prune(config.backup.keep, false).await.expect("names");
    assert_eq!((gone, bucket.names().len()), (vec![made.name], 2));
    for folder in [&config.backup.folder, &config.backup.open_folder] {
        assert_eq!(names(folder), [""; 0], "nothing stays behind");
    }
}

async fn what_cannot_be_opened_is_told_and_replaces_nothing(store: Kind) {
    let server = Server::with_places_on(store).await;
    let (keys, strangers) = (Keys::new(), Keys::new());
    let config = config(&server, &[("CAIRN_BACKUP_RECIPIENTS", &keys.public)]);
    let made = server.app.back_up(&config).await.expect("a backup").backup;
    let file = config.backup.folder.join(&made.name);
    let good = fs::read(&file).expect("a file");
    let before = all(&server.router).await;
    server.app.clone().close().await.expect("an end");
    let target = options(&config, server.url());
    let refused = async |key: Option<&Keys>, wanted: &str| {
        let fault = work(&config, key).restore(None, &target, &server.folder()).await.expect_err(wanted).to_string();
        assert!(fault.contains(wanted), "{fault}");
    };
    refused(None, "--identity").await;
    refused(Some(&strangers), "encrypted to other recipients").await;
    spoil(&file);
    refused(Some(&keys), "not those that were written").await;
    fs::remove_file(config.backup.folder.join(format!("{}.sha256", made.name))).expect("the sum goes");
    refused(Some(&keys), "not those that were encrypted").await;
    fs::write(&file, &good[..good.len() - 1000]).expect("written");
    refused(Some(&keys), "it is cut off").await;
    assert_eq!(names(&config.backup.open_folder), [""; 0], "nothing open stays behind");
    let (app, router) = server.replica().await;
    assert_eq!(all(&router).await, before);
    app.close().await.expect("an end");
    let kept = names(&server.folder()).into_iter().filter(|name| name.contains("before") || name.contains("restoring"));
    assert_eq!(kept.count(), 0, "nothing was replaced");
}

#[tokio::test]
async fn what_fails_leaves_nothing_open_behind() {
    let server = Server::with_places().await;
    let keys = Keys::new();
    let config = config(&server, &[("CAIRN_BACKUP_RECIPIENTS", &keys.public)]);
    // A file is where the folder should be.
    fs::write(&config.backup.folder, "").expect("a file");
    server.app.back_up(&config).await.expect_err("no folder");
    assert_eq!(names(&config.backup.open_folder), [""; 0]);
}

#[tokio::test]
async fn an_operator_is_told_from_the_shell_what_was_not_read() {
    let server = Server::with_places().await;
    let keys = Keys::new();
    let key = keys.file();
    let key = key.to_str().expect("UTF-8");
    let run = |settings: &[(&str, &str)], arguments: &[&str]| {
        let output = cairn_with(&server, settings, &[&["backup"], arguments].concat(), "");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let sealing = [("CAIRN_BACKUP_RECIPIENTS", keys.public.as_str())];
    let (code, out, error) = run(&sealing, &["create", "--json"]);
    assert_eq!(code, Some(0), "{error}");
    let made: Value = serde_json::from_str(&out).expect("JSON");
    let name = made["name"].as_str().expect("a name");
    assert_eq!(made["encrypted"], true);
    let (_, out, _) = run(&[], &["list"]);
    assert!(out.contains(name) && out.ends_with("  encrypted\n"), "{out}");
    assert!(run(&[], &["list", "--json"]).1.contains("\"encrypted\":true"));
    let (code, out, error) = run(&[], &["verify", "--json"]);
    let told: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(told, json!([{ "name": name, "good": null, "encrypted": true, "sum": true }]));
    assert!(code == Some(1) && error.contains("1 of 1 backups are encrypted and were not read"), "{error}");
    let (code, out, _) = run(&[], &["verify"]);
    assert!(code == Some(1) && out.contains("was not read: its bytes are those that were written"), "{out}");
    let (code, out, error) = run(&[], &["verify", "--all", "--identity", key]);
    assert!(code == Some(0) && out.contains("is good: "), "{error}");
    assert_eq!(run(&[("CAIRN_BACKUP_IDENTITY_FILE", key)], &["verify"]).0, Some(0));
    let to = format!("sqlite://{}", server.folder().join("new.gpkg").display());
    assert_eq!(run(&[], &["restore", "--to", &to]).0, Some(1));
    assert_eq!(run(&[], &["restore", "--to", &to, "--identity", key]).0, Some(0));
    let secret = fs::read_to_string(key).expect("a key");
    let secret = secret.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).expect("a key");
    let (code, _, error) = run(&[("CAIRN_BACKUP_IDENTITY_FILE", secret)], &["verify"]);
    assert!(code == Some(1) && error.contains("CAIRN_BACKUP_IDENTITY_FILE: must be the path"), "{error}");
    assert!(!error.contains(secret), "a secret key is not repeated");
    assert_eq!(run(&[("CAIRN_BACKUP_RECIPIENTS", "age1nobody")], &["list"]).0, Some(1), "wrong from the start");
}
