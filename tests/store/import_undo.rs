//! Imports taken back: what was there is there again, what has changed since stays, and nobody undoes what is not theirs.

use cairn::config::KeepLimits;
use cairn::model::Role;
use chrono::Utc;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::accounts::{account, code, sign_in, text};
use crate::api_tokens::make;
use crate::common::server::ask_as;
use crate::common::{Kind, Server};
use crate::imports::{collection, counts, import, points, with_editor};

crate::on_both_stores! {
    every_mode_is_taken_back_to_what_was_there,
    what_was_changed_since_is_never_overwritten,
    imports_are_taken_back_one_after_the_other,
    who_may_take_back_what,
    as_much_as_the_limit_is_kept_and_no_more,
    what_is_kept_is_taken_away_when_its_time_is_over,
}

pub const UNDO: &str = "mutation($id: ID!, $c: UndoConflict! = FAIL, $dry: Boolean = false) {
    undoImport(id: $id, onConflict: $c, dryRun: $dry) { deleted changed restored skipped job { undo undoUntil } } }";
const LAST: &str = "{ importJobs(first: 1) { id undo undoUntil } }";

pub async fn last(server: &Server, token: &str) -> (String, String) {
    let (_, answer) = ask_as(&server.router, token, LAST, json!({})).await;
    let job = &answer["data"]["importJobs"][0];
    (text(job, "id"), text(job, "undo"))
}

async fn undo(server: &Server, token: &str, id: &str, conflict: &str, dry: bool) -> Value {
    let (_, answer) = ask_as(&server.router, token, UNDO, json!({ "id": id, "c": conflict, "dry": dry })).await;
    answer
}

/// Deleted, changed, restored, skipped; or the code of the error.
fn told(answer: &Value) -> Result<[i64; 4], String> {
    if !answer["errors"].is_null() {
        return Err(code(answer).to_owned());
    }
    let payload = &answer["data"]["undoImport"];
    Ok(["deleted", "changed", "restored", "skipped"].map(|name| payload[name].as_i64().expect(name)))
}

async fn undo_last(server: &Server, token: &str) -> Result<[i64; 4], String> {
    told(&undo(server, token, &last(server, token).await.0, "FAIL", false).await)
}

/// All that a reader sees of the locations, but for times and versions.
async fn seen(server: &Server, token: &str) -> Value {
    let all = "{ locations(first: 1000, orderBy: [{ field: ID }]) { totalCount
        nodes { id externalId name properties geometry createdAt createdBy { username } layer { key } } }
        locationStats { count extent { west south east north } } }";
    let (_, mut answer) = ask_as(&server.router, token, all, json!({})).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].take()
}

/// A layer with 900 locations of a file and one without an external id, with a height.
async fn with_places(store: Kind) -> (Server, String) {
    let (server, token) = with_editor(store).await;
    let ids = json!({ "idProperty": "key" });
    import(&server, &token, &collection(&points(0, 900)), ids, false).await;
    let lone =
        "mutation { createLocation(input: { layer: \"places\", name: \"Peak\", properties: { big: 12345678901234567 },
        geometry: { type: \"Point\", coordinates: [1, 1, 812.5] } }) { location { id } } }";
    let (_, answer) = ask_as(&server.router, &token, lone, json!({})).await;
    assert!(answer["errors"].is_null(), "{answer}");
    (server, token)
}

/// Of 1,000 features 200 are new, 100 differ and 700 are as they were.
fn next_file() -> String {
    let mut features = points(100, 1_100);
    for feature in &mut features[..100] {
        feature["properties"]["rank"] = json!("other");
        feature["geometry"]["coordinates"] = json!([170.5, -80.25, 3]);
    }
    collection(&features)
}

async fn every_mode_is_taken_back_to_what_was_there(store: Kind) {
    let (server, token) = with_places(store).await;
    let before = seen(&server, &token).await;
    assert_eq!(before["locations"]["totalCount"], 901);
    for (mode, made, back) in [
        ("UPSERT", [1_000, 200, 100, 700, 0, 0], [200, 100, 0, 0]),
        ("REPLACE_LAYER", [1_000, 200, 100, 700, 101, 0], [200, 100, 101, 0]),
        ("INSERT", [1_000, 1_000, 0, 0, 0, 0], [1_000, 0, 0, 0]),
    ] {
        let (file, options) = match mode {
            "INSERT" => (collection(&points(2_000, 3_000)), json!({ "mode": mode })),
            _ => (next_file(), json!({ "mode": mode, "idProperty": "key" })),
        };
        let versions = "SELECT CAST(sum(version) AS bigint) FROM location";
        let version = server.number(versions).await;
        let job = import(&server, &token, &file, options, false).await;
        assert_eq!(counts(&job), made, "{job}");
        let feed = server.number("SELECT max(sequence) FROM location_change").await;
        let (id, state) = last(&server, &token).await;
        assert_eq!(state, "POSSIBLE");
        let imported = seen(&server, &token).await;
        assert_eq!(told(&undo(&server, &token, &id, "FAIL", true).await), Ok(back), "{mode}");
        assert_eq!(seen(&server, &token).await, imported, "a dry run changes nothing");
        assert_eq!(told(&undo(&server, &token, &id, "FAIL", false).await), Ok(back), "{mode}");
        assert_eq!(seen(&server, &token).await, before, "{mode}");
        // Two steps for what was changed, one for what was deleted.
        assert_eq!(server.number(versions).await, version + 2 * back[1] + back[2], "{mode}");
        for (operation, count) in [("CREATED", back[2]), ("UPDATED", back[1]), ("DELETED", back[0])] {
            let told = format!(
                "SELECT count(*) FROM location_change WHERE sequence > {feed} AND operation = '{operation}' AND actor = 1"
            );
            assert_eq!(server.number(&told).await, count, "{mode} {operation}");
        }
        assert_eq!(last(&server, &token).await.1, "DONE");
        assert_eq!(undo_last(&server, &token).await, Err("CONFLICT".to_owned()), "only once");
        assert_eq!(server.number("SELECT count(*) FROM import_image WHERE job_id > 1").await, 0);
    }
    assert_eq!(server.number("SELECT count(*) FROM audit_log WHERE action = 'IMPORT_UNDONE' AND actor = 1").await, 3);
    if store == Kind::Geopackage {
        crate::gdal::assert_sound(&server);
    }
}

async fn what_was_changed_since_is_never_overwritten(store: Kind) {
    let (server, token) = with_places(store).await;
    import(&server, &token, &next_file(), json!({ "mode": "REPLACE_LAYER", "idProperty": "key" }), false).await;
    let (id, _) = last(&server, &token).await;
    for (external_id, change) in [
        ("k100", "UPDATE location SET name = 'Theirs' WHERE external_id = 'k100'"),
        ("k101", "DELETE FROM location WHERE external_id = 'k101'"),
        ("k1000", "UPDATE location SET name = 'Theirs' WHERE external_id = 'k1000'"),
        ("k5", "UPDATE location SET external_id = 'k5' WHERE external_id = 'k700'"),
        // What the import made and somebody deleted is as it shall be.
        ("k1001", "DELETE FROM location WHERE external_id = 'k1001'"),
    ] {
        server.write_outside(change).await;
        let there = format!("SELECT count(*) FROM location WHERE external_id = '{external_id}' AND version > 0");
        assert!(server.number(&there).await <= 1);
    }
    let before = seen(&server, &token).await;
    let answer = undo(&server, &token, &id, "FAIL", false).await;
    assert_eq!(
        (told(&answer), &answer["errors"][0]["extensions"]["field"]),
        (Err("CONFLICT".to_owned()), &json!("onConflict"))
    );
    assert!(answer["errors"][0]["message"].as_str().is_some_and(|told| told.starts_with("4 locations")), "{answer}");
    assert_eq!(seen(&server, &token).await, before);
    let wanted = Ok([198, 98, 100, 4]);
    assert_eq!(told(&undo(&server, &token, &id, "FAIL", true).await), wanted);
    assert_eq!(told(&undo(&server, &token, &id, "SKIP", false).await), wanted);
    assert_eq!(server.number("SELECT count(*) FROM location WHERE name = 'Theirs'").await, 2);
    assert_eq!(server.number("SELECT count(*) FROM location WHERE external_id IN ('k101', 'k1001')").await, 0);
    assert_eq!(server.number("SELECT count(*) FROM location WHERE external_id = 'k5'").await, 1);
    assert_eq!(server.number("SELECT count(*) FROM location").await, 901 - 2 + 1);
}

async fn imports_are_taken_back_one_after_the_other(store: Kind) {
    let (server, token) = with_editor(store).await;
    let replace = json!({ "mode": "REPLACE_LAYER", "idProperty": "key" });
    let mut features = points(0, 30);
    let mut past = vec![seen(&server, &token).await];
    for step in 0..4 {
        features.drain(..5);
        for feature in &mut features[..10] {
            feature["properties"]["step"] = json!(step);
        }
        import(&server, &token, &collection(&features), replace.clone(), false).await;
        past.push(seen(&server, &token).await);
    }
    past.pop();
    for id in (1..=4).rev() {
        let answer = undo(&server, &token, &id.to_string(), "FAIL", false).await;
        assert!(told(&answer).is_ok_and(|[.., skipped]| skipped == 0), "{id}: {answer}");
        assert_eq!(Some(seen(&server, &token).await), past.pop(), "{id}");
    }
    assert_eq!(server.number("SELECT count(*) FROM import_image").await, 0);
}

async fn who_may_take_back_what(store: Kind) {
    let (server, editor) = with_editor(store).await;
    for (name, role) in [("other", Role::Editor), ("viewer", Role::Viewer), ("root", Role::Admin)] {
        account(&server, name, role).await;
    }
    let token = async |name: &str| text(&sign_in(&server.router, name).await, "accessToken");
    let (other, viewer, root) = (token("other").await, token("viewer").await, token("root").await);
    let writing = text(&make(&server, &root, &["locations:write"]).await, "token");
    import(&server, &editor, &collection(&points(0, 3)), json!({}), false).await;
    import(&server, &editor, &collection(&points(3, 6)), json!({}), false).await;
    import(&server, &editor, &collection(&points(3, 6)), json!({}), true).await;
    for (who, id, wanted) in [
        ("", "1", Err("UNAUTHENTICATED")),
        (&viewer, "1", Err("FORBIDDEN")),
        (&writing, "1", Err("FORBIDDEN")),
        (&other, "1", Err("NOT_FOUND")),
        (&editor, "99", Err("NOT_FOUND")),
        (&editor, "one", Err("NOT_FOUND")),
        (&editor, "3", Err("CONFLICT")),
        (&root, "1", Ok([3, 0, 0, 0])),
        (&editor, "2", Ok([3, 0, 0, 0])),
    ] {
        let answer = undo(&server, who, id, "FAIL", false).await;
        assert_eq!(told(&answer), wanted.map_err(str::to_owned), "{id}: {answer}");
    }
    // Another layer under the key of one that is gone is another one.
    let make_layer = "mutation { createLayer(input: { key: \"short\", title: \"S\" }) { layer { key } } }";
    let into = "mutation($d: String) { importLocations(layer: \"short\", data: $d) { id } }";
    let delete = "mutation { deleteLayer(key: \"short\", withLocations: true) { key } }";
    for change in [make_layer, into, delete, make_layer] {
        let (_, answer) = ask_as(&server.router, &root, change, json!({ "d": collection(&points(0, 3)) })).await;
        assert!(answer["errors"].is_null(), "{answer}");
        if change == into {
            assert!(server.app.imports().run_next().await.expect("the queue"));
        }
    }
    assert_eq!(undo_last(&server, &root).await, Err("CONFLICT".to_owned()));
}

async fn as_much_as_the_limit_is_kept_and_no_more(store: Kind) {
    let server = Server::on(store, &[("CAIRN_LIMIT_UNDO_LOCATIONS", "10")]).await;
    account(&server, "editor", Role::Editor).await;
    let token = text(&sign_in(&server.router, "editor").await, "accessToken");
    let ids = json!({ "idProperty": "key" });
    import(&server, &token, &collection(&points(0, 10)), ids.clone(), false).await;
    assert_eq!(last(&server, &token).await.1, "POSSIBLE");
    assert_eq!(undo_last(&server, &token).await, Ok([10, 0, 0, 0]));
    import(&server, &token, &collection(&points(0, 11)), ids.clone(), false).await;
    assert_eq!(last(&server, &token).await.1, "TOO_LARGE");
    assert_eq!(undo_last(&server, &token).await, Err("LIMIT_EXCEEDED".to_owned()));
    // Changes and deletions count with what is new.
    let replace = json!({ "mode": "REPLACE_LAYER", "idProperty": "key" });
    for (to, touched) in [(15, "POSSIBLE"), (20, "TOO_LARGE")] {
        let mut features = points(to - 10, to);
        features[0]["properties"]["rank"] = json!(touched);
        import(&server, &token, &collection(&features), replace.clone(), false).await;
        assert_eq!(last(&server, &token).await.1, touched, "{to}");
    }
    assert_eq!(server.number("SELECT count(*) FROM import_image").await, 10, "nothing of what is too large");
}

async fn what_is_kept_is_taken_away_when_its_time_is_over(store: Kind) {
    let (server, token) = with_editor(store).await;
    import(&server, &token, &collection(&points(0, 3)), json!({}), false).await;
    let (_keep, mut stop) = watch::channel(false);
    let keeper = server.app.housekeeping(&KeepLimits::default());
    let hour = 3_600_000;
    // A minute of its time is left; it is over, but not for long; it is over for more than the hour.
    for (past, state, images) in [(-60_000, "POSSIBLE", 3), (60_000, "EXPIRED", 3), (hour + 60_000, "EXPIRED", 0)] {
        let until = Utc::now().timestamp_millis() - past;
        server.write_outside(&format!("UPDATE import_job SET undo_ms = {until}")).await;
        keeper.round(Utc::now(), &mut stop).await.expect("a round");
        assert_eq!(last(&server, &token).await.1, state);
        assert_eq!(server.number("SELECT count(*) FROM import_image").await, images);
    }
    assert_eq!(undo_last(&server, &token).await, Err("CONFLICT".to_owned()));
    assert_eq!(server.number("SELECT count(*) FROM location").await, 3);
}
