//! What a rule sees beside the draft, and where it reports what it finds.

use super::{ReceivedAt, Rule};
use crate::{
    field_names::FieldName,
    hint::Hint,
    issue::Issue,
    profile::{Profile, mapping::SourceFields},
    record::RawPatient,
    shape::Shape,
};

/// Where a draft comes from: issues name the source's own fields and the shapes of its texts.
#[derive(Clone, Copy)]
pub struct RecordContext<'a> {
    /// The record as it was sent, in canonical field names.
    pub raw: &'a RawPatient,
    /// The sender's own names of its fields.
    pub sources: &'a SourceFields,
    /// The profile by which it was read.
    pub profile: &'a Profile,
    pub received: &'a ReceivedAt,
}

/// What one rule sees of one record beside its draft, and takes what the rule finds.
pub struct RuleContext<'a> {
    rule: &'static Rule,
    record: RecordContext<'a>,
    issues: &'a mut Vec<Issue>,
}

impl<'a> RuleContext<'a> {
    pub(super) fn new(rule: &'static Rule, record: RecordContext<'a>, issues: &'a mut Vec<Issue>) -> Self {
        Self { rule, record, issues }
    }

    /// The profile by which the record was read.
    pub fn profile(&self) -> &'a Profile {
        self.record.profile
    }

    pub fn received(&self) -> &'a ReceivedAt {
        self.record.received
    }

    /// The text that the source sent for a field.
    pub fn raw(&self, field: &str, position: Option<u32>) -> Option<&'a str> {
        self.record.raw.text(field, position)
    }

    /// The rule's limit for this hospital.
    ///
    /// # Panics
    ///
    /// If the rule declares no limit.
    pub fn limit(&self) -> u32 {
        self.limit_of(self.rule)
    }

    /// The limit of another rule, where this one ends.
    ///
    /// # Panics
    ///
    /// If that rule declares no limit.
    pub fn limit_of(&self, rule: &Rule) -> u32 {
        rule.limit_in(self.record.profile)
    }

    /// Reports the rule's own field if it is broken.
    pub fn report_if(&mut self, broken: bool) {
        if broken {
            self.report(self.rule.field, None);
        }
    }

    /// Reports an element of the rule's own field.
    pub fn report_element(&mut self, position: u32) {
        self.report(self.rule.field, Some(position));
    }

    /// Reports a field, or one element of it.
    pub fn report(&mut self, field: FieldName, position: Option<u32>) {
        self.report_with(field, position, None);
    }

    /// Reports a field, or one element of it, with the probable cause. Whether the rule is off is asked here and not
    /// before its check: rules are many and seldom find anything.
    pub fn report_with(&mut self, field: FieldName, position: Option<u32>, hint: Option<Hint>) {
        let RecordContext { sources, profile, .. } = self.record;
        if self.rule.is_off(profile) {
            return;
        }
        let field = field.as_str();
        let source_field = match position {
            None => sources.of(field),
            Some(position) => sources.of_element(field, position),
        };
        let shape = self.raw(field, position).map(Shape::from_text);
        let issue = self.rule.issue(Some(profile));
        self.issues.push(Issue { field, position, source_field, shape, hint, ..issue });
    }
}
