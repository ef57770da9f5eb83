//! Builds the pages in `web/` with Node and leaves them, or a placeholder, where `src/http/assets.rs` embeds them.
//!
//! Nothing outside of `OUT_DIR` is written: sources are copied there with `schema.graphql` beside them, as in the
//! repository, and npm works in the copy.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// What of `web/` is no source: big, made by tools, or of the browser tests alone.
const NOT_SOURCES: [&str; 6] = ["node_modules", ".generated", "dist", "e2e", "test-results", "playwright-report"];

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Cairn</title>\n\
    <h1>Cairn</h1>\n<p>This build has no pages: it was made without the feature <code>web</code>. \
    The API answers at <a href=\"graphql?query=%7B__typename%7D\">graphql</a>.</p>\n</html>\n";

fn main() -> ExitCode {
    let Err(error) = make_pages() else { return ExitCode::SUCCESS };
    for line in error.to_string().lines() {
        println!("cargo::error={line}");
    }
    ExitCode::FAILURE
}

fn make_pages() -> Done {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let pages = out.join("web-dist");
    println!("cargo::rerun-if-changed=build.rs");
    // docs.rs has no network and needs no pages.
    if env::var_os("CARGO_FEATURE_WEB").is_some() && env::var_os("DOCS_RS").is_none() {
        build_pages(&PathBuf::from(env::var("CARGO_MANIFEST_DIR")?), &out, &pages)?;
    } else {
        fs::create_dir_all(&pages)?;
        for old in fs::read_dir(&pages)? {
            remove(&old?.path())?;
        }
        fs::write(pages.join("index.html"), PLACEHOLDER)?;
        for deeper in ["admin", "account", "embed"] {
            fs::create_dir_all(pages.join(deeper))?;
            fs::write(pages.join(deeper).join("index.html"), PLACEHOLDER.replace("href=\"", "href=\"../"))?;
        }
    }
    // rust-embed reads its folder from a literal, and only this script knows the path.
    let source = format!(
        "/// The built pages.\n#[derive(rust_embed::RustEmbed)]\n#[folder = {:?}]\npub(super) struct Built;\n",
        pages.to_str().ok_or("the path of OUT_DIR is no UTF-8")?
    );
    write_if_changed(&out.join("pages.rs"), source.as_bytes())
}

fn build_pages(root: &Path, out: &Path, pages: &Path) -> Done {
    let (web, copy) = (root.join("web"), out.join("web"));
    if !web.join("package.json").is_file() {
        return Err("the folder web/ is missing; build with --no-default-features for a server without pages".into());
    }
    copy_sources(&web, &copy)?;
    println!("cargo::rerun-if-changed={}", root.join("schema.graphql").display());
    write_if_changed(&out.join("schema.graphql"), &fs::read(root.join("schema.graphql"))?)?;
    install(&copy)?;
    npm(&copy, &["run", "build"], pages)?;
    if !pages.join("index.html").is_file() {
        return Err("the build of web/ left no index.html".into());
    }
    Ok(())
}

/// `npm ci` takes longest of all, so it runs only when the lock file is another than the last time.
fn install(copy: &Path) -> Done {
    let lock = fs::read(copy.join("package-lock.json"))?;
    let installed = copy.join("node_modules/.installed-lock.json");
    if fs::read(&installed).is_ok_and(|last| last == lock) {
        return Ok(());
    }
    npm(copy, &["ci", "--no-audit", "--no-fund"], copy)?;
    Ok(fs::write(installed, lock)?)
}

fn npm(folder: &Path, arguments: &[&str], pages: &Path) -> Done {
    let run = Command::new("npm").args(arguments).current_dir(folder).env("CAIRN_WEB_OUT", pages).output();
    let told = match run {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat(),
        Err(error) => error.to_string(),
    };
    Err(format!(
        "`npm {}` failed. The pages need Node 20.19 or later with npm; build with --no-default-features for a server \
         without pages.\n{told}",
        arguments.join(" ")
    )
    .into())
}

/// Makes `to` hold what `from` holds, and tells Cargo to watch it. Tools' own folders in `to` stay.
fn copy_sources(from: &Path, to: &Path) -> Done {
    fs::create_dir_all(to)?;
    let is_source = |name: &OsStr| !NOT_SOURCES.iter().any(|other| name == *other);
    for gone in fs::read_dir(to)? {
        let gone = gone?;
        if is_source(&gone.file_name()) && !from.join(gone.file_name()).exists() {
            remove(&gone.path())?;
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if !is_source(&entry.file_name()) {
            continue;
        }
        // Cargo looks into folders itself. Not into `web/` as a whole: node_modules is in there.
        println!("cargo::rerun-if-changed={}", source.display());
        if entry.file_type()?.is_dir() {
            copy_sources(&source, &target)?;
        } else {
            write_if_changed(&target, &fs::read(&source)?)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Done {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Done {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    Ok(fs::write(path, bytes)?)
}
