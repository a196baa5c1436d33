//! Identity documents other than the resident id, and whether a number is of its type.

use super::{Check, RuleContext};
use crate::{
    draft::{Draft, DraftIdentifier},
    format::{
        document::Document,
        resident_id::{ResidentId, ShapeFault},
    },
};

rules! {
    IDENTIFIER_IS_OF_OTHER_TYPE {
        number: "V17",
        severity: Error,
        field: "identifiers.value",
        basis: "CV02.01.101, GB 11643, permit rules",
        en: "the number belongs to another type of document, for example a passport number sent as a \
             resident id; map the type, or correct it at the source",
        zh: "号码属于另一种证件类型（如将护照号码作为居民身份证发送），请映射证件类型或在来源系统中更正",
        check: Check::Draft(of_other_type),
    }
    IDENTIFIER_MISSHAPEN {
        number: "V18",
        severity: Warning,
        field: "identifiers.value",
        basis: "passport and permit rules",
        en: "the number does not have the form of its type: a passport has 5 to 9 letters and digits, a \
             permit of Hong Kong or Macau H or M and 8 digits, a permit of Taiwan 8 digits; check it at \
             the source",
        zh: "号码不符合该类证件的格式（护照5至9位字母数字，港澳通行证H或M加8位数字，台湾通行证8位数字），请核对",
        check: Check::Draft(misshapen),
    }
}

fn of_other_type(draft: &Draft, context: &mut RuleContext<'_>) {
    report_each(draft, context, |identifier| {
        matches!(identifier.resident_id, Some(Err(ShapeFault::OtherDocument)))
            || document(identifier).is_some() && is_resident_id(&identifier.value)
    });
}

fn misshapen(draft: &Draft, context: &mut RuleContext<'_>) {
    report_each(draft, context, |identifier| {
        document(identifier).is_some_and(|document| !document.fits(&identifier.value))
            && !is_resident_id(&identifier.value)
            && !is_residence_permit(&identifier.value)
    });
}

fn document(identifier: &DraftIdentifier) -> Option<Document> {
    identifier.kind.value().and_then(|kind| Document::of_type(kind))
}

/// A valid resident id of 18 characters that is no permit's.
fn is_resident_id(number: &str) -> bool {
    matches!(parse(number), Some(id) if !id.is_of_a_permit())
}

/// The residence permits for people of Hong Kong, Macau and Taiwan are sent as the travel permits that they
/// go with.
fn is_residence_permit(number: &str) -> bool {
    matches!(parse(number), Some(id) if id.is_of_a_permit())
}

fn parse(number: &str) -> Option<ResidentId> {
    ResidentId::parse(number).ok().filter(|id| matches!(id, ResidentId::Eighteen(_)) && id.is_valid())
}

fn report_each(draft: &Draft, context: &mut RuleContext<'_>, broken: impl Fn(&DraftIdentifier) -> bool) {
    for identifier in draft.identifiers.iter().filter(|identifier| broken(identifier)) {
        context.report_element(identifier.position);
    }
}

#[cfg(test)]
mod tests {
    use crate::example::{codes, identifier};

    /// The findings about the example patient with this as the second identifier.
    fn with(kind: &str, number: &str) -> Vec<&'static str> {
        codes(|raw| raw.identifiers.push(identifier(kind, number)))
    }

    #[test]
    fn a_number_of_another_type_is_found() {
        for (kind, number) in [("01", "E12345678"), ("01", "H12345678"), ("03", "440524188001010014")] {
            assert_eq!(with(kind, number), ["IDENTIFIER_IS_OF_OTHER_TYPE"], "{kind} {number}");
        }
        assert_eq!(
            with("05", "440524188001010014"),
            [""; 0],
            "driving licences have the number of the resident id"
        );
        assert_eq!(with("03", "E12345678"), [""; 0]);
    }

    #[test]
    fn the_shape_of_a_permit_or_passport_is_checked() {
        for (kind, number) in [("03", "E1"), ("06", "K12345678"), ("07", "123")] {
            assert_eq!(with(kind, number), ["IDENTIFIER_MISSHAPEN"], "{kind} {number}");
        }
        for (kind, number) in
            [("03", "e12345678"), ("06", "H1234567802"), ("07", "12345678"), ("06", "810000199408230021")]
        {
            assert_eq!(with(kind, number), [""; 0], "{kind} {number}");
        }
    }
}
