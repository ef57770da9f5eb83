//! Backups: files of a folder or objects of a bucket, made by hand or by the clock, checked, restored, and thinned out with time.
//!
//! `shelf` is the folder and its names, `bucket` the S3-compatible store that `wire` leads to, `place` either of them, `seal`
//! encrypts, `calendar` decides which stay, `work` does what the commands ask for, `keeper` does it by the clock.

mod bucket;
pub mod calendar;
pub mod keeper;
pub mod place;
mod seal;
pub mod shelf;
mod wire;
pub mod work;

pub use keeper::Keeper;
pub use place::Place;
pub use shelf::{Backup, Shelf};
pub use work::{Checked, Verified, Work};
