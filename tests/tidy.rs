//! The shape of the code, held by a test: who may import whom, no circles, small files, unsafe in one place.

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/source.rs"]
mod source;

use source::{File, sources};

/// Lines of a file.
const MAX_FILE_LINES: usize = 400;
/// Lines of a function, from its name to its closing brace.
const MAX_FUNCTION_LINES: usize = 70;

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn in_every_file(faults_of: impl Fn(&File) -> Vec<String>) {
    let files = sources(&["src", "entity/src", "migration/src", "tests"]);
    assert!(files.len() > 50, "the sources were found");
    report(&files.iter().flat_map(faults_of).collect::<Vec<_>>());
}

#[test]
fn every_import_goes_down_the_table() {
    report(&imports::against_the_table(&sources(&["src"])));
}

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    report(&imports::circles(&sources(&["src"])));
}

#[test]
fn files_are_small() {
    in_every_file(|file| {
        let lines = file.lines.len();
        let large = lines > MAX_FILE_LINES;
        large.then(|| format!("{}:{lines}: more than {MAX_FILE_LINES} lines", file.path)).into_iter().collect()
    });
}

#[test]
fn functions_are_small() {
    in_every_file(|file| {
        let long = file.functions().into_iter().filter(|function| function.lines > MAX_FUNCTION_LINES);
        long.map(|function| {
            format!(
                "{}:{}: {} has {} lines, more than {MAX_FUNCTION_LINES}",
                file.path, function.line, function.name, function.lines
            )
        })
        .collect()
    });
}

#[test]
fn a_mod_rs_assembles_and_holds_no_code() {
    in_every_file(|file| {
        // A folder of tests may keep its helpers at the door.
        if !file.path.ends_with("/mod.rs") || file.path.contains("/tests/") {
            return Vec::new();
        }
        let starts = [
            "pub mod ",
            "pub use ",
            "pub(crate) mod ",
            "pub(crate) use ",
            "mod ",
            "use ",
            "#[cfg(test)]",
            "#[path",
            "}",
        ];
        let odd =
            file.code().filter(|(_, code)| !code.is_empty() && !starts.iter().any(|start| code.starts_with(start)));
        // The lines of a `pub use` list end with a comma.
        odd.filter(|(_, code)| !code.ends_with(','))
            .map(|(line, code)| format!("{}:{line}: {code}", file.path))
            .collect()
    });
}

#[test]
fn unsafe_code_is_in_one_file() {
    in_every_file(|file| {
        if file.path == "src/store/gpkg/functions.rs" {
            return Vec::new();
        }
        let unsafe_lines = file.code().filter(|(_, code)| {
            code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == "unsafe")
        });
        unsafe_lines
            .map(|(line, _)| format!("{}:{line}: unsafe belongs into src/store/gpkg/functions.rs", file.path))
            .collect()
    });
}

#[test]
fn nothing_is_ignored_left_open_or_allowed_in_silence() {
    // Put together here, so that this file does not find itself.
    let marks =
        [("#[", "ignore"), ("to", "do!"), ("unimple", "mented!"), ("db", "g!("), ("#[", "allow("), ("#![", "allow(")];
    in_every_file(|file| {
        let mut faults = Vec::new();
        for (line, code) in file.code() {
            for (one, other) in marks {
                let mark = format!("{one}{other}");
                if code.contains(&mark) && !(mark.contains("allow(") && file.has_reason(line)) {
                    faults.push(format!("{}:{line}: {mark}", file.path));
                }
            }
            if code.contains(&format!("#[{}(", "expect")) && !file.has_reason(line) {
                faults.push(format!("{}:{line}: an expectation without a reason", file.path));
            }
        }
        faults
    });
}

#[test]
fn every_file_says_first_what_it_is() {
    in_every_file(|file| {
        let said = file.lines.first().is_some_and(|line| line.starts_with("//!"));
        (!said)
            .then(|| format!("{}:1: the first line says in a sentence what the file is", file.path))
            .into_iter()
            .collect()
    });
}

#[test]
fn the_checks_see_what_they_look_for() {
    let file = File::new(
        "src/query/x.rs",
        "//! X.\nuse crate::http::Door; // crate::app\nfn a() {\n    let s = \"unsafe {\";\n}\n",
    );
    assert_eq!(
        imports::against_the_table(std::slice::from_ref(&file)),
        ["src/query/x.rs:2: query may not import http"]
    );
    assert_eq!(file.functions().iter().map(|function| (function.line, function.lines)).collect::<Vec<_>>(), [(3, 3)]);
    assert!(!file.code().any(|(_, code)| code.contains("unsafe")), "texts and comments are no code");
    let there = File::new("src/query/one.rs", "//! 1.\nuse crate::query::two::B;\n");
    let back = File::new("src/query/two.rs", "//! 2.\nuse super::one::A;\n");
    assert_eq!(imports::circles(&[there, back]).len(), 1);
}
