//! Three servers of one PostgreSQL database: one orders, any proves, all serve.

use std::io::copy;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::authority::{Authority, Manner, PATIENCE, free};
use crate::client::Client;
use crate::cluster::{Cluster, programs};
use crate::site::{Site, of_authority, settings};

/// Leads each connection to another of the servers, and holds them all while it is told to.
struct Balancer {
    targets: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
    is_held: AtomicBool,
    arrived: Sender<()>,
}

impl Balancer {
    fn start(address: SocketAddr, balancer: Arc<Self>) {
        let listener = TcpListener::bind(address).expect("the port of the authority");
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                let _ = balancer.arrived.send(());
                if balancer.is_held.load(Ordering::SeqCst) {
                    held.push(stream);
                    continue;
                }
                let targets = balancer.targets.lock().expect("a lock").clone();
                let target = targets[balancer.next.fetch_add(1, Ordering::SeqCst) % targets.len()];
                lead(stream, target);
            }
        });
    }
}

fn lead(stream: TcpStream, target: SocketAddr) {
    let other = TcpStream::connect(target).expect("a server");
    for (mut from, mut to) in
        [(stream.try_clone().expect("a socket"), other.try_clone().expect("a socket")), (other, stream)]
    {
        std::thread::spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
}

/// Which of them orders, as soon as one does.
fn leader(sites: &[Site]) -> usize {
    let since = Instant::now();
    loop {
        if let Some(place) = sites.iter().position(|site| site.has_said("ordering a certificate")) {
            return place;
        }
        assert!(since.elapsed() < PATIENCE, "nobody orders");
        std::thread::yield_now();
    }
}

#[test]
fn one_of_three_orders_any_proves_a_killed_one_is_replaced_and_all_serve() {
    let cluster = Cluster::start(&[]);
    let mut made = Command::new(programs().join("psql"));
    made.arg(cluster.url("postgres")).args(["-qc", "CREATE DATABASE maps"]);
    assert!(made.status().expect("psql").success());
    let authority = Authority::start(&Manner::default());
    let (arrived, arrivals) = channel();
    let balancer = Arc::new(Balancer {
        targets: Mutex::default(),
        next: AtomicUsize::new(0),
        is_held: AtomicBool::new(true),
        arrived,
    });
    Balancer::start(authority.http, Arc::clone(&balancer));
    let folders: [_; 3] = std::array::from_fn(|_| tempfile::tempdir().expect("a folder"));
    let mut sites: Vec<Site> = Vec::new();
    for folder in &folders {
        let mut pairs = of_authority(&authority, folder.path());
        pairs.extend(settings(&[("CAIRN_ACME_CHALLENGE", "http-01"), ("DATABASE_URL", &cluster.url("maps"))]));
        sites.push(Site::start(free(), free(), &pairs));
    }
    // In the middle of its order.
    let mut killed = sites.remove(leader(&sites));
    arrivals.recv_timeout(PATIENCE).expect("the authority looks for a proof");
    killed.kill();
    let since = Instant::now();
    *balancer.targets.lock().expect("a lock") = sites.iter().map(|site| site.http).collect();
    balancer.is_held.store(false, Ordering::SeqCst);
    let next = leader(&sites);
    assert!(since.elapsed() < Duration::from_secs(30), "{:?}", since.elapsed());
    sites[next].wait_for("serving a new certificate");
    let since = Instant::now();
    sites[1 - next].wait_for("serving a new certificate");
    assert!(since.elapsed() < Duration::from_mins(1), "{:?}", since.elapsed());
    let client = Client::new(&authority.root());
    let served = sites.iter().map(|site| client.certificate(site.tls).expect("trusted")).collect::<Vec<_>>();
    assert_eq!(served[0], served[1]);
    let restarted = killed.restart();
    assert_eq!(client.certificate(restarted.tls).expect("trusted"), served[0], "from the first handshake on");
    assert_eq!((authority.orders(), authority.certificates()), (2, 1));
    // The authority looks three times at once: each server has given a proof that another one, or it, asked for.
    assert!(balancer.next.load(Ordering::SeqCst) >= 3);
}
