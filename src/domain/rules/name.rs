//! Names.

use super::{Check, Findings, Moment};
use crate::domain::format::draft::Draft;

rules! {
    NAME_MISSING {
        number: "V31",
        severity: Error,
        field: "name",
        basis: "WS/T 303, FHIR Patient.name",
        en: "the patient has no name; map the field that holds it",
        zh: "缺少患者姓名，请映射对应字段",
        check: Check::Draft(missing),
    }
}

fn missing(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(draft.name.is_none());
}

#[cfg(test)]
mod tests {
    use crate::domain::format::example::codes;

    #[test]
    fn a_patient_without_a_name_is_found() {
        assert_eq!(codes(|raw| raw.name.text = "无".into()), ["NAME_MISSING"]);
    }

    #[test]
    fn one_part_of_a_name_is_enough() {
        let family_only = codes(|raw| {
            raw.name.text.clear();
            raw.name.family = "green".into();
        });
        assert_eq!(family_only, [""; 0]);
    }
}
