//! Whether and when the patient died.

use super::{Check, RuleContext};
use crate::{
    draft::Draft,
    format::parsed::Parsed,
    patient::{Deceased, PartialDate},
};

rules! {
    DECEASED_UNREADABLE {
        number: "V41",
        severity: Error,
        field: "deceased",
        basis: "FHIR Patient.deceased",
        en: "the field is neither yes nor no nor a date in one of the hospital's formats; add the format \
             to the profile or correct it at the source",
        zh: "死亡信息既非是/否，也不是该医院日期格式的有效日期，请补充医院配置或在来源系统中更正",
        check: Check::Draft(|draft, context| context.report_if(matches!(draft.deceased, Parsed::Faulty(_)))),
    }
    DECEASED_BEFORE_BIRTH {
        number: "V41",
        severity: Error,
        field: "deceased",
        basis: "plausibility in time",
        en: "the date of death is before the date of birth; check both at the source",
        zh: "死亡日期早于出生日期，请在来源系统中核对",
        check: Check::Draft(before_birth),
    }
    DECEASED_IN_FUTURE {
        number: "V41",
        severity: Error,
        field: "deceased",
        basis: "plausibility in time",
        en: "the date of death is in the future; correct it at the source",
        zh: "死亡日期在未来，请在来源系统中更正",
        check: Check::Draft(in_future),
    }
}

fn before_birth(draft: &Draft, context: &mut RuleContext<'_>) {
    let birth =
        draft.birth_date.value().copied().or_else(|| draft.derived_birth_date().map(PartialDate::Day));
    let (Some(birth), Some(death)) = (birth, date_of_death(draft)) else {
        return;
    };
    context.report_if(death.last_day() < birth.first_day());
}

fn in_future(draft: &Draft, context: &mut RuleContext<'_>) {
    context.report_if(
        date_of_death(draft).is_some_and(|death| death.first_day() > context.received().latest_day()),
    );
}

fn date_of_death(draft: &Draft) -> Option<PartialDate> {
    match draft.deceased {
        Parsed::Value(Deceased::On(date)) => Some(date),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::example::codes;

    fn of_deceased(text: &str) -> Vec<&'static str> {
        codes(|raw| raw.deceased = text.into())
    }

    #[test]
    fn a_death_between_birth_and_now_is_right() {
        for text in ["", "0", "yes", "1949-12-31", "1949", "2024-06-16", "99991231"] {
            assert_eq!(of_deceased(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_death_before_birth_is_found() {
        assert_eq!(of_deceased("1949-12-30"), ["DECEASED_BEFORE_BIRTH"]);
        let derived = codes(|raw| {
            raw.birth_date.clear();
            raw.deceased = "1948".into();
        });
        assert_eq!(derived, ["BIRTH_DATE_DERIVED", "DECEASED_BEFORE_BIRTH"]);
    }

    #[test]
    fn a_death_in_the_future_is_found() {
        assert_eq!(of_deceased("2024-06-17"), ["DECEASED_IN_FUTURE"]);
    }

    #[test]
    fn what_says_neither_whether_nor_when_is_found() {
        assert_eq!(of_deceased("perhaps"), ["DECEASED_UNREADABLE"]);
        assert_eq!(of_deceased("20240230"), ["DECEASED_UNREADABLE"]);
    }
}
