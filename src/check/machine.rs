//! Settings, secrets, folders and disks of this machine.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use url::Url;

use super::finding::Finding;
use crate::config::{Config, Database, Secret};

/// Below this the database soon cannot write.
const LEAST_BYTES: u64 = 256 * 1024 * 1024;
/// Below this somebody should look.
const FEW_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// A shorter secret is found by trying.
const LEAST_SECRET: usize = 12;
/// Passwords that stand in examples, and those that everybody tries.
const KNOWN_SECRETS: [&str; 10] =
    ["change", "example", "password", "passwort", "secret", "admin", "postgres", "cairn", "12345", "qwert"];

/// What is odd about the settings.
pub fn settings(config: &Config) -> Vec<Finding> {
    if config.warnings.is_empty() {
        return vec![Finding::good("settings", "all settings are known and fit together")];
    }
    let todo = "`cairn config` prints what holds, .env.example what each is for";
    config.warnings.iter().map(|warning| Finding::warning("settings", warning, todo)).collect()
}

/// Whether somebody could guess what lets in.
pub fn secrets(config: &Config) -> Finding {
    let password = match &config.database {
        Database::Geopackage(_) => None,
        Database::Postgis(url) => {
            Url::parse(url.expose()).ok().and_then(|url| url.password().map(|text| ("DATABASE_URL", text.to_owned())))
        }
    };
    let admin =
        config.admin_password.as_ref().map(Secret::expose).map(|text| ("CAIRN_ADMIN_PASSWORD", text.to_owned()));
    let weak: Vec<_> =
        password.into_iter().chain(admin).filter(|(_, secret)| is_weak(secret)).map(|(name, _)| name).collect();
    if weak.is_empty() {
        return Finding::good("secrets", "no secret of the settings is short or known");
    }
    let words = format!("the password in {} is short, or one that everybody tries", weak.join(" and in "));
    Finding::fault("secrets", words, "take another one, such as `head -c 24 /dev/urandom | base64` prints")
}

fn is_weak(secret: &str) -> bool {
    let plain = secret.to_lowercase();
    // A long one that has such a word somewhere is no word of a list.
    secret.len() < LEAST_SECRET
        || (secret.len() < 2 * LEAST_SECRET && KNOWN_SECRETS.iter().any(|known| plain.contains(known)))
}

/// Whether the server can write to a folder, and nobody else.
pub fn folder(about: &'static str, folder: &Path) -> Finding {
    let shown = folder.display();
    let metadata = match fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Finding::warning(
                about,
                format!("{shown} is not there yet"),
                "nothing: it is made when it is needed",
            );
        }
        Err(error) => return Finding::fault(about, format!("{shown}: {error}"), "give it to the user that runs Cairn"),
        Ok(metadata) => metadata,
    };
    let trial = folder.join(format!(".cairn-check-{}", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&trial);
    if let Err(error) = written.and_then(|_| fs::remove_file(&trial)) {
        let words = format!("{shown} cannot be written: {error}");
        return Finding::fault(
            about,
            words,
            "give it to the user that runs Cairn, and look whether the disk is read-only",
        );
    }
    match metadata.permissions().mode() & 0o002 {
        0 => Finding::good(about, format!("{shown} can be written")),
        _ => Finding::fault(
            about,
            format!("everybody on this machine can write to {shown}"),
            format!("chmod o-w {shown}"),
        ),
    }
}

/// Whether others on this machine could read the keys; nothing when there are none.
pub fn keys(data_dir: &Path) -> Option<Finding> {
    let keys = data_dir.join("keys");
    let open: Vec<PathBuf> = fs::read_dir(&keys)
        .ok()?
        .flatten()
        .filter(|entry| {
            entry.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
        })
        .map(|entry| entry.path())
        .collect();
    Some(match open.first() {
        None => Finding::good("keys", format!("only the server reads {}", keys.display())),
        Some(first) => Finding::fault(
            "keys",
            format!("others on this machine can read {}", first.display()),
            format!("chmod 600 {}/*; then `cairn secret rotate`", keys.display()),
        ),
    })
}

/// How much room there is.
pub fn space(about: &'static str, folder: &Path) -> Finding {
    let there = folder.ancestors().find(|part| part.exists()).unwrap_or(Path::new("."));
    match statvfs(there) {
        Err(error) => Finding::warning(about, format!("{}: {error}", there.display()), "look at the disk by hand"),
        Ok(disk) => judge_space(about, folder, disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

fn judge_space(about: &'static str, folder: &Path, free: u64) -> Finding {
    let words = format!("{} MB are free for {}", free / 1_000_000, folder.display());
    let todo = "make room, or move CAIRN_DATA_DIR or CAIRN_BACKUP_URL to a larger disk";
    match free {
        0..LEAST_BYTES => Finding::fault(about, words, todo),
        LEAST_BYTES..FEW_BYTES => Finding::warning(about, words, todo),
        _ => Finding::good(about, words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Level;

    #[test]
    fn a_secret_is_weak_when_it_is_short_or_known() {
        for (secret, wanted) in [
            ("k3J9fQ2mZx81", false),
            ("k3J9fQ2mZx8", true),
            ("ChangeMe12345", true),
            ("cairn-password", true),
            ("b64 cairn aGVsbG8gd29ybGQgaGVsbG8=", false),
            ("", true),
        ] {
            assert_eq!(is_weak(secret), wanted, "{secret}");
        }
        let config = |url: &str| Config::from_pairs([("DATABASE_URL".to_owned(), url.to_owned())]).unwrap();
        for (url, wanted) in [
            ("postgres://me:s3cret@db/maps", Level::Fault),
            ("postgres://me@db/maps", Level::Good),
            ("postgres://me:k3J9fQ2mZx81@db/maps", Level::Good),
            ("sqlite://a.gpkg", Level::Good),
        ] {
            let finding = secrets(&config(url));
            assert_eq!(finding.level, wanted, "{url}");
            assert!(!finding.words.contains("s3cret"));
        }
    }

    #[test]
    fn a_disk_is_judged_by_what_is_left() {
        for (free, wanted) in [
            (0, Level::Fault),
            (LEAST_BYTES - 1, Level::Fault),
            (LEAST_BYTES, Level::Warning),
            (FEW_BYTES - 1, Level::Warning),
            (FEW_BYTES, Level::Good),
        ] {
            assert_eq!(judge_space("disk-space", Path::new("x"), free).level, wanted, "{free}");
        }
        assert!(space("disk-space", Path::new("./not/there/yet")).words.contains("MB"));
    }

    #[test]
    fn folders_and_keys_are_for_the_server_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        assert_eq!(folder("data-folder", &path).level, Level::Warning);
        fs::create_dir_all(path.join("keys")).unwrap();
        fs::write(path.join("keys/a.pem"), "").unwrap();
        for (mode, about_folder, about_keys) in [(0o755, Level::Good, 0o600), (0o777, Level::Fault, 0o644)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            fs::set_permissions(path.join("keys/a.pem"), fs::Permissions::from_mode(about_keys)).unwrap();
            assert_eq!(folder("data-folder", &path).level, about_folder);
            assert_eq!(keys(&path).unwrap().level, about_folder);
        }
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "the trial is gone");
        fs::write(place.path().join("file"), "").unwrap();
        assert_eq!(folder("data-folder", &place.path().join("file")).level, Level::Fault);
        assert_eq!(keys(place.path()), None);
    }
}
