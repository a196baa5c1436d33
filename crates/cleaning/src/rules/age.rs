//! The age that a source states beside the date of birth.

use super::{Check, RuleContext};
use crate::draft::Draft;

rules! {
    AGE_DIFFERS_FROM_BIRTH_DATE {
        number: "V29",
        severity: Warning,
        limit: 1 "years",
        field: "age",
        basis: "plausibility in time",
        en: "the age is too far from the one that the date of birth gives; check both at the source",
        zh: "年龄与出生日期推算的年龄相差过大，请在来源系统中核对",
        check: Check::Draft(differs),
    }
}

/// The age is that of when the source last changed the record, or of today.
fn differs(draft: &Draft, context: &mut RuleContext<'_>) {
    let (Some(age), Some(birth)) = (draft.age, draft.birth_date.value()) else { return };
    let changed = draft.updated_at.value().and_then(|micros| jiff::Timestamp::from_microsecond(*micros).ok());
    let then = changed.map_or(context.received().today, |changed| context.received().day_of(changed));
    let years = |day: jiff::civil::Date| {
        then.year() - day.year() - i16::from((then.month(), then.day()) < (day.month(), day.day()))
    };
    let (youngest, oldest) = (years(birth.last_day()), years(birth.first_day()));
    let grace = i16::try_from(context.limit()).unwrap_or(i16::MAX);
    let likely = youngest.saturating_sub(grace)..=oldest.saturating_add(grace);
    context.report_if(!likely.contains(&i16::try_from(age).unwrap_or(i16::MAX)));
}

#[cfg(test)]
mod tests {
    use crate::example::codes;

    #[test]
    fn an_age_that_does_not_go_with_the_birth_date_is_found() {
        let aged = |age: &str| codes(|raw| raw.age = age.into());
        for age in ["73", "74岁", "75", "", "-", "old"] {
            assert_eq!(aged(age), [""; 0], "{age}");
        }
        assert_eq!(aged("76"), ["AGE_DIFFERS_FROM_BIRTH_DATE"]);
        assert_eq!(aged("47"), ["AGE_DIFFERS_FROM_BIRTH_DATE"]);
    }

    #[test]
    fn an_age_is_that_of_the_last_change() {
        let codes = codes(|raw| {
            raw.age = "50".into();
            raw.updated_at = "2000-06-01T00:00:00+08:00".into();
        });
        assert_eq!(codes, [""; 0]);
    }
}
