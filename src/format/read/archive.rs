//! ZIP archives: KMZ, zipped Shapefiles, and any one file of a format that is read.
//!
//! Only what is wanted is unpacked, under names of our own; an archive that tries to reach out of its folder is refused.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::error::{Error, Result};
use crate::format::feature::ReadOptions;
use crate::format::read::json_scan::unreadable;
use crate::format::read::scratch::Scratch;

/// The first bytes of an archive.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
/// Files in an archive, folders included.
pub(super) const MAX_ENTRIES: usize = 1_000;
/// Bytes unpacked for each byte of the archive: texts of coordinates shrink to a tenth, bombs to a thousandth.
pub(super) const MAX_RATIO: u64 = 100;
/// The record at the end of an archive, and the longest comment behind it.
const END_BYTES: u64 = 22 + 65_535;
/// Files of a Shapefile that are read.
const SHAPEFILE_ENDS: [&str; 4] = ["shp", "dbf", "prj", "cpg"];
/// Ends of names that are read, the best first.
const ENDS: [&str; 10] = ["kml", "gpkg", "geojson", "json", "geojsonl", "fgb", "gpx", "csv", "tsv", "wkt"];

/// What an archive held, unpacked.
pub(super) struct Unpacked {
    /// The file to read.
    pub(super) path: PathBuf,
    /// Its name in the archive: a hint, as the name of an upload is.
    pub(super) name: String,
    pub(super) scratch: Scratch,
}

/// Unpacks what is to be read.
pub(super) fn unpack(path: &Path, options: &ReadOptions) -> Result<Unpacked> {
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    check_count(&mut file, length)?;
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let mut names = names(&mut archive)?;
    drop_index(&mut archive, &mut names)?;
    let chosen = choose(&names, options)?;
    let scratch = Scratch::new(&options.scratch)?;
    let mut room = length.saturating_mul(MAX_RATIO);
    let (index, name) = chosen;
    let (stem, end) = split(&name);
    let target = scratch.file(&format!("entry.{}", end.to_ascii_lowercase()));
    if end.eq_ignore_ascii_case("shp") {
        for wanted in SHAPEFILE_ENDS {
            let part = names.iter().find(|(_, name)| {
                let (other, end) = split(name);
                other.eq_ignore_ascii_case(stem) && end.eq_ignore_ascii_case(wanted)
            });
            if let Some((part, _)) = part {
                copy(&mut archive, *part, &scratch.file(&format!("entry.{wanted}")), &mut room)?;
            }
        }
    } else {
        copy(&mut archive, index, &target, &mut room)?;
    }
    Ok(Unpacked { path: target, name, scratch })
}

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::bad_input("the archive is damaged or cut short").caused_by(error)
}

/// Asks the end of the archive how many entries it has, before a library makes room for them.
fn check_count(file: &mut File, length: u64) -> Result<()> {
    const SIGNATURE: &[u8] = b"PK\x05\x06";
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES))).map_err(unreadable)?;
    let mut end = Vec::new();
    Read::by_ref(file).take(END_BYTES).read_to_end(&mut end).map_err(unreadable)?;
    let at = end.windows(SIGNATURE.len()).rposition(|window| window == SIGNATURE);
    let Some(at) = at else {
        return Err(Error::bad_input("the archive is damaged or cut short"));
    };
    let count =
        end.get(at + 10..at + 12).and_then(|bytes| bytes.first_chunk::<2>()).map_or(0, |two| u16::from_le_bytes(*two));
    if usize::from(count) > MAX_ENTRIES {
        return Err(too_many());
    }
    file.rewind().map_err(unreadable)
}

fn too_many() -> Error {
    Error::limit(format!("the archive has more than {MAX_ENTRIES} entries"))
}

/// Index and name of every file; links and paths that lead out of the archive are refused, not passed over.
fn names(archive: &mut ZipArchive<File>) -> Result<Vec<(usize, String)>> {
    if archive.len() > MAX_ENTRIES {
        return Err(too_many());
    }
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        let leads_out =
            name.split(['/', '\\']).any(|part| part == "..") || name.starts_with(['/', '\\']) || name.contains(':');
        if entry.is_symlink() || leads_out {
            return Err(Error::bad_input(format!(
                "the archive has a link or a path that leads out of it: \"{shown}\""
            )));
        }
        if entry.encrypted() {
            return Err(Error::bad_input("the archive is encrypted: send it without a password"));
        }
        let file = name.rsplit('/').next().unwrap_or_default();
        if !entry.is_dir() && !name.starts_with("__MACOSX/") && !file.starts_with('.') {
            names.push((index, name));
        }
    }
    Ok(names)
}

/// Takes the root document of a KMZ out if it only links to the others: its layers are those.
fn drop_index(archive: &mut ZipArchive<File>, names: &mut Vec<(usize, String)>) -> Result<()> {
    const MARK: &[u8] = b"<Placemark";
    /// The most that is read of a root document; one without places in it is short.
    const BYTES: u64 = 1 << 20;
    let root = names.iter().position(|(_, name)| name.eq_ignore_ascii_case("doc.kml"));
    let Some(root) = root.filter(|_| names.iter().filter(|(_, name)| is_end(name, "kml")).count() > 1) else {
        return Ok(());
    };
    let Some((index, _)) = names.get(root) else { return Ok(()) };
    let mut text = Vec::new();
    archive.by_index(*index).map_err(damaged)?.take(BYTES).read_to_end(&mut text).map_err(damaged)?;
    if (text.len() as u64) < BYTES && !text.windows(MARK.len()).any(|window| window == MARK) {
        names.remove(root);
    }
    Ok(())
}

/// The path without the end of its name, and that end.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

fn is_end(name: &str, end: &str) -> bool {
    split(name).1.eq_ignore_ascii_case(end)
}

fn choose(names: &[(usize, String)], options: &ReadOptions) -> Result<(usize, String)> {
    let of = |end: &str| -> Vec<&(usize, String)> { names.iter().filter(|(_, name)| is_end(name, end)).collect() };
    let shapes = of("shp");
    let mut found = if shapes.is_empty() {
        ENDS.into_iter().map(of).find(|found| !found.is_empty()).unwrap_or_default()
    } else {
        shapes
    };
    if let Some(main) = found.iter().position(|(_, name)| name.eq_ignore_ascii_case("doc.kml")) {
        found = vec![found.swap_remove(main)];
    }
    let stem_of = |name: &str| split(name).0.rsplit('/').next().unwrap_or_default().to_owned();
    // The table of a GeoPackage in an archive is chosen inside of it.
    if let Some(table) = options.table.as_deref().filter(|_| found.len() > 1) {
        found.retain(|(_, name)| stem_of(name) == table || *name == table);
    }
    let listed: Vec<String> = names.iter().take(20).map(|(_, name)| name.chars().take(80).collect()).collect();
    let listed = listed.join(", ");
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] if names.iter().any(|(_, name)| ["zip", "kmz"].iter().any(|end| is_end(name, end))) => {
            Err(Error::bad_input("there are archives inside of the archive: unpack it once"))
        }
        [] => Err(Error::bad_input(format!("the archive has no file of a format that is read here; it has: {listed}"))),
        _ => {
            let stems: Vec<String> = found.iter().take(20).map(|(_, name)| stem_of(name)).collect();
            let message = format!("the archive has several layers; name one: {}", stems.join(", "));
            Err(Error::bad_input(message).at("table"))
        }
    }
}

/// Unpacks one file, never more than there is room for, whatever its head says.
fn copy(archive: &mut ZipArchive<File>, index: usize, target: &Path, room: &mut u64) -> Result<()> {
    let mut entry = archive.by_index(index).map_err(damaged)?;
    let mut output = File::create_new(target).map_err(Error::internal)?;
    let mut chunk = vec![0; 64 << 10];
    let mut left = entry.size();
    loop {
        let length = entry.read(&mut chunk).map_err(damaged)?;
        if length == 0 {
            if left > 0 {
                return Err(Error::bad_input("the archive has less of a file than it announces"));
            }
            return output.flush().map_err(Error::internal);
        }
        left = left
            .checked_sub(length as u64)
            .ok_or_else(|| Error::bad_input("the archive has more of a file than it announces"))?;
        *room = room
            .checked_sub(length as u64)
            .ok_or_else(|| Error::limit(format!("the archive unpacks to more than {MAX_RATIO} times its size")))?;
        output.write_all(chunk.get(..length).unwrap_or_default()).map_err(Error::internal)?;
    }
}
