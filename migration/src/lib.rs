//! The migrations of Cairn's database, run at start under a lock.
//!
//! Expand and contract: a released migration is never edited. Each file holds the statements of one back-end beside those
//! of the other, so that a table is read in one place.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m0001_geopackage;
mod m0002_layers;
mod m0003_locations;
mod m0004_changes;
mod m0005_accounts;
mod m0006_edits;
mod m0007_links;
mod m0008_identities;
mod m0009_upserts;
mod m0010_last_grants;
mod m0011_imports;
mod m0012_hold_catalog;
mod m0013_layer_index;
mod m0014_feed_order;
mod m0016_certificates;
mod m0017_backups;
mod m0018_exports;
mod m0019_import_undo;
mod statements;

/// All migrations, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_geopackage::Migration),
            Box::new(m0002_layers::Migration),
            Box::new(m0003_locations::Migration),
            Box::new(m0004_changes::Migration),
            Box::new(m0005_accounts::Migration),
            Box::new(m0006_edits::Migration),
            Box::new(m0007_links::Migration),
            Box::new(m0008_identities::Migration),
            Box::new(m0009_upserts::Migration),
            Box::new(m0010_last_grants::Migration),
            Box::new(m0011_imports::Migration),
            Box::new(m0012_hold_catalog::Migration),
            Box::new(m0013_layer_index::Migration),
            Box::new(m0014_feed_order::Migration),
            Box::new(m0016_certificates::Migration),
            Box::new(m0017_backups::Migration),
            Box::new(m0018_exports::Migration),
            Box::new(m0019_import_undo::Migration),
        ]
    }
}
