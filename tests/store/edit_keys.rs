//! A request that is sent again under its idempotency key makes nothing twice.

use cairn::config::KeepLimits;
use cairn::model::Role;
use chrono::Utc;
use serde_json::{Value, json};

use crate::common::server::refusal;
use crate::common::viewers::{account, editor};
use crate::common::{Kind, Server};
use crate::edits::traces;

crate::on_both_stores! {
    a_hundred_creations_under_one_key_at_once_make_one_row,
    a_key_stands_for_one_request_of_one_account_for_a_day,
    several_creations_of_one_request_have_a_place_each,
    writers_that_are_the_first_with_a_property_are_in_nobodys_way,
}

const CREATE: &str =
    "mutation($name: String!) { createLocation(input: { layer: \"cities\", name: $name, geometry: { type: \"Point\",
        coordinates: [1, 2] } }) { location { id name } } }";

async fn a_hundred_creations_under_one_key_at_once_make_one_row(store: Kind) {
    let server = Server::with_places_on(store).await;
    let before = traces(&server).await;
    let server = std::sync::Arc::new(server);
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move {
                server.ask_with_key(&editor(), Some("one key"), CREATE, json!({ "name": "Once" })).await
            })
        })
        .collect();
    let mut ids = Vec::new();
    for request in requests {
        let answer = request.await.expect("an answer");
        assert!(answer["errors"].is_null(), "{answer}");
        ids.push(answer["data"]["createLocation"]["location"]["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(traces(&server).await, before.map(|count| count + 1));
}

async fn a_key_stands_for_one_request_of_one_account_for_a_day(store: Kind) {
    let server = Server::with_places_on(store).await;
    let create = async |user: i64, key: &str, name: &str| -> Value {
        let viewer = account(user, Role::Editor);
        server.ask_with_key(&viewer, Some(key), CREATE, json!({ "name": name })).await
    };
    let id = |answer: &Value| answer["data"]["createLocation"]["location"]["id"].as_str().map(str::to_owned);
    let first = create(7, "key", "A").await;
    assert!(id(&first).is_some(), "{first}");
    assert_eq!(id(&create(7, "key", "A").await), id(&first));
    let other = create(7, "key", "B").await;
    assert_eq!(refusal(CREATE, &other), ("CONFLICT".to_owned(), Some("Idempotency-Key".to_owned())));
    for (user, key, name) in [(7, "KEY", "A"), (8, "key", "A"), (8, "other", "B")] {
        let made = create(user, key, name).await;
        assert!(id(&made).is_some() && id(&made) != id(&first), "{made}");
    }
    server.write_outside("UPDATE idempotency_key SET at = '2024-01-01T00:00:00.000Z'").await;
    let next_day = create(7, "key", "A").await;
    assert!(id(&next_day).is_some() && id(&next_day) != id(&first), "{next_day}");
    let (_keep, mut stop) = tokio::sync::watch::channel(false);
    let housekeeping = server.app.housekeeping(&KeepLimits::default());
    assert_eq!(housekeeping.round(Utc::now(), &mut stop).await.expect("a round"), 3, "the old keys");
    assert_eq!(server.number("SELECT count(*) FROM idempotency_key").await, 1);
    for key in ["", &"k".repeat(256)] {
        let refused = create(7, key, "A").await;
        assert_eq!(refusal(CREATE, &refused), ("BAD_INPUT".to_owned(), Some("Idempotency-Key".to_owned())));
    }
    let failed = "mutation { createLocation(input: { layer: \"cities\", name: \"C\", externalId: \"p-in\",
        geometry: { type: \"Point\", coordinates: [1, 2] } }) { location { id } } }";
    let refused = server.ask_with_key(&editor(), Some("failed"), failed, json!({})).await;
    assert_eq!(refusal(failed, &refused).0, "CONFLICT");
    assert!(id(&create(7, "failed", "D").await).is_some(), "a request that failed does not use its key up");
}

async fn several_creations_of_one_request_have_a_place_each(store: Kind) {
    let server = Server::with_places_on(store).await;
    let one = "createLocation(input: { layer: \"cities\", geometry: { type: \"Point\", coordinates: [1, 2] } }) { location { id } }";
    let both = format!("mutation {{ a: {one} b: {one} }}");
    let first = server.ask_with_key(&editor(), Some("both"), &both, json!({})).await;
    let (a, b) = (&first["data"]["a"]["location"]["id"], &first["data"]["b"]["location"]["id"]);
    assert!(a.is_string() && b.is_string() && a != b, "{first}");
    assert_eq!(server.ask_with_key(&editor(), Some("both"), &both, json!({})).await, first);
}

async fn writers_that_are_the_first_with_a_property_are_in_nobodys_way(store: Kind) {
    const NEW: &str = "mutation($p: JSON!) { createLocation(input: { layer: \"cities\", name: \"n\", properties: $p,
        geometry: { type: \"Point\", coordinates: [1, 2] } }) { location { id } } }";
    let server = std::sync::Arc::new(Server::with_places_on(store).await);
    for round in 0..20 {
        let properties = serde_json::Map::from_iter([(format!("new {round}"), json!(1))]);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (server, properties) = (std::sync::Arc::clone(&server), properties.clone());
                let key = format!("{round}-{writer}");
                tokio::spawn(async move {
                    server.ask_with_key(&editor(), Some(&key), NEW, json!({ "p": properties })).await
                })
            })
            .collect();
        for writer in writers {
            let answer = writer.await.expect("an answer");
            assert!(answer["errors"].is_null(), "{answer}");
        }
    }
}
