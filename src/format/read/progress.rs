//! How far a reader is, for people.

/// How much of the whole a part is.
#[expect(clippy::cast_precision_loss, reason = "a share for people needs no 53 bits")]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) }
}
