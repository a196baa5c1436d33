//! The hospital's own number of the patient.

use super::{Check, RuleContext};
use crate::field_names::field;
use crate::{draft::Draft, format::resident_id, hint::Hint};

rules! {
    PATIENT_ID_MISSING {
        number: "V03",
        severity: Error,
        field: "patient_id",
        basis: "key of a master patient index",
        en: "the patient has no number in the hospital; map the field that holds it",
        zh: "缺少患者在该院的编号，请映射对应字段",
        check: Check::Required(|draft, context| context.report_if(draft.patient_id.is_none())),
    }
    PATIENT_ID_TOO_LONG {
        number: "V03",
        severity: Error,
        field: "patient_id",
        basis: "key of a master patient index",
        en: "the patient's number is longer than the hospital's numbers can be (128 characters, or the \
             limit of the profile); check the mapping of the field",
        zh: "患者编号超过该院编号的最大长度（128个字符或医院配置的长度），请核对字段映射",
        check: Check::Required(too_long),
    }
    PATIENT_ID_MISSHAPEN {
        number: "V03",
        severity: Error,
        field: "patient_id",
        basis: "form of the hospital's numbers in the profile",
        en: "the patient's number has characters that the hospital's numbers never have; check the mapping \
             of the field, or patient_ids in the profile",
        zh: "患者编号含有不符合该院编号规则的字符，请核对字段映射或医院配置中的患者编号规则",
        check: Check::Required(misshapen),
    }
    PATIENT_ID_ROUNDED {
        number: "V03",
        severity: Error,
        field: "patient_id",
        basis: "key of a master patient index",
        en: "the patient's number is in scientific notation and has lost its last digits; export the column \
             as text",
        zh: "患者编号为科学计数法，末位数字已丢失，请将该列按文本导出",
        check: Check::Required(rounded),
    }
}

fn too_long(draft: &Draft, context: &mut RuleContext<'_>) {
    let ids = &context.profile().patient_ids;
    context.report_if(draft.patient_id.as_ref().is_some_and(|id| ids.is_too_long(id)));
}

fn misshapen(draft: &Draft, context: &mut RuleContext<'_>) {
    let ids = &context.profile().patient_ids;
    context.report_if(draft.patient_id.as_ref().is_some_and(|id| !ids.has_characters_of(id)));
}

/// Such a number is that of many patients at once.
fn rounded(draft: &Draft, context: &mut RuleContext<'_>) {
    if draft.patient_id.as_ref().is_some_and(|id| resident_id::is_scientific(id)) {
        context.report_with(field!("patient_id"), None, Some(Hint::SpreadsheetNumber));
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        example::{codes, codes_with},
        format::patient_id::{Characters, PatientIdFormat},
    };

    #[test]
    fn a_patient_without_a_number_is_found() {
        assert_eq!(codes(|raw| raw.patient_id = " - ".into()), ["PATIENT_ID_MISSING"]);
    }

    #[test]
    fn a_number_may_have_128_characters_and_no_more() {
        assert_eq!(codes(|raw| raw.patient_id = "号".repeat(128).into()), [""; 0]);
        assert_eq!(codes(|raw| raw.patient_id = "9".repeat(129).into()), ["PATIENT_ID_TOO_LONG"]);
    }

    #[test]
    fn a_profile_knows_the_numbers_of_its_hospital() {
        let ids = PatientIdFormat { width: Some(8), characters: Characters::Digits, max_characters: 10 };
        let codes = |number: &str| {
            codes_with(|profile| profile.patient_ids = ids.clone(), |raw| raw.patient_id = number.into())
        };
        assert_eq!(codes("12345"), [""; 0]);
        assert_eq!(codes("MR-1"), ["PATIENT_ID_MISSHAPEN"]);
        assert_eq!(codes("12345678901"), ["PATIENT_ID_TOO_LONG"]);
    }

    #[test]
    fn a_number_that_a_spreadsheet_rounded_is_found() {
        assert_eq!(codes(|raw| raw.patient_id = "4.41E+17".into()), ["PATIENT_ID_ROUNDED"]);
        assert_eq!(codes(|raw| raw.patient_id = "4E17".into()), [""; 0], "a ward, not a number");
    }
}
