//! Identity documents and other numbers.

use super::{Check, RuleContext};
use crate::field_names::field;
use crate::{
    draft::{Draft, DraftIdentifier},
    format::{
        parsed::Parsed,
        resident_id::{ResidentId, ShapeFault},
    },
    hint::Hint,
};
use divisions::{self, IdRegion};

rules! {
    IDENTITY_INCOMPLETE {
        number: "V10",
        severity: Error,
        field: "identifiers",
        basis: "key of a master patient index",
        en: "the patient has no usable identifier, and not all of name, gender and date of birth; map or \
             complete them",
        zh: "患者既无可用证件号码，也无完整的姓名、性别和出生日期，请映射或补全",
        check: Check::Draft(identity_incomplete),
    }
    RESIDENT_ID_ABSENT {
        number: "V11",
        severity: Warning,
        field: "identifiers",
        basis: "CV02.01.101",
        en: "the patient has no resident id; map it if the source has one",
        zh: "患者没有居民身份证号码，如来源系统有该字段请映射",
        check: Check::Draft(resident_id_absent),
    }
    IDENTIFIER_TYPE_NOT_IN_TABLE {
        number: "V06",
        severity: Error,
        field: "identifiers.type",
        basis: "CV02.01.101",
        en: "the identifier's type is not in the hospital's code table; add it to the profile or correct \
             it at the source",
        zh: "证件类型代码不在该医院的代码表中，请补充医院配置或在来源系统中更正",
        check: Check::Draft(|draft, context| {
            report_each(draft, context, |identifier| matches!(identifier.kind, Parsed::Faulty(_)));
        }),
    }
    RESIDENT_ID_MISSHAPEN {
        number: "V12",
        severity: Error,
        field: "identifiers.value",
        basis: "GB 11643",
        en: "a resident id has 17 digits followed by a digit or X, or 15 digits; correct it at the source \
             or map it as another type",
        zh: "居民身份证号码应为17位数字加1位数字或X，或15位数字，请在来源系统中更正或映射为其他证件类型",
        check: Check::Draft(resident_id_misshapen),
    }
    RESIDENT_ID_CHECK_WRONG {
        number: "V13",
        severity: Error,
        field: "identifiers.value",
        basis: "ISO 7064 MOD 11-2",
        en: "the check character of the resident id is wrong; look for a typing error at the source",
        zh: "居民身份证号码校验码错误，请在来源系统中检查录入错误",
        check: Check::Draft(resident_id_check_wrong),
    }
    RESIDENT_ID_MASKED {
        number: "V13M",
        severity: Error,
        field: "identifiers.value",
        basis: "GB 11643",
        en: "the resident id is masked; ask the source for the whole number or leave the field out",
        zh: "居民身份证号码已脱敏，请由来源系统提供完整号码或不发送该字段",
        check: Check::Draft(resident_id_masked),
    }
    RESIDENT_ID_DATE_IMPOSSIBLE {
        number: "V14",
        severity: Error,
        field: "identifiers.value",
        basis: "GB 11643, GB/T 7408 (ISO 8601)",
        en: "the date in the resident id is not in the calendar or is in the future; look for a typing \
             error at the source",
        zh: "居民身份证号码中的日期不存在或在未来，请在来源系统中检查录入错误",
        check: Check::Draft(resident_id_date_impossible),
    }
    RESIDENT_ID_PROVINCE_UNKNOWN {
        number: "V15",
        severity: Warning,
        field: "identifiers.value",
        basis: "GB/T 2260, permit rules",
        en: "the resident id starts neither with the code of a province nor with that of a permit (81, 82, \
             83 or 9); look for a typing error at the source",
        zh: "居民身份证号码的前两位不是省级代码，也不是居住证或永久居留证（81、82、83或9），请检查录入错误",
        check: Check::Draft(|draft, context| report_resident_ids(draft, context, |id| id.region().is_none())),
    }
    RESIDENT_ID_DIVISION_UNKNOWN {
        number: "V16",
        severity: Warning,
        field: "identifiers.value",
        basis: "GB/T 2260 of all years",
        en: "the first six digits of the resident id have never been the code of a division; look for a \
             typing error at the source",
        zh: "居民身份证号码的前六位不是任何年份的行政区划代码，请检查录入错误",
        check: Check::Draft(resident_id_division_unknown),
    }
    RESIDENT_ID_ROUNDED {
        number: "V13",
        severity: Error,
        field: "identifiers.value",
        basis: "GB 11643",
        en: "the resident id is in scientific notation and has lost its last digits; export the column as text",
        zh: "居民身份证号码为科学计数法，末位数字已丢失，请将该列按文本导出",
        check: Check::Draft(resident_id_rounded),
    }
    RESIDENT_ID_IS_PLACEHOLDER {
        number: "V19",
        severity: Warning,
        field: "identifiers.value",
        basis: "registration practice",
        en: "the resident id is one repeated digit, or consecutive digits; it was probably made up to fill \
             the field",
        zh: "居民身份证号码为重复或连续数字，疑似为填充字段而编造",
        check: Check::Draft(|draft, context| report_resident_ids(draft, context, ResidentId::is_placeholder)),
    }
}

fn identity_incomplete(draft: &Draft, context: &mut RuleContext<'_>) {
    let described = draft.name.is_some()
        && draft.gender.value().is_some()
        && (draft.birth_date.value().is_some() || draft.derived_birth_date().is_some());
    context.report_if(!described && !draft.identifiers.iter().any(DraftIdentifier::is_usable));
}

fn resident_id_absent(draft: &Draft, context: &mut RuleContext<'_>) {
    let has_one = draft.identifiers.iter().any(|identifier| identifier.resident_id.is_some());
    context.report_if(!has_one);
}

fn resident_id_misshapen(draft: &Draft, context: &mut RuleContext<'_>) {
    report_each(draft, context, |identifier| matches!(identifier.resident_id, Some(Err(ShapeFault::Wrong))));
}

fn resident_id_masked(draft: &Draft, context: &mut RuleContext<'_>) {
    report_each(draft, context, |identifier| matches!(identifier.resident_id, Some(Err(ShapeFault::Masked))));
}

fn resident_id_check_wrong(draft: &Draft, context: &mut RuleContext<'_>) {
    for (identifier, _) in resident_ids(draft).filter(|(_, id)| !id.check_character_is_right()) {
        // A spreadsheet keeps fifteen digits, and writes zeros for the others.
        let hint = identifier.value.ends_with("000").then_some(Hint::SpreadsheetNumber);
        context.report_with(field!("identifiers.value"), Some(identifier.position), hint);
    }
}

fn resident_id_rounded(draft: &Draft, context: &mut RuleContext<'_>) {
    let rounded =
        |identifier: &&DraftIdentifier| matches!(identifier.resident_id, Some(Err(ShapeFault::Rounded)));
    for identifier in draft.identifiers.iter().filter(rounded) {
        let hint = Some(Hint::SpreadsheetNumber);
        context.report_with(field!("identifiers.value"), Some(identifier.position), hint);
    }
}

fn resident_id_division_unknown(draft: &Draft, context: &mut RuleContext<'_>) {
    report_resident_ids(draft, context, |id| {
        id.region() == Some(IdRegion::Province) && !divisions::is_known(id.division())
    });
}

fn resident_id_date_impossible(draft: &Draft, context: &mut RuleContext<'_>) {
    let latest = context.received().latest_day();
    report_resident_ids(draft, context, |id| id.birth_date().is_none_or(|date| date > latest));
}

fn report_resident_ids(draft: &Draft, context: &mut RuleContext<'_>, broken: impl Fn(&ResidentId) -> bool) {
    for (identifier, _) in resident_ids(draft).filter(|(_, id)| broken(id)) {
        context.report_element(identifier.position);
    }
}

/// The resident ids that the source sent, in the shape of one.
fn resident_ids(draft: &Draft) -> impl Iterator<Item = (&DraftIdentifier, ResidentId)> {
    let sent = draft.identifiers.iter().filter(|identifier| !identifier.is_derived);
    sent.filter_map(|identifier| Some((identifier, identifier.resident_id?.ok()?)))
}

fn report_each(draft: &Draft, context: &mut RuleContext<'_>, broken: impl Fn(&DraftIdentifier) -> bool) {
    for identifier in draft.identifiers.iter().filter(|identifier| broken(identifier)) {
        context.report_element(identifier.position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{codes, codes_with, identifier, issues};

    /// The findings about the example patient with this resident id as the second identifier.
    fn of_resident_id(value: &str) -> Vec<&'static str> {
        codes(|raw| raw.identifiers.push(identifier("01", value)))
    }

    #[test]
    fn a_patient_whom_nothing_identifies_is_found() {
        let unknown = codes(|raw| {
            raw.identifiers.clear();
            raw.gender.clear();
        });
        assert_eq!(unknown, ["GENDER_MISSING", "IDENTITY_INCOMPLETE", "RESIDENT_ID_ABSENT"]);
        let with_passport = codes(|raw| {
            raw.identifiers = vec![identifier("03", "E12345678")];
            raw.gender.clear();
        });
        assert_eq!(with_passport, ["GENDER_MISSING", "RESIDENT_ID_ABSENT"]);
    }

    #[test]
    fn a_patient_without_a_resident_id_is_found() {
        assert_eq!(codes(|raw| raw.identifiers.clear()), ["RESIDENT_ID_ABSENT"]);
        assert_eq!(codes(|raw| raw.identifiers[0].value = "无".into()), ["RESIDENT_ID_ABSENT"]);
    }

    #[test]
    fn a_type_outside_the_table_is_found() {
        let table = [("SFZ".to_owned(), "01".to_owned())];
        let codes = |kind: &str| {
            codes_with(
                |profile| profile.codes.identifier_type = Some(table.clone().into()),
                |raw| raw.identifiers[0].kind = kind.into(),
            )
        };
        assert_eq!(codes("SFZ"), [""; 0]);
        assert_eq!(codes("X"), ["RESIDENT_ID_ABSENT", "IDENTIFIER_TYPE_NOT_IN_TABLE"]);
    }

    #[test]
    fn the_shape_of_a_resident_id_is_checked() {
        assert_eq!(of_resident_id("110105194912"), ["RESIDENT_ID_MISSHAPEN"]);
        assert_eq!(of_resident_id("4.41E+17"), ["RESIDENT_ID_ROUNDED"]);
        assert_eq!(of_resident_id("110105********002X"), ["RESIDENT_ID_MASKED"]);
        assert_eq!(of_resident_id("１１０１０５ 19491231-002ｘ"), [""; 0]);
        assert_eq!(of_resident_id("110105491231002"), [""; 0]);
    }

    #[test]
    fn the_check_character_of_a_resident_id_is_checked() {
        assert_eq!(of_resident_id("110105194912310021"), ["RESIDENT_ID_CHECK_WRONG"]);
        let issues = issues(|raw| raw.identifiers.push(identifier("01", "110105194912310021")));
        assert_eq!(issues[0].path(), "identifiers[1].value");
    }

    #[test]
    fn the_date_of_a_resident_id_is_checked() {
        assert!(of_resident_id("110105194902300021").contains(&"RESIDENT_ID_DATE_IMPOSSIBLE"));
        assert!(of_resident_id("110105209912310021").contains(&"RESIDENT_ID_DATE_IMPOSSIBLE"));
    }

    #[test]
    fn what_a_spreadsheet_does_to_a_resident_id_is_seen() {
        let hint = |value: &str| {
            let found = issues(|raw| raw.identifiers.push(identifier("01", value)));
            (found[0].kind.code, found[0].hint)
        };
        assert_eq!(hint("4.41E+17"), ("RESIDENT_ID_ROUNDED", Some(Hint::SpreadsheetNumber)));
        assert_eq!(hint("110105194912310000"), ("RESIDENT_ID_CHECK_WRONG", Some(Hint::SpreadsheetNumber)));
        assert_eq!(hint("110105194912310021"), ("RESIDENT_ID_CHECK_WRONG", None));
    }

    #[test]
    fn a_made_up_resident_id_is_found() {
        assert!(of_resident_id("111111111111111").contains(&"RESIDENT_ID_IS_PLACEHOLDER"));
        assert_eq!(of_resident_id("11010519491231002X"), [""; 0]);
    }

    #[test]
    fn a_division_that_never_was_is_found() {
        assert_eq!(of_resident_id("160105194912310029"), ["RESIDENT_ID_PROVINCE_UNKNOWN"]);
        assert_eq!(of_resident_id("11019919491231002X"), ["RESIDENT_ID_DIVISION_UNKNOWN"]);
        assert_eq!(of_resident_id("110103194912310027"), [""; 0], "Chongwen, abolished in 2010");
        for permit in ["810000194912310028", "830000194912310021", "91115619491231002X"] {
            assert_eq!(of_resident_id(permit), [""; 0], "{permit}");
        }
    }
}
