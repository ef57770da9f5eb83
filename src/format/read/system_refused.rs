//! EPSG codes that are refused: their datum shift is not known well enough.

/// Whether the parameters that are known for a code put it more than two metres beside where PROJ does.
pub(super) fn is_refused(code: u32) -> bool {
    REFUSED.binary_search(&code).is_ok()
}

const REFUSED: [u32; 0] = [];
