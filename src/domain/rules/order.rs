//! What decides which of two records of a patient is newer.

use super::{Check, Findings, Moment};
use crate::domain::format::draft::{Draft, Field};

rules! {
    UPDATED_AT_UNREADABLE {
        number: "V42",
        severity: Error,
        field: "updated_at",
        basis: "an older record must not overwrite a newer one",
        en: "the time of change is no time in a format of the hospital nor ISO 8601; add its format to the \
             profile",
        zh: "更新时间不符合该医院的任何日期格式或 ISO 8601，请在医院配置中补充格式",
        check: Check::Draft(updated_at_unreadable),
    }
    VERSION_NOT_AN_INTEGER {
        number: "V42",
        severity: Warning,
        field: "version",
        basis: "FHIR meta.versionId need not have an order",
        en: "the version is no integer and cannot tell older from newer; map a time of change",
        zh: "版本号不是整数，无法判断新旧，请映射更新时间",
        check: Check::Draft(version_not_an_integer),
    }
}

fn updated_at_unreadable(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(matches!(draft.updated_at, Field::Faulty(_)));
}

/// A version beside a time of change decides nothing and may be anything.
fn version_not_an_integer(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    let undecided = draft.updated_at.value().is_none();
    findings.report_if(undecided && matches!(draft.version, Field::Faulty(_)));
}

#[cfg(test)]
mod tests {
    use crate::domain::format::example::codes;

    #[test]
    fn an_unreadable_time_of_change_is_found() {
        assert_eq!(codes(|raw| raw.updated_at = "yesterday".into()), ["UPDATED_AT_UNREADABLE"]);
        assert_eq!(codes(|raw| raw.updated_at = "-".into()), [""; 0]);
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
