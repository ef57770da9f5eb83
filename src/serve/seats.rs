//! Counting connections: how many there are, and how many from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::counted_as;

/// The house: so many seats in all, so many for one address.
#[derive(Debug, Clone)]
pub(super) struct Seats {
    taken: Arc<Mutex<Taken>>,
    in_all: usize,
    per_address: usize,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place in the house, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    taken: Arc<Mutex<Taken>>,
    address: IpAddr,
}

impl Seats {
    pub(super) fn new(in_all: usize, per_address: usize) -> Self {
        Self { taken: Arc::default(), in_all, per_address }
    }

    /// A seat for `address`, or `None` when the house or the address is full.
    pub(super) fn take(&self, address: IpAddr) -> Option<Seat> {
        let address = counted_as(address);
        let mut taken = lock(&self.taken);
        if taken.in_all >= self.in_all {
            return None;
        }
        let here = taken.by_address.entry(address).or_default();
        if *here >= self.per_address {
            return None;
        }
        *here += 1;
        taken.in_all += 1;
        Some(Seat { taken: Arc::clone(&self.taken), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.in_all = taken.in_all.saturating_sub(1);
        // An address without connections must leave the map: else it grows with every visitor there ever was.
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// A count is right whenever the lock is free, whoever panicked with it.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_and_the_house_fill_up_and_empty_again() {
        let seats = Seats::new(3, 2);
        let first = seats.take(address("10.0.0.1")).unwrap();
        let second = seats.take(address("10.0.0.1")).unwrap();
        assert!(seats.take(address("10.0.0.1")).is_none(), "the address is full");
        let other = seats.take(address("10.0.0.2")).unwrap();
        assert!(seats.take(address("10.0.0.3")).is_none(), "the house is full");
        drop(first);
        assert!(seats.take(address("10.0.0.1")).is_some());
        drop((second, other));
        assert!(lock(&seats.taken).by_address.is_empty(), "nothing is kept of who has left");
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let seats = Seats::new(10, 1);
        let _seat = seats.take(address("2001:db8:1:2::1")).unwrap();
        assert!(seats.take(address("2001:db8:1:2:ffff::9")).is_none());
        assert!(seats.take(address("2001:db8:1:3::1")).is_some());
        let _plain = seats.take(address("192.0.2.1")).unwrap();
        assert!(seats.take(address("::ffff:192.0.2.1")).is_none(), "the same address in IPv6 dress");
    }
}
