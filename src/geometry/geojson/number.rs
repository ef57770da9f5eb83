//! Coordinates as decimal text.

use std::io::Write;

/// Decimals that the fast path writes; beyond, `10^p` times a longitude leaves too little room in a double.
const FAST_PRECISION: u8 = 9;
/// Below this a scaled coordinate is wrong by at most 1.2e-4 of a last decimal, far less than [`TIE_MARGIN`].
const FAST_LIMIT: f64 = 1e12;
/// How near to a half the scaled coordinate may be and still be rounded by the fast path.
const TIE_MARGIN: f64 = 1e-3;

/// Appends a finite number with at most `precision` decimals, as plain decimal text: no exponent, no `-0`, no trailing
/// zeros, never more digits than the shortest text that reads back as the same number.
///
/// The value is that of `{:.precision$}`: correctly rounded from the exact binary value, exact ties to even.
pub(super) fn push(out: &mut Vec<u8>, number: f64, precision: u8) {
    let scale = SCALES.get(usize::from(precision)).copied().unwrap_or(f64::INFINITY);
    let scaled = number.abs() * scale;
    let from_tie = (scaled.fract() - 0.5).abs();
    if scaled < FAST_LIMIT && from_tie > TIE_MARGIN {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= scaled < 1e12")]
        let units = (scaled + 0.5) as u64;
        push_units(out, number < 0.0, units, precision);
    } else {
        push_slowly(out, number, precision);
    }
}

const SCALES: [f64; FAST_PRECISION as usize + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Writes `units / 10^decimals`.
fn push_units(out: &mut Vec<u8>, is_negative: bool, mut units: u64, mut decimals: u8) {
    if units == 0 {
        out.push(b'0');
        return;
    }
    while decimals > 0 && units.is_multiple_of(10) {
        units /= 10;
        decimals -= 1;
    }
    // Digits are taken from the right, so the text grows backwards in a buffer that holds any u64 and a dot.
    let mut buffer = [b'0'; 24];
    let mut free = buffer.iter_mut().rev();
    let mut length = 0;
    let mut put = |byte: u8| {
        if let Some(slot) = free.next() {
            *slot = byte;
            length += 1;
        }
    };
    let digit = |units: u64| b'0' + (units % 10) as u8;
    if decimals > 0 {
        for _ in 0..decimals {
            put(digit(units));
            units /= 10;
        }
        put(b'.');
    }
    loop {
        put(digit(units));
        units /= 10;
        if units == 0 {
            break;
        }
    }
    if is_negative {
        put(b'-');
    }
    out.extend_from_slice(buffer.split_at(buffer.len() - length).1);
}

/// Any finite number at any precision, by the standard library.
fn push_slowly(out: &mut Vec<u8>, number: f64, precision: u8) {
    let start = out.len();
    // `{}` is the shortest text that reads back the same. Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
    let decimals = |text: &[u8]| text.iter().rev().position(|byte| *byte == b'.').unwrap_or(0);
    if decimals(out.split_at(start).1) > usize::from(precision) {
        out.truncate(start);
        let _ = write!(out, "{number:.*}", usize::from(precision));
        if precision > 0 {
            while out.last() == Some(&b'0') {
                out.pop();
            }
            if out.last() == Some(&b'.') {
                out.pop();
            }
        }
    }
    if out.split_at(start).1 == b"-0" {
        out.truncate(start);
        out.push(b'0');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(number: f64, precision: u8) -> String {
        let mut out = Vec::new();
        push(&mut out, number, precision);
        String::from_utf8(out).unwrap()
    }

    /// What the fast path must equal: the standard library, without trailing zeros and without `-0`.
    fn by_std(number: f64, precision: u8) -> String {
        let shortest = format!("{number}");
        let decimals = shortest.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let mut text =
            if decimals <= usize::from(precision) { shortest } else { format!("{number:.*}", usize::from(precision)) };
        if text.contains('.') {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        if text == "-0" { "0".into() } else { text }
    }

    #[test]
    fn numbers_are_plain_decimals() {
        let table = [
            (0.0, 7, "0"),
            (-0.0, 7, "0"),
            (-0.000_000_01, 7, "0"),
            (-0.000_000_01, 12, "-0.00000001"),
            (180.0, 7, "180"),
            (-180.0, 0, "-180"),
            (2.294_480_9, 7, "2.2944809"),
            (48.858_370_06, 7, "48.8583701"),
            (0.1 + 0.2, 15, "0.3"),
            (0.1 + 0.2, 9, "0.3"),
            (100.1, 15, "100.1"),
            (1e-7, 7, "0.0000001"),
            (1e-7, 6, "0"),
            (9.999_999_99, 7, "10"),
            (1.5e-12, 15, "0.0000000000015"),
            (8_848.86, 7, "8848.86"),
            (-12_345_678.123, 7, "-12345678.123"),
            (1e20, 7, "100000000000000000000"),
            // Exact ties go to the even digit, as the standard library has it.
            (0.5, 0, "0"),
            (1.5, 0, "2"),
            (2.5, 0, "2"),
            (-0.125, 2, "-0.12"),
            (0.375, 2, "0.38"),
        ];
        for (number, precision, want) in table {
            assert_eq!(text(number, precision), want, "{number} at {precision}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_fast_path_equals_the_standard_library(number in -180.0..180.0, precision in 0_u8..=15) {
            prop_assert_eq!(text(number, precision), by_std(number, precision));
        }

        #[test]
        fn numbers_near_a_tie_are_rounded_as_the_standard_library_does(units in -1_800_000_000_i64..1_800_000_000, precision in 0_u8..=9) {
            #[expect(clippy::cast_precision_loss, reason = "units have 31 bits")]
            let number = (units as f64 + 0.5) / SCALES[usize::from(precision)];
            for number in [number, number.next_up(), number.next_down()] {
                prop_assert_eq!(text(number, precision), by_std(number, precision));
            }
        }

        #[test]
        fn any_height_is_written_within_half_of_its_last_decimal(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL, precision in 0_u8..=15) {
            prop_assert_eq!(text(number, precision), by_std(number, precision));
            let read: f64 = text(number, precision).parse().unwrap();
            let half = 0.5 * 10_f64.powi(-i32::from(precision));
            prop_assert!((read - number).abs() <= half + (number.next_up() - number.next_down()));
        }
    }
}
