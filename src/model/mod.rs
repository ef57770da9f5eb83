//! The words of the domain: what a location, a layer and a viewer are, free of tables and of doors.

pub mod account;
pub mod audit;
pub mod catalog;
pub mod change;
pub mod columns;
pub mod draft;
pub mod edit;
pub mod email;
pub mod export;
pub mod import;
pub mod job;
pub mod link;
pub mod location;
pub mod property;
pub mod server;
pub mod summary;
pub mod time;
pub mod viewer;

pub use account::{Caller, Credential};
pub use audit::{AuditAction, AuditEntry, AuditNote, AuditQuery};
pub use catalog::{Catalog, Layer, LayerId, Visibility};
pub use change::{ChangeRow, FeedPosition, Operation, Outline};
pub use columns::{Column, Columns};
pub use draft::{NewLayer, NewLocation};
pub use edit::{Author, IdempotencyKey, KeyedPlace, LayerPatch, LocationPatch, PropertiesChange, UpsertRow, Upserted};
pub use job::JobState;
pub use location::{LocationId, LocationRow};
pub use property::PropertyPath;
pub use server::{BackupState, StoreKind};
pub use time::Timestamp;
pub use viewer::{Role, Scope, SignedIn, UserId, Viewer};
