//! Counting what is taken at once: how many in all, and how many by one address, or by whatever else is counted.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The house: so many seats in all, so many for one guest.
#[derive(Debug, Clone)]
pub struct Seats<K> {
    taken: Arc<Mutex<Taken<K>>>,
    in_all: usize,
    each: usize,
}

#[derive(Debug)]
struct Taken<K> {
    in_all: usize,
    by_guest: HashMap<K, usize>,
}

/// A place in the house, given back when dropped.
#[derive(Debug)]
pub struct Seat<K: Clone + Eq + Hash> {
    taken: Arc<Mutex<Taken<K>>>,
    guest: Option<K>,
    each: usize,
}

impl<K: Clone + Eq + Hash> Seats<K> {
    /// So many in all, so many each.
    pub fn new(in_all: usize, each: usize) -> Self {
        Self { taken: Arc::new(Mutex::new(Taken { in_all: 0, by_guest: HashMap::new() })), in_all, each }
    }

    /// A seat, or `None` when the house is full or the guest has all of theirs.
    pub fn take(&self, guest: K) -> Option<Seat<K>> {
        let mut seat = self.take_unnamed()?;
        seat.name(guest).then_some(seat)
    }

    /// A seat of a guest who is not known yet, or `None` when the house is full.
    pub fn take_unnamed(&self) -> Option<Seat<K>> {
        let mut taken = lock(&self.taken);
        if taken.in_all >= self.in_all {
            return None;
        }
        taken.in_all += 1;
        Some(Seat { taken: Arc::clone(&self.taken), guest: None, each: self.each })
    }
}

impl<K: Clone + Eq + Hash> Seat<K> {
    /// Says whose it is, once; `false` when the guest has all of theirs.
    pub fn name(&mut self, guest: K) -> bool {
        let mut taken = lock(&self.taken);
        let here = taken.by_guest.get(&guest).copied().unwrap_or_default();
        if here >= self.each || self.guest.is_some() {
            return false;
        }
        taken.by_guest.insert(guest.clone(), here + 1);
        self.guest = Some(guest);
        true
    }
}

impl<K: Clone + Eq + Hash> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.in_all = taken.in_all.saturating_sub(1);
        // A guest without seats must leave the map: else it grows with every visitor there ever was.
        let Some(guest) = &self.guest else { return };
        if let Some(here) = taken.by_guest.get_mut(guest) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                taken.by_guest.remove(guest);
            }
        }
    }
}

/// A count is right whenever the lock is free, whoever panicked with it.
fn lock<K>(taken: &Mutex<Taken<K>>) -> MutexGuard<'_, Taken<K>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::counted_as;
    use std::net::IpAddr;

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
        assert!(lock(&seats.taken).by_guest.is_empty(), "nothing is kept of who has left");
    }

    #[test]
    fn a_guest_who_is_named_later_is_counted_from_then_on() {
        let seats = Seats::new(3, 1);
        let mut known = seats.take_unnamed().unwrap();
        let mut late = seats.take_unnamed().unwrap();
        assert!(known.name(address("10.0.0.1")));
        assert!(!late.name(address("10.0.0.1")), "the address is full");
        assert!(late.name(address("10.0.0.2")));
        let _unnamed = seats.take_unnamed().unwrap();
        assert!(seats.take_unnamed().is_none(), "the house is full");
        drop((known, late));
        assert!(seats.take(address("10.0.0.1")).is_some());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let seats = Seats::new(10, 1);
        let take = |text| seats.take(counted_as(address(text)));
        let _seat = take("2001:db8:1:2::1").unwrap();
        assert!(take("2001:db8:1:2:ffff::9").is_none());
        assert!(take("2001:db8:1:3::1").is_some());
        let _plain = take("192.0.2.1").unwrap();
        assert!(take("::ffff:192.0.2.1").is_none(), "the same address in IPv6 dress");
    }
}
