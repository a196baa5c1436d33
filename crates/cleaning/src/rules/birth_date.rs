//! The date of birth, by itself and against the resident id.

use jiff::civil::{Date, date};

use super::{Check, RuleContext};
use crate::field_names::field;
use crate::{
    draft::Draft,
    format::{date::DateFault, parsed::Parsed},
    hint::Hint,
    patient::{Deceased, PartialDate},
};

/// No patient on record was born before.
const FIRST_YEAR: i16 = 1850;

rules! {
    BIRTH_DATE_MISSING {
        number: "V20",
        severity: Error,
        field: "birth_date",
        basis: "FHIR Patient.birthDate",
        en: "the patient has no date of birth and no resident id that contains it; map the field that \
             holds it",
        zh: "缺少出生日期，且无法由居民身份证号码推出，请映射对应字段",
        check: Check::Draft(missing),
    }
    BIRTH_DATE_DERIVED {
        number: "V20",
        severity: Warning,
        field: "birth_date",
        basis: "GB 11643",
        en: "the date of birth is missing and was taken from the resident id; complete it at the source",
        zh: "缺少出生日期，已由居民身份证号码推出，请在来源系统中补全",
        check: Check::Draft(|draft, context| context.report_if(draft.derived_birth_date().is_some())),
    }
    BIRTH_DATE_NOT_IN_CALENDAR {
        number: "V21",
        severity: Error,
        field: "birth_date",
        basis: "GB/T 7408 (ISO 8601)",
        en: "the date of birth does not exist in the calendar; correct it at the source",
        zh: "出生日期不是日历中存在的日期，请在来源系统中更正",
        check: Check::Draft(not_in_calendar),
    }
    BIRTH_DATE_FORMAT_UNKNOWN {
        number: "V22",
        severity: Error,
        field: "birth_date",
        basis: "GB/T 7408 (ISO 8601)",
        en: "the date of birth matches none of the hospital's date formats; add its format to the \
             profile",
        zh: "出生日期不符合该医院的任何日期格式，请在医院配置中补充格式",
        check: Check::Draft(|draft, context| {
            context.report_if(matches!(draft.birth_date, Parsed::Faulty(DateFault::NoFormatMatches)));
        }),
    }
    BIRTH_DATE_IN_FUTURE {
        number: "V23",
        severity: Error,
        field: "birth_date",
        basis: "plausibility in time",
        en: "the date of birth is in the future; correct it at the source, or check the profile's time zone",
        zh: "出生日期在未来，请在来源系统中更正或核对医院配置的时区",
        check: Check::Draft(in_future),
    }
    AGE_IMPOSSIBLE {
        number: "V24",
        severity: Error,
        limit: 150 "years",
        field: "birth_date",
        basis: "OHDSI Data Quality Dashboard: no birth before 1850",
        en: "the patient would be older than anyone can be, or born before 1850; correct the date of birth \
             at the source",
        zh: "患者年龄超过可能的上限或出生早于1850年，请在来源系统中更正出生日期",
        check: Check::Draft(age_impossible),
    }
    AGE_UNLIKELY {
        number: "V24",
        severity: Warning,
        limit: 120 "years",
        field: "birth_date",
        basis: "plausibility in time",
        en: "the patient would be older than almost anyone alive; check the date of birth at the source",
        zh: "患者年龄超过合理范围，请在来源系统中核对出生日期",
        check: Check::Draft(age_unlikely),
    }
    BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID {
        number: "V27",
        severity: Error,
        field: "birth_date",
        basis: "GB 11643",
        en: "the date of birth differs from the one in the resident id; check both at the source",
        zh: "出生日期与居民身份证号码不一致，请在来源系统中核对",
        check: Check::Draft(differs_from_resident_id),
    }
    BIRTH_DATE_ONE_DAY_EARLY {
        number: "V26",
        severity: Warning,
        field: "birth_date",
        basis: "local midnight written in UTC",
        en: "the date of birth is one day before the one in the resident id: probably a time zone shift; \
             check the profile's formats and time zone",
        zh: "出生日期恰为居民身份证号码中日期的前一天，可能是时区偏移，请检查医院配置的日期格式和时区",
        check: Check::Draft(|draft, context| context.report_if(is_one_day_early(draft))),
    }
    BIRTH_DATE_EXCUSED {
        number: "V20",
        severity: Warning,
        field: "birth_date",
        basis: "FHIR data-absent-reason",
        en: "the patient has no date of birth, and the source says why; complete it when it is known",
        zh: "缺少出生日期，来源系统已说明原因，请在获知后补全",
        check: Check::Draft(excused),
    }
    BIRTH_DATE_IS_PLACEHOLDER {
        number: "V25",
        severity: Warning,
        field: "birth_date",
        basis: "defaults of forms and databases",
        en: "the date of birth is a default that systems use for a missing date, such as 1900-01-01; check \
             it at the source",
        zh: "出生日期为系统常用的默认值（如1900-01-01），请在来源系统中核对",
        check: Check::Draft(is_placeholder),
    }
}

/// Days that forms and databases put where they have none.
const PLACEHOLDERS: [Date; 4] = [date(1900, 1, 1), date(1901, 1, 1), date(1970, 1, 1), date(1899, 12, 30)];

fn missing(draft: &Draft, context: &mut RuleContext<'_>) {
    let absent = matches!(draft.birth_date, Parsed::Absent);
    let excused = draft.birth_date_is_excused;
    context.report_if(absent && !excused && draft.derived_birth_date().is_none());
}

fn excused(draft: &Draft, context: &mut RuleContext<'_>) {
    let absent = matches!(draft.birth_date, Parsed::Absent) && draft.derived_birth_date().is_none();
    context.report_if(absent && draft.birth_date_is_excused);
}

fn not_in_calendar(draft: &Draft, context: &mut RuleContext<'_>) {
    if matches!(draft.birth_date, Parsed::Faulty(DateFault::NotInCalendar)) {
        let swapped = context.raw("birth_date", None).is_some_and(is_a_day_once_swapped);
        context.report_with(field!("birth_date"), None, swapped.then_some(Hint::DayMonthOrder));
    }
}

fn in_future(draft: &Draft, context: &mut RuleContext<'_>) {
    context.report_if(
        draft.birth_date.value().is_some_and(|date| date.first_day() > context.received().latest_day()),
    );
}

fn age_impossible(draft: &Draft, context: &mut RuleContext<'_>) {
    let too_early = draft.birth_date.value().is_some_and(|date| date.last_day().year() < FIRST_YEAR);
    let too_old = age(draft, context.received().today).is_some_and(|age| age > context.limit());
    context.report_if(too_early || too_old);
}

fn age_unlikely(draft: &Draft, context: &mut RuleContext<'_>) {
    let unlikely = context.limit() + 1..=context.limit_of(&AGE_IMPOSSIBLE);
    context.report_if(age(draft, context.received().today).is_some_and(|age| unlikely.contains(&age)));
}

fn differs_from_resident_id(draft: &Draft, context: &mut RuleContext<'_>) {
    let (Some(stated), Some(id)) = (draft.birth_date.value(), draft.resident_id()) else {
        return;
    };
    if id.birth_date().is_some_and(|day| !stated.covers(day)) {
        let hint = is_one_day_early(draft).then_some(Hint::TimeZoneShift);
        context.report_with(field!("birth_date"), None, hint);
    }
}

fn is_one_day_early(draft: &Draft) -> bool {
    let (Some(PartialDate::Day(stated)), Some(id)) = (draft.birth_date.value(), draft.resident_id()) else {
        return false;
    };
    stated.tomorrow().is_ok_and(|next| id.birth_date() == Some(next))
}

fn is_placeholder(draft: &Draft, context: &mut RuleContext<'_>) {
    let known_better = draft.resident_id().is_some();
    let placeholder =
        |date: &PartialDate| matches!(date, PartialDate::Day(day) if PLACEHOLDERS.contains(day));
    context.report_if(!known_better && draft.birth_date.value().is_some_and(placeholder));
}

/// Whether the text of a date that is in no calendar would be one with its day and month the other way round.
fn is_a_day_once_swapped(text: &str) -> bool {
    let groups: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let (year, month, day) = match groups[..] {
        [whole] if whole.len() == 8 => (&whole[..4], &whole[4..6], &whole[6..]),
        [year, month, day, ..] if year.len() == 4 => (year, month, day),
        [month, day, year, ..] if year.len() == 4 => (year, month, day),
        _ => return false,
    };
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse::<i8>(), day.parse::<i8>()) else {
        return false;
    };
    let is_day = |month, day| Date::new(year, month, day).is_ok();
    is_day(day, month) != is_day(month, day)
}

/// The least age that the date of birth allows, in whole years, on the day of death or else today;
/// none before the birth.
fn age(draft: &Draft, today: Date) -> Option<u32> {
    let end = match draft.deceased {
        Parsed::Value(Deceased::On(died)) => died.first_day().min(today),
        _ => today,
    };
    draft.birth_date.value().and_then(|birth| u32::try_from(years_between(birth, end)).ok())
}

fn years_between(birth: &PartialDate, end: Date) -> i16 {
    let birth = birth.last_day();
    let birthday_to_come = (end.month(), end.day()) < (birth.month(), birth.day());
    end.year() - birth.year() - i16::from(birthday_to_come)
}

#[cfg(test)]
mod tests {
    use crate::{
        example::{self, RECEIVED_AT, codes, issues},
        hint::Hint,
        profile::{Profile, RuleSetting},
        record::RawPatient,
    };

    /// The findings about a patient without a resident id to compare with.
    fn of_birth_date(text: &str) -> Vec<&'static str> {
        codes(|raw| born(raw, text))
    }

    fn born(raw: &mut RawPatient, text: &str) {
        raw.birth_date = text.into();
        raw.identifiers = vec![example::identifier("03", "E12345678")];
    }

    fn found(text: &str, code: &str) -> bool {
        of_birth_date(text).contains(&code)
    }

    #[test]
    fn a_missing_date_is_found_unless_the_resident_id_gives_it() {
        assert!(found("", "BIRTH_DATE_MISSING"));
        assert!(found("99991231", "BIRTH_DATE_MISSING"), "a null token");
        assert_eq!(codes(|raw| raw.birth_date.clear()), ["BIRTH_DATE_DERIVED"]);
    }

    #[test]
    fn a_day_outside_the_calendar_is_found() {
        assert!(found("19900230", "BIRTH_DATE_NOT_IN_CALENDAR"));
        assert!(!found("19900228", "BIRTH_DATE_NOT_IN_CALENDAR"));
    }

    #[test]
    fn an_unknown_format_is_found() {
        assert!(found("2/28/1990", "BIRTH_DATE_FORMAT_UNKNOWN"));
        assert!(!found("1990-02-28", "BIRTH_DATE_FORMAT_UNKNOWN"));
    }

    #[test]
    fn the_future_begins_the_day_after_tomorrow() {
        assert_eq!(RECEIVED_AT, "2024-06-15T00:00:00Z");
        assert!(!found("2024-06-16", "BIRTH_DATE_IN_FUTURE"), "clocks differ");
        assert!(found("2024-06-17", "BIRTH_DATE_IN_FUTURE"));
        assert!(!found("2024-06", "BIRTH_DATE_IN_FUTURE"));
        assert!(found("2024-07", "BIRTH_DATE_IN_FUTURE"));
    }

    #[test]
    fn ages_over_120_are_unlikely_and_over_150_impossible() {
        assert!(!found("1903-06-16", "AGE_UNLIKELY"), "still 120");
        assert!(found("1903-06-15", "AGE_UNLIKELY"), "121 today");
        assert!(found("1873-06-16", "AGE_UNLIKELY"), "still 150");
        assert!(found("1873-06-15", "AGE_IMPOSSIBLE") && !found("1873-06-15", "AGE_UNLIKELY"));
        assert!(!found("1903", "AGE_UNLIKELY"), "may be 120");
    }

    #[test]
    fn a_profile_may_move_the_ages() {
        let of = |birth: &str| {
            let limit = |limit| RuleSetting { limit: Some(limit), ..RuleSetting::default() };
            let strict = |profile: &mut Profile| {
                profile.rules.insert("AGE_UNLIKELY", limit(100));
                profile.rules.insert("AGE_IMPOSSIBLE", limit(130));
            };
            example::codes_with(strict, |raw| born(raw, birth))
        };
        assert!(!of("1924-06-15").contains(&"AGE_UNLIKELY"), "100 today");
        assert!(of("1923-06-15").contains(&"AGE_UNLIKELY"), "101 today");
        assert!(of("1893-06-15").contains(&"AGE_IMPOSSIBLE"), "131 today");
    }

    #[test]
    fn the_age_of_the_dead_is_that_at_their_death() {
        let dead = |birth: &str| {
            codes(|raw| {
                born(raw, birth);
                raw.deceased = "1930-01-01".into();
            })
        };
        assert!(!dead("1851-01-01").contains(&"AGE_IMPOSSIBLE"));
        assert!(dead("1849-12-31").contains(&"AGE_IMPOSSIBLE"), "before 1850");
    }

    #[test]
    fn a_date_against_the_resident_id_is_found() {
        let code = ["BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID"];
        assert_eq!(codes(|raw| raw.birth_date = "1950-01-01".into()), code);
        assert_eq!(codes(|raw| raw.birth_date = "1949-11".into()), code);
        assert_eq!(
            codes(|raw| raw.birth_date = "1949".into()),
            [""; 0],
            "a year is not wrong for its lack of days"
        );
    }

    #[test]
    fn a_birth_date_one_day_early_points_to_the_time_zone() {
        let issues = issues(|raw| raw.birth_date = "1949-12-30".into());
        let found: Vec<_> = issues.iter().map(|issue| (issue.kind.code, issue.hint)).collect();
        assert_eq!(
            found,
            [
                ("BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID", Some(Hint::TimeZoneShift)),
                ("BIRTH_DATE_ONE_DAY_EARLY", None)
            ]
        );
        assert_eq!(
            codes(|raw| raw.birth_date = "1949-12-29".into()),
            ["BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID"]
        );
    }

    #[test]
    fn day_and_month_the_other_way_round_are_seen() {
        let hint = |text: &str| issues(|raw| born(raw, text))[0].hint;
        assert_eq!(hint("19561309"), Some(Hint::DayMonthOrder));
        assert_eq!(hint("19563113"), None);
        assert_eq!(hint("19560231"), None, "no day either way");
    }

    #[test]
    fn days_that_systems_put_are_found() {
        assert!(found("1900-01-01", "BIRTH_DATE_IS_PLACEHOLDER"));
        assert!(!found("1900-01-02", "BIRTH_DATE_IS_PLACEHOLDER"));
    }

    #[test]
    fn a_reason_excuses_a_missing_birth_date() {
        let codes = codes(|raw| {
            born(raw, "");
            raw.birth_date_absent_reason = "unknown".into();
        });
        assert!(codes.contains(&"BIRTH_DATE_EXCUSED") && !codes.contains(&"BIRTH_DATE_MISSING"));
    }
}
