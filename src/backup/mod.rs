//! Backups: files of a folder, made by hand or by the clock, checked, restored, and thinned out with time.
//!
//! `shelf` is the folder and its names, `calendar` decides which stay, `work` does what the commands ask for, `keeper` does it by
//! the clock.

pub mod calendar;
pub mod keeper;
pub mod shelf;
pub mod work;

pub use keeper::Keeper;
pub use shelf::{Backup, Shelf};
pub use work::{Verified, Work};
