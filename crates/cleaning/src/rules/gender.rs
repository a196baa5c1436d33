//! Gender, by itself and against the resident id.

use super::{Check, RuleContext};
use crate::field_names::field;
use crate::{draft::Draft, format::parsed::Parsed, hint::Hint, patient::Gender};

rules! {
    GENDER_MISSING {
        number: "V30",
        severity: Error,
        field: "gender",
        basis: "GB/T 2261.1",
        en: "the patient has no gender; map the field that holds it, or say in the profile that the source \
             has none",
        zh: "缺少性别，请映射对应字段，或在医院配置中声明来源无性别",
        check: Check::Draft(|draft, context| context.report_if(matches!(draft.gender, Parsed::Absent))),
    }
    GENDER_UNKNOWN {
        number: "V30",
        severity: Warning,
        field: "gender",
        basis: "GB/T 2261.1",
        en: "the gender is unknown or not stated; complete it at the source",
        zh: "性别为未知或未说明，请在来源系统中补全",
        check: Check::Draft(unknown),
    }
    GENDER_NOT_IN_TABLE {
        number: "V06",
        severity: Error,
        field: "gender",
        basis: "GB/T 2261.1",
        en: "the gender code is not in the hospital's code table; add it to the profile or correct it at \
             the source",
        zh: "性别代码不在该医院的代码表中，请补充医院配置或在来源系统中更正",
        check: Check::Draft(|draft, context| context.report_if(matches!(draft.gender, Parsed::Faulty(_)))),
    }
    GENDER_DIFFERS_FROM_RESIDENT_ID {
        number: "V28",
        severity: Error,
        field: "gender",
        basis: "GB 11643",
        en: "the gender differs from the one in the resident id; check both at the source, and the \
             profile's gender codes",
        zh: "性别与居民身份证号码不一致，请核对来源数据及医院配置的性别代码",
        check: Check::Draft(differs_from_resident_id),
    }
}

fn unknown(draft: &Draft, context: &mut RuleContext<'_>) {
    context.report_if(matches!(draft.gender, Parsed::Value(Gender::Unknown)));
}

fn differs_from_resident_id(draft: &Draft, context: &mut RuleContext<'_>) {
    let Parsed::Value(stated @ (Gender::Male | Gender::Female)) = draft.gender else {
        return;
    };
    if draft.resident_id().is_some_and(|id| id.gender() != stated) {
        context.report_with(field!("gender"), None, Some(Hint::GenderReversed));
    }
}

#[cfg(test)]
mod tests {
    use crate::example::codes;

    #[test]
    fn a_missing_gender_is_found() {
        assert_eq!(codes(|raw| raw.gender = "-".into()), ["GENDER_MISSING"]);
    }

    #[test]
    fn an_unknown_gender_is_found_even_where_its_code_is_a_null_token() {
        assert_eq!(codes(|raw| raw.gender = "0".into()), ["GENDER_UNKNOWN"]);
        assert_eq!(codes(|raw| raw.gender = "未说明".into()), ["GENDER_UNKNOWN"]);
    }

    #[test]
    fn a_code_outside_the_table_is_found() {
        assert_eq!(codes(|raw| raw.gender = "7".into()), ["GENDER_NOT_IN_TABLE"]);
    }

    #[test]
    fn a_gender_against_the_resident_id_is_found() {
        assert_eq!(codes(|raw| raw.gender = "男".into()), ["GENDER_DIFFERS_FROM_RESIDENT_ID"]);
        assert_eq!(codes(|raw| raw.gender = "other".into()), [""; 0]);
    }
}
