//! The folder of the backups, with what is none in it.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn put(shelf: &Shelf, text: &str) -> Backup {
    let part = shelf.begin(at(text)).unwrap();
    fs::write(part.path(), text).unwrap();
    shelf.keep(&part).unwrap()
}

fn names(shelf: &Shelf) -> Vec<String> {
    shelf.list().unwrap().into_iter().map(|backup| backup.name).collect()
}

#[test]
fn only_what_is_whole_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(&folder.path().join("backups"));
    assert!(shelf.list().unwrap().is_empty(), "a folder that is not there is empty");
    let second = put(&shelf, "2026-01-02T03:04:05.678Z");
    let first = put(&shelf, "2026-01-01T00:00:00Z");
    assert_eq!(second.name, "cairn-20260102T030405678Z.gpkg");
    for stranger in ["cairn-20260103T030405678Z.gpkg.part", "cairn-.gpkg", "cairn-2026.gpkg", "other.gpkg", "x-\u{e4}"]
    {
        fs::write(folder.path().join("backups").join(stranger), "").unwrap();
    }
    let begun = shelf.begin(at("2026-01-04T00:00:00Z")).unwrap();
    assert_eq!(names(&shelf), [first.name.as_str(), second.name.as_str()]);
    assert_eq!(shelf.find(None).unwrap(), second);
    assert_eq!(shelf.find(Some(&first.name)).unwrap(), first);
    assert_eq!(shelf.find(Some("../backups/other.gpkg")).unwrap_err().code(), ErrorCode::NotFound);
    let path = begun.path().to_owned();
    drop(begun);
    assert!(!path.exists(), "what is given up is gone");
}

#[test]
fn a_backup_is_for_the_server_alone_and_its_bytes_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(&folder.path().join("backups"));
    let backup = put(&shelf, "2026-01-01T00:00:00Z");
    let path = shelf.path(&backup);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(folder.path().join("backups")).unwrap().permissions().mode() & 0o777, 0o700);
    shelf.check_sum(&backup).unwrap();
    let listed = fs::read_to_string(sum_path(&path)).unwrap();
    assert!(listed.ends_with("  cairn-20260101T000000000Z.gpkg\n") && listed.len() == 64 + 2 + 30 + 1, "{listed}");
    fs::write(&path, "2026-01-01T00:00:0OZ").unwrap();
    assert!(shelf.check_sum(&backup).unwrap_err().to_string().contains("not those that were written"));
    fs::remove_file(sum_path(&path)).unwrap();
    shelf.check_sum(&backup).unwrap();
}

#[test]
fn what_need_not_stay_goes_with_its_sum_and_with_what_crashes_left() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path());
    for day in 1..=5 {
        put(&shelf, &format!("2026-01-0{day}T00:00:00Z"));
    }
    let (old, young) = (folder.path().join("cairn-1.gpkg.7.part-wal"), folder.path().join("cairn-2.gpkg.8.part"));
    for part in [&old, &young] {
        fs::write(part, "").unwrap();
    }
    File::open(&old).unwrap().set_modified(SystemTime::now() - LEFT_AFTER * 2).unwrap();
    let keep = KeepBackups { daily: 2, weekly: 0, monthly: 0 };
    assert_eq!(shelf.prune(keep, true).unwrap().len(), 3);
    assert_eq!(names(&shelf).len(), 5, "a trial takes nothing away");
    assert_eq!(shelf.prune(keep, false).unwrap().len(), 3);
    assert_eq!(names(&shelf), ["cairn-20260104T000000000Z.gpkg", "cairn-20260105T000000000Z.gpkg"]);
    assert!(!old.exists() && young.exists());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        5,
        "two backups, their sums, a part that may be written still"
    );
    assert!(shelf.prune(keep, false).unwrap().is_empty());
}
