//! Dates of every format, and what is no date.

use proptest::prelude::*;

use super::*;

fn formats(patterns: &[&str]) -> Vec<DateFormat> {
    patterns.iter().map(|pattern| DateFormat::parse(pattern).unwrap()).collect()
}

fn read(text: &str, patterns: &[&str]) -> Result<String, DateFault> {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    read_date(text, &formats(patterns), &zone).map(|read| read.value.to_string())
}

#[test]
fn every_format_of_the_trade_is_read() {
    for (pattern, text) in [
        ("yyyyMMdd", "19900502"),
        ("yyyy-MM-dd", "1990-05-02"),
        ("yyyy/M/d", "1990/5/2"),
        ("yyyy.M.d", "1990.05.2"),
        ("dd/MM/yyyy", "02/05/1990"),
        ("M/d/yyyy", "5/2/1990"),
        ("yyyy年M月d日", "1990年5月2日"),
        ("yyyy-MM-dd HH:mm:ss", "1990-05-02 23:59:59"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSS", "1990-05-02T23:59:59.123"),
        ("yyMMdd", "900502"),
        ("d/M/yy", "2/5/90"),
        ("instant", "1990-05-02T10:00:00Z"),
        ("epoch-seconds", "641642400"),
        ("epoch-milliseconds", "641642400000"),
    ] {
        assert_eq!(read(text, &[pattern]).as_deref(), Ok("1990-05-02"), "{pattern}");
    }
}

#[test]
fn two_digits_stand_for_one_of_a_hundred_years() {
    for (pattern, text, expected) in [
        ("yyMMdd", "300101", "1930-01-01"),
        ("yyMMdd", "991231", "1999-12-31"),
        ("yyMMdd", "291231", "2029-12-31"),
        ("yy[1925]MMdd", "250101", "1925-01-01"),
        ("yy[1925]MMdd", "241231", "2024-12-31"),
        ("d/M/yy[1900]", "1/2/00", "1900-02-01"),
        ("yy", "85", "1985"),
    ] {
        assert_eq!(read(text, &[pattern]).as_deref(), Ok(expected), "{pattern} {text}");
    }
}

#[test]
fn counted_instants_become_days_in_the_zone() {
    assert_eq!(read("0", &["epoch-seconds"]).as_deref(), Ok("1970-01-01"));
    assert_eq!(read("57599", &["epoch-seconds"]).as_deref(), Ok("1970-01-01"));
    assert_eq!(read("57600", &["epoch-seconds"]).as_deref(), Ok("1970-01-02"));
    assert_eq!(read("-631180800000", &["epoch-milliseconds"]).as_deref(), Ok("1950-01-01"));
    for text in ["9999999999999999", "99999999999999999999", "-99999999999999999999"] {
        assert_eq!(read(text, &["epoch-seconds"]), Err(DateFault::NotInCalendar), "{text}");
    }
    for text in ["", "-", "+1", "1.5", "1e9", "0x1", "--1"] {
        assert_eq!(read(text, &["epoch-seconds"]), Err(DateFault::NoFormatMatches), "{text}");
    }
}

#[test]
fn a_day_that_does_not_exist_is_no_count_of_seconds() {
    let formats = ["yyyyMMdd", "epoch-seconds"];
    assert_eq!(read("19791301", &formats), Err(DateFault::NotInCalendar));
    assert_eq!(read("641642400", &formats).as_deref(), Ok("1990-05-02"));
}

#[test]
fn it_is_told_how_a_date_was_read() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    for (pattern, text, expected) in [
        ("yyyy-MM-dd", "1949-12-31", DateReading::AsWritten),
        ("yyyy-M-d", "1949-12-31", DateReading::AsWritten),
        ("yyyy-MM", "1949-12", DateReading::AsWritten),
        ("yyyy", "1949", DateReading::AsWritten),
        ("yyyy-M-d", "1949-1-2", DateReading::Reformatted),
        ("yyyy.MM.dd", "1949.12.31", DateReading::Reformatted),
        ("yyyyMMdd", "19491231", DateReading::Reformatted),
        ("yyyy-MM-dd HH:mm:ss", "1949-12-31 00:00:00", DateReading::Reformatted),
        ("instant", "1949-12-30T16:00:00Z", DateReading::Zoned),
        ("epoch-seconds", "641642400", DateReading::Zoned),
        ("dd/MM/yyyy", "31/12/1949", DateReading::Interpreted),
        ("yyMMdd", "491231", DateReading::Interpreted),
    ] {
        let read = read_date(text, &formats(&[pattern]), &zone).unwrap();
        assert_eq!(read.reading, expected, "{pattern} {text}");
    }
}

#[test]
fn it_is_told_how_an_instant_was_read() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    for (pattern, text, expected) in [
        ("yyyyMMdd", "1970-01-01T00:00:00Z", DateReading::AsWritten),
        ("instant", "1970-01-01T08:00:00+08:00", DateReading::AsWritten),
        ("epoch-milliseconds", "0", DateReading::Reformatted),
        ("yyyy-MM-dd HH:mm:ss", "1970-01-01 08:00:00", DateReading::Zoned),
        ("dd/MM/yyyy HH:mm", "01/01/1970 08:00", DateReading::Interpreted),
    ] {
        let read = read_instant(text, &formats(&[pattern]), &zone).unwrap();
        assert_eq!((read.value, read.reading), (Timestamp::UNIX_EPOCH, expected), "{pattern} {text}");
    }
}

#[test]
fn a_missing_day_is_not_invented() {
    assert_eq!(read("1990-05", &["yyyy-MM"]).as_deref(), Ok("1990-05"));
    assert_eq!(read("1990", &["yyyy"]).as_deref(), Ok("1990"));
}

#[test]
fn a_text_must_match_as_a_whole_with_all_its_digits() {
    for (pattern, text) in [
        ("yyyy-MM-dd", "1990-5-2"),
        ("yyyy-MM-dd", "1990-05-02 "),
        ("yyyy-MM-dd", "1990-05-02T00:00:00"),
        ("yyyy/M/d", "1990/005/2"),
        ("yyyyMMdd", "900502"),
        ("yyyyMMdd", "1990050"),
        ("yyyyMMdd", "+9900502"),
        ("instant", "1990-05-02"),
        ("instant", "1990-05-02T10:00:00"),
        ("yyyyMMdd", ""),
    ] {
        assert_eq!(read(text, &[pattern]), Err(DateFault::NoFormatMatches), "{pattern} {text}");
    }
}

#[test]
fn a_day_that_does_not_exist_is_told_from_an_unknown_format() {
    for (pattern, text) in [
        ("yyyyMMdd", "19901301"),
        ("yyyyMMdd", "19900230"),
        ("yyyyMMdd", "19900100"),
        ("yyyy-MM", "1990-13"),
        ("yyyy-MM-dd HH:mm:ss", "1990-05-02 25:00:00"),
        ("instant", "1990-02-30T10:00:00Z"),
    ] {
        assert_eq!(read(text, &[pattern, "yyyy"]), Err(DateFault::NotInCalendar), "{pattern} {text}");
    }
}

#[test]
fn formats_are_tried_in_order() {
    assert_eq!(read("03/04/1990", &["dd/MM/yyyy", "M/d/yyyy"]).as_deref(), Ok("1990-04-03"));
    assert_eq!(read("03/04/1990", &["M/d/yyyy", "dd/MM/yyyy"]).as_deref(), Ok("1990-03-04"));
}

#[test]
fn an_instant_becomes_the_day_that_the_source_saw() {
    assert_eq!(read("1976-11-13T16:00:00.000Z", &["instant"]).as_deref(), Ok("1976-11-14"));
    assert_eq!(read("1990-05-21T15:00:00Z", &["instant"]).as_deref(), Ok("1990-05-22"), "summer time");
    assert_eq!(read("1990-05-21T15:00Z", &["instant"]).as_deref(), Ok("1990-05-22"), "summer time");
    assert_eq!(read("1990-05-22T00:00:00+08:00", &["instant"]).as_deref(), Ok("1990-05-22"));
}

#[test]
fn a_time_of_change_is_an_instant_in_the_zone_of_the_source() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let read = |text: &str| {
        read_instant(text, &formats(&["yyyy-MM-dd HH:mm:ss", "yyyyMMdd", "yyyy-MM"]), &zone)
            .map(|read| read.value.as_microsecond())
    };
    assert_eq!(read("1970-01-01 08:00:01"), Ok(1_000_000));
    assert_eq!(read("19700101"), Ok(-8 * 3_600 * 1_000_000));
    assert_eq!(read("1970-01-01T00:00:00.000001Z"), Ok(1));
    assert_eq!(read("1970-01"), Err(DateFault::NoFormatMatches));
    assert_eq!(read("yesterday"), Err(DateFault::NoFormatMatches));
}

proptest! {
    #[test]
    fn canonical_dates_mean_themselves(year in 1i16..=9999, month in 1i8..=12, day in 1i8..=31) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        match read(&text, &["yyyy-MM-dd"]) {
            Ok(again) => prop_assert_eq!(again, text),
            Err(fault) => prop_assert!(fault == DateFault::NotInCalendar && day > 28),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9TZ:.+年月日/ -]{0,30}") {
        let patterns = [
            "yyyy年M月d日", "yyyyMMdd", "M/d/yyyy", "yyyy-MM-dd HH:mm:ss", "yyyy", "yyMMdd", "instant",
            "epoch-milliseconds",
        ];
        for text in [text, near] {
            let _ = read(&text, &patterns);
            let _ = read_instant(&text, &formats(&patterns), &TimeZone::UTC);
        }
    }
}
