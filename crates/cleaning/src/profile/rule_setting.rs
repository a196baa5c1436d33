//! What a profile says about one rule.

use crate::issue::Severity;

/// What a profile says about one rule; where it says nothing the catalogue holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSetting {
    /// How grave the rule's issues are, or that there are none.
    pub severity: Option<SeverityOverride>,
    /// Another number for a rule that has one, in the unit that the rule states.
    pub limit: Option<u32>,
    /// Why this source is judged otherwise. There wherever the rule was made milder.
    pub reason: Option<String>,
}

/// Whether a rule speaks, and how gravely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeverityOverride {
    /// The rule is silent.
    Off,
    /// Its issues are this grave.
    On(Severity),
}

impl From<Severity> for RuleSetting {
    fn from(severity: Severity) -> Self {
        Self { severity: Some(SeverityOverride::On(severity)), ..Self::default() }
    }
}
