//! How often one may change something: each field of a mutation is counted by account and by address, before it runs.
//!
//! A minute's worth may come at once, and comes back evenly (the generic cell rate algorithm: one time for each who and what).
//! Sign-ins have their own, narrower rule where passwords are checked. Each server counts for itself.

use super::complete::Counted;
use crate::config::{GraphqlLimits, counted_as};
use crate::error::{Error, ErrorCode};
use crate::model::UserId;
use async_graphql::Name;
use lru::LruCache;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What may come at once is what may come in so long.
const WINDOW: Duration = Duration::from_mins(1);
/// Who and what is remembered: those of longest ago are forgotten first. Some megabytes.
const MOST_KEYS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

/// Whose changes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Account(UserId),
    Address(IpAddr),
}

/// The changes of the last minute.
#[derive(Debug)]
pub struct Pace {
    per_account: u32,
    per_address: u32,
    /// When all that was let through will have come back.
    even: Mutex<LruCache<(Who, Name), Instant>>,
}

impl Pace {
    /// Nothing has been changed yet.
    pub fn new(limits: &GraphqlLimits) -> Self {
        let (per_account, per_address) = (limits.mutations_per_minute, limits.mutations_per_minute_per_address);
        Self { per_account, per_address, even: Mutex::new(LruCache::new(MOST_KEYS)) }
    }

    /// Lets the fields of a mutation through, all or none, or says how many seconds to wait.
    pub fn take(&self, account: Option<UserId>, address: Option<IpAddr>, fields: &[Counted<'_>]) -> Result<(), Error> {
        self.take_at(account, address, fields, Instant::now())
    }

    fn take_at(
        &self,
        account: Option<UserId>,
        address: Option<IpAddr>,
        fields: &[Counted<'_>],
        now: Instant,
    ) -> Result<(), Error> {
        let account = account.map(|account| (Who::Account(account), self.per_account));
        let address = address.map(|address| (Who::Address(counted_as(address)), self.per_address));
        let mut even = self.even.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        for (who, most) in account.into_iter().chain(address) {
            for (name, count) in fields {
                if *count > most {
                    let sentence = format!("at most {most} {name} a minute: send fewer at once");
                    return Err(Error::limit(sentence));
                }
                let key = (who, Name::clone(name));
                let before = even.get(&key).copied().unwrap_or(now).max(now);
                let after = before + WINDOW / most * *count;
                if let Some(wait) = after.checked_duration_since(now + WINDOW).filter(|wait| !wait.is_zero()) {
                    return Err(too_many(name, most, wait));
                }
                taken.push((key, after));
            }
        }
        for (key, after) in taken {
            even.put(key, after);
        }
        Ok(())
    }
}

fn too_many(name: &Name, most: u32, wait: Duration) -> Error {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let sentence = format!("more than {most} {name} a minute: wait {seconds} s and try again");
    Error::new(ErrorCode::RateLimited, sentence).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn pace() -> Pace {
        let limits =
            GraphqlLimits { mutations_per_minute: 6, mutations_per_minute_per_address: 8, ..Default::default() };
        Pace::new(&limits)
    }

    #[test]
    fn a_minutes_worth_may_come_at_once_and_comes_back_evenly() {
        let (pace, now) = (pace(), Instant::now());
        let (create, delete) = (Name::new("createLocation"), Name::new("deleteLocation"));
        let take = |account, name, count, after| {
            let taken = pace.take_at(Some(account), None, &[(name, count)], now + Duration::from_secs(after));
            taken.map_err(|error| (error.code(), error.retry_after_seconds())).err()
        };
        assert_eq!(take(1, &create, 4, 0), None);
        assert_eq!(take(1, &create, 3, 0), Some((ErrorCode::RateLimited, Some(10))), "all or none");
        assert_eq!(take(1, &create, 2, 0), None);
        assert_eq!(take(1, &create, 1, 0), Some((ErrorCode::RateLimited, Some(10))));
        assert_eq!(take(1, &delete, 6, 0), None, "each field by itself");
        assert_eq!(take(2, &create, 6, 0), None, "each account by itself");
        assert_eq!(take(1, &create, 1, 10), None);
        assert_eq!(take(1, &create, 1, 10), Some((ErrorCode::RateLimited, Some(10))));
        assert_eq!(take(1, &create, 6, 70), None);
        assert_eq!(take(3, &create, 7, 0), Some((ErrorCode::LimitExceeded, None)), "waiting would not help");
    }

    #[test]
    fn an_address_is_counted_whatever_accounts_it_uses_and_a_network_of_ipv6_is_one() {
        let (pace, now, name) = (pace(), Instant::now(), Name::new("createLocation"));
        let take = |account, address: IpAddr, count| pace.take_at(account, Some(address), &[(&name, count)], now);
        let network = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        take(Some(1), network(1), 4).unwrap();
        take(Some(2), network(2), 4).unwrap();
        assert_eq!(take(Some(3), network(3), 1).unwrap_err().code(), ErrorCode::RateLimited);
        assert_eq!(take(None, network(4), 1).unwrap_err().code(), ErrorCode::RateLimited);
        take(Some(3), HERE, 1).unwrap();
        take(Some(3), IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, 1]), 1).unwrap();
    }
}
