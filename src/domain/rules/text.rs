//! The characters of all texts.

use super::{Check, Findings, Moment};
use crate::domain::format::{draft::Draft, flaw::FlawKind};

rules! {
    TEXT_HAS_NUL {
        number: "V05",
        severity: Error,
        field: "",
        basis: "GB 18030, Unicode",
        en: "the text holds a NUL character; check how the source cuts and pads its fields",
        zh: "文本含有空字符(NUL)，请检查来源系统的字段截取与填充方式",
        check: Check::Required(nul),
    }
    TEXT_UNDECODABLE {
        number: "V05",
        severity: Error,
        field: "",
        basis: "GB 18030, Unicode",
        en: "the text holds replacement characters (U+FFFD): it was decoded wrongly before it was sent; \
             check the character set of the source",
        zh: "文本含有替换字符(U+FFFD)，发送前解码有误，请检查来源系统的字符集",
        check: Check::Draft(undecodable),
    }
}

fn nul(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    report_flaws(draft, FlawKind::Nul, findings);
}

fn undecodable(draft: &Draft, _: &Moment, findings: &mut Findings<'_>) {
    report_flaws(draft, FlawKind::Undecodable, findings);
}

fn report_flaws(draft: &Draft, kind: FlawKind, findings: &mut Findings<'_>) {
    for flaw in draft.flaws.iter().filter(|flaw| flaw.kind == kind) {
        findings.report(flaw.field, flaw.position);
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::format::example::{codes, issues};

    #[test]
    fn a_nul_anywhere_is_found() {
        assert_eq!(codes(|raw| raw.name.text = "张\0三".into()), ["TEXT_HAS_NUL"]);
        assert_eq!(codes(|raw| raw.nationality = "\0".into()), ["TEXT_HAS_NUL"]);
        let issues = issues(|raw| raw.phones.push("13812345678\0".into()));
        assert_eq!(issues[0].path(), "phones[1]");
    }

    #[test]
    fn a_replacement_character_is_found() {
        assert_eq!(codes(|raw| raw.addresses[0].text = "北京\u{FFFD}".into()), ["TEXT_UNDECODABLE"]);
    }
}
