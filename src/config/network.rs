//! Networks as operators write them: `10.0.0.0/8`, `fd00::/8`, or one address.

use std::net::IpAddr;

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}` is not a network such as 10.0.0.0/8, fd00::/8 or 192.0.2.1");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wanted())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wanted()))?;
        if bits > most {
            return Err(wanted());
        }
        Ok(Self { address, bits })
    }

    pub(super) fn read_list(text: &str) -> Result<Vec<Self>, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Self::read).collect()
    }

    /// Whether the address is one of them. An IPv4 address in IPv6 clothes counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                self.bits == 0 || (u32::from(ours) ^ u32::from(other)) >> (32 - self.bits) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => {
                self.bits == 0 || (u128::from(ours) ^ u128::from(other)) >> (128 - self.bits) == 0
            }
            _ => false,
        }
    }
}

/// What counts as one client: one IPv4 address, or one IPv6 /64, which is what one household gets.
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_alike() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.0/31", "192.0.2.1", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("fd00::/8", "fdab::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::/0", "2001:db8::1", true),
            ("::1", "::1", true),
        ];
        for (network, address, wanted) in table {
            assert_eq!(
                Network::read(network).unwrap().contains(address.parse().unwrap()),
                wanted,
                "{network} {address}"
            );
        }
        for bad in ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "host", "10.0.0.0/8/8"] {
            assert!(Network::read(bad).is_err(), "{bad}");
        }
    }
}
