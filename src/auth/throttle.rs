//! How fast one may guess: failures are counted by account and by address, and beyond a number each one doubles the wait.
//!
//! Never a permanent lock, or anybody could lock out anybody. An attempt counts as a failure from its beginning and is
//! forgiven when it succeeds: a thousand attempts at once are a thousand. Each server counts for itself.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::config::counted_as;
use crate::error::{Error, ErrorCode, Result};

/// Failures are forgotten after so long without another.
const MEMORY: Duration = Duration::from_mins(15);
/// Failures of one account that cost nothing.
const FREE_OF_ACCOUNT: u32 = 10;
/// Mails to one address within [`MEMORY`] that cost nothing: a mailbox is no target.
const FREE_MAILS: u32 = 3;
/// Failures from one address that cost nothing: an office is one address.
const FREE_OF_ADDRESS: u32 = 30;
/// The longest wait: an owner who is guessed at can still come in.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// Names and addresses that are remembered: those of longest ago are forgotten first. Some megabytes.
const MOST_KEYS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

/// Failures of all accounts and addresses. Clones share them.
#[derive(Debug, Clone)]
pub struct Throttle {
    inner: Arc<Mutex<Inner>>,
    free_of_account: u32,
}

#[derive(Debug)]
struct Inner {
    accounts: LruCache<String, Failures>,
    addresses: LruCache<IpAddr, Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// An attempt that was let through.
#[derive(Debug)]
pub struct Attempt {
    throttle: Throttle,
    account: Option<String>,
    address: IpAddr,
}

impl Failures {
    /// What is left to wait, when `free` failures cost nothing.
    fn wait(self, free: u32, now: Instant) -> Option<Duration> {
        let beyond = self.count.checked_sub(free)?;
        let wait = Duration::from_secs(1).saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX));
        let until = self.last + wait.min(LONGEST_WAIT);
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

fn of<K: Hash + Eq>(all: &mut LruCache<K, Failures>, key: &K, now: Instant) -> Option<Failures> {
    all.get(key).copied().filter(|failures| now.duration_since(failures.last) < MEMORY)
}

fn count<K: Hash + Eq>(all: &mut LruCache<K, Failures>, key: K, now: Instant) {
    let before = of(all, &key, now).map_or(0, |failures| failures.count);
    all.put(key, Failures { count: before.saturating_add(1), last: now });
}

impl Throttle {
    /// Nothing has failed yet.
    pub fn new() -> Self {
        Self::with_free(FREE_OF_ACCOUNT)
    }

    /// For requests that send a mail, each of which counts: the account is the folded address.
    pub fn of_mails() -> Self {
        Self::with_free(FREE_MAILS)
    }

    fn with_free(free_of_account: u32) -> Self {
        let inner = Inner { accounts: LruCache::new(MOST_KEYS), addresses: LruCache::new(MOST_KEYS) };
        Self { inner: Arc::new(Mutex::new(inner)), free_of_account }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets an attempt through, or says how many seconds to wait. `account` is the folded name, whether somebody has it or not.
    pub fn attempt(&self, account: Option<&str>, address: IpAddr) -> Result<Attempt> {
        self.attempt_at(account, address, Instant::now())
    }

    fn attempt_at(&self, account: Option<&str>, address: IpAddr, now: Instant) -> Result<Attempt> {
        let address = counted_as(address);
        let account = account.map(str::to_owned);
        let mut inner = self.lock();
        let by_account = account
            .as_ref()
            .and_then(|account| of(&mut inner.accounts, account, now))
            .and_then(|failures| failures.wait(self.free_of_account, now));
        let by_address =
            of(&mut inner.addresses, &address, now).and_then(|failures| failures.wait(FREE_OF_ADDRESS, now));
        if let Some(wait) = by_account.max(by_address) {
            return Err(too_fast(wait));
        }
        if let Some(account) = &account {
            count(&mut inner.accounts, account.clone(), now);
        }
        count(&mut inner.addresses, address, now);
        drop(inner);
        Ok(Attempt { throttle: self.clone(), account, address })
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl Attempt {
    /// The attempt was right: it counts no more, and the account starts afresh. The address keeps its earlier failures, or an
    /// attacker would clear them by an account of their own.
    pub fn succeeded(self) {
        let mut inner = self.throttle.lock();
        if let Some(account) = &self.account {
            inner.accounts.pop(account);
        }
        if let Some(failures) = inner.addresses.get_mut(&self.address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

fn too_fast(wait: Duration) -> Error {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let sentence = format!("too many attempts: wait {seconds} s and try again");
    Error::new(ErrorCode::RateLimited, sentence).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn ten_failures_are_free_and_each_further_one_doubles_the_wait() {
        let throttle = Throttle::new();
        let mut now = Instant::now();
        for _ in 0..FREE_OF_ACCOUNT {
            throttle.attempt_at(Some("anna"), HERE, now).unwrap();
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let error = throttle.attempt_at(Some("anna"), HERE, now).unwrap_err();
            assert_eq!((error.code(), error.retry_after_seconds()), (ErrorCode::RateLimited, Some(wait)));
            throttle.attempt_at(Some("bert"), HERE, now).unwrap().succeeded();
            now += Duration::from_secs(wait);
            throttle.attempt_at(Some("anna"), HERE, now).unwrap();
        }
        now += MEMORY;
        throttle.attempt_at(Some("anna"), HERE, now).unwrap().succeeded();
        for _ in 0..FREE_OF_ACCOUNT {
            throttle.attempt_at(Some("anna"), HERE, now).unwrap();
        }
        throttle.attempt_at(Some("anna"), HERE, now).unwrap_err();
    }

    #[test]
    fn an_address_is_slowed_down_whatever_names_it_tries_and_a_network_of_ipv6_is_one() {
        let throttle = Throttle::new();
        let now = Instant::now();
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        for attempt in 0..FREE_OF_ADDRESS {
            let name = format!("name {attempt}");
            throttle.attempt_at(Some(&name), address(u16::try_from(attempt).unwrap()), now).unwrap();
        }
        throttle.attempt_at(None, address(99), now).unwrap_err();
        throttle.attempt_at(None, IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, 1]), now).unwrap();
        throttle.attempt_at(None, HERE, now).unwrap();
    }
}
