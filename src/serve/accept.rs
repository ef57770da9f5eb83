//! The accept loop: takes connections, refuses those above the caps, survives a full table of open files.

use super::connection::{Entrance, Shared, Stage, drive, drive_led};
use super::seats::Seats;
use super::signal::until_told;
use crate::config::ConnectionLimits;
use crate::config::counted_as;
use crate::error::Result;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The first wait after a failed accept (no open files left); it doubles up to `LONGEST_WAIT`.
const FIRST_WAIT: Duration = Duration::from_millis(10);
/// A connection ends within seconds, so a longer wait would only keep visitors outside.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Answers connections of `listener` at the entrance, until `shutdown` is ready. For
/// `shutdown_delay_ms` more it still takes connections, so that a balancer has the time to send them elsewhere, then lets
/// running requests finish within `shutdown_time_ms` and drops the rest. A further signal ends whichever of the two it meets.
/// Whoever owns readiness turns it 503 inside `shutdown`, before it is ready.
pub async fn serve(
    listener: TcpListener,
    entrance: Entrance,
    limits: &ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> Result<()> {
    let (stop, stopped) = watch::channel(Stage::Open);
    let mut house = House {
        shared: Arc::new(Shared::new(entrance, limits)),
        seats: Seats::new(limits.connections, limits.connections_per_address),
        connections: JoinSet::new(),
        stopped,
    };
    let shutdown = async {
        shutdown.await;
        stop.send_replace(Stage::Leaving);
        within(Duration::from_millis(limits.shutdown_delay_ms), std::future::pending()).await;
    };
    house.welcome(&listener, shutdown).await;
    drop(listener);
    stop.send_replace(Stage::Closed);
    house.close(Duration::from_millis(limits.shutdown_time_ms)).await;
    Ok(())
}

struct House {
    shared: Arc<Shared>,
    seats: Seats<IpAddr>,
    connections: JoinSet<()>,
    stopped: watch::Receiver<Stage>,
}

impl House {
    async fn welcome(&mut self, listener: &TcpListener, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        let mut wait = FIRST_WAIT;
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => return,
                Some(ended) = self.connections.join_next() => {
                    log_panic(ended);
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    wait = FIRST_WAIT;
                    self.seat(stream, peer);
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, wait_ms = wait.as_millis(), "no connection can be taken");
                    tokio::select! {
                        () = &mut shutdown => return,
                        () = sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
                    }
                }
            }
        }
    }

    /// A connection without a seat is dropped, which closes it: an answer would cost what the cap saves.
    fn seat(&mut self, stream: TcpStream, peer: SocketAddr) {
        let is_led = self.shared.is_led_by(peer.ip());
        let seat = if is_led { self.seats.take_unnamed() } else { self.seats.take(counted_as(peer.ip())) };
        let Some(mut seat) = seat else {
            tracing::debug!(%peer, "too many connections: this one is closed");
            return;
        };
        let peer = peer.into();
        let (shared, stopped) = (Arc::clone(&self.shared), self.stopped.clone());
        self.connections.spawn(async move {
            if is_led {
                drive_led(stream, peer, &mut seat, shared, stopped).await;
            } else {
                drive(stream, peer, shared, stopped).await;
            }
            drop(seat);
        });
    }

    async fn close(mut self, time: Duration) {
        let all_ended = async {
            while let Some(ended) = self.connections.join_next().await {
                log_panic(ended);
            }
        };
        if !within(time, all_ended).await {
            tracing::warn!(connections = self.connections.len(), "some requests did not finish in time");
        }
        self.connections.shutdown().await;
    }
}

/// Whether `work` is done before its time is over, and before the operator is told again to stop.
async fn within(time: Duration, work: impl Future<Output = ()>) -> bool {
    let told_again = async {
        match until_told() {
            Ok(told) => told.await,
            Err(error) => {
                tracing::warn!(%error, "a further signal will not be heard");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = work => true,
        () = told_again => false,
        () = sleep(time) => false,
    }
}

/// A panic inside a request is caught further in; one out here is a fault of this module.
fn log_panic(ended: std::result::Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended in a panic");
    }
}

/// Errors of the peer, who left between its arrival and our accept: the next accept may come at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
