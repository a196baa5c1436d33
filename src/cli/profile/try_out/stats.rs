//! What a profile made of the records so far. Counts only: of all values, short codes that are in no table are kept.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{codes::UnknownCodes, coverage::Coverage};
use cleaning::{
    clean::clean_next, cleaning_tally::CleaningTally, issue_groups::IssueGroups, look_back::LookBack,
    profile::Profile, record::Payload,
};

/// Unreadable records that are listed at most.
const MAX_NAMED_UNREADABLE: usize = 3;

pub(super) struct TryOutStats<'p> {
    profile: &'p Profile,
    pub(super) read: u64,
    pub(super) rejected: u64,
    pub(super) unreadable: u64,
    /// The first unreadable records: position and reason.
    pub(super) first_unreadable: Vec<(u64, String)>,
    pub(super) coverage: Coverage,
    pub(super) codes: UnknownCodes,
    pub(super) groups: IssueGroups,
    /// The number of records with an issue, by its code and field.
    pub(super) records_with: HashMap<(&'static str, &'static str), u64>,
    pub(super) tally: CleaningTally,
    look_back: LookBack,
}

impl<'p> TryOutStats<'p> {
    pub(super) fn new(profile: &'p Profile) -> Self {
        Self {
            profile,
            read: 0,
            rejected: 0,
            unreadable: 0,
            first_unreadable: Vec::new(),
            coverage: Coverage::default(),
            codes: UnknownCodes::default(),
            groups: IssueGroups::default(),
            records_with: HashMap::new(),
            tally: CleaningTally::new(Arc::clone(&profile.code)),
            look_back: LookBack::default(),
        }
    }

    /// Cleans one record and counts the results.
    pub(super) fn add(&mut self, payload: &Payload, now: Timestamp) {
        let index = u32::try_from(self.read).unwrap_or(u32::MAX);
        self.read += 1;
        let cleaned = clean_next(payload, self.profile, now, &mut self.look_back);
        self.rejected += u64::from(cleaned.patient.is_none());
        self.tally.add(&cleaned);
        let mapped = self.object(payload).map(|object| {
            let mapped = self.profile.mapping.map(&object);
            self.coverage.add(&object, &mapped, self.profile);
            mapped
        });
        let mut seen = HashSet::new();
        for issue in &cleaned.issues {
            self.groups.add(&self.profile.code, index, issue);
            if seen.insert((issue.kind.code, issue.field)) {
                *self.records_with.entry((issue.kind.code, issue.field)).or_default() += 1;
            }
            if let Some(mapped) = &mapped {
                self.codes.add(issue, &mapped.patient);
            }
        }
    }

    /// Counts an unreadable record.
    pub(super) fn add_unreadable(&mut self, place: u64, reason: String) {
        self.read += 1;
        self.unreadable += 1;
        if self.first_unreadable.len() < MAX_NAMED_UNREADABLE {
            self.first_unreadable.push((place, reason));
        }
    }

    /// Records that a real batch would verify and store.
    pub(super) fn valid(&self) -> u64 {
        self.read - self.rejected - self.unreadable
    }

    /// The object of the source, if the record is one; otherwise it was rejected for that.
    fn object(&self, payload: &Payload) -> Option<Map<String, Value>> {
        match payload {
            Payload::Json(text) => serde_json::from_str(text).ok(),
            Payload::Bytes(bytes) => serde_json::from_str(&self.profile.charset.decode(bytes)?).ok(),
            Payload::Fields(_) | Payload::Missing => None,
        }
    }
}
