//! The scripts of `examples/`, as a newcomer runs them against the binary.

use std::process::{Command, Output};

use cairn::model::Role;

use crate::accounts::{PASSWORD, account};
use crate::common::process::Process;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    the_upsert_script_does_what_it_says,
}

fn upsert(process: &Process, password: &str) -> Output {
    let mut command = Command::new("bash");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/upsert.sh"));
    command.env("CAIRN_URL", &process.url).env("CAIRN_USERNAME", "root").env("CAIRN_PASSWORD", password);
    command.env_remove("CAIRN_LAYER").output().expect("bash")
}

fn said(output: &Output) -> String {
    let (words, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{words}{errors}")
}

async fn the_upsert_script_does_what_it_says(store: Kind) {
    let server = Server::on(store, &[]).await;
    account(&server, "root", Role::Admin).await;
    let process = Process::start(&server, &[]);
    let first = said(&upsert(&process, PASSWORD));
    for line in [
        "layer made: upsert-example\n",
        "first time: 1000 created, 0 updated, 0 unchanged\n",
        "second time: nothing changed\n",
        "refused: a token that has ended\n",
        "refused: a token that somebody else signed\n",
        "refused: a token that nobody signed\n",
        "refused: an API token made up by hand\n",
        "audit log: 1000 rows of root",
        "\"action\":\"LOCATION_CREATED\"",
        "token revoked\n",
    ] {
        assert!(first.contains(line), "no {line:?} in {first}");
    }
    let count = "SELECT count(*) FROM location JOIN layer ON layer.id = layer_id
        WHERE layer.key = 'upsert-example' AND location.version = 1 AND external_id LIKE 'row-%'";
    let created = "SELECT count(*) FROM audit_log WHERE action = 'LOCATION_CREATED'";
    assert_eq!((server.number(count).await, server.number(created).await), (1_000, 1_000));
    let second = upsert(&process, PASSWORD);
    let words = said(&second);
    assert!(second.status.success() && words.contains("0 created, 0 updated, 1000 unchanged"), "{words}");
    assert_eq!((server.number(count).await, server.number(created).await), (1_000, 1_000));
    let refused = upsert(&process, "not the \"password\"");
    let words = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains("the user name or the password is wrong"), "{words}");
    for words in [&first, &words] {
        assert!(!words.contains(PASSWORD) && !words.contains("accessToken"), "{words}");
    }
}
