//! What decides which of two records of a patient is newer.

use jiff::tz::TimeZone;

use super::{Check, RuleContext};
use crate::{draft::Draft, format::parsed::Parsed};

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

rules! {
    UPDATED_AT_UNREADABLE {
        number: "V42",
        severity: Error,
        field: "updated_at",
        basis: "an older record must not overwrite a newer one",
        en: "the time of change is neither in one of the hospital's formats nor ISO 8601; add its format \
             to the profile",
        zh: "更新时间不符合该医院的任何日期格式或 ISO 8601，请在医院配置中补充格式",
        check: Check::Draft(|draft, context| {
            context.report_if(matches!(draft.updated_at, Parsed::Faulty(_)));
        }),
    }
    VERSION_NOT_AN_INTEGER {
        number: "V42",
        severity: Warning,
        field: "version",
        basis: "FHIR meta.versionId need not have an order",
        en: "the version is not an integer and cannot tell older from newer; map a time of change",
        zh: "版本号不是整数，无法判断新旧，请映射更新时间",
        check: Check::Draft(version_not_an_integer),
    }
    UPDATED_AT_IN_FUTURE {
        number: "V42",
        severity: Warning,
        field: "updated_at",
        basis: "plausibility in time",
        en: "the time of change is in the future, so no later record will replace this one until then; \
             check the clock and the time zone of the source",
        zh: "更新时间在未来，在此之前后续记录无法替换本记录，请检查来源系统的时钟和时区",
        check: Check::Draft(updated_at_in_future),
    }
    UPDATED_AT_BEFORE_BIRTH {
        number: "V42",
        severity: Warning,
        field: "updated_at",
        basis: "plausibility in time",
        en: "the time of change is before the date of birth; check both at the source",
        zh: "更新时间早于出生日期，请在来源系统中核对",
        check: Check::Draft(updated_at_before_birth),
    }
}

/// A version beside a time of change decides nothing and may be anything.
fn version_not_an_integer(draft: &Draft, context: &mut RuleContext<'_>) {
    let undecided = draft.updated_at.value().is_none();
    context.report_if(undecided && matches!(draft.version, Parsed::Faulty(_)));
}

/// Clocks may differ by a day.
fn updated_at_in_future(draft: &Draft, context: &mut RuleContext<'_>) {
    let latest = context.received().instant.as_microsecond().saturating_add(DAY);
    context.report_if(draft.updated_at.value().is_some_and(|changed| *changed > latest));
}

/// A day of grace: the change is an instant, the birth a day somewhere.
fn updated_at_before_birth(draft: &Draft, context: &mut RuleContext<'_>) {
    let (Some(changed), Some(birth)) = (draft.updated_at.value(), draft.birth_date.value()) else {
        return;
    };
    let born =
        birth.first_day().to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp().as_microsecond());
    context.report_if(born.is_ok_and(|born| changed.saturating_add(DAY) < born));
}

#[cfg(test)]
mod tests {
    use crate::example::codes;

    #[test]
    fn an_unreadable_time_of_change_is_found() {
        assert_eq!(codes(|raw| raw.updated_at = "yesterday".into()), ["UPDATED_AT_UNREADABLE"]);
        assert_eq!(codes(|raw| raw.updated_at = "-".into()), [""; 0]);
    }

    #[test]
    fn a_time_of_change_in_the_future_or_before_birth_is_found() {
        let changed = |at: &str| codes(|raw| raw.updated_at = at.into());
        assert_eq!(changed("2024-06-15T12:00:00Z"), [""; 0]);
        assert_eq!(changed("2024-06-18T00:00:00Z"), ["UPDATED_AT_IN_FUTURE"]);
        assert_eq!(changed("1949-12-31T00:00:00Z"), [""; 0]);
        assert_eq!(changed("1949-12-29T00:00:00Z"), ["UPDATED_AT_BEFORE_BIRTH"]);
    }

    #[test]
    fn a_version_that_orders_nothing_is_found_where_it_would_decide() {
        let only_version = |version: &str| {
            codes(|raw| {
                raw.updated_at.clear();
                raw.version = version.into();
            })
        };
        assert_eq!(only_version("a1b2"), ["VERSION_NOT_AN_INTEGER"]);
        assert_eq!(only_version("12"), [""; 0]);
        assert_eq!(codes(|raw| raw.version = "a1b2".into()), [""; 0]);
    }
}
