//! What is counted for Prometheus while the server runs. Off, nothing is.
//!
//! No label comes from a client: statuses are what we answer, operations are fields of the schema. So the number of series is bounded.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::error::{Error, Result};
use crate::model::StoreKind;

/// From a cached page to the time limit of a request, in seconds.
const BUCKETS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStatus {
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    operation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfBuild {
    version: &'static str,
    store: &'static str,
}

/// The counters of a running server. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    requests: Family<OfStatus, Counter>,
    operations: Family<OfOperation, Histogram, fn() -> Histogram>,
}

/// What is looked up when somebody asks.
#[derive(Debug, Default)]
pub struct Figures {
    /// The kind of database.
    pub store: StoreKind,
    /// Seconds until the certificate that is served ends.
    pub certificate_seconds: Option<f64>,
    /// Whether the database answered.
    pub store_is_up: bool,
    /// Seconds since the last good backup.
    pub backup_age_seconds: Option<f64>,
    /// Whether the last backup failed.
    pub backup_failed: bool,
    /// Jobs that wait and jobs that run.
    pub jobs: Option<(u64, u64)>,
    /// Connections to the database: open, and of these without work.
    pub pools: Vec<(&'static str, u64, u64)>,
}

impl Metrics {
    /// Counts from here on.
    pub fn on() -> Self {
        let operations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self(Some(Arc::new(Counted { requests: Family::default(), operations })))
    }

    /// Whether anything is counted.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A request was answered with this status.
    pub fn request(&self, status: u16) {
        if let Some(counted) = &self.0 {
            counted.requests.get_or_create(&OfStatus { status }).inc();
        }
    }

    /// An operation, named by a word of the schema, was answered.
    pub fn operation(&self, word: &str, took: Duration) {
        if let Some(counted) = &self.0 {
            let label = OfOperation { operation: word.to_owned() };
            counted.operations.get_or_create(&label).observe(took.as_secs_f64());
        }
    }

    /// All of it in the text form of `OpenMetrics`.
    pub fn text(&self, figures: &Figures) -> Result<String> {
        let mut registry = Registry::with_prefix("cairn");
        if let Some(counted) = &self.0 {
            registry.register("http_requests", "Answered requests by status", counted.requests.clone());
            let help = "Seconds from a GraphQL question to its answer, by the field at its root";
            registry.register("graphql_operation_seconds", help, counted.operations.clone());
        }
        figures.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).map_err(Error::internal)?;
        Ok(text)
    }
}

impl Figures {
    fn register(&self, registry: &mut Registry) {
        let build: Family<OfBuild, prometheus_client::metrics::gauge::Gauge> = Family::default();
        build.get_or_create(&OfBuild { version: env!("CARGO_PKG_VERSION"), store: self.store.as_str() }).set(1);
        registry.register("build", "The version, and the kind of database; always 1", build);
        let mut gauge = |name: &str, help: &str, value: Option<f64>| {
            if let Some(value) = value {
                registry.register(name, help, ConstGauge::new(value));
            }
        };
        let flag = |flag: bool| Some(f64::from(u8::from(flag)));
        gauge("store_up", "Whether the database answers", flag(self.store_is_up));
        gauge("certificate_seconds", "Until the served certificate ends", self.certificate_seconds);
        gauge("backup_age_seconds", "Since the last good backup", self.backup_age_seconds);
        gauge("backup_failed", "Whether the last backup failed", flag(self.backup_failed));
        gauge("jobs_waiting", "Imports and exports in the queue", self.jobs.map(|(waiting, _)| as_f64(waiting)));
        gauge("jobs_running", "Imports and exports that run", self.jobs.map(|(_, running)| as_f64(running)));
        for (pool, open, idle) in &self.pools {
            gauge(&format!("pool_{pool}_open"), "Connections to the database", Some(as_f64(*open)));
            gauge(&format!("pool_{pool}_idle"), "Of these without work", Some(as_f64(*idle)));
        }
    }
}

/// Counts of connections and jobs are far below what a double holds.
fn as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told_and_what_is_unknown_is_not() {
        let metrics = Metrics::on();
        for status in [200, 200, 503] {
            metrics.request(status);
        }
        metrics.operation("locations", Duration::from_millis(3));
        let figures = Figures {
            store: StoreKind::Geopackage,
            store_is_up: true,
            backup_age_seconds: Some(60.5),
            jobs: Some((2, 1)),
            pools: vec![("read", 4, 3)],
            ..Figures::default()
        };
        let text = metrics.text(&figures).unwrap();
        for line in [
            "cairn_http_requests_total{status=\"200\"} 2",
            "cairn_http_requests_total{status=\"503\"} 1",
            "cairn_graphql_operation_seconds_bucket{le=\"0.0025\",operation=\"locations\"} 0",
            "cairn_graphql_operation_seconds_bucket{le=\"0.005\",operation=\"locations\"} 1",
            "cairn_graphql_operation_seconds_count{operation=\"locations\"} 1",
            concat!("cairn_build{version=\"", env!("CARGO_PKG_VERSION"), "\",store=\"geopackage\"} 1"),
            "cairn_store_up 1.0",
            "cairn_backup_age_seconds 60.5",
            "cairn_backup_failed 0.0",
            "cairn_jobs_waiting 2.0",
            "cairn_jobs_running 1.0",
            "cairn_pool_read_open 4.0",
            "cairn_pool_read_idle 3.0",
            "# EOF",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} is missing in:\n{text}");
        }
        assert!(!text.contains("certificate"), "there is none");
    }

    #[test]
    fn nothing_is_counted_while_it_is_off() {
        let metrics = Metrics::default();
        metrics.request(200);
        assert!(!metrics.is_on());
        assert!(!metrics.text(&Figures::default()).unwrap().contains("requests"));
    }
}
