//! Keyset cursors: the sort keys of the location that a page ends at, opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Longest cursor text that is looked at: four keys of the longest name.
const MAX_CURSOR_BYTES: usize = 32_768;

/// The position in an order: `order` names the order it belongs to, so that a cursor of another order is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "o")]
    order: String,
    #[serde(rename = "k")]
    keys: Vec<KeyValue>,
}

/// The value of a sort key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum KeyValue {
    /// Missing.
    #[serde(rename = "n")]
    Null,
    /// A whole number.
    #[serde(rename = "i")]
    Int(i64),
    /// The bits of a floating-point number: decimal text would not come back equal, and a page would repeat a row.
    #[serde(rename = "r")]
    RealBits(u64),
    /// A text.
    #[serde(rename = "t")]
    Text(String),
}

impl Cursor {
    /// The cursor of a location with these keys in this order.
    pub fn new(order: String, keys: Vec<KeyValue>) -> Self {
        Self { order, keys }
    }

    /// The text that clients see.
    pub fn encode(&self) -> String {
        // Strings and numbers always serialise.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads the text that a client sends back.
    pub fn decode(text: &str) -> Result<Self> {
        let malformed = || Error::bad_input("this is not a cursor of this server: pass one on as it was received");
        if text.len() > MAX_CURSOR_BYTES {
            return Err(malformed());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        serde_json::from_slice(&bytes).map_err(|_| malformed())
    }

    /// The keys, if the cursor was made in this order.
    pub fn keys_for(&self, order: &str, count: usize) -> Result<&[KeyValue]> {
        if self.order != order || self.keys.len() != count {
            return Err(Error::bad_input("this cursor belongs to another order: ask for the first page again"));
        }
        Ok(&self.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = KeyValue> {
        prop_oneof![
            Just(KeyValue::Null),
            any::<i64>().prop_map(KeyValue::Int),
            any::<f64>().prop_map(|real| KeyValue::RealBits(real.to_bits())),
            ".*".prop_map(KeyValue::Text),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_equal(order in ".*", keys in prop::collection::vec(key(), 0..5)) {
            let cursor = Cursor::new(order, keys);
            prop_assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
        }

        #[test]
        fn any_text_is_a_cursor_or_an_error(text in ".*") {
            let _ = Cursor::decode(&text);
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let cursor = Cursor::new("name".into(), vec![KeyValue::Text("a".into()), KeyValue::Int(1)]);
        assert!(cursor.keys_for("name", 2).is_ok());
        assert!(cursor.keys_for("id", 2).is_err());
        assert!(cursor.keys_for("name", 1).is_err());
    }
}
