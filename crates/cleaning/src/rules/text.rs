//! The characters of all texts.

use super::{Check, RuleContext};
use crate::{draft::Draft, format::flaw::FlawKind, hint::Hint};

rules! {
    TEXT_HAS_NUL {
        number: "V05",
        severity: Error,
        field: "",
        basis: "GB 18030, Unicode",
        en: "the text contains a NUL character; check how the source truncates and pads its fields",
        zh: "文本含有空字符(NUL)，请检查来源系统的字段截取与填充方式",
        check: Check::Required(|draft, context| report_flaws(draft, FlawKind::Nul, context)),
    }
    TEXT_UNDECODABLE {
        number: "V05",
        severity: Error,
        field: "",
        basis: "GB 18030, Unicode",
        en: "the text contains replacement characters (U+FFFD): it was decoded wrongly before it was sent; \
             check the character set of the source",
        zh: "文本含有替换字符(U+FFFD)，发送前解码有误，请检查来源系统的字符集",
        check: Check::Draft(|draft, context| report_flaws(draft, FlawKind::Undecodable, context)),
    }
    TEXT_IS_MOJIBAKE {
        number: "V05",
        severity: Warning,
        field: "",
        basis: "GB 18030, Unicode",
        en: "the text looks as if it was decoded with the wrong character set; check the character set of \
             the source",
        zh: "文本疑似以错误的字符集解码（乱码），请检查来源系统的字符集",
        check: Check::Draft(|draft, context| report_flaws(draft, FlawKind::Mojibake, context)),
    }
    TEXT_HAS_QUESTION_MARKS {
        number: "V05",
        severity: Warning,
        field: "",
        basis: "GB 18030, Unicode",
        en: "the text contains consecutive question marks, which encoders write for characters that they \
             cannot represent; check the character set of the source",
        zh: "文本含有连续的问号，可能是编码时丢失了字符，请检查来源系统的字符集",
        check: Check::Draft(|draft, context| report_flaws(draft, FlawKind::QuestionMarks, context)),
    }
    TEXT_TOO_LONG {
        number: "V07",
        severity: Warning,
        field: "",
        basis: "lengths of the canonical fields",
        en: "the text is longer than any real value of this field and was kept whole; check what the \
             source puts into it",
        zh: "文本超过该字段的合理长度，已完整保留，请检查来源系统填入的内容",
        check: Check::Draft(|draft, context| report_flaws(draft, FlawKind::TooLong, context)),
    }
    LIST_TOO_LONG {
        number: "V07",
        severity: Error,
        field: "",
        basis: "lengths of the canonical fields",
        en: "the list has more than 100 elements, more than any patient has; check what the source puts \
             into it",
        zh: "列表超过100个元素，不符合任何患者的实际情况，请检查来源系统填入的内容",
        check: Check::Required(list_too_long),
    }
}

fn list_too_long(draft: &Draft, context: &mut RuleContext<'_>) {
    for field in &draft.overlong {
        context.report(*field, None);
    }
}

fn report_flaws(draft: &Draft, kind: FlawKind, context: &mut RuleContext<'_>) {
    for flaw in draft.flaws.iter().filter(|flaw| flaw.kind == kind) {
        let hint = matches!(kind, FlawKind::Undecodable | FlawKind::Mojibake).then_some(Hint::WrongCharset);
        context.report_with(flaw.field, flaw.position, hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{codes, issues};

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

    #[test]
    fn what_another_character_set_left_is_found() {
        let issues = issues(|raw| raw.addresses[0].text = "JosÃ©".into());
        assert_eq!((issues[0].kind.code, issues[0].hint), ("TEXT_IS_MOJIBAKE", Some(Hint::WrongCharset)));
        assert_eq!(codes(|raw| raw.addresses[0].text = "José".into()), [""; 0]);
    }

    #[test]
    fn question_marks_in_a_row_are_found() {
        assert_eq!(codes(|raw| raw.addresses[0].text = "北京??".into()), ["TEXT_HAS_QUESTION_MARKS"]);
        assert_eq!(codes(|raw| raw.addresses[0].text = "北京?".into()), [""; 0]);
    }

    #[test]
    fn a_text_that_is_too_long_is_found_and_kept() {
        assert_eq!(codes(|raw| raw.addresses[0].text = "路".repeat(301).into()), ["TEXT_TOO_LONG"]);
        assert_eq!(codes(|raw| raw.addresses[0].text = "路".repeat(300).into()), [""; 0]);
    }

    #[test]
    fn a_list_that_is_too_long_is_found() {
        let phones = |count| (1..=count).map(|number| format!("139{number:08}").into()).collect::<Vec<_>>();
        assert_eq!(codes(|raw| raw.phones = phones(101)), ["LIST_TOO_LONG"]);
        assert_eq!(
            codes(|raw| raw.phones = vec!["13912345678/".repeat(101).into()]),
            ["TEXT_TOO_LONG", "LIST_TOO_LONG"]
        );
        assert_eq!(codes(|raw| raw.phones = phones(100)), [""; 0]);
    }

    #[test]
    fn numbers_that_share_a_text_count_one_by_one() {
        let pairs = |count: u32| {
            let pair = |number| format!("139{number:08}/138{number:08}").into();
            (1..=count).map(pair).collect::<Vec<_>>()
        };
        assert_eq!(codes(|raw| raw.phones = pairs(50)), [""; 0]);
        for count in [51, 101] {
            assert_eq!(codes(|raw| raw.phones = pairs(count)), ["LIST_TOO_LONG"], "{count}");
        }
    }
}
