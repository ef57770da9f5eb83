//! HTTPS as visitors and authorities see it: the real binary, a real ACME server (pebble), everything on loopback.

#[expect(dead_code, reason = "this test stops no cluster before its end")]
#[path = "../common/cluster.rs"]
mod cluster;

mod authority;
mod certificates;
mod client;
mod orders;
mod replicas;
mod site;
