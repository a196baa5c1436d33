//! Codes for which the profile has a table. (The tables of genders and of identifier types are with the
//! rules on these.)

use super::{Check, RuleContext};
use crate::{country, draft::Draft, format::parsed::Parsed};
use divisions::IdRegion;

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
    CODE_AND_DISPLAY_DISAGREE {
        number: "V09",
        severity: Warning,
        field: "",
        basis: "code and display pairs",
        en: "the display text means a different code; the code was used, check both at the source",
        zh: "代码与其显示名称不一致，已采用代码，请在来源系统中核对",
        check: Check::Draft(disagree),
    }
    NATIONALITY_NOT_ISO {
        number: "V40",
        severity: Warning,
        field: "nationality",
        basis: "GB/T 2659 (ISO 3166-1 alpha-3)",
        en: "the nationality is not an ISO 3166-1 alpha-3 code; translate it in the profile's table",
        zh: "国籍不是ISO 3166-1三位字母代码，请在医院配置的代码表中翻译",
        check: Check::Draft(|draft, context| {
            context.report_if(draft.nationality.value().is_some_and(|code| !country::is_alpha3(code)));
        }),
    }
    NATIONALITY_AND_IDENTIFIER_DISAGREE {
        number: "V40",
        severity: Warning,
        field: "nationality",
        basis: "GB/T 2659, permit rules",
        en: "the nationality does not match the resident id: foreign nationals have none, or a permanent \
             resident card whose number starts with 9; check both at the source",
        zh: "国籍与居民身份证号码不符（外国人没有居民身份证，或持9开头的永久居留身份证），请核对",
        check: Check::Draft(nationality_and_identifier_disagree),
    }
}

fn nationality(draft: &Draft, context: &mut RuleContext<'_>) {
    context.report_if(matches!(draft.nationality, Parsed::Faulty(_)));
}

fn ethnicity(draft: &Draft, context: &mut RuleContext<'_>) {
    context.report_if(matches!(draft.ethnicity, Parsed::Faulty(_)));
}

fn marital_status(draft: &Draft, context: &mut RuleContext<'_>) {
    context.report_if(matches!(draft.marital_status, Parsed::Faulty(_)));
}

fn disagree(draft: &Draft, context: &mut RuleContext<'_>) {
    for field in &draft.disagreements {
        context.report(*field, None);
    }
}

/// What the number says: 9 is for foreigners, all else for nationals. The permits of Hong Kong, Macau and
/// Taiwan are for nationals too, whose regions have codes of their own.
fn nationality_and_identifier_disagree(draft: &Draft, context: &mut RuleContext<'_>) {
    let (Some(nationality), Some(id)) = (draft.nationality.value(), draft.resident_id()) else { return };
    let of_china = ["CHN", "HKG", "MAC", "TWN"].contains(&nationality.as_str());
    let for_foreigners = id.region() == Some(IdRegion::ForeignPermanentResident);
    context.report_if(country::is_alpha3(nationality) && of_china == for_foreigners);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::{
        example::{codes as plain, codes_with, identifier},
        profile::Profile,
        record::RawPatient,
    };

    fn tables(profile: &mut Profile) {
        let table = HashMap::from([("a".to_owned(), "b".to_owned())]);
        profile.codes.nationality = Some(HashMap::from([("a".to_owned(), "CHN".to_owned())]));
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

    #[test]
    fn a_display_that_means_another_code_is_found() {
        let shown = |display: &str| plain(|raw| raw.gender_display = display.into());
        assert_eq!(shown("男"), ["CODE_AND_DISPLAY_DISAGREE"]);
        assert_eq!(shown("女"), [""; 0]);
        assert_eq!(shown("?"), [""; 0], "what no table knows tells nothing");
        let married = |display: &str| {
            let table = HashMap::from(
                [("20", "20"), ("已婚", "20"), ("未婚", "10")].map(|(from, to)| (from.into(), to.into())),
            );
            codes_with(
                |profile| profile.codes.marital_status = Some(table),
                |raw| {
                    raw.marital_status = "20".into();
                    raw.marital_status_display = display.into();
                },
            )
        };
        assert_eq!(married("已婚"), [""; 0]);
        assert_eq!(married("未婚"), ["CODE_AND_DISPLAY_DISAGREE"]);
    }

    #[test]
    fn a_nationality_outside_iso_3166_is_found() {
        assert_eq!(plain(|raw| raw.nationality = "CHN".into()), [""; 0]);
        assert_eq!(plain(|raw| raw.nationality = "XYZ".into()), ["NATIONALITY_NOT_ISO"]);
    }

    #[test]
    fn a_foreigner_with_a_resident_id_is_found() {
        assert_eq!(plain(|raw| raw.nationality = "AUS".into()), ["NATIONALITY_AND_IDENTIFIER_DISAGREE"]);
        let resident = |nationality: &str| {
            plain(|raw| {
                raw.nationality = nationality.into();
                raw.identifiers = vec![identifier("01", "91115619491231002X")];
            })
        };
        assert!(!resident("AUS").contains(&"NATIONALITY_AND_IDENTIFIER_DISAGREE"));
        assert!(resident("CHN").contains(&"NATIONALITY_AND_IDENTIFIER_DISAGREE"));
    }
}
