//! Passwords: which are taken, and how they are kept.
//!
//! Argon2id with 19 MiB, two passes and one lane, the least that OWASP asks for. Hashing runs off the event loop, a bounded
//! number at once; a name that nobody has costs the same work as one that somebody has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, ErrorCode, Result};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Shortest password, in bytes: a phrase of two words, beyond what is tried online.
pub const LEAST_BYTES: usize = 12;
/// Longest password, in bytes: a pass phrase fits, a flood does not.
pub const MOST_BYTES: usize = 1024;
/// A name so long inside a password is no coincidence.
const TELLING_NAME_BYTES: usize = 4;
/// Sign-ins that may wait for their turn; each is a request held open.
const LONGEST_QUEUE: usize = 64;

/// Beginnings of passwords that stand in examples everywhere, ours included; compared in lower case.
const SILLY_STARTS: [&str; 9] = [
    "password",
    "passwort",
    "changeme",
    "change-me",
    "change me",
    "correct horse battery",
    "correcthorse",
    "admin",
    "cairn",
];
/// Runs of keys, written again and again until they are long enough.
const SILLY_RUNS: [&str; 5] = ["1234567890", "0123456789", "qwertyuiop", "abcdefghij", "letmein"];

/// Hashes and checks passwords. Clones share the bound on how many at once.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    runs: Arc<AtomicU64>,
    /// The hash of no password, checked when there is no account: the work is the same.
    nobody: Arc<str>,
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// What is refused whatever it protects: too short, too long, or among the first that anybody tries.
pub fn check(username: &str, password: &str) -> Result<()> {
    let bytes = password.len();
    if !(LEAST_BYTES..=MOST_BYTES).contains(&bytes) {
        return Err(Error::bad_input(format!("a password has {LEAST_BYTES} to {MOST_BYTES} bytes")).at("password"));
    }
    let lower = password.to_lowercase();
    let letters: Vec<char> = lower.chars().collect();
    let repeats = |of: usize| letters.iter().zip(letters.iter().skip(of)).all(|(one, other)| one == other);
    let name = username.to_lowercase();
    let is_silly = lower == name
        || (name.len() >= TELLING_NAME_BYTES && lower.contains(&name))
        || SILLY_STARTS.iter().any(|start| lower.starts_with(start))
        || SILLY_RUNS.iter().any(|run| run.repeat(MOST_BYTES / run.len() + 1).starts_with(&lower))
        || (1..=4).any(repeats);
    if is_silly {
        let sentence = "this password is among the first that are tried: take several words that have nothing to do with \
                        the name or with each other";
        return Err(Error::bad_input(sentence).at("password"));
    }
    Ok(())
}

impl Passwords {
    /// With two hashes at once for each processor.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            turns: Arc::new(Semaphore::new(2 * cores)),
            waiting: Arc::default(),
            runs: Arc::default(),
            // Right parameters, and a tag that no password gives.
            nobody: format!(
                "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$bm9ib2R5LWlzLWhlcmU$\
                 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            )
            .into(),
        }
    }

    /// How often a password was hashed or checked since the start.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// The PHC string of a new password, salted.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.off_the_event_loop(move || {
            let hashed = hasher()?.hash_password(password.as_bytes());
            hashed.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
        })
        .await
    }

    /// Whether the password is the one of the PHC string; `None` stands for an account that is not there.
    pub async fn verify(&self, phc: Option<String>, password: String) -> Result<bool> {
        let nobody = Arc::clone(&self.nobody);
        self.off_the_event_loop(move || {
            let phc = phc.as_deref().unwrap_or(&nobody);
            // A password that no account can have is not hashed at its length.
            let password = password.get(..password.len().min(MOST_BYTES + 1)).unwrap_or_default();
            Ok(hasher()?.verify_password(password.as_bytes(), phc).is_ok())
        })
        .await
    }

    async fn off_the_event_loop<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _place = Place::take(&self.waiting)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(move || {
            // The turn ends with the work, also when nobody waits for it any more.
            let _turn = turn;
            work()
        })
        .await
        .map_err(Error::internal)?
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// A place among those who wait or are served.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Result<Self> {
        let place = Self(Arc::clone(waiting));
        if waiting.fetch_add(1, Ordering::Relaxed) >= LONGEST_QUEUE {
            return Err(Error::new(
                ErrorCode::RateLimited,
                "too many are signing in at once: try again in some seconds",
            ));
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_long_and_silly_passwords_are_refused_and_others_taken() {
        let most = "ab-".repeat(341) + "z";
        let refused = [
            String::new(),
            "elevenbytes".to_owned(),
            format!("{most}x"),
            "password1234".to_owned(),
            "Passwort-2026".to_owned(),
            "changemechangeme".to_owned(),
            "correct horse battery staple".to_owned(),
            "123456789012".to_owned(),
            "qwertyuiopqwerty".to_owned(),
            "aaaaaaaaaaaa".to_owned(),
            "abcabcabcabcabc".to_owned(),
            "my name is Anna".to_owned(),
        ];
        for password in refused {
            let error = check("anna", &password).unwrap_err();
            assert_eq!((error.code(), error.field()), (ErrorCode::BadInput, Some("password")), "{password}");
        }
        for password in ["twelve bytes", "rain on tin roofs", "яблоко-груша", &most] {
            check("anna", password).unwrap_or_else(|error| panic!("{password}: {error}"));
        }
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_and_an_absent_account_costs_the_same_work() {
        let passwords = Passwords::new();
        let phc = passwords.hash("rain on tin roofs".to_owned()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(passwords.runs(), 1);
        assert!(passwords.verify(Some(phc.clone()), "rain on tin roofs".to_owned()).await.unwrap());
        assert!(!passwords.verify(Some(phc), "rain on tin roof".to_owned()).await.unwrap());
        assert!(!passwords.verify(None, "rain on tin roofs".to_owned()).await.unwrap());
        assert_eq!(passwords.runs(), 4);
        // Parsed and computed, not refused before the work: else the runs above would lie.
        let hash = argon2::password_hash::phc::PasswordHash::new(&passwords.nobody).unwrap();
        assert_eq!(Params::try_from(&hash).unwrap().m_cost(), MEMORY_KIB);
        assert_eq!(hash.hash.map(|tag| tag.as_ref().len()), Some(32));
    }
}
