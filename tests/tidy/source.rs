//! Source files as lines of code, without comments and texts.

use std::path::Path;

/// A file of Rust.
#[derive(Debug)]
pub struct File {
    /// From the root of the repository.
    pub path: String,
    /// As written.
    pub lines: Vec<String>,
    /// The same lines without comments and without the insides of texts.
    code: Vec<String>,
}

/// A function and its length.
#[derive(Debug)]
pub struct Function {
    /// The name.
    pub name: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// From the name to the closing brace.
    pub lines: usize,
}

/// Every Rust file below the folders.
pub fn sources(folders: &[&str]) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in folders {
        collect(root, &root.join(folder), &mut files);
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("below the root").to_str().expect("UTF-8").to_owned();
            files.push(File::new(&name, &std::fs::read_to_string(&path).expect("a file")));
        }
    }
}

impl File {
    /// From its text.
    pub fn new(path: &str, text: &str) -> Self {
        let code = blanked(text).lines().map(str::to_owned).collect();
        Self { path: path.to_owned(), lines: text.lines().map(str::to_owned).collect(), code }
    }

    /// Lines of code with their numbers.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(index, line)| (index + 1, line.trim()))
    }

    /// The code as one text.
    pub fn text(&self) -> String {
        self.code.join("\n")
    }

    /// Whether the attribute that begins in this line gives a reason.
    pub fn has_reason(&self, line: usize) -> bool {
        self.code
            .iter()
            .skip(line - 1)
            .take(6)
            .take_while_inclusive(|code| !code.contains(")]"))
            .any(|code| code.contains("reason ="))
    }

    /// The functions that have a body.
    pub fn functions(&self) -> Vec<Function> {
        let mut functions = Vec::new();
        for (index, line) in self.code.iter().enumerate() {
            let Some(name) = function_name(line) else { continue };
            if let Some(lines) = self.lines_of_body(index) {
                functions.push(Function { name, line: index + 1, lines });
            }
        }
        functions
    }

    fn lines_of_body(&self, from: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (count, line) in self.code.iter().skip(from).enumerate() {
            for letter in line.chars() {
                match letter {
                    // A declaration in a trait.
                    ';' if depth == 0 && !line.contains('[') => return None,
                    '{' => depth += 1,
                    '}' if depth == 1 => return Some(count + 1),
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        None
    }
}

/// `take_while` that keeps the line that ends it.
trait TakeWhileInclusive: Iterator + Sized {
    fn take_while_inclusive(self, keep: impl Fn(&Self::Item) -> bool) -> impl Iterator<Item = Self::Item> {
        let mut ended = false;
        self.take_while(move |item| {
            let take = !ended;
            ended = !keep(item);
            take
        })
    }
}

impl<I: Iterator> TakeWhileInclusive for I {}

fn function_name(line: &str) -> Option<String> {
    let rest = line.trim_start();
    let words = ["pub(crate) ", "pub(super) ", "pub(in ", "pub ", "const ", "async ", "unsafe ", "extern \"\" "];
    let mut rest = rest;
    while let Some(after) = words.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = after;
    }
    let name: String =
        rest.strip_prefix("fn ")?.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    Some(name)
}

/// The text with comments, and the insides of texts and letters, taken out; line breaks stay.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest, &out) {
            out.push_str("\"\"");
            length
        } else if letter == '"' {
            out.push_str("\"\"");
            quoted(rest)
        } else if let Some(length) = quoted_letter(rest) {
            out.push_str("' '");
            length
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        };
        out.extend(rest[..skipped].chars().filter(|letter| *letter == '\n'));
        rest = &rest[skipped..];
    }
    out
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// `r"..."`, `r#"..."#`, where no name goes before the `r`.
fn raw_text(rest: &str, before: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let inside_a_name = before.chars().next_back().is_some_and(|letter| letter.is_alphanumeric() && letter != 'b');
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    if inside_a_name || !after[hashes..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let start = 1 + hashes + 1;
    rest[start..].find(&end).map(|at| start + at + end.len())
}

/// `'x'` or `'\n'`, but no lifetime.
fn quoted_letter(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let letter = inside.chars().next()?;
    if letter == '\\' {
        return inside[1..].find('\'').map(|at| if at == 0 { 4 } else { at + 3 });
    }
    inside[letter.len_utf8()..].starts_with('\'').then(|| 2 + letter.len_utf8())
}
