//! The real schema behind the real router.

use super::super::Readiness;
use super::{ask, site_of};
use crate::app::App;
use crate::config::Config;
use crate::geometry::{Geometry, Position};
use crate::graphql::schema::{self, SchemaLimits};
use crate::model::{NewLayer, NewLocation, Viewer, Visibility};
use axum::Router;
use serde_json::{Map, json};

/// The real schema over a temporary file with one layer and one location.
pub(super) async fn real(folder: &tempfile::TempDir) -> (Router, App) {
    let database = format!("sqlite://{}", folder.path().join("test.gpkg").display());
    let config = Config::from_pairs([("DATABASE_URL".to_owned(), database)]).unwrap();
    let app = App::build(&config).await.unwrap();
    let layer = NewLayer {
        key: "peaks".into(),
        title: "Peaks".into(),
        description: String::new(),
        attribution: String::new(),
        visibility: Visibility::Public,
        style: json!({}),
        position: 1,
        property_schema: None,
    };
    let location = NewLocation {
        external_id: None,
        name: "K2".into(),
        geometry: Geometry::point(Position::new(76.5, 35.9).unwrap()),
        properties: Map::new(),
    };
    assert!(app.locations().create_layer(&Viewer::Server, layer, vec![location]).await.unwrap());
    let limits = SchemaLimits {
        complexity: config.limits.graphql.complexity,
        introspection: true,
        page: config.limits.page.clone(),
    };
    let executor = schema::build(app.clone(), limits);
    (site_of(executor, &[], Readiness::new(|| async { true })), app)
}

#[tokio::test]
async fn a_limit_is_told_with_its_value_and_the_field_it_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (site, app) = real(&folder).await;
    let deep = |levels: usize| format!("{{ {}layers {{ key }}{} }}", "... { ".repeat(levels), "}".repeat(levels));
    for (query, field, message) in [
        ("{ locations(first: 5000) { nodes { id } } }".to_owned(), "first", "a page has at most 1000 locations"),
        ("{ locations(last: 1001) { nodes { wkt } } }".to_owned(), "last", "a page has at most 1000 locations"),
        ("{ locationsGeoJson(first: 60000) }".to_owned(), "first", "a page has at most 10000 locations"),
        (
            "{ locations(first: 1000) { nodes { wkt areaSquareMeters lengthMeters geometry(simplifyMeters: 1) \
               distanceTo(position: { lon: 0, lat: 0 }) a: wkt b: wkt c: wkt } } }"
                .to_owned(),
            "",
            "the question costs more than 5000: ask for smaller pages (first) or fewer computed fields, or in several questions",
        ),
        (deep(32), "", "fields and fragments nest deeper than 32 levels: nest fewer inside each other"),
    ] {
        let answer = ask(&site, &query).await;
        let error = &answer.json()["errors"][0];
        assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED", "{query}: {error}");
        assert_eq!(error["extensions"]["field"].as_str().unwrap_or_default(), field, "{query}: {error}");
        assert_eq!(error["message"], message, "{query}");
    }
    assert_eq!(ask(&site, &deep(31)).await.codes(), Vec::<String>::new());
    app.close().await.unwrap();
}

#[tokio::test]
async fn what_validation_says_of_a_bad_question_tells_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let (site, app) = real(&folder).await;
    for (query, part) in [
        ("query a { layers { key } } query b { layers { key } }", "name one of them in operationName"),
        ("mutation { write }", "Unknown field \"write\" on type \"Mutation\"."),
        ("subscription { write }", "Unknown field \"write\" on type \"Subscription\"."),
        ("subscription { locationChanged { id } }", "over the WebSocket at /graphql/ws"),
        ("{ layers { kez } }", "Unknown field \"kez\" on type \"Layer\"."),
        ("{ mee }", "Unknown field \"mee\""),
        ("{ layers }", "must have a selection of subfields"),
        ("{ layers { key { a } } }", "must not have a selection"),
        ("{ a: layers { key } a: locationsGeoJson }", "Use different aliases"),
        ("{ location { id } }", "Field \"location\" argument \"id\""),
        ("{ location(id: 1, name: 2) { id } }", "Unknown argument \"name\""),
        ("{ location(id: 1, id: 2) { id } }", "There can only be one argument named \"id\""),
        ("{ locations(first: \"a\") { totalCount } }", "Invalid value for argument \"first\", expected type \"Int\""),
        ("{ locations(filter: { nome: 1 }) { totalCount } }", "unknown field \"nome\" of type \"LocationFilter\""),
        ("{ layers { ...f } }", "Unknown fragment: \"f\""),
        ("{ layers { key } } fragment f on Layer { key }", "Fragment \"f\" is never used"),
        ("{ layers { ... on Location { id } } }", "cannot be spread here"),
        ("{ layers @fast { key } }", "Unknown directive \"fast\""),
        ("query q($n: Int) { layers { key } }", "Variable \"$n\" is not used"),
        ("query q { locations(first: $n) { totalCount } }", "Variable \"$n\" is not defined"),
        ("query q($n: Layer) { layers { key } }", "cannot be of non-input type"),
    ] {
        let answer = ask(&site, query).await;
        let error = &answer.json()["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{query}: {error}");
        assert!(error["message"].as_str().unwrap().contains(part), "{query}: {error}");
        assert_eq!(answer.json().get("data"), None, "{query}: nothing ran");
    }
    app.close().await.unwrap();
}
