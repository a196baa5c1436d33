//! A hospital's profile: how its records are written, mapped, judged and verified. Loaded strictly from
//! `etc/hospitals/<code>.yaml` at start and never changed afterwards.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::tz::TimeZone;

use crate::{
    format::{date::DateFormat, patient_id::PatientIdFormat},
    issue::Severity,
    patient::Gender,
    rules::Rule,
};

mod charset;
mod load;
pub mod mapping;
mod response_format;
mod rule_setting;
mod sample;
mod verification;

pub use charset::Charset;
pub use load::Defaults;
pub use response_format::{Answer, NoVerdict, ResponseFormat};
pub use rule_setting::{RuleSetting, SeverityOverride};
pub use sample::Sample;
pub use verification::{RetryPolicy, Verdict, VerdictCacheConfig, VerificationConfig};

use mapping::Mapping;

/// One hospital's profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The hospital's code: the file's name, and `hospital_code` of its records.
    pub code: Arc<str>,
    /// The version that the profile states; answers carry it.
    pub version: String,
    /// The character set of `raw_bytes`.
    pub charset: Charset,
    /// From the source's own field names to the canonical ones.
    pub mapping: Mapping,
    /// Formats of dates, tried in order.
    pub date_formats: Vec<DateFormat>,
    /// The zone in which the source's instants become dates.
    pub time_zone: TimeZone,
    /// The region of phone numbers written without a country code.
    pub phone_region: Option<phonenumber::country::Id>,
    /// Whether Han names get their pinyin beside them.
    pub pinyin: bool,
    /// Texts that mean "nothing", compared after trimming and width folding, case ignored.
    pub null_tokens: HashSet<String>,
    /// The source's code tables.
    pub codes: CodeTables,
    /// What the numbers of the hospital's patients look like.
    pub patient_ids: PatientIdFormat,
    /// Rules that are judged otherwise than the catalogue says, by their code.
    pub rules: HashMap<&'static str, RuleSetting>,
    /// The hospital's verification API; absent means that its records are not verified.
    pub verify: Option<VerificationConfig>,
    /// Records that prove the profile. All of them hold in a profile that [`Profile::parse`] gave.
    pub samples: Arc<[Sample]>,
}

impl Profile {
    /// The severity of a rule for this hospital.
    pub fn severity(&self, code: &str, default: Severity) -> Severity {
        match self.rules.get(code).and_then(|rule| rule.severity) {
            Some(SeverityOverride::On(severity)) => severity,
            Some(SeverityOverride::Off) | None => default,
        }
    }

    /// Whether this hospital's records are judged without a rule.
    pub fn is_off(&self, rule: &Rule) -> bool {
        self.rules.get(rule.kind.code).is_some_and(|setting| setting.severity == Some(SeverityOverride::Off))
    }

    /// The number of a rule that has one, for this hospital.
    ///
    /// # Panics
    ///
    /// If the rule declares no limit.
    pub fn limit(&self, rule: &Rule) -> u32 {
        let declared = rule.limit.as_ref().expect("only a rule that declares a limit asks for it");
        self.rules.get(rule.kind.code).and_then(|setting| setting.limit).unwrap_or(declared.default)
    }

    /// The same hospital with its verification API, if it has one, played at another address, where answers
    /// come in the service's own form, and with another limit if one is given.
    pub fn verified_at(&self, url: &str, max_in_flight: Option<usize>) -> Self {
        let moved = |verify: &VerificationConfig| VerificationConfig {
            url: url.to_owned(),
            max_in_flight: max_in_flight.or(verify.max_in_flight),
            response: None,
            ..verify.clone()
        };
        Self { verify: self.verify.as_ref().map(moved), ..self.clone() }
    }
}

/// From a source's code to the canonical one. A code that is not in a given table is an error; a table
/// that the profile leaves out lets the defaults speak.
#[derive(Clone, Debug, Default)]
pub struct CodeTables {
    /// Gender; without a table the defaults of GB/T 2261.1 and FHIR hold.
    pub gender: Option<HashMap<String, Gender>>,
    /// Identifier types, to CV02.01.101; without a table the source's code is taken as it stands.
    pub identifier_type: Option<HashMap<String, String>>,
    /// Nationality; without a table the source's code is taken as it stands.
    pub nationality: Option<HashMap<String, String>>,
    /// Ethnic group; without a table the source's code is taken as it stands.
    pub ethnicity: Option<HashMap<String, String>>,
    /// Marital status; without a table the source's code is taken as it stands.
    pub marital_status: Option<HashMap<String, String>>,
}
