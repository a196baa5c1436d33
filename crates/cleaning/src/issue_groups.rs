//! Issues of many records in groups: what a data steward looks at first.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use super::{
    cleaning_tally::CleaningTally,
    hint::Hint,
    issue::{Issue, IssueKind, Severity},
    shape::Shape,
};

/// How many indexes an issue group names.
const FIRST_INDEXES: usize = 10;

/// How many shapes an issue group shows.
const MAX_SHAPES: usize = 3;

/// How many different shapes a group counts; further ones are ignored, so that groups stay small.
const COUNTED_SHAPES: usize = 64;

/// Issues of one kind, field and severity about the records of one hospital.
#[derive(Debug)]
pub struct IssueGroup {
    /// The hospital; empty for records of hospitals that are not known.
    pub hospital_code: Arc<str>,
    /// What they are about.
    pub kind: &'static IssueKind,
    pub field: &'static str,
    /// The sender's own name of it, in the first of them that knows.
    pub source_field: Option<Arc<str>>,
    /// Whether they reject.
    pub severity: Severity,
    pub count: u32,
    /// The first records that have one.
    pub first_indexes: Vec<u32>,
    /// The most frequent shapes of the texts that they are about, and how often each was seen.
    pub shapes: Vec<(Shape, u32)>,
    /// What probably causes them.
    pub hints: Vec<Hint>,
}

/// Groups while they are counted.
#[derive(Default)]
pub struct IssueGroups(HashMap<GroupKey, Counted>);

#[derive(PartialEq, Eq, Hash)]
struct GroupKey {
    hospital_code: Arc<str>,
    code: &'static str,
    field: &'static str,
    severity: Severity,
}

struct Counted {
    group: IssueGroup,
    shapes: HashMap<Shape, u32>,
    clues: HashMap<Hint, u32>,
}

impl IssueGroups {
    /// Counts one issue of the record at `index`.
    pub fn add(&mut self, hospital_code: &Arc<str>, index: u32, issue: &Issue) {
        let key = GroupKey {
            hospital_code: Arc::clone(hospital_code),
            code: issue.kind.code,
            field: issue.field,
            severity: issue.severity,
        };
        self.0.entry(key).or_insert_with(|| Counted::new(hospital_code, issue)).add(issue, index);
    }

    /// The groups, the most frequent first. The tallies tell how often what the issues found could have been
    /// found.
    pub fn finish(self, tallies: &[CleaningTally]) -> Vec<IssueGroup> {
        let mut groups: Vec<_> = self.0.into_values().map(|counted| counted.finish(tallies)).collect();
        groups.sort_by(|one, other| {
            let key = |group: &IssueGroup| (Reverse(group.count), group.kind.code, group.field);
            (key(one), &one.hospital_code).cmp(&(key(other), &other.hospital_code))
        });
        groups
    }
}

impl Counted {
    fn new(hospital_code: &Arc<str>, issue: &Issue) -> Self {
        let group = IssueGroup {
            hospital_code: Arc::clone(hospital_code),
            kind: issue.kind,
            field: issue.field,
            source_field: None,
            severity: issue.severity,
            count: 0,
            first_indexes: Vec::new(),
            shapes: Vec::new(),
            hints: Vec::new(),
        };
        Self { group, shapes: HashMap::new(), clues: HashMap::new() }
    }

    fn add(&mut self, issue: &Issue, index: u32) {
        let group = &mut self.group;
        group.count += 1;
        // Records of a stream end in any order.
        if let Err(place) = group.first_indexes.binary_search(&index)
            && place < FIRST_INDEXES
        {
            group.first_indexes.insert(place, index);
            group.first_indexes.truncate(FIRST_INDEXES);
        }
        if group.source_field.is_none() {
            group.source_field.clone_from(&issue.source_field);
        }
        if let Some(shape) = &issue.shape {
            if let Some(count) = self.shapes.get_mut(shape) {
                *count += 1;
            } else if self.shapes.len() < COUNTED_SHAPES {
                self.shapes.insert(shape.clone(), 1);
            }
        }
        if let Some(hint) = issue.hint {
            *self.clues.entry(hint).or_default() += 1;
        }
    }

    fn finish(self, tallies: &[CleaningTally]) -> IssueGroup {
        let Self { mut group, shapes, clues } = self;
        let mut shapes: Vec<_> = shapes.into_iter().collect();
        shapes.sort_by(|(one, count), (other, others)| {
            others.cmp(count).then_with(|| one.to_string().cmp(&other.to_string()))
        });
        shapes.truncate(MAX_SHAPES);
        group.shapes = shapes;
        let tally = tallies.iter().find(|tally| tally.hospital_code == group.hospital_code);
        let compared = |hint: Hint| match (hint, tally) {
            (Hint::GenderReversed, Some(tally)) => tally.gender_compared,
            (Hint::TimeZoneShift, Some(tally)) => tally.birth_date_compared,
            _ => group.count,
        };
        let probable =
            |(hint, count): (Hint, u32)| hint.is_probable(count, group.count, compared(hint)).then_some(hint);
        group.hints = clues.into_iter().filter_map(probable).collect();
        group.hints.sort();
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Text;

    static KIND: IssueKind = IssueKind { code: "EXAMPLE", text: Text { en: "example", zh: "示例" } };

    fn groups(issues: impl IntoIterator<Item = (u32, Issue)>, tallies: &[CleaningTally]) -> Vec<IssueGroup> {
        let mut groups = IssueGroups::default();
        for (index, issue) in issues {
            groups.add(&"h".into(), index, &issue);
        }
        groups.finish(tallies)
    }

    fn issue(field: &'static str) -> Issue {
        Issue::error(&KIND, field)
    }

    #[test]
    fn the_most_frequent_group_comes_first_with_its_first_records() {
        let often = (0..20).map(|index| (index, issue("phones")));
        let groups = groups([(3, issue("name"))].into_iter().chain(often), &[]);
        assert_eq!(
            groups.iter().map(|group| (group.field, group.count)).collect::<Vec<_>>(),
            [("phones", 20), ("name", 1)]
        );
        assert_eq!(groups[0].first_indexes, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn the_most_frequent_shapes_are_shown_and_few_are_counted() {
        let shaped = |text: &str| Issue { shape: Some(Shape::from_text(text)), ..issue("birth_date") };
        let many = (0..500).map(|index| (index, shaped(&"a".repeat(1 + index as usize % 30))));
        let groups = groups(many.chain((0..50).map(|index| (index, shaped("1/2")))), &[]);
        assert_eq!(groups[0].count, 550);
        assert_eq!(groups[0].shapes.len(), MAX_SHAPES);
        assert_eq!((groups[0].shapes[0].0.to_string().as_str(), groups[0].shapes[0].1), ("d/d", 50));
    }

    #[test]
    fn a_hint_needs_most_of_what_could_be_compared() {
        let reversed = |count| {
            (0..count).map(|index| (index, Issue { hint: Some(Hint::GenderReversed), ..issue("gender") }))
        };
        let compared = |records| {
            let mut tally = CleaningTally::new("h".into());
            tally.gender_compared = records;
            [tally]
        };
        assert_eq!(groups(reversed(9), &compared(10))[0].hints, [Hint::GenderReversed]);
        assert_eq!(groups(reversed(9), &compared(100))[0].hints, []);
    }

    #[test]
    fn a_shift_of_time_zones_is_held_against_the_dates_that_could_be_compared() {
        let shifted =
            || (0..9).map(|index| (index, Issue { hint: Some(Hint::TimeZoneShift), ..issue("birth_date") }));
        let mut tally = CleaningTally::new("h".into());
        tally.birth_date_compared = 10;
        assert_eq!(groups(shifted(), &[tally])[0].hints, [Hint::TimeZoneShift]);
        let mut tally = CleaningTally::new("h".into());
        tally.birth_date_compared = 100;
        assert_eq!(groups(shifted(), &[tally])[0].hints, []);
    }

    #[test]
    fn no_more_shapes_are_counted_than_the_bound() {
        let mut groups = IssueGroups::default();
        for number in 0..=COUNTED_SHAPES {
            let text: String = format!("{number:07b}").replace('0', "a");
            groups.add(&"h".into(), 0, &Issue { shape: Some(Shape::from_text(&text)), ..issue("age") });
            let counted = groups.0.values().next().unwrap().shapes.len();
            assert_eq!(counted, (number + 1).min(COUNTED_SHAPES));
        }
    }
}
