//! Imports between the folders and files of `src`.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::File;

/// Who may import whom. A folder may import itself.
const TABLE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("config", &["error"]),
    ("telemetry", &["config", "error"]),
    ("geometry", &["error"]),
    ("model", &["geometry", "error"]),
    ("query", &["model", "geometry", "error"]),
    ("format", &["model", "geometry", "error"]),
    ("trust", &["error"]),
    ("dial", &["trust", "error"]),
    ("fetch", &["dial", "error"]),
    ("report", &["fetch", "config", "error"]),
    ("auth", &["model", "config", "fetch", "trust", "error"]),
    ("store", &["query", "model", "geometry", "format", "config", "error"]),
    ("mail", &["model", "config", "error"]),
    ("metrics", &["model", "error"]),
    ("alert", &["mail", "model", "fetch", "config", "error"]),
    ("backup", &["alert", "store", "model", "config", "dial", "error"]),
    ("service", &["store", "auth", "mail", "config", "query", "format", "model", "geometry", "error"]),
    ("tls", &["alert", "store", "model", "config", "trust", "error"]),
    (
        "app",
        &[
            "service", "auth", "mail", "tls", "alert", "backup", "metrics", "report", "store", "model", "config",
            "error",
        ],
    ),
    ("graphql", &["app", "tls", "service", "query", "format", "model", "geometry", "config", "error"]),
    (
        "http",
        &[
            "graphql", "app", "metrics", "report", "tls", "service", "format", "query", "model", "geometry", "serve",
            "config", "error",
        ],
    ),
    ("worker", &["app", "graphql", "error"]),
    ("serve", &["app", "tls", "config", "error"]),
    ("demo", &["app", "geometry", "model", "config", "graphql", "http", "serve", "error"]),
    (
        "run",
        &[
            "app", "service", "demo", "geometry", "model", "config", "graphql", "http", "serve", "tls", "worker",
            "error",
        ],
    ),
    (
        "cli",
        &[
            "auth",
            "backup",
            "check",
            "store",
            "model",
            "service",
            "run",
            "copy",
            "healthcheck",
            "demo",
            "app",
            "serve",
            "http",
            "graphql",
            "format",
            "config",
            "telemetry",
            "error",
        ],
    ),
    ("check", &["backup", "store", "tls", "mail", "healthcheck", "trust", "model", "config", "error"]),
    ("copy", &["store", "serve", "config", "error"]),
    ("healthcheck", &["config", "trust", "error"]),
    ("main", &["cli"]),
];

/// A file of tests stands above everything that it asks.
fn is_test(file: &File) -> bool {
    file.path.ends_with("tests.rs") || file.path.contains("/tests/")
}

/// The first path segment below `src`.
fn folder_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

/// Every import that the table does not name.
pub fn against_the_table(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let folder = folder_of(&file.path);
        if folder == "lib" || is_test(file) {
            continue;
        }
        let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == folder) else {
            faults.push(format!("{}:1: the table of tests/tidy/imports.rs does not know {folder}", file.path));
            continue;
        };
        for (line, path) in imports(file) {
            // In the binary the library has the name of the package.
            let Some(other) = path.strip_prefix("crate::").or_else(|| path.strip_prefix("cairn::")) else { continue };
            let other = other.split("::").next().unwrap_or(other);
            if other != folder && !allowed.contains(&other) {
                faults.push(format!("{}:{line}: {folder} may not import {other}", file.path));
            }
        }
    }
    faults
}

/// The paths that begin with `crate::`, `super::` or `self::`, each with its line. `use a::{b, c::d}` gives `a::b` and `a::c::d`.
fn imports(file: &File) -> Vec<(usize, String)> {
    let text = file.text();
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::", "cairn::"] {
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back().unwrap_or(' ');
            // `super::super::x` counts once, from its beginning.
            if before.is_alphanumeric() || before == '_' || before == ':' {
                continue;
            }
            let line = text[..at].matches('\n').count() + 1;
            found.extend(expanded(&text[at..], "").0.into_iter().map(|path| (line, path)));
        }
    }
    found
}

/// The paths of one tree of a `use`, and how much of the text it takes.
fn expanded(text: &str, prefix: &str) -> (Vec<String>, usize) {
    let end =
        text.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | ':' | '*')).unwrap_or(text.len());
    let path = format!("{prefix}{}", &text[..end]);
    if !text[end..].starts_with('{') || !path.ends_with("::") {
        return (vec![path], end);
    }
    let (mut paths, mut at) = (Vec::new(), end + 1);
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        match text[at..].chars().next() {
            None => return (paths, at),
            Some('}') => return (paths, at + 1),
            Some(letter) if letter.is_alphanumeric() || letter == '_' => {
                let (inner, length) = expanded(&text[at..], &path);
                paths.extend(inner);
                at += length;
            }
            Some(other) => at += other.len_utf8(),
        }
    }
}

/// Circles between files, each as the list of its files. What a `mod.rs` lends by `pub use` counts as its real file.
pub fn circles(files: &[File]) -> Vec<String> {
    let modules: BTreeMap<String, &File> = files.iter().map(|file| (module_of(&file.path), file)).collect();
    let lent: BTreeMap<String, String> = files.iter().flat_map(|file| lent_by(file, &modules)).collect();
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (module, file) in &modules {
        if is_door(file) || is_test(file) {
            continue;
        }
        let targets =
            imports(file).into_iter().filter_map(|(_, path)| target(&absolute(&path, module), &modules, &lent));
        let targets = targets.filter(|other| *other != module && !is_door(modules[*other]));
        // A module of tests below a file looks at its parent by nature.
        let targets = targets.filter(|other| !module.starts_with(&format!("{other}::")));
        graph.insert(module, targets.collect());
    }
    let mut found = BTreeSet::new();
    for start in graph.keys() {
        let mut trail = vec![*start];
        walk(&graph, &mut trail, &mut BTreeSet::new(), &mut found);
    }
    found.into_iter().map(|circle| format!("a circle: {circle}")).collect()
}

/// Files that assemble: a `mod.rs` and `lib.rs`.
fn is_door(file: &File) -> bool {
    file.path.ends_with("/mod.rs") || file.path.ends_with("lib.rs")
}

/// `src/query/bind.rs` is `crate::query::bind`.
fn module_of(path: &str) -> String {
    let inside = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs").trim_end_matches("/mod");
    if inside == "lib" { "crate".to_owned() } else { format!("crate::{}", inside.replace('/', "::")) }
}

/// A path of `module` from the root of the crate.
fn absolute(path: &str, module: &str) -> String {
    let (mut at, mut rest) = (module.to_owned(), path);
    if let Some(after) = rest.strip_prefix("self::") {
        return format!("{at}::{after}");
    }
    while let Some(after) = rest.strip_prefix("super::") {
        at = at.rsplit_once("::").map_or("crate".to_owned(), |(above, _)| above.to_owned());
        rest = after;
    }
    if rest == path { path.to_owned() } else { format!("{at}::{rest}") }
}

/// The names that a `mod.rs` lends, with the file that each is from.
fn lent_by(file: &File, modules: &BTreeMap<String, &File>) -> Vec<(String, String)> {
    let module = module_of(&file.path);
    let text = file.text();
    let mut lent = Vec::new();
    for (at, start) in text.match_indices("pub use ") {
        for path in expanded(&text[at + start.len()..], "").0 {
            let from_here = path.starts_with("crate::") || path.starts_with("super::") || path.starts_with("self::");
            let real = if from_here { absolute(&path, &module) } else { format!("{module}::{path}") };
            let name = real.rsplit("::").next().unwrap_or_default().to_owned();
            if let Some(home) = longest_module(&real, modules) {
                lent.push((format!("{module}::{name}"), home.to_owned()));
            }
        }
    }
    lent
}

fn longest_module<'a>(path: &str, modules: &'a BTreeMap<String, &File>) -> Option<&'a str> {
    let mut at = path;
    loop {
        if let Some((module, _)) = modules.get_key_value(at) {
            return Some(module);
        }
        at = at.rsplit_once("::")?.0;
    }
}

/// The file that a path leads to.
fn target<'a>(path: &str, modules: &'a BTreeMap<String, &File>, lent: &BTreeMap<String, String>) -> Option<&'a str> {
    let mut at = path;
    loop {
        if let Some(home) = lent.get(at) {
            return longest_module(home, modules);
        }
        if let Some((module, _)) = modules.get_key_value(at) {
            return Some(module);
        }
        at = at.rsplit_once("::")?.0;
    }
}

fn walk<'a>(
    graph: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    trail: &mut Vec<&'a str>,
    seen: &mut BTreeSet<&'a str>,
    found: &mut BTreeSet<String>,
) {
    let Some(&here) = trail.last() else { return };
    for next in graph.get(here).into_iter().flatten() {
        // A circle is told from its least file on, so that it is told once.
        if *next == trail[0] && trail.iter().min() == trail.first() {
            found.insert(format!("{} -> {next}", trail.join(" -> ")));
        } else if !trail.contains(next) && seen.insert(next) {
            trail.push(next);
            walk(graph, trail, seen, found);
            trail.pop();
        }
    }
}
