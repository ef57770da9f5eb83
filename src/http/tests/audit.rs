//! GraphQL over HTTP: the cases of the audit suite of the `graphql-http` project, by their numbers there.

use super::{Answer, get, request, send, site};
use axum::Router;
use axum::body::Body;
use serde_json::{Value, json};

const NEW: &str = "application/graphql-response+json";
const OLD: &str = "application/json";

async fn audit(site: &Router, accept: &str, body: impl Into<Body>) -> Answer {
    let headers = [("content-type", "application/json"), ("accept", accept)];
    send(site, request("POST", "/graphql", &headers, body)).await
}

#[tokio::test]
async fn media_types_are_negotiated() {
    let site = site(&[]);
    let body = || json!({"query": "{ __typename }"}).to_string();
    // 22EB, 4655, 47DE, 80D8, 82A3
    for (accept, kind) in [(NEW, NEW), (OLD, OLD), ("*/*", OLD), ("", OLD)] {
        let answer = audit(&site, accept, body()).await;
        assert_eq!(answer.status, 200, "{accept}");
        assert_eq!(answer.header("content-type"), format!("{kind}; charset=utf-8"), "{accept}");
    }
    // BF61, 78D5, 9ABE
    for (kind, status) in [("application/json; charset=utf-8", 200), ("application/json", 200), ("", 415)] {
        let answer = send(&site, request("POST", "/graphql", &[("content-type", kind)], body())).await;
        assert_eq!(answer.status, status, "{kind}");
    }
}

#[tokio::test]
async fn parameters_of_the_wrong_form_are_400_in_both_media_types() {
    let site = site(&[]);
    let mut bodies = vec![String::new(), "{ \"not a JSON".into(), "{}".into(), json!({"notquery": "{a}"}).to_string()];
    // LKJ, 6C0, 476, 58B
    for bad in [json!({"obj": "ect"}), json!(0), json!(false), json!(["array"])] {
        bodies.push(json!({"query": bad}).to_string());
        bodies.push(json!({"query": "{ __typename }", "operationName": bad}).to_string());
    }
    for bad in [json!("string"), json!(0), json!(false), json!(["array"])] {
        bodies.push(json!({"query": "{ __typename }", "variables": bad}).to_string());
        bodies.push(json!({"query": "{ __typename }", "extensions": bad}).to_string());
    }
    for body in bodies {
        for accept in [NEW, OLD] {
            assert_eq!(audit(&site, accept, body.clone()).await.status, 400, "{accept} {body}");
        }
    }
}

#[tokio::test]
async fn parameters_of_the_right_form_are_taken_in_both_media_types() {
    let site = site(&[]);
    let mut bodies: Vec<Value> = vec![
        json!({"query": "query Query { __typename }", "operationName": "Query"}),
        json!({"query": "query Type($name: String!) { __type(name: $name) { name } }", "variables": {"name": "Query"}}),
        json!({"query": "{ __typename }", "extensions": {"some": "value"}}),
    ];
    for name in ["variables", "operationName", "extensions"] {
        bodies.push(json!({"query": "{ __typename }", name: null}));
    }
    for body in bodies {
        for accept in [NEW, OLD] {
            let answer = audit(&site, accept, body.to_string()).await;
            assert_eq!((answer.status.as_u16(), answer.codes().len()), (200, 0), "{accept} {body}: {}", answer.text());
        }
    }
    // 5A70, D6D5, 6A70
    for path in [
        "/graphql?query=%7B__typename%7D",
        "/graphql?query=query+T%28%24name%3AString%21%29%7B__type%28name%3A%24name%29%7Bname%7D%7D&variables=%7B%22name%22%3A%22Query%22%7D&operationName=T",
    ] {
        for accept in [NEW, OLD] {
            let answer = get(&site, path, &[("accept", accept)]).await;
            assert_eq!((answer.status.as_u16(), answer.codes().len()), (200, 0), "{path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_question_that_cannot_run_is_200_for_the_old_media_type_and_400_for_the_new_one_without_data() {
    let site = site(&[]);
    // 572B, FDE2, 7B9B; 865D, 556A, D586, 51FE, 74FF, 5E5B, 86EE
    for body in [
        json!({"query": "{"}),
        json!({"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"}),
        json!({"query": "{ unknown }"}),
        json!({"query": "query CoerceFailure($id: ID!){ __typename }", "variables": {"id": null}}),
        json!({"query": "query CoerceFailure($id: ID!){ __typename }"}),
        json!({"query": "query a { hello } query b { hello }"}),
        json!({"query": "query a { hello } query b { hello }", "operationName": "c"}),
        json!({"query": "{ ...f } fragment f on Query { ...f }"}),
    ] {
        for (accept, status) in [(NEW, 400), (OLD, 200)] {
            let answer = audit(&site, accept, body.to_string()).await;
            assert_eq!(answer.status, status, "{accept} {body}: {}", answer.text());
            assert_eq!(answer.codes(), ["BAD_INPUT"], "{body}: {}", answer.text());
            assert!(answer.json().get("data").is_none(), "{body}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_field_that_fails_is_200_with_data_in_both_media_types() {
    let site = site(&[]);
    for accept in [NEW, OLD] {
        let answer = audit(&site, accept, json!({"query": "{ hello refused }"}).to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.codes()), (200, vec!["NOT_FOUND".to_owned()]));
        assert_eq!(answer.json()["data"]["hello"], 1, "{}", answer.text());
    }
}
