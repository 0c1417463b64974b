//! Dates and times between their binary form and RFC 3339 text.
//!
//! Postgres counts microseconds, and days, from 2000-01-01. It knows years that RFC 3339 does not;
//! those are shown with a sign and all their digits, as ISO 8601 does.

use time::format_description::well_known::Rfc3339;
use time::macros::{datetime, format_description};
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

const EPOCH: OffsetDateTime = datetime!(2000-01-01 00:00 UTC);
/// 2000-01-01 as a day counted from 1970-01-01.
const EPOCH_DAY: i64 = 10_957;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A `timestamp` or `timestamptz`, in UTC: `2026-01-02T03:04:05.678901Z`.
pub(super) fn show_timestamp(micros: i64) -> String {
    match micros {
        i64::MAX => return "infinity".to_owned(),
        i64::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX);
    format!("{}T{}Z", show_date(day), show_time(micros.rem_euclid(MICROS_PER_DAY)))
}

/// A `date`: `2026-01-02`.
pub(super) fn show_date(days: i32) -> String {
    match days {
        i32::MAX => return "infinity".to_owned(),
        i32::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let (year, month, day) = civil(i64::from(days) + EPOCH_DAY);
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+05}-{month:02}-{day:02}")
    }
}

/// A `time`: `03:04:05.678901`, without a fraction that is zero.
pub(super) fn show_time(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = micros % 1_000_000;
    if fraction != 0 {
        text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
    }
    text
}

/// Microseconds of a timestamp's text: RFC 3339, its offset taken into account; without an offset
/// it is UTC, and a date alone is its midnight. A blank may stand for the `T`.
pub(super) fn read_timestamp(text: &str) -> Option<i64> {
    match text {
        "infinity" => return Some(i64::MAX),
        "-infinity" => return Some(i64::MIN),
        _ => {}
    }
    let text = text.replacen(' ', "T", 1);
    let moment = OffsetDateTime::parse(&text, &Rfc3339).ok().or_else(|| {
        const LOCAL: &[time::format_description::BorrowedFormatItem<'_>] = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"
        );
        PrimitiveDateTime::parse(&text, LOCAL).ok().map(PrimitiveDateTime::assume_utc)
    });
    let moment = match moment {
        Some(moment) => moment.to_offset(UtcOffset::UTC),
        None => parse_date(&text)?.midnight().assume_utc(),
    };
    i64::try_from((moment - EPOCH).whole_microseconds()).ok()
}

/// Days of a date's text; of a timestamp's text, those of its date as written.
pub(super) fn read_date(text: &str) -> Option<i32> {
    match text {
        "infinity" => return Some(i32::MAX),
        "-infinity" => return Some(i32::MIN),
        _ => {}
    }
    if let Some((date, _)) = text.split_once(['T', ' ']) {
        read_timestamp(text)?;
        return read_date(date);
    }
    i32::try_from((parse_date(text)?.midnight().assume_utc() - EPOCH).whole_days()).ok()
}

/// Microseconds of a time's text: `HH:MM`, `HH:MM:SS`, with up to nine decimals.
pub(super) fn read_time(text: &str) -> Option<i64> {
    let time =
        Time::parse(text, format_description!("[hour]:[minute]:[second][optional [.[subsecond]]]"))
            .or_else(|_| Time::parse(text, format_description!("[hour]:[minute]")))
            .ok()?;
    i64::try_from((time - Time::MIDNIGHT).whole_microseconds()).ok()
}

fn parse_date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// Year, month and day of a day counted from 1970-01-01, in the calendar Postgres uses for all
/// times; the year before 1 is 0. (The algorithm of Howard Hinnant's `civil_from_days`.)
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_round_trip_as_rfc_3339() {
        for text in [
            "2026-11-21T01:02:03Z",
            "1999-12-31T23:59:59.999999Z",
            "2000-01-01T00:00:00Z",
            "0001-01-01T00:00:00.1Z",
            "9999-12-31T00:00:00Z",
            "2024-02-29T12:00:00Z",
            "infinity",
            "-infinity",
        ] {
            assert_eq!(show_timestamp(read_timestamp(text).expect(text)), text);
        }
    }

    #[test]
    fn offsets_count_and_missing_ones_are_utc() {
        let show = |text| show_timestamp(read_timestamp(text).expect(text));
        assert_eq!(show("2026-01-02T03:04:05+02:00"), "2026-01-02T01:04:05Z");
        assert_eq!(show("2026-01-02 03:04:05Z"), "2026-01-02T03:04:05Z");
        assert_eq!(show("2026-01-02T03:04:05.5"), "2026-01-02T03:04:05.5Z");
        assert_eq!(show("2026-01-02"), "2026-01-02T00:00:00Z");
        assert_eq!(read_timestamp("yesterday"), None);
        assert_eq!(read_timestamp("2026-02-30T00:00:00Z"), None);
    }

    #[test]
    fn dates_and_times_round_trip() {
        for text in ["2026-11-21", "1900-03-01", "2000-02-29", "infinity"] {
            assert_eq!(show_date(read_date(text).expect(text)), text);
        }
        assert_eq!(read_date("2026-11-21T23:00:00-05:00"), read_date("2026-11-21"));
        assert_eq!(read_date("2026-11-21Tnoon"), None);
        for text in ["00:00:00", "23:59:59.000001", "12:30:00.5"] {
            assert_eq!(show_time(read_time(text).expect(text)), text);
        }
        assert_eq!(read_time("12:30"), Some(45_000_000_000));
        assert_eq!(read_time("25:00"), None);
    }

    #[test]
    fn years_beyond_rfc_3339_keep_their_digits() {
        // 4713-01-01 BC and 294276-12-31, the ends of Postgres's range.
        assert_eq!(show_date(-2_451_545 + 38), "-4712-01-01");
        assert_eq!(show_date(106_751_982), "+294276-12-31");
    }
}
