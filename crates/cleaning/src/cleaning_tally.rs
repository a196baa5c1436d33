//! What cleaning did to the records of one hospital, counted.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use super::{
    change::{Change, ChangeKind, FormatRule},
    clean::{Cleaned, IdComparability},
};

/// What cleaning did to the records of one hospital.
#[derive(Debug, Default)]
pub struct CleaningTally {
    pub hospital_code: Arc<str>,
    /// Records whose gender could be compared with the resident id.
    pub gender_compared: u32,
    /// Records whose date of birth could be compared with the resident id.
    pub birth_date_compared: u32,
    changes: HashMap<TallyKey, (&'static FormatRule, u32)>,
}

/// What changes are counted by; the rule is identified by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct TallyKey {
    rule: &'static str,
    field: &'static str,
    kind: ChangeKind,
}

/// Changes of one rule, field and kind to the records of one hospital.
#[derive(Debug)]
pub struct ChangeGroup {
    pub hospital_code: Arc<str>,
    pub rule: &'static FormatRule,
    /// The canonical field; empty for the whole record.
    pub field: &'static str,
    /// In what way it was changed.
    pub kind: ChangeKind,
    /// How many records it happened to; of a list, how many elements.
    pub count: u32,
}

impl CleaningTally {
    pub fn new(hospital_code: Arc<str>) -> Self {
        Self { hospital_code, ..Self::default() }
    }

    pub fn add(&mut self, cleaned: &Cleaned) {
        for &Change { field, rule, kind, .. } in &cleaned.changes {
            let key = TallyKey { rule: rule.number, field, kind };
            self.changes.entry(key).or_insert((rule, 0)).1 += 1;
        }
        let IdComparability { gender, birth_date } = cleaned.comparability;
        self.gender_compared += u32::from(gender);
        self.birth_date_compared += u32::from(birth_date);
    }

    fn change_groups(&self) -> impl Iterator<Item = ChangeGroup> {
        self.changes.iter().map(|(key, (rule, count))| ChangeGroup {
            hospital_code: Arc::clone(&self.hospital_code),
            rule,
            field: key.field,
            kind: key.kind,
            count: *count,
        })
    }
}

/// The changes of some tallies, the most frequent first.
pub fn change_groups(tallies: &[CleaningTally]) -> Vec<ChangeGroup> {
    let mut groups: Vec<_> = tallies.iter().flat_map(CleaningTally::change_groups).collect();
    groups.sort_by(|one, other| {
        let key = |group: &ChangeGroup| (Reverse(group.count), group.rule.number, group.field, group.kind);
        (key(one), &one.hospital_code).cmp(&(key(other), &other.hospital_code))
    });
    groups
}
