//! What the cells of a column of text hold: all of them decide, those that are read and those that will be.

use serde_json::{Number, Value};

/// What all values of a column are; an empty one is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CellKind {
    /// No value so far.
    #[default]
    Nothing,
    Boolean,
    /// Whole numbers that 64 bits hold.
    Integer,
    Decimal,
    /// Numbers of which some have a comma before their decimals.
    DecimalComma,
    Text,
}

impl CellKind {
    /// What a column is that was this and has this value too. `comma` allows decimal commas.
    pub(crate) fn with(self, value: &str, comma: bool) -> Self {
        if self == Self::Text || value.is_empty() {
            return self;
        }
        let kind = match value {
            "true" | "false" | "TRUE" | "FALSE" | "True" | "False" => Self::Boolean,
            _ if integer(value).is_some() => Self::Integer,
            _ if decimal(value).is_some() => Self::Decimal,
            _ if comma && decimal(&value.replace(',', ".")).is_some() => Self::DecimalComma,
            _ => Self::Text,
        };
        match (self, kind) {
            (Self::Nothing, kind) => kind,
            (before, kind) if before == kind => kind,
            (Self::Integer, Self::Decimal) | (Self::Decimal, Self::Integer) => Self::Decimal,
            (Self::Integer, Self::DecimalComma) | (Self::DecimalComma, Self::Integer) => Self::DecimalComma,
            _ => Self::Text,
        }
    }

    /// The value of a cell in a column of this kind.
    pub(crate) fn value(self, cell: &str) -> Value {
        if cell.is_empty() {
            return Value::Null;
        }
        let read = match self {
            Self::Boolean => Some(Value::Bool(cell.eq_ignore_ascii_case("true"))),
            Self::Integer => integer(cell),
            // Whole numbers stay whole among decimals, so that large ones keep every digit.
            Self::Decimal => integer(cell).or_else(|| decimal(cell)),
            Self::DecimalComma => integer(cell).or_else(|| decimal(&cell.replace(',', "."))),
            Self::Nothing | Self::Text => None,
        };
        read.unwrap_or_else(|| Value::String(cell.to_owned()))
    }
}

/// A whole number without leading zeros or a plus: post codes and telephone numbers are texts.
fn integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if !is_plain || text == "-0" {
        return None;
    }
    text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from)).ok()
}

/// A number as JSON writes it, with no more digits than a double tells apart.
fn decimal(text: &str) -> Option<Value> {
    const DIGITS: usize = 17;
    let significant = text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).filter(u8::is_ascii_digit);
    let significant = significant.skip_while(|byte| *byte == b'0').count();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
    if !is_number || significant > DIGITS || !(text.contains('.') || text.contains(['e', 'E'])) {
        return None;
    }
    serde_json::from_str::<Number>(text).ok().map(Value::Number)
}
