//! The rule catalogue: every code that can reject a record or warn about it, as data. A rule is added in one place, the
//! file of its family; the tests there must name its code. Texts are ASCII in English and end without a full stop.

use std::fmt;

use crate::{
    draft::Draft,
    field_names::FieldName,
    issue::{Issue, IssueKind, Severity},
    look_back::EarlierRecords,
    profile::{Profile, SeverityOverride},
};

#[macro_use]
mod define;

mod addresses;
mod age;
mod birth_date;
mod codes;
mod context;
mod deceased;
mod documents;
mod earlier_records;
mod external;
mod gender;
mod identifiers;
mod name;
mod order;
mod patient_id;
mod phone;
mod received_at;
mod record;
mod stored;
mod text;

pub use context::{RecordContext, RuleContext};
pub use external::{IDENTITY_ILLEGAL, IDENTITY_MISMATCH, IDENTITY_NOT_FOUND};
pub use received_at::ReceivedAt;
pub use record::{
    FIELDS_UNMAPPED, HOSPITAL_UNKNOWN, PAYLOAD_KEY_REPEATED, PAYLOAD_MISSING, PAYLOAD_NOT_AN_OBJECT,
    PAYLOAD_TOO_DEEP, PAYLOAD_TOO_LARGE, PAYLOAD_UNDECODABLE, RECORD_ID_DUPLICATE, RECORD_ID_HAS_NUL,
    RECORD_ID_MISSING, RECORD_ID_TOO_LONG,
};
pub use stored::{IDENTITY_OVERWRITTEN, RECORD_OLDER_THAN_STORED};

#[derive(Debug)]
pub struct Rule {
    pub kind: IssueKind,
    /// The number of its matter, as `V23`: rules that check one matter in different ways share it.
    pub number: &'static str,
    /// Its severity where the profile does not say otherwise.
    pub severity: Severity,
    /// The number that it compares with, if there is one that a profile may change.
    pub limit: Option<Limit>,
    /// The canonical field that it is about; empty for the whole record.
    pub field: FieldName,
    /// The standard or the reason behind it.
    pub basis: &'static str,
    check: Check,
}

/// A number of a rule that a profile may change.
#[derive(Debug, PartialEq, Eq)]
pub struct Limit {
    /// The number where the profile does not say otherwise.
    pub default: u32,
    /// What it counts, as `years`.
    pub what: &'static str,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.default, self.what)
    }
}

/// What raises a rule, and how.
#[derive(Debug)]
enum Check {
    /// A check of the draft of one record.
    Draft(fn(&Draft, &mut RuleContext<'_>)),
    /// A check of the draft that no profile can soften: it is about what every patient must have.
    Required(fn(&Draft, &mut RuleContext<'_>)),
    /// The parsing of the payload.
    Payload,
    /// The mapping of the payload's fields.
    Mapping,
    /// A check of what the earlier records of the batch say about a record that passed the other checks.
    Earlier(fn(&EarlierRecords, &mut RuleContext<'_>)),
    /// The intake of the batch, which knows the record's index.
    Batch,
    /// The hospital's own verdict.
    External,
    /// The store, when it writes the record.
    Store,
}

impl Rule {
    /// An issue of this rule about its own field, with the severity of the profile.
    pub fn issue(&'static self, profile: Option<&Profile>) -> Issue {
        let severity = match profile {
            Some(profile) if self.is_adjustable() => profile.severity(self.kind.code, self.severity),
            _ => self.severity,
        };
        Issue { severity, ..Issue::error(&self.kind, self.field.as_str()) }
    }

    /// Whether this hospital's records are judged without the rule.
    pub fn is_off(&self, profile: &Profile) -> bool {
        profile
            .rules
            .get(self.kind.code)
            .is_some_and(|setting| setting.severity == Some(SeverityOverride::Off))
    }

    /// The rule's limit for this hospital.
    ///
    /// # Panics
    ///
    /// If the rule declares no limit.
    pub fn limit_in(&self, profile: &Profile) -> u32 {
        let declared = self.limit.as_ref().expect("only a rule that declares a limit asks for it");
        profile.rules.get(self.kind.code).and_then(|setting| setting.limit).unwrap_or(declared.default)
    }

    /// Whether a profile may state another severity, or switch the rule off where it only warns.
    pub fn is_adjustable(&self) -> bool {
        matches!(self.check, Check::Draft(_) | Check::Mapping | Check::Earlier(_) | Check::External)
    }
}

/// The rules by family, in the order in which their issues are reported.
static FAMILIES: [&[&Rule]; 17] = [
    record::RULES,
    patient_id::RULES,
    text::RULES,
    name::RULES,
    gender::RULES,
    birth_date::RULES,
    age::RULES,
    identifiers::RULES,
    documents::RULES,
    phone::RULES,
    addresses::RULES,
    codes::RULES,
    deceased::RULES,
    order::RULES,
    earlier_records::RULES,
    external::RULES,
    stored::RULES,
];

pub fn catalogue() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.into_iter().flatten().copied()
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    catalogue().find(|rule| rule.kind.code == code)
}

/// What the rules find in a draft, in the order of the catalogue.
pub fn judge(draft: &Draft, record: RecordContext<'_>) -> Vec<Issue> {
    let mut issues = Vec::new();
    for rule in catalogue() {
        if let Check::Draft(check) | Check::Required(check) = rule.check {
            check(draft, &mut RuleContext::new(rule, record, &mut issues));
        }
    }
    issues
}

/// Adds what the rules find in what earlier records of the batch say about a record, in the order of the catalogue.
pub fn judge_against_earlier(earlier: &EarlierRecords, record: RecordContext<'_>, issues: &mut Vec<Issue>) {
    for rule in earlier_records::RULES {
        if let Check::Earlier(check) = rule.check {
            check(earlier, &mut RuleContext::new(rule, record, issues));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{
        example,
        profile::{RuleSetting, SeverityOverride},
    };

    #[test]
    fn codes_are_unique_and_upper_snake() {
        let mut seen = HashSet::new();
        for rule in catalogue() {
            let code = rule.kind.code;
            assert!(seen.insert(code), "{code} occurs twice");
            assert!(code.split('_').all(|word| !word.is_empty()), "{code}");
            assert!(code.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')), "{code}");
        }
    }

    #[test]
    fn every_rule_speaks_both_languages_and_names_its_basis() {
        for rule in catalogue() {
            let code = rule.kind.code;
            let (en, zh) = (rule.kind.text.en, rule.kind.text.zh);
            assert!(!en.is_empty() && !en.ends_with('.') && en.is_ascii(), "{code}");
            assert!(!zh.is_empty() && !zh.ends_with('。') && !zh.is_ascii(), "{code}");
            assert!(rule.number.starts_with('V') && !rule.basis.is_empty(), "{code}");
        }
    }

    #[test]
    fn rules_are_found_by_their_code() {
        for rule in catalogue() {
            assert!(std::ptr::eq(find(rule.kind.code).unwrap(), rule));
        }
        assert!(find("NO_SUCH_RULE").is_none());
    }

    #[test]
    fn a_profile_changes_the_severity_of_adjustable_rules_only() {
        let mut profile = example::profile();
        profile.rules.insert("GENDER_MISSING", Severity::Warning.into());
        profile.rules.insert("PATIENT_ID_MISSING", Severity::Warning.into());
        let severity = |code| find(code).unwrap().issue(Some(&profile)).severity;
        assert_eq!(severity("GENDER_MISSING"), Severity::Warning);
        assert_eq!(severity("PATIENT_ID_MISSING"), Severity::Error);
        assert_eq!(find("GENDER_MISSING").unwrap().issue(None).severity, Severity::Error);
        assert!(!RECORD_ID_MISSING.is_adjustable() && IDENTITY_MISMATCH.is_adjustable());
        assert!(!IDENTITY_OVERWRITTEN.is_adjustable());
    }

    #[test]
    fn a_rule_that_is_off_says_nothing() {
        let silent = |profile: &mut Profile| {
            let off = RuleSetting { severity: Some(SeverityOverride::Off), ..RuleSetting::default() };
            profile.rules.insert("PHONE_INVALID", off);
        };
        assert_eq!(example::codes(|raw| raw.phones[0] = "123".into()), ["PHONE_INVALID"]);
        assert_eq!(example::codes_with(silent, |raw| raw.phones[0] = "123".into()), [""; 0]);
    }

    #[test]
    fn the_example_patient_raises_nothing() {
        assert_eq!(example::codes(|_| {}), [""; 0]);
    }
}
