//! Numbers that identify a patient, each in the canonical form of its type.

use std::borrow::Cow;

use super::{catalogue, document::Document, resident_id};
use crate::{change::FormatRule, patient::Identifier};

/// Formats a cleaned number of a type in CV02.01.101, and says by which rule that is done.
pub fn format<'t>(kind: &str, number: &'t str) -> (Cow<'t, str>, &'static FormatRule) {
    if kind == Identifier::RESIDENT_ID {
        return (resident_id::compact(number), &catalogue::RESIDENT_ID_FORMATTED);
    }
    let formatted = match Document::of_type(kind) {
        None => Cow::Borrowed(number),
        Some(document) => match resident_id::compact(number) {
            Cow::Borrowed(number) => Cow::Borrowed(document.canonical(number)),
            Cow::Owned(number) => Cow::Owned(document.canonical(&number).to_owned()),
        },
    };
    (formatted, &catalogue::DOCUMENT_NUMBER_FORMATTED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn formatted(kind: &str, number: &str) -> String {
        format(kind, number).0.into_owned()
    }

    #[test]
    fn each_type_has_its_form() {
        assert_eq!(formatted("01", "110105 19491231 002x"), "11010519491231002X");
        assert_eq!(formatted("03", "e 1234-5678"), "E12345678");
        assert_eq!(formatted("06", "h12345678 01"), "H12345678");
        assert_eq!(formatted("07", "1234567801"), "12345678");
        assert_eq!(formatted("99", "a b-c"), "a b-c");
    }

    proptest! {
        #[test]
        fn formatting_twice_changes_nothing(
            kind in prop::sample::select(vec!["01", "03", "06", "07", "99"]),
            near in "[HhMmEe]?[0-9xX -]{0,20}",
            any in any::<String>(),
        ) {
            for number in [near, any] {
                let once = formatted(kind, &number);
                prop_assert_eq!(formatted(kind, &once), once);
            }
        }
    }
}
