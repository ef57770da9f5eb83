//! Keyset paging: whatever the order and the size of a page, walking gives the whole order exactly once, both ways.

use serde_json::{Value, json};

use crate::common::server::external_ids;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    walking_forward_gives_the_whole_order_once,
    walking_backward_gives_the_whole_order_once,
    the_cursor_of_every_edge_leads_to_what_follows_it,
    a_feature_collection_pages_by_its_end_cursor,
    an_empty_page_has_no_cursors,
}

const PAGE: &str =
    "query($near: NearInput, $orderBy: [LocationOrder!], $first: Int, $after: String, $last: Int, $before: String) {
    locations(filter: { layer: { in: [\"cities\", \"lines\"] } }, near: $near, orderBy: $orderBy,
              first: $first, after: $after, last: $last, before: $before) {
        nodes { id externalId } edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// Orders with ties and with missing keys, each alone and mixed.
fn orders() -> Vec<Value> {
    let near = json!({ "position": { "lon": 179.97, "lat": 5 } });
    let pole = json!({ "position": { "lon": 12, "lat": 89.9 } });
    let plain = [
        json!([]),
        json!([{ "field": "ID", "direction": "DESC" }]),
        json!([{ "field": "NAME" }]),
        json!([{ "field": "NAME", "direction": "DESC" }]),
        json!([{ "field": "CREATED_AT", "direction": "DESC" }]),
        json!([{ "field": "UPDATED_AT" }]),
        json!([{ "field": "PROPERTY", "property": "v" }]),
        json!([{ "field": "PROPERTY", "property": "v", "direction": "DESC" }]),
        json!([{ "field": "PROPERTY", "property": "lanes", "direction": "DESC" }, { "field": "PROPERTY", "property": "rank" }]),
        json!([{ "field": "PROPERTY", "property": "rank", "direction": "DESC" }, { "field": "NAME", "direction": "DESC" }]),
    ];
    let measured = [
        json!([]),
        json!([{ "field": "DISTANCE", "direction": "DESC" }]),
        json!([{ "field": "PROPERTY", "property": "rank" }, { "field": "DISTANCE" }]),
        json!([{ "field": "DISTANCE" }, { "field": "ID", "direction": "DESC" }]),
    ];
    let plain = plain.into_iter().map(|order| json!({ "orderBy": order }));
    let measured = measured
        .into_iter()
        .flat_map(|order| [json!({ "orderBy": order, "near": near }), json!({ "orderBy": order, "near": pole })]);
    plain.chain(measured).collect()
}

async fn page(server: &Server, order: &Value, arguments: Value) -> Value {
    let mut variables = order.clone();
    for (name, value) in arguments.as_object().expect("arguments") {
        variables[name] = value.clone();
    }
    server.data(PAGE, variables).await["locations"].take()
}

async fn walking_forward_gives_the_whole_order_once(store: Kind) {
    let server = Server::with_places_on(store).await;
    for order in orders() {
        let whole = external_ids(&page(&server, &order, json!({ "first": 1000 })).await["nodes"]);
        assert_eq!(whole.len(), 62, "every city and line in {order}");
        for size in [1, 2, 3, 7] {
            let (mut walked, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = page(&server, &order, json!({ "first": size, "after": after })).await;
                let info = &page["pageInfo"];
                assert_eq!(info["hasPreviousPage"], !walked.is_empty(), "{order}");
                walked.extend(external_ids(&page["nodes"]));
                assert!(walked.len() <= whole.len(), "pages of {size} in {order} go on for ever");
                if info["hasNextPage"] == false {
                    break;
                }
                after = info["endCursor"].clone();
            }
            assert_eq!(walked, whole, "pages of {size} in {order}");
        }
    }
}

async fn walking_backward_gives_the_whole_order_once(store: Kind) {
    let server = Server::with_places_on(store).await;
    for order in orders() {
        let whole = external_ids(&page(&server, &order, json!({ "last": 1000 })).await["nodes"]);
        assert_eq!(whole, external_ids(&page(&server, &order, json!({ "first": 1000 })).await["nodes"]), "{order}");
        for size in [1, 2, 3, 7] {
            let (mut walked, mut before) = (Vec::new(), Value::Null);
            loop {
                let page = page(&server, &order, json!({ "last": size, "before": before })).await;
                let info = &page["pageInfo"];
                assert_eq!(info["hasNextPage"], !walked.is_empty(), "{order}");
                let mut nodes = external_ids(&page["nodes"]);
                nodes.append(&mut walked);
                walked = nodes;
                assert!(walked.len() <= whole.len(), "pages of {size} in {order} go on for ever");
                if info["hasPreviousPage"] == false {
                    break;
                }
                before = info["startCursor"].clone();
            }
            assert_eq!(walked, whole, "pages of {size} back in {order}");
        }
    }
}

async fn the_cursor_of_every_edge_leads_to_what_follows_it(store: Kind) {
    let server = Server::with_places_on(store).await;
    let order = json!({ "orderBy": [{ "field": "PROPERTY", "property": "v" }] });
    let all = page(&server, &order, json!({ "first": 1000 })).await;
    let whole = external_ids(&all["nodes"]);
    for (index, edge) in all["edges"].as_array().expect("edges").iter().enumerate() {
        assert_eq!(edge["node"]["id"], all["nodes"][index]["id"]);
        let after = page(&server, &order, json!({ "first": 1000, "after": edge["cursor"] })).await;
        assert_eq!(external_ids(&after["nodes"]), whole[index + 1..]);
        let before = page(&server, &order, json!({ "last": 1000, "before": edge["cursor"] })).await;
        assert_eq!(external_ids(&before["nodes"]), whole[..index]);
    }
}

async fn a_feature_collection_pages_by_its_end_cursor(store: Kind) {
    let server = Server::with_places_on(store).await;
    let question = "query($after: String) { locationsGeoJson(first: 30, after: $after) }";
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    loop {
        let collection = server.data(question, json!({ "after": after })).await["locationsGeoJson"].take();
        let features = collection["features"].as_array().expect("features");
        ids.extend(
            features.iter().map(|feature| feature["id"].as_str().expect("an id").parse::<i64>().expect("a number")),
        );
        if collection["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = collection["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(ids.len(), 79);
    assert!(ids.is_sorted());
}

async fn an_empty_page_has_no_cursors(store: Kind) {
    let server = Server::on(store, &[]).await;
    let info = page(&server, &json!({}), json!({ "first": 0 })).await["pageInfo"].take();
    assert_eq!(info, json!({ "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null }));
}
