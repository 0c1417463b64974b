//! `numeric` between its binary form and decimal digits, exactly.
//!
//! The binary form is base 10,000: a count of groups, the weight of the first group, a sign, and
//! the number of decimals to show.

use std::fmt::Write as _;

/// Most digits before the point that Postgres takes.
const MAX_INTEGER_DIGITS: i64 = 131_072;
/// Most digits after the point that Postgres takes.
const MAX_DECIMALS: i64 = 16_383;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// A `numeric` as it is to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Digits, which are a JSON number as they are.
    Digits(String),
    /// One of the values no JSON number has.
    Word(&'static str),
}

/// Reads the binary form; `None` when it is malformed.
pub(super) fn decode(bytes: &[u8]) -> Option<Shown> {
    let mut words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let count = usize::from(words.next()?);
    let weight = i64::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let decimals = usize::from(words.next()?);
    match sign {
        NAN => return Some(Shown::Word("NaN")),
        INFINITY => return Some(Shown::Word("Infinity")),
        NEGATIVE_INFINITY => return Some(Shown::Word("-Infinity")),
        POSITIVE | NEGATIVE => {}
        _ => return None,
    }
    let groups: Vec<u16> = words.collect();
    if groups.len() != count || !bytes.len().is_multiple_of(2) {
        return None;
    }
    // The group that stands for 10,000 to the power of `exponent`; those not sent are zero.
    let group = |exponent: i64| {
        usize::try_from(weight - exponent).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0)
    };
    let mut text = String::new();
    if sign == NEGATIVE {
        text.push('-');
    }
    text.push_str(&group(weight.max(0)).to_string());
    for exponent in (0..weight.max(0)).rev() {
        append_group(&mut text, group(exponent));
    }
    if decimals > 0 {
        text.push('.');
        let mut fraction = String::with_capacity(decimals + 4);
        let mut exponent = -1;
        while fraction.len() < decimals {
            append_group(&mut fraction, group(exponent));
            exponent -= 1;
        }
        fraction.truncate(decimals);
        text.push_str(&fraction);
    }
    Some(Shown::Digits(text))
}

fn append_group(text: &mut String, group: u16) {
    write!(text, "{group:04}").expect("writing into memory cannot fail");
}

/// Writes decimal text, such as `-12.50` or `1e3`, in binary form; `None` when it is no number or
/// more than Postgres takes.
pub(super) fn encode(text: &str) -> Option<Vec<u8>> {
    match text {
        "NaN" => return Some(header(0, 0, NAN, 0)),
        "Infinity" => return Some(header(0, 0, INFINITY, 0)),
        "-Infinity" => return Some(header(0, 0, NEGATIVE_INFINITY, 0)),
        _ => {}
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = [whole, fraction].concat();
    let decimals = (i64::try_from(fraction.len()).ok()? - exponent).max(0);
    let point = i64::try_from(whole.len()).ok()? + exponent;
    if decimals > MAX_DECIMALS || point > MAX_INTEGER_DIGITS {
        return None;
    }
    let (weight, groups) = group_digits(&digits, point);
    let sign = if negative && !groups.is_empty() { NEGATIVE } else { POSITIVE };
    let mut bytes = header(
        u16::try_from(groups.len()).ok()?,
        i16::try_from(weight).ok()?,
        sign,
        u16::try_from(decimals).ok()?,
    );
    bytes.extend(groups.iter().flat_map(|group| group.to_be_bytes()));
    Some(bytes)
}

/// Cuts digits, whose decimal point stands after the first `point`, into groups of four that line
/// up with the point, without zero groups at either end. Gives the first group's weight.
fn group_digits(digits: &str, point: i64) -> (i64, Vec<u16>) {
    let leading = digits.bytes().take_while(|byte| *byte == b'0').count();
    let significant = digits[leading..].trim_end_matches('0');
    if significant.is_empty() {
        return (0, Vec::new());
    }
    let point = point - i64::try_from(leading).unwrap_or(i64::MAX);
    // Zeros before the first digit so that a group ends where the point is.
    let padding = (4 - point.rem_euclid(4)).rem_euclid(4);
    let weight = (point + padding) / 4 - 1;
    let mut padded = "0".repeat(usize::try_from(padding).unwrap_or(0));
    padded.push_str(significant);
    while !padded.len().is_multiple_of(4) {
        padded.push('0');
    }
    let groups = padded
        .as_bytes()
        .chunks(4)
        .map(|group| group.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        .collect();
    (weight, groups)
}

fn header(count: u16, weight: i16, sign: u16, decimals: u16) -> Vec<u8> {
    [count, weight.cast_unsigned(), sign, decimals]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> String {
        match decode(&encode(text).expect("a number")).expect("well formed") {
            Shown::Digits(digits) => digits,
            Shown::Word(word) => word.to_owned(),
        }
    }

    #[test]
    fn digits_survive_exactly() {
        for text in [
            "0",
            "0.00",
            "1",
            "-1",
            "10000",
            "12.50",
            "-0.0001",
            "0.00001",
            "99999999",
            "123456789012345678901234567890.123456789",
            "100000000",
            "1000.0001",
            "NaN",
            "Infinity",
            "-Infinity",
        ] {
            assert_eq!(round_trip(text), text);
        }
    }

    #[test]
    fn exponents_move_the_point() {
        assert_eq!(round_trip("1e3"), "1000");
        assert_eq!(round_trip("1.5E2"), "150");
        assert_eq!(round_trip("25e-3"), "0.025");
        assert_eq!(round_trip("-1.20e1"), "-12.0");
        assert_eq!(round_trip("-0"), "0");
        assert_eq!(round_trip("+007"), "7");
    }

    #[test]
    fn what_is_no_number_or_too_large_is_refused() {
        for text in ["", "-", ".", "1.2.3", "0x1", "1e", "1e99999999999", "1e200000", "1e-20000"] {
            assert_eq!(encode(text), None, "{text}");
        }
    }

    #[test]
    fn malformed_bytes_are_refused() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0, 2, 0, 0, 0, 0, 0, 0, 0, 1]), None);
    }
}
