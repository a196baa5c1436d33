//! What the rules find in one draft.

use super::Rule;
use crate::{
    hint::Hint,
    issue::Issue,
    profile::{Profile, mapping::SourceFields},
    record::RawPatient,
    shape::Shape,
};

/// Where a draft comes from: issues speak of the source's own fields and of the shapes of its texts.
#[derive(Clone, Copy)]
pub struct RecordContext<'a> {
    /// The record as it was sent, in canonical field names.
    pub raw: &'a RawPatient,
    /// The sender's own names of its fields.
    pub sources: &'a SourceFields,
    /// The profile by which it was read.
    pub profile: &'a Profile,
}

/// Takes the findings of one rule about one draft.
pub struct RuleContext<'a> {
    rule: &'static Rule,
    origin: RecordContext<'a>,
    issues: &'a mut Vec<Issue>,
}

impl<'a> RuleContext<'a> {
    pub(super) fn new(rule: &'static Rule, origin: RecordContext<'a>, issues: &'a mut Vec<Issue>) -> Self {
        Self { rule, origin, issues }
    }

    /// The profile by which the record was read.
    pub fn profile(&self) -> &'a Profile {
        self.origin.profile
    }

    /// The text that the source sent for a field.
    pub fn raw(&self, field: &str, position: Option<u32>) -> Option<&'a str> {
        self.origin.raw.text(field, position)
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
        rule.limit_in(self.origin.profile)
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
        self.report_with(field, position, None);
    }

    /// The same, in a way that points to a cause. A rule that is off says nothing: it is asked here and not
    /// before its check, for findings are few and rules are many.
    pub fn report_with(&mut self, field: &'static str, position: Option<u32>, hint: Option<Hint>) {
        if self.rule.is_off(self.origin.profile) {
            return;
        }
        let source_field = match position {
            None => self.origin.sources.of(field),
            Some(position) => self.origin.sources.of_element(field, position),
        };
        let shape = self.raw(field, position).map(Shape::from_text);
        let issue = self.rule.issue(Some(self.origin.profile));
        self.issues.push(Issue { field, position, source_field, shape, hint, ..issue });
    }
}
