//! How a family of rules is written down.

/// The number that a rule declares, if it does.
macro_rules! limit {
    () => {
        None
    };
    ($default:literal $what:literal) => {
        Some($crate::rules::Limit { default: $default, what: $what })
    };
}

/// Defines each rule as a public static whose name is its code, and `RULES`, the list of the family.
macro_rules! rules {
    ($(
        $name:ident {
            number: $number:literal,
            severity: $severity:ident,
            $(limit: $limit:literal $what:literal,)?
            field: $field:literal,
            basis: $basis:literal,
            en: $en:literal,
            zh: $zh:literal,
            check: $check:expr $(,)?
        }
    )*) => {
        $(
            #[doc = concat!($number, ": ", $en, " (", $basis, ").")]
            #[allow(unreachable_pub, reason = "some rules are exported")]
            pub static $name: $crate::rules::Rule = $crate::rules::Rule {
                kind: $crate::issue::IssueKind {
                    code: stringify!($name),
                    text: $crate::message::Text { en: $en, zh: $zh },
                },
                number: $number,
                severity: $crate::issue::Severity::$severity,
                limit: limit!($($limit $what)?),
                field: $crate::field_names::FieldName::new($field),
                basis: $basis,
                check: $check,
            };
        )*

        /// The rules of this family, in the order of this file.
        pub(super) static RULES: &[&$crate::rules::Rule] = &[$(&$name),*];
    };
}
