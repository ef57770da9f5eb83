//! Backups that are encrypted, in the format age-encryption.org/v1: `age -d -i key.txt` opens them without Cairn.
//!
//! Both ways go through a file in pieces of 64 KiB, each of which proves itself; whoever calls takes what comes out for a backup only
//! when the last piece has, too.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read as _};
use std::path::Path;

use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};

use crate::error::{Error, ErrorCode, Result};

/// A file of a thousand identities has less: what is larger is another file.
const MOST_IDENTITY_BYTES: u64 = 128 * 1024;

/// Encrypts a file into one that is there and empty.
pub(super) fn seal(open: &Path, sealed: &Path, recipients: &[Recipient]) -> Result<()> {
    let keys = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(keys).map_err(Error::internal)?;
    let write = || {
        let mut writer = encryptor.wrap_output(empty(sealed)?)?;
        io::copy(&mut File::open(open)?, &mut writer)?;
        writer.finish()
    };
    let cannot =
        |error: io::Error| Error::new(ErrorCode::Unavailable, "the backup cannot be encrypted").caused_by(error);
    write().map(drop).map_err(cannot)
}

/// Decrypts the backup of this name, whose bytes are in `sealed`, into a file that is there and empty.
pub(super) fn open(name: &str, sealed: &Path, open: &Path, identity: &Path) -> Result<()> {
    let identities = identities(identity)?;
    let keys = identities.iter().map(|identity| identity as &dyn age::Identity);
    let mut reader = head(name, sealed)?.decrypt(keys).map_err(|error| refused(name, error))?;
    let copied = empty(open).and_then(|mut target| io::copy(&mut reader, &mut target));
    copied.map(drop).map_err(|error| match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
            broken(name, "it is cut off, or its bytes are not those that were encrypted").caused_by(error)
        }
        _ => Error::new(ErrorCode::Unavailable, format!("{name} cannot be decrypted")).caused_by(error),
    })
}

/// An error unless the file begins as an encrypted one does: all that can be seen without an identity.
pub(super) fn recognise(name: &str, sealed: &Path) -> Result<()> {
    head(name, sealed).map(drop)
}

fn head(name: &str, sealed: &Path) -> Result<Decryptor<BufReader<File>>> {
    let file = File::open(sealed).map_err(|error| refused(name, DecryptError::Io(error)))?;
    Decryptor::new_buffered(BufReader::new(file)).map_err(|error| refused(name, error))
}

fn refused(name: &str, error: DecryptError) -> Error {
    let reason = match &error {
        DecryptError::NoMatchingKeys => "none of the identities opens it: it was encrypted to other recipients",
        DecryptError::Io(io) if io.kind() != ErrorKind::UnexpectedEof => {
            return Error::new(ErrorCode::Unavailable, format!("{name} cannot be read")).caused_by(error);
        }
        _ => "it is no file that age encrypted, or its head is broken",
    };
    broken(name, reason).caused_by(error)
}

fn broken(name: &str, reason: &str) -> Error {
    Error::new(ErrorCode::Conflict, format!("{name} is no good backup for these identities: {reason}"))
}

/// The secret keys of a file as `age-keygen` writes it: a key a line, and remarks. No sentence repeats a line.
fn identities(path: &Path) -> Result<Vec<Identity>> {
    let cannot =
        |reason: &str| Error::bad_input(format!("the identity in {} cannot be used: {reason}", path.display()));
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(MOST_IDENTITY_BYTES).read_to_string(&mut text).map(|_| text)
    };
    let text = read().map_err(|error| cannot("the file cannot be read").caused_by(error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: std::result::Result<Vec<_>, _> = lines.map(str::parse).collect();
    let keys = keys.map_err(|_| cannot("it must hold secret keys of age, AGE-SECRET-KEY-1..., a line each"))?;
    if keys.is_empty() { Err(cannot("it holds no key")) } else { Ok(keys) }
}

fn empty(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().write(true).truncate(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of a piece with its proof, and of what stands before the first: the head and a nonce.
    const PIECE: usize = 64 * 1024 + 16;

    struct Bench {
        folder: tempfile::TempDir,
        key: Identity,
    }

    impl Bench {
        fn new() -> Self {
            let bench = Self { folder: tempfile::tempdir().unwrap(), key: Identity::generate() };
            bench.put("key.txt", format!("# a remark\n\n{}\n", secret(&bench.key)).as_bytes());
            for name in ["sealed", "out"] {
                bench.put(name, b"");
            }
            bench
        }

        fn path(&self, name: &str) -> std::path::PathBuf {
            self.folder.path().join(name)
        }

        fn put(&self, name: &str, bytes: &[u8]) {
            fs::write(self.path(name), bytes).unwrap();
        }

        fn sealed(&self, plain: &[u8]) -> Vec<u8> {
            self.put("plain", plain);
            seal(&self.path("plain"), &self.path("sealed"), &[self.key.to_public()]).unwrap();
            fs::read(self.path("sealed")).unwrap()
        }

        fn opened(&self, sealed: &[u8], key: &str) -> Result<Vec<u8>> {
            self.put("sealed", sealed);
            open("a backup", &self.path("sealed"), &self.path("out"), &self.path(key))?;
            Ok(fs::read(self.path("out")).unwrap())
        }
    }

    fn secret(key: &Identity) -> String {
        use age::secrecy::ExposeSecret as _;
        key.to_string().expose_secret().to_owned()
    }

    #[test]
    fn what_was_encrypted_comes_back_and_nothing_of_it_shows() {
        let bench = Bench::new();
        for size in [0, 1, 64 * 1024, 64 * 1024 + 1, 200_000] {
            let plain = b"location".repeat(size / 8 + 1)[..size].to_vec();
            let sealed = bench.sealed(&plain);
            assert!(sealed.starts_with(b"age-encryption.org/v1\n") && sealed.len() > size);
            assert!(!sealed.windows(8).any(|part| part == b"location"), "{size}");
            assert_eq!(bench.opened(&sealed, "key.txt").unwrap(), plain, "{size}");
        }
    }

    #[test]
    fn what_is_cut_off_changed_or_lengthened_is_told() {
        let bench = Bench::new();
        let sealed = bench.sealed(&vec![7; 150_000]);
        let head = sealed.len() - 2 * PIECE - (150_000 - 2 * 64 * 1024 + 16);
        for cut in [0, 10, head - 20, head, head + 1, head + PIECE, head + 2 * PIECE, sealed.len() - 1] {
            let fault = bench.opened(&sealed[..cut], "key.txt").unwrap_err();
            assert_eq!(fault.code(), ErrorCode::Conflict, "{cut}: {fault}");
        }
        for place in [0, 30, head - 20, head - 1, head + 5, head + PIECE - 1, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            let fault = bench.opened(&changed, "key.txt").unwrap_err();
            assert!(fault.to_string().contains("a backup is no good backup"), "{place}: {fault}");
        }
        assert!(bench.opened(&[&sealed[..], b"more"].concat(), "key.txt").is_err());
    }

    #[test]
    fn a_key_that_is_wrong_or_none_is_told_and_never_shown() {
        let bench = Bench::new();
        let sealed = bench.sealed(b"plain");
        let other = secret(&Identity::generate());
        bench.put("both.txt", format!("{other}\n{}", secret(&bench.key)).as_bytes());
        assert_eq!(bench.opened(&sealed, "both.txt").unwrap(), b"plain");
        let bad = format!("{}canary", &other[..30]);
        for (text, wanted) in [
            (other.as_str(), "encrypted to other recipients"),
            (&bad, "must hold secret keys"),
            ("# nothing", "holds no key"),
        ] {
            bench.put("other.txt", text.as_bytes());
            let fault = bench.opened(&sealed, "other.txt").unwrap_err().to_string();
            assert!(fault.contains(wanted) && !fault.contains("canary"), "{fault}");
        }
        assert!(bench.opened(&sealed, "nowhere.txt").unwrap_err().to_string().contains("cannot be read"));
        recognise("a backup", &bench.path("sealed")).unwrap();
        assert!(recognise("a backup", &bench.path("plain")).unwrap_err().to_string().contains("no file that age"));
    }
}
