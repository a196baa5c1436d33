//! What the rules find in one draft.

use super::Rule;
use crate::domain::{
    hospital::{Profile, mapping::Sources},
    issue::Issue,
};

/// Takes the findings of one rule about one draft.
pub struct Findings<'a> {
    rule: &'static Rule,
    profile: &'a Profile,
    sources: &'a Sources,
    issues: &'a mut Vec<Issue>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(
        rule: &'static Rule,
        profile: &'a Profile,
        sources: &'a Sources,
        issues: &'a mut Vec<Issue>,
    ) -> Self {
        Self { rule, profile, sources, issues }
    }

    /// The number of the rule, as the profile has it.
    ///
    /// # Panics
    ///
    /// If the rule declares no limit.
    pub fn limit(&self) -> u32 {
        self.limit_of(self.rule)
    }

    /// The number of another rule, which this one must not get in the way of.
    ///
    /// # Panics
    ///
    /// If that rule declares no limit.
    pub fn limit_of(&self, rule: &Rule) -> u32 {
        self.profile.limit(rule)
    }

    /// The rule's own field breaks it, if `broken`.
    pub fn report_if(&mut self, broken: bool) {
        if broken {
            self.report(self.rule.field, None);
        }
    }

    /// An element of the rule's own field breaks it.
    pub fn report_element(&mut self, position: u32) {
        self.report(self.rule.field, Some(position));
    }

    /// A field breaks the rule, or one element of it.
    pub fn report(&mut self, field: &'static str, position: Option<u32>) {
        let source_field = match position {
            None => self.sources.of(field),
            Some(position) => self.sources.of_element(field, position),
        };
        self.issues.push(Issue { field, position, source_field, ..self.rule.issue(Some(self.profile)) });
    }
}
