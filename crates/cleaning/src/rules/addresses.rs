//! Addresses and their division codes.

use super::{Check, RuleContext};
use crate::draft::Draft;

rules! {
    DIVISION_UNKNOWN {
        number: "V39",
        severity: Warning,
        field: "addresses.division_code",
        basis: "GB/T 2260 of all years",
        en: "the division code has never existed; check it at the source",
        zh: "行政区划代码不存在于任何年份，请在来源系统中核对",
        check: Check::Draft(|draft, context| {
            report_codes(draft, context, |code, _| !divisions::is_known(code));
        }),
    }
    DIVISION_DIFFERS_FROM_TEXT {
        number: "V39",
        severity: Warning,
        field: "addresses.division_code",
        basis: "GB/T 2260",
        en: "the text of the address names a different division than its code; check both at the source",
        zh: "地址文本与行政区划代码不一致，请在来源系统中核对",
        check: Check::Draft(|draft, context| {
            report_codes(draft, context, |code, text| divisions::agrees(code, text) == Some(false));
        }),
    }
}

fn report_codes(draft: &Draft, context: &mut RuleContext<'_>, broken: impl Fn(&str, &str) -> bool) {
    for address in &draft.addresses {
        let code = address.value.division_code.as_ref();
        if code.is_some_and(|code| broken(code, &address.value.text)) {
            context.report_element(address.position);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::example::codes;

    fn divided(code: &str) -> Vec<&'static str> {
        codes(|raw| raw.addresses[0].division_code = code.into())
    }

    #[test]
    fn a_code_that_never_was_is_found() {
        assert_eq!(divided("999999"), ["DIVISION_UNKNOWN"]);
        assert_eq!(divided("Chaoyang"), ["DIVISION_UNKNOWN"]);
        assert_eq!(divided("110105"), [""; 0]);
    }

    #[test]
    fn a_code_of_another_place_than_the_address_is_found() {
        assert_eq!(divided("440106"), ["DIVISION_DIFFERS_FROM_TEXT"]);
    }
}
