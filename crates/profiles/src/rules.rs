//! The `rules` of a profile: what this source changes in the catalogue.

use std::collections::HashMap;

use cleaning::{
    issue::Severity,
    profile::{RuleSetting, SeverityOverride},
    rules::{self, Rule},
};
use settings::{Reported, Section, SettingField, did_you_mean};

/// The severities by their names in a profile.
const SWITCHES: [(&str, SeverityOverride); 3] = [
    (Severity::Error.name(), SeverityOverride::On(Severity::Error)),
    (Severity::Warning.name(), SeverityOverride::On(Severity::Warning)),
    ("off", SeverityOverride::Off),
];

const MAX_LIMIT: u32 = 1_000_000;

/// Reads the section.
pub(super) fn read(field: SettingField<'_>) -> Result<HashMap<&'static str, RuleSetting>, Reported> {
    let settings = field.entries(|code, setting| match rules::find(code) {
        None => Err(setting.refuse(unknown(code))),
        Some(rule) => setting.table(|section| Ok((rule.kind.code, rule_setting(section, rule)?))),
    })?;
    Ok(settings.into_iter().collect())
}

/// The message about a code that no rule has.
pub(super) fn unknown(code: &str) -> String {
    let known: Vec<_> = rules::catalogue().map(|rule| rule.kind.code).collect();
    let hint = match did_you_mean(code, &known) {
        hint if hint.is_empty() => "; `dataprocessing rules` lists them".to_owned(),
        hint => hint,
    };
    format!("is not a rule{hint}")
}

/// A rule that is made milder needs a reason, so that the next reader of the profile can judge whether it still applies.
fn rule_setting(section: &mut Section<'_>, rule: &'static Rule) -> Result<RuleSetting, Reported> {
    let severity = section.field("severity").map(|name| severity(name, rule)).transpose();
    let limit = section.field("limit").map(|number| limit(number, rule)).transpose();
    let reason = section.optional::<String>("reason");
    let milder = matches!(severity, Ok(Some(switch)) if is_milder(switch, rule.severity));
    if milder && reason == Ok(None) {
        return Err(section.problem("needs a reason: why can this source not satisfy the rule?"));
    }
    if (severity, limit) == (Ok(None), Ok(None)) {
        return Err(section.problem("changes nothing; state a severity or a limit"));
    }
    Ok(RuleSetting { severity: severity?, limit: limit?, reason: reason? })
}

fn severity(name: SettingField<'_>, rule: &Rule) -> Result<SeverityOverride, Reported> {
    if !rule.is_adjustable() {
        return Err(name.refuse("cannot be changed: every stored patient needs what the rule requires"));
    }
    name.choice_if(&SWITCHES, |switch| match (switch, rule.severity) {
        (SeverityOverride::Off, Severity::Error) => {
            Err("cannot be off for a rule that rejects; make it a warning, so that it stays visible")
        }
        _ => Ok(()),
    })
}

fn is_milder(switch: SeverityOverride, than: Severity) -> bool {
    match switch {
        SeverityOverride::Off => true,
        SeverityOverride::On(severity) => severity > than,
    }
}

fn limit(number: SettingField<'_>, rule: &Rule) -> Result<u32, Reported> {
    if rule.limit.is_some() {
        return number.within(1..=MAX_LIMIT);
    }
    let with_limits = rules::catalogue().filter(|rule| rule.limit.is_some()).map(|rule| rule.kind.code);
    let with_limits: Vec<_> = with_limits.collect();
    Err(number.refuse(format!("does not apply to this rule; rules with a limit: {}", with_limits.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleaning::profile::Profile;

    fn with_rules(rules: &str) -> Result<Profile, Vec<String>> {
        let text = format!(
            "version: 1\ntime_zone: UTC\ndate_formats: yyyy\nmapping: {{patient_id: id}}\nrules:\n  {rules}\n"
        );
        crate::tests::parse(&text)
    }

    fn problem(rules: &str) -> String {
        with_rules(rules).expect_err("refused").join("\n")
    }

    #[test]
    fn a_milder_severity_needs_a_reason() {
        let profile =
            with_rules("GENDER_MISSING: {severity: warning, reason: none recorded}").expect("right");
        assert_eq!(profile.severity("GENDER_MISSING", Severity::Error), Severity::Warning);
        assert_eq!(profile.severity("BIRTH_DATE_MISSING", Severity::Error), Severity::Error);
        assert_eq!(profile.rules["GENDER_MISSING"].reason.as_deref(), Some("none recorded"));
        assert!(
            problem("GENDER_MISSING: {severity: warning}").contains("rules.GENDER_MISSING: needs a reason")
        );
        assert!(problem("RESIDENT_ID_ABSENT: {severity: off}").contains("needs a reason"));
        for no_milder in ["GENDER_MISSING: {severity: error}", "PHONE_INVALID: {severity: warning}"] {
            assert!(with_rules(no_milder).is_ok(), "{no_milder}");
        }
    }

    #[test]
    fn a_warning_can_be_switched_off_and_an_error_cannot() {
        let profile = with_rules("RESIDENT_ID_ABSENT: {severity: off, reason: foreigners}").expect("right");
        assert!(rules::find("RESIDENT_ID_ABSENT").expect("a rule").is_off(&profile));
        assert!(!rules::find("GENDER_MISSING").expect("a rule").is_off(&profile));
        let found = problem("GENDER_MISSING: {severity: off, reason: a}");
        assert!(found.contains("rules.GENDER_MISSING.severity: cannot be off"), "{found}");
        let found = problem("PATIENT_ID_MISSING: {severity: warning, reason: a}");
        assert!(found.contains("rules.PATIENT_ID_MISSING.severity: cannot be changed"), "{found}");
    }

    #[test]
    fn a_limit_is_for_rules_that_have_one() {
        let rule = rules::find("AGE_UNLIKELY").expect("a rule");
        assert_eq!(rule.limit_in(&with_rules("AGE_UNLIKELY: {limit: 105}").expect("right")), 105);
        assert_eq!(rule.limit_in(&with_rules("GENDER_MISSING: {severity: error}").expect("right")), 120);
        let found = problem("GENDER_MISSING: {limit: 3}");
        assert!(found.contains("rules.GENDER_MISSING.limit: ") && found.contains("AGE_UNLIKELY"), "{found}");
        assert!(problem("AGE_UNLIKELY: {limit: 0}").contains("0 is not from 1 to 1000000"));
    }

    #[test]
    fn a_misspelt_rule_is_told_its_name() {
        assert!(
            problem("GENDER_MISING: {severity: error}")
                .ends_with("is not a rule; did you mean GENDER_MISSING?")
        );
        assert!(problem("NO_SUCH_RULE: {severity: error}").contains("is not a rule; `dataprocessing rules`"));
        assert!(problem("AGE_UNLIKELY: {limt: 3}").contains("did you mean limit?"));
        assert!(problem("AGE_UNLIKELY: {reason: a}").contains("changes nothing"));
    }
}
