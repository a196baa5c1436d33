//! What a profile changes about one rule.

use crate::issue::Severity;

/// What a profile changes about one rule; what is absent is as in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSetting {
    pub severity: Option<SeverityOverride>,
    /// Another limit, in the unit of the rule.
    pub limit: Option<u32>,
    /// Why this source is treated differently; present wherever the rule was made milder.
    pub reason: Option<String>,
}

/// The severity that a profile gives to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeverityOverride {
    /// The rule raises no issues.
    Off,
    On(Severity),
}

impl From<Severity> for RuleSetting {
    fn from(severity: Severity) -> Self {
        Self { severity: Some(SeverityOverride::On(severity)), ..Self::default() }
    }
}
