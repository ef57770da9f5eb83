//! Documents at the limits of the guard, and random ones.

use super::*;
use crate::error::ErrorCode;
use async_graphql::parser::parse_query;
use proptest::prelude::*;

fn check(text: &str) -> Option<ErrorCode> {
    let document = parse_query(text).expect("the test's own text parses");
    check_document(&document, &GraphqlLimits::default()).err().map(|error| error.code())
}

fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

/// `make(limit)` passes and `make(limit + 1)` does not.
fn passes_up_to(limit: usize, make: impl Fn(usize) -> String) {
    assert_eq!(check(&make(limit)), None, "{}", make(limit));
    assert_eq!(check(&make(limit + 1)), Some(ErrorCode::LimitExceeded), "{}", make(limit + 1));
}

#[test]
fn each_count_passes_at_its_limit_and_fails_one_above() {
    passes_up_to(12, |n| format!("{}{}", "{a".repeat(n), "}".repeat(n)));
    passes_up_to(30, |n| format!("{{r{{{}}}}}", each(n, |i| format!("a{i}:__typename "))));
    passes_up_to(20, |n| format!("{{{}}}", each(n, |i| format!("f{i} "))));
    passes_up_to(10, |n| format!("{{a {}}}", "@d ".repeat(n)));
    passes_up_to(10, |n| format!("query q {} {{a}}", "@d ".repeat(n)));
    passes_up_to(10, |n| format!("{{...on A {} {{a}}}}", "@d ".repeat(n)));
    passes_up_to(10, |n| format!("{{...f}} fragment f on A {} {{a}}", "@d ".repeat(n)));
    passes_up_to(10, |n| each(n, |i| format!("query q{i} {{a}} ")));
    passes_up_to(50, |n| format!("{{a}}{}", each(n, |i| format!("fragment f{i} on A {{a}} "))));
    // r, then 17 spreads of 1 + 293 nodes, and 1 more for each further field: 5,000 and 5,001.
    passes_up_to(1, |n| {
        let fields = "x ".repeat(293);
        let rest = "y ".repeat(n);
        format!("{{r{{{} {rest}}}}} fragment f on A {{{fields}}}", "...f ".repeat(17))
    });
}

#[test]
fn fragments_are_followed_for_depth_aliases_and_root_fields() {
    let deep = |levels: usize| {
        let fragments: String = each(levels - 1, |i| format!("fragment f{i} on A {{a{{...f{}}}}} ", i + 1));
        format!("{{...f0}} {fragments} fragment f{} on A {{a}}", levels - 1)
    };
    passes_up_to(12, deep);
    passes_up_to(10, |n| format!("{{r{{{}}}}} fragment f on A {{x:a y:a z:a}}", "...f ".repeat(n)));
    passes_up_to(10, |n| format!("{{{}}} fragment f on Query {{a b}}", "...f ".repeat(n)));
}

#[test]
fn twenty_four_fragments_that_each_spread_the_next_one_twice_are_refused_at_once() {
    for fan in [2, 60] {
        let fragments: String =
            each(24, |i| format!("fragment f{i} on A {{{}}} ", format!("...f{} ", i + 1).repeat(fan)));
        let text = format!("{{...f0}} {fragments} fragment f24 on A {{a}}");
        assert_eq!(check(&text), Some(ErrorCode::LimitExceeded));
    }
}

#[test]
fn circles_of_fragments_are_refused_even_when_nobody_spreads_them() {
    for text in [
        "{...f} fragment f on A {...f}",
        "{...f} fragment f on A {a{...g}} fragment g on A {...on A{...f}}",
        "{a} fragment f on A {...g} fragment g on A {...f}",
    ] {
        assert_eq!(check(text), Some(ErrorCode::BadInput), "{text}");
    }
}

#[test]
fn an_unknown_fragment_is_left_to_validation() {
    assert_eq!(check("{...nowhere}"), None);
}

#[test]
fn the_chain_of_fragments_is_bounded_whatever_the_order_they_are_met_in() {
    // 48 fragments of 60 wrappers each: no depth, few nodes, and 2,900 levels for whoever recurses.
    let wrappers = |inner: &str| format!("{}{inner}{}", "ofType{".repeat(60), "}".repeat(60));
    let forward: String = each(48, |i| format!("fragment f{i} on T {{{}}} ", wrappers(&format!("...f{}", i + 1))));
    let text = format!("{{__type(name:\"a\"){{...f0}}}} {forward} fragment f48 on T {{name}}");
    assert_eq!(check(&text), Some(ErrorCode::LimitExceeded));
    // The first operation makes the inner fragments known before the outer ones are met.
    let text = format!(
        "query a {{r{{...f47}}}} query b {{r{{...f46}}}} query c {{r{{...f45}}}} {forward} fragment f48 on T {{name}}"
    );
    assert_eq!(check(&text), Some(ErrorCode::LimitExceeded));
}

#[test]
fn the_usual_introspection_question_passes_and_a_multiplying_one_does_not() {
    let wrappers = format!("{}kind{}", "ofType{name ".repeat(9), "}".repeat(9));
    let usual = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{name}} types {{ ...FullType }}
           directives {{ name args {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name fields(includeDeprecated: true) {{ name args {{ ...InputValue }}
           type {{ ...TypeRef }} }} inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }}
           enumValues(includeDeprecated: true) {{ name }} possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name type {{ ...TypeRef }} defaultValue }}
         fragment TypeRef on __Type {{ kind {wrappers} }}"
    );
    assert_eq!(check(&usual), None);
    let lists =
        |n: usize| format!("{{__schema{{types{}name{}}}}}", "{fields{type".repeat(n) + "{", "}}".repeat(n) + "}");
    passes_up_to(2, lists);
}

proptest! {
    /// Any graph of fragments: the guard ends, and what it lets through is small when written out.
    #[test]
    fn what_passes_is_small_when_written_out(
        spreads in prop::collection::vec(prop::collection::vec(0_usize..30, 0..6), 1..30)
    ) {
        let fragments = each(spreads.len(), |i| {
            let to = each(spreads[i].len(), |j| format!("...f{} ", spreads[i][j]));
            format!("fragment f{i} on A {{ a {to} }} ")
        });
        let document = parse_query(format!("{{r{{...f0}}}} {fragments}")).unwrap();
        if check_document(&document, &GraphqlLimits::default()).is_ok() {
            fn visits(document: &ExecutableDocument, name: &str) -> usize {
                let Some(fragment) = document.fragments.get(name) else { return 0 };
                fragment.node.selection_set.node.items.iter().map(|item| match &item.node {
                    Selection::FragmentSpread(spread) => 1 + visits(document, &spread.node.fragment_name.node),
                    _ => 1,
                }).sum()
            }
            prop_assert!(visits(&document, "f0") <= 5_000);
        }
    }
}
