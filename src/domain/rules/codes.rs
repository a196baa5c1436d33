//! Codes for which the profile has a table. (The tables of genders and of identifier types are with the
//! rules on these.)

use super::{Check, Findings, Moment};
use crate::domain::format::draft::{Draft, Field};

rules! {
    NATIONALITY_NOT_IN_TABLE {
        number: "V06",
        severity: Error,
        field: "nationality",
        basis: "GB/T 2659 (ISO 3166-1)",
        en: "the nationality code is not in the hospital's code table; add it to the profile or correct it \
             at the source",
        zh: "国籍代码不在该医院的代码表中，请补充医院配置或在来源系统中更正",
        check: Check::Draft(nationality),
    }
    ETHNICITY_NOT_IN_TABLE {
        number: "V06",
        severity: Error,
        field: "ethnicity",
        basis: "GB/T 3304",
        en: "the ethnic group's code is not in the hospital's code table; add it to the profile or correct \
             it at the source",
        zh: "民族代码不在该医院的代码表中，请补充医院配置或在来源系统中更正",
        check: Check::Draft(ethnicity),
    }
    MARITAL_STATUS_NOT_IN_TABLE {
        number: "V06",
        severity: Error,
        field: "marital_status",
        basis: "GB/T 2261.2",
        en: "the marital status code is not in the hospital's code table; add it to the profile or correct \
             it at the source",
        zh: "婚姻状况代码不在该医院的代码表中，请补充医院配置或在来源系统中更正",
        check: Check::Draft(marital_status),
    }
}

fn nationality(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(matches!(draft.nationality, Field::Faulty(_)));
}

fn ethnicity(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(matches!(draft.ethnicity, Field::Faulty(_)));
}

fn marital_status(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    findings.report_if(matches!(draft.marital_status, Field::Faulty(_)));
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::domain::{format::example::codes_with, hospital::Profile, record::RawPatient};

    fn tables(profile: &mut Profile) {
        let table = HashMap::from([("a".to_owned(), "b".to_owned())]);
        profile.codes.nationality = Some(table.clone());
        profile.codes.ethnicity = Some(table.clone());
        profile.codes.marital_status = Some(table);
    }

    fn codes(code: &str) -> Vec<&'static str> {
        codes_with(tables, |raw: &mut RawPatient| {
            raw.nationality = code.into();
            raw.ethnicity = code.into();
            raw.marital_status = code.into();
        })
    }

    #[test]
    fn codes_outside_their_tables_are_found() {
        assert_eq!(codes("a"), [""; 0]);
        assert_eq!(codes("-"), [""; 0], "a null token");
        let all = ["NATIONALITY_NOT_IN_TABLE", "ETHNICITY_NOT_IN_TABLE", "MARITAL_STATUS_NOT_IN_TABLE"];
        assert_eq!(codes("x"), all);
    }
}
