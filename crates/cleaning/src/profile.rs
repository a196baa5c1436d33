//! A hospital's profile: how its records are written, mapped, judged and verified. Plain data, read once at start
//! and never changed afterwards.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::tz::TimeZone;

use crate::{
    format::{date::DateFormat, patient_id::PatientIdFormat},
    issue::Severity,
    patient::Gender,
};

mod charset;
pub mod mapping;
mod response_format;
mod rule_setting;
mod verdict;
mod verification;

pub use charset::Charset;
pub use response_format::{Answer, CallStatus, CodeField, NoVerdict, Pointer, ResponseFormat};
pub use rule_setting::{RuleSetting, SeverityOverride};
pub use verdict::Verdict;
pub use verification::{RetryPolicy, VerdictCacheConfig, VerificationConfig};

use mapping::Mapping;

/// One hospital's profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The hospital's code: the file's name, and `hospital_code` of its records.
    pub code: Arc<str>,
    /// The version that the profile states; results carry it.
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
    /// Whether Han names are stored with their pinyin.
    pub pinyin: bool,
    /// Texts that mean "nothing", compared after trimming and width folding, case ignored.
    pub null_tokens: HashSet<String>,
    pub codes: CodeTables,
    /// The form of the hospital's patient ids.
    pub patient_ids: PatientIdFormat,
    /// Rules that this hospital changes, by their code.
    pub rules: HashMap<&'static str, RuleSetting>,
    /// The hospital's verification API; without one its records are not verified.
    pub verify: Option<VerificationConfig>,
}

impl Profile {
    /// The severity of a rule for this hospital.
    pub fn severity(&self, code: &str, default: Severity) -> Severity {
        match self.rules.get(code).and_then(|rule| rule.severity) {
            Some(SeverityOverride::On(severity)) => severity,
            Some(SeverityOverride::Off) | None => default,
        }
    }

    /// The same hospital with its verification API, if it has one, simulated at another address, where answers have
    /// the service's own form, and with another limit if one is given.
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

/// From a source's codes to canonical ones. A code that is missing from a given table is an error; without a table,
/// the source's code is taken as it is, and gender follows GB/T 2261.1 and FHIR.
#[derive(Clone, Debug, Default)]
pub struct CodeTables {
    pub gender: Option<HashMap<String, Gender>>,
    /// To CV02.01.101.
    pub identifier_type: Option<HashMap<String, String>>,
    pub nationality: Option<HashMap<String, String>>,
    pub ethnicity: Option<HashMap<String, String>>,
    pub marital_status: Option<HashMap<String, String>>,
}
