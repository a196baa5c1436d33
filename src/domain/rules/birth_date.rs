//! The date of birth, by itself and against the resident id.

use jiff::civil::Date;

use super::{Check, Findings, Moment};
use crate::domain::{
    format::{
        date::DateFault,
        draft::{Draft, Field},
    },
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
        en: "the patient has no date of birth, nor a resident id that gives it; map the field that holds it",
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
        check: Check::Draft(derived),
    }
    BIRTH_DATE_NOT_IN_CALENDAR {
        number: "V21",
        severity: Error,
        field: "birth_date",
        basis: "GB/T 7408 (ISO 8601)",
        en: "the date of birth is not in the calendar; correct it at the source",
        zh: "出生日期不是日历中存在的日期，请在来源系统中更正",
        check: Check::Draft(not_in_calendar),
    }
    BIRTH_DATE_FORMAT_UNKNOWN {
        number: "V22",
        severity: Error,
        field: "birth_date",
        basis: "GB/T 7408 (ISO 8601)",
        en: "the date of birth has none of the hospital's date formats; add its format to the profile",
        zh: "出生日期不符合该医院的任何日期格式，请在医院配置中补充格式",
        check: Check::Draft(format_unknown),
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
        en: "the patient would be older than anybody can be, or born before 1850; correct the date of birth \
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
        en: "the patient would be older than hardly anybody is; check the date of birth at the source",
        zh: "患者年龄超过合理范围，请在来源系统中核对出生日期",
        check: Check::Draft(age_unlikely),
    }
    BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID {
        number: "V27",
        severity: Error,
        field: "birth_date",
        basis: "GB 11643",
        en: "the date of birth is not the one within the resident id; check both at the source",
        zh: "出生日期与居民身份证号码不一致，请在来源系统中核对",
        check: Check::Draft(differs_from_resident_id),
    }
}

fn missing(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    let absent = matches!(draft.birth_date, Field::Absent);
    findings.report_if(absent && draft.derived_birth_date().is_none());
}

fn derived(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(draft.derived_birth_date().is_some());
}

fn not_in_calendar(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(matches!(draft.birth_date, Field::Faulty(DateFault::NotInCalendar)));
}

fn format_unknown(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(matches!(draft.birth_date, Field::Faulty(DateFault::NoFormatMatches)));
}

fn in_future(draft: &Draft, moment: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(draft.birth_date.value().is_some_and(|date| date.first_day() > moment.latest_day()));
}

fn age_impossible(draft: &Draft, moment: &Moment, findings: &mut Findings<'_>) {
    let too_early = draft.birth_date.value().is_some_and(|date| date.last_day().year() < FIRST_YEAR);
    let too_old = age(draft, moment).is_some_and(|age| age > findings.limit());
    findings.report_if(too_early || too_old);
}

fn age_unlikely(draft: &Draft, moment: &Moment, findings: &mut Findings<'_>) {
    let unlikely = findings.limit() + 1..=findings.limit_of(&AGE_IMPOSSIBLE);
    findings.report_if(age(draft, moment).is_some_and(|age| unlikely.contains(&age)));
}

fn differs_from_resident_id(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    let (Some(stated), Some(id)) = (draft.birth_date.value(), draft.resident_id()) else {
        return;
    };
    findings.report_if(id.birth_date().is_some_and(|day| !stated.covers(day)));
}

/// The least age that the date of birth allows, in whole years, on the day of death or else today;
/// none before the birth.
fn age(draft: &Draft, moment: &Moment) -> Option<u32> {
    let end = match draft.deceased {
        Field::Value(Deceased::On(died)) => died.first_day().min(moment.today),
        _ => moment.today,
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
    use crate::domain::{
        format::example::{self, TODAY, codes},
        hospital::{Profile, RuleSetting},
        record::RawPatient,
    };

    /// The findings about a patient without a resident id to compare with.
    fn of_birth_date(text: &str) -> Vec<&'static str> {
        codes(|raw| born(raw, text))
    }

    fn born(raw: &mut RawPatient, text: &str) {
        raw.birth_date = text.to_owned();
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
        assert_eq!(TODAY, "2024-06-15");
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
                raw.deceased = "1930-01-01".to_owned();
            })
        };
        assert!(!dead("1851-01-01").contains(&"AGE_IMPOSSIBLE"));
        assert!(dead("1849-12-31").contains(&"AGE_IMPOSSIBLE"), "before 1850");
    }

    #[test]
    fn a_date_against_the_resident_id_is_found() {
        let code = ["BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID"];
        assert_eq!(codes(|raw| raw.birth_date = "1949-12-30".into()), code);
        assert_eq!(codes(|raw| raw.birth_date = "1949-11".into()), code);
        assert_eq!(
            codes(|raw| raw.birth_date = "1949".into()),
            [""; 0],
            "a year is not wrong for its lack of days"
        );
    }
}
