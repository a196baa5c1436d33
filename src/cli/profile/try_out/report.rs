//! The report of `profile try`.

use std::fmt;

use super::{codes::UnknownCode, stats::TryOutStats};
use crate::cli::table::{Cell, aligned};
use cleaning::{
    cleaning_tally::{ChangeGroup, change_groups},
    issue::Severity,
    issue_groups::IssueGroup,
};

/// Rows at most of a list whose length depends on the data.
const MAX_ROWS: usize = 30;

pub(super) struct TryOutReport<'p> {
    stats: TryOutStats<'p>,
    codes: Vec<UnknownCode>,
    groups: Vec<IssueGroup>,
    changes: Vec<ChangeGroup>,
}

impl<'p> TryOutReport<'p> {
    pub(super) fn new(mut stats: TryOutStats<'p>) -> Self {
        let tallies = [std::mem::take(&mut stats.tally)];
        let codes = std::mem::take(&mut stats.codes).finish();
        let mut groups = std::mem::take(&mut stats.groups).finish(&tallies);
        groups.sort_by_key(|group| group.severity);
        Self { codes, groups, changes: change_groups(&tallies), stats }
    }

    fn write_records(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TryOutStats { read, rejected, unreadable, .. } = self.stats;
        writeln!(f, "\nRecords")?;
        let mut rows = vec![
            ("read", read, ""),
            (
                "valid",
                self.stats.valid(),
                "would be checked with the hospital's API, if it has one, and stored",
            ),
            ("rejected", rejected, "for at least one of the errors below"),
        ];
        if unreadable > 0 {
            rows.push(("unreadable", unreadable, "no record at all"));
        }
        let row = |(what, count, meaning)| {
            [Cell::text(what), Cell::count(count), Cell::share(count, read), Cell::text(meaning)]
        };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        write_rows(f, &rows)?;
        for (place, reason) in &self.stats.first_unreadable {
            writeln!(f, "    record {place} {reason}")?;
        }
        Ok(())
    }

    fn write_mapping(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TryOutStats { read, ref coverage, .. } = self.stats;
        writeln!(f, "\nMapping: canonical field, where it came from, records that have it")?;
        let rows: Vec<_> = coverage
            .mapped()
            .map(|(field, of_field)| {
                let never = if of_field.filled == 0 { "never filled" } else { "" };
                [
                    Cell::text(field),
                    Cell::text(of_field.names()),
                    Cell::count(of_field.filled),
                    Cell::share(of_field.filled, read),
                    Cell::text(never),
                ]
            })
            .collect();
        write_rows(f, &rows)?;
        write_list(f, "  not mapped: ", &coverage.not_mapped())
    }

    fn write_unmapped(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.stats.coverage.unmapped_keys();
        if keys.is_empty() {
            return writeln!(f, "\nEvery key of the source that holds something is mapped.");
        }
        writeln!(f, "\nKeys of the source that hold something and are not mapped")?;
        let row = |(key, count): &(&str, u64)| {
            [Cell::text(*key), Cell::count(count), Cell::share(*count, self.stats.read)]
        };
        write_first_rows(f, &keys.iter().map(row).collect::<Vec<_>>())
    }

    fn write_codes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.codes.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nCodes that are in no table of the profile (shapes of what may be no code)")?;
        let row = |code: &UnknownCode| {
            [
                Cell::text(code.field),
                Cell::text(code.source_field.as_deref().unwrap_or_default()),
                Cell::text(&*code.shown),
                Cell::count(code.count),
            ]
        };
        write_first_rows(f, &self.codes.iter().map(row).collect::<Vec<_>>())
    }

    fn write_issues(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups.is_empty() {
            return writeln!(f, "\nNo issues.");
        }
        writeln!(f, "\nIssues: errors reject, warnings do not")?;
        let rows: Vec<_> = self.groups.iter().map(|group| self.issue_row(group)).collect();
        for (line, group) in aligned(&rows).zip(&self.groups) {
            writeln!(f, "  {line}")?;
            write_details(f, group)?;
        }
        Ok(())
    }

    fn issue_row(&self, group: &IssueGroup) -> [Cell; 6] {
        let records = self.stats.records_with.get(&(group.kind.code, group.field)).copied().unwrap_or(0);
        [
            Cell::text(group.severity.name()),
            Cell::text(group.kind.code),
            Cell::text(if group.field.is_empty() { "record" } else { group.field }),
            Cell::text(group.source_field.as_deref().map(|name| format!("from {name}")).unwrap_or_default()),
            Cell::count(records),
            Cell::share(records, self.stats.read),
        ]
    }

    fn write_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nChanges that formatting made")?;
        let row = |change: &ChangeGroup| {
            let field = if change.field.is_empty() { "record" } else { change.field };
            [
                Cell::text(change.rule.number),
                Cell::text(change.rule.code),
                Cell::text(field),
                Cell::text(change.kind.name()),
                Cell::count(change.count),
            ]
        };
        write_first_rows(f, &self.changes.iter().map(row).collect::<Vec<_>>())
    }
}

impl fmt::Display for TryOutReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_records(f)?;
        self.write_mapping(f)?;
        self.write_unmapped(f)?;
        self.write_codes(f)?;
        self.write_issues(f)?;
        self.write_changes(f)
    }
}

/// The details of a group: the message of an error, the shapes of the values and the probable causes.
fn write_details(f: &mut fmt::Formatter<'_>, group: &IssueGroup) -> fmt::Result {
    if group.severity == Severity::Error {
        writeln!(f, "      {}", group.kind.text.en)?;
    }
    let shapes: Vec<_> = group.shapes.iter().map(|(shape, count)| format!("{shape} ({count})")).collect();
    write_list(f, "      looks like: ", &shapes.iter().map(String::as_str).collect::<Vec<_>>())?;
    for hint in &group.hints {
        writeln!(f, "      probable cause: {}", hint.text().en)?;
    }
    Ok(())
}

/// The elements on one line; nothing if there are none.
fn write_list(f: &mut fmt::Formatter<'_>, heading: &str, elements: &[&str]) -> fmt::Result {
    if elements.is_empty() { Ok(()) } else { writeln!(f, "{heading}{}", elements.join(", ")) }
}

fn write_rows<const N: usize>(f: &mut fmt::Formatter<'_>, rows: &[[Cell; N]]) -> fmt::Result {
    aligned(rows).try_for_each(|line| writeln!(f, "  {line}"))
}

/// The first rows, and the number of the others.
fn write_first_rows<const N: usize>(f: &mut fmt::Formatter<'_>, rows: &[[Cell; N]]) -> fmt::Result {
    write_rows(f, &rows[..rows.len().min(MAX_ROWS)])?;
    match rows.len().saturating_sub(MAX_ROWS) {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more"),
    }
}
