//! Nulls and order of an answer, as section 6.4.4 of the GraphQL specification has them.

use super::super::Readiness;
use super::real::real;
use super::{Answer, ask, post, site_of};
use crate::error::{Error, ErrorCode, Result};
use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, Union};
use axum::Router;
use serde_json::json;

struct Query;
struct Thing(i32);
struct Other;

#[derive(Union)]
enum Either {
    Thing(Thing),
    Other(Other),
}

#[Object]
#[expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]
impl Query {
    async fn ok(&self) -> i32 {
        1
    }

    async fn soft(&self) -> Result<Option<i32>> {
        Err(refused())
    }

    async fn hard(&self) -> Result<i32> {
        Err(refused())
    }

    async fn thing(&self) -> Option<Thing> {
        Some(Thing(0))
    }

    async fn nothing(&self) -> Option<Thing> {
        None
    }

    async fn firm(&self) -> Thing {
        Thing(0)
    }

    async fn firm_list(&self) -> Option<Vec<Thing>> {
        Some(vec![Thing(0), Thing(1)])
    }

    async fn loose_list(&self) -> Vec<Option<Thing>> {
        vec![Some(Thing(0)), None, Some(Thing(1))]
    }

    async fn either(&self) -> Vec<Option<Either>> {
        vec![Some(Either::Thing(Thing(0))), Some(Either::Other(Other))]
    }
}

#[Object]
#[expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]
impl Thing {
    async fn id(&self) -> i32 {
        self.0
    }

    /// Ready after everything else.
    async fn late(&self) -> i32 {
        tokio::task::yield_now().await;
        self.0
    }

    async fn soft(&self) -> Result<Option<i32>> {
        Err(refused())
    }

    /// Fails in every second thing.
    async fn hard(&self) -> Result<i32> {
        if self.0 == 1 { Err(refused()) } else { Ok(self.0) }
    }

    async fn never(&self) -> Result<i32> {
        Err(refused())
    }

    async fn thing(&self) -> Thing {
        Thing(self.0)
    }

    async fn maybe(&self) -> Option<Thing> {
        Some(Thing(self.0))
    }
}

#[Object]
#[expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]
impl Other {
    async fn name(&self) -> Result<Option<i32>> {
        Err(refused())
    }
}

fn refused() -> Error {
    Error::new(ErrorCode::NotFound, "not there")
}

fn small() -> Router {
    site_of(Schema::build(Query, EmptyMutation, EmptySubscription).finish(), &[], Readiness::new(|| async { true }))
}

/// `data` as it was written, and how many errors stand beside it.
fn told(answer: &Answer) -> (String, usize) {
    let json = answer.json();
    (json["data"].to_string(), json["errors"].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn null_takes_the_place_of_a_failed_field_or_of_its_nearest_nullable_parent() {
    let site = small();
    for (query, data, errors) in [
        ("{ ok soft }", r#"{"ok":1,"soft":null}"#, 1),
        ("{ soft }", r#"{"soft":null}"#, 1),
        ("{ ok hard }", "null", 1),
        ("{ hard }", "null", 1),
        ("{ nothing { id } }", r#"{"nothing":null}"#, 0),
        ("{ thing { soft id } }", r#"{"thing":{"soft":null,"id":0}}"#, 1),
        ("{ thing { soft } }", r#"{"thing":{"soft":null}}"#, 1),
        ("{ ok thing { id never } }", r#"{"ok":1,"thing":null}"#, 1),
        ("{ thing { thing { thing { never } } } ok }", r#"{"thing":null,"ok":1}"#, 1),
        ("{ thing { id maybe { thing { never } } } }", r#"{"thing":{"id":0,"maybe":null}}"#, 1),
        ("{ thing { maybe { soft } } }", r#"{"thing":{"maybe":{"soft":null}}}"#, 1),
        ("{ ok firm { never } }", "null", 1),
        ("{ firmList { hard } ok }", r#"{"firmList":null,"ok":1}"#, 1),
        ("{ firmList { soft } }", r#"{"firmList":[{"soft":null},{"soft":null}]}"#, 2),
        ("{ looseList { hard } }", r#"{"looseList":[{"hard":0},null,null]}"#, 1),
        ("{ looseList { soft id } }", r#"{"looseList":[{"soft":null,"id":0},null,{"soft":null,"id":1}]}"#, 2),
        (
            "{ either { ... on Thing { soft id } ... on Other { name } } }",
            r#"{"either":[{"soft":null,"id":0},{"name":null}]}"#,
            2,
        ),
        ("{ either { ... on Thing { never } __typename } }", r#"{"either":[null,{"__typename":"Other"}]}"#, 1),
    ] {
        assert_eq!(told(&ask(&site, query).await), (data.to_owned(), errors), "{query}");
    }
}

#[tokio::test]
async fn fields_stand_in_the_order_of_the_question() {
    let site = small();
    for (query, data) in [
        ("{ thing { late id __typename } }", r#"{"thing":{"late":0,"id":0,"__typename":"Thing"}}"#),
        ("{ thing { b: late id a: late } ok }", r#"{"thing":{"b":0,"id":0,"a":0},"ok":1}"#),
        ("{ firmList { late id } }", r#"{"firmList":[{"late":0,"id":0},{"late":1,"id":1}]}"#),
        (
            "{ thing { ...f id } } fragment f on Thing { late ... { maybe { late id } } }",
            r#"{"thing":{"late":0,"maybe":{"late":0,"id":0},"id":0}}"#,
        ),
        ("{ thing { maybe { late } id maybe { id } } }", r#"{"thing":{"maybe":{"late":0,"id":0},"id":0}}"#),
        ("{ __type(name: \"Other\") { kind name } ok }", r#"{"__type":{"kind":"OBJECT","name":"Other"},"ok":1}"#),
    ] {
        assert_eq!(told(&ask(&site, query).await), (data.to_owned(), 0), "{query}");
    }
}

#[tokio::test]
async fn what_is_skipped_is_not_missed() {
    let site = small();
    let query = "query q($yes: Boolean!, $no: Boolean = false, $on: Boolean = true) {
        soft @skip(if: $yes) ok @include(if: $yes) hard @include(if: $no) firm @skip(if: $on) { never }
        thing { ...f @include(if: $no) ... @skip(if: false) { late @skip(if: true) } id @include(if: $on) }
    } fragment f on Thing { never }";
    let body = json!({ "query": query, "variables": { "yes": true } });
    let data = r#"{"ok":1,"thing":{"id":0}}"#;
    assert_eq!(told(&post(&site, body.to_string()).await), (data.to_owned(), 0));
    for (query, data) in [("{ ok @skip(if: true) }", "{}"), ("{ firm { id @include(if: false) } }", r#"{"firm":{}}"#)] {
        assert_eq!(told(&ask(&site, query).await), (data.to_owned(), 0), "{query}");
    }
}

#[tokio::test]
async fn the_real_schema_answers_in_order_and_with_its_nulls() {
    let folder = tempfile::tempdir().unwrap();
    let (site, app) = real(&folder).await;
    let far = "distanceTo(position: { lon: 0, lat: 100 })";
    for (query, data, errors) in [
        (
            "{ a: location(id: 1) { name distanceMeters } }".to_owned(),
            r#"{"a":{"name":"K2","distanceMeters":null}}"#,
            1,
        ),
        ("{ a: location(id: 1) { distanceMeters } }".to_owned(), r#"{"a":{"distanceMeters":null}}"#, 1),
        (format!("{{ a: location(id: 1) {{ name {far} }} }}"), r#"{"a":null}"#, 1),
        (format!("{{ locations {{ nodes {{ {far} }} }} }}"), "null", 1),
        ("{ locations(first: -1) { totalCount } layers { key } }".to_owned(), "null", 1),
        (
            "{ layers { locationCount key extent { west } title } }".to_owned(),
            concat!(
                r#"{"layers":[{"locationCount":1,"key":"peaks","extent":{"west":76.5},"title":"Peaks"},"#,
                r#"{"locationCount":0,"key":"places","extent":null,"title":"Places"}]}"#
            ),
            0,
        ),
        (
            "{ ...a ...b } fragment a on Query { locations { nodes { id } } } \
             fragment b on Query { locations { totalCount nodes { name id } } }"
                .to_owned(),
            r#"{"locations":{"nodes":[{"id":"1","name":"K2"}],"totalCount":1}}"#,
            0,
        ),
        (
            "{ locations { totalCount nodes { name } } location(id: 2) { id } }".to_owned(),
            r#"{"locations":{"totalCount":1,"nodes":[{"name":"K2"}]},"location":null}"#,
            0,
        ),
    ] {
        assert_eq!(told(&ask(&site, &query).await), (data.to_owned(), errors), "{query}");
    }
    app.close().await.unwrap();
}
