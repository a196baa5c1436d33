//! Names.

use super::{Check, RuleContext};
use crate::{draft::Draft, format::name, patient::Identifier};

rules! {
    NAME_MISSING {
        number: "V31",
        severity: Error,
        field: "name",
        basis: "WS/T 303, FHIR Patient.name",
        en: "the patient has no name; map the field that holds it",
        zh: "缺少患者姓名，请映射对应字段",
        check: Check::Draft(|draft, context| context.report_if(draft.name.is_none())),
    }
    NAME_HAS_ODD_CHARACTERS {
        number: "V32",
        severity: Warning,
        field: "name",
        basis: "MZWF 2016-33, FHIR HumanName",
        en: "the name contains digits, symbols or words that no name has, such as \"test\"; correct it at \
             the source",
        zh: "姓名含有数字、符号或“测试”等非姓名内容，请在来源系统中更正",
        check: Check::Draft(odd_characters),
    }
    NAME_HAS_RARE_CHARACTERS {
        number: "V33",
        severity: Warning,
        field: "name",
        basis: "GB 18030-2022",
        en: "the name contains private-use or rare characters, which were kept; check that other systems \
             show the same characters",
        zh: "姓名含有自造字或生僻字，已原样保留，请确认在其他系统中一致",
        check: Check::Draft(rare_characters),
    }
    NAME_IS_PLACEHOLDER {
        number: "V34",
        severity: Warning,
        field: "name",
        basis: "registration practice",
        en: "the name is a placeholder for a person whose name is not yet known, such as Wumingshi or Baby \
             boy; complete it at the source",
        zh: "姓名为占位名称（如无名氏、某某之子），请在来源系统中补全",
        check: Check::Draft(placeholder),
    }
    NAME_LENGTH_UNLIKELY {
        number: "V35",
        severity: Warning,
        limit: 50 "characters",
        field: "name",
        basis: "MZWF 2016-33: names have up to 50 characters",
        en: "the name has only one character, or more than names usually have; check it at the source",
        zh: "姓名只有1个字符或超过姓名的合理长度，请在来源系统中核对",
        check: Check::Draft(length_unlikely),
    }
    NAME_SCRIPT_UNLIKELY {
        number: "V36",
        severity: Warning,
        field: "name",
        basis: "identity documents of China",
        en: "a Latin name with a resident id, or a Han name with only a passport; check name and \
             identifiers at the source",
        zh: "拉丁字母姓名对应居民身份证，或汉字姓名仅对应护照，请核对姓名与证件",
        check: Check::Draft(script_unlikely),
    }
}

/// Whole names given to persons whose name is not yet known; in lower case.
const PLACEHOLDERS: [&str; 12] = [
    "无名氏",
    "无名",
    "未命名",
    "不知名",
    "未知姓名",
    "新生儿",
    "baby boy",
    "baby girl",
    "baby",
    "john doe",
    "jane doe",
    "unknown",
];

/// Words within names that say that there is no such person; in lower case.
const TEST_WORDS: [&str; 2] = ["测试", "test"];

fn odd_characters(draft: &Draft, context: &mut RuleContext<'_>) {
    report_if_name(draft, context, |name| {
        let odd = |character: char| {
            character.is_numeric() && character != '〇'
                || matches!(character, '@' | '*' | '#' | '_' | '<' | '>' | '=' | '|')
        };
        name.chars().any(odd) || has_test_word(name)
    });
}

/// `test` has to be a word of its own: there are names like Testino.
fn has_test_word(name: &str) -> bool {
    let lower = name.to_lowercase();
    TEST_WORDS.iter().any(|word| {
        if word.is_ascii() {
            lower.split(|character: char| !character.is_alphabetic()).any(|part| part == *word)
        } else {
            lower.contains(word)
        }
    })
}

fn rare_characters(draft: &Draft, context: &mut RuleContext<'_>) {
    report_if_name(draft, context, |name| {
        name.chars().any(|character| matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{10000}'..))
    });
}

fn placeholder(draft: &Draft, context: &mut RuleContext<'_>) {
    report_if_name(draft, context, |name| {
        let lower = name.to_lowercase();
        PLACEHOLDERS.contains(&&*lower)
            || lower.starts_with("baby boy ")
            || lower.starts_with("baby girl ")
            || ["之子", "之女", "之婴"].iter().any(|end| lower.ends_with(end))
    });
}

fn length_unlikely(draft: &Draft, context: &mut RuleContext<'_>) {
    let longest = context.limit() as usize;
    report_if_name(draft, context, |name| !(2..=longest).contains(&name.chars().count()));
}

fn script_unlikely(draft: &Draft, context: &mut RuleContext<'_>) {
    let has = |kind: &str| {
        draft.identifiers.iter().any(|identifier| identifier.kind.value().is_some_and(|code| code == kind))
    };
    let resident = draft.resident_id().is_some_and(|id| !id.is_of_a_permit());
    let passport_only = !resident && has("03") && !has(Identifier::RESIDENT_ID) && is_chinese(draft);
    report_if_name(draft, context, |name| {
        let latin = name.is_ascii() && name.bytes().any(|byte| byte.is_ascii_alphabetic());
        latin && resident || passport_only && name::is_han_name(name)
    });
}

/// Whether the source says that the patient is a national of China: others may have Han names too.
fn is_chinese(draft: &Draft) -> bool {
    draft.nationality.value().is_some_and(|code| ["CHN", "CN", "156"].contains(&code.as_str()))
}

fn report_if_name(draft: &Draft, context: &mut RuleContext<'_>, broken: impl Fn(&str) -> bool) {
    context.report_if(draft.name.as_ref().is_some_and(|name| broken(&name.text)));
}

#[cfg(test)]
mod tests {
    use crate::example::{self, codes};

    fn named(name: &str) -> Vec<&'static str> {
        codes(|raw| raw.name.text = name.into())
    }

    #[test]
    fn a_patient_without_a_name_is_found() {
        assert_eq!(codes(|raw| raw.name.text = "无".into()), ["NAME_MISSING"]);
    }

    #[test]
    fn one_part_of_a_name_is_enough() {
        let family_only = codes(|raw| {
            raw.name.text.clear();
            raw.name.family = "张三".into();
        });
        assert_eq!(family_only, [""; 0]);
    }

    #[test]
    fn what_no_name_has_is_found() {
        for name in ["张三3", "张*", "张三测试", "测试"] {
            assert_eq!(named(name), ["NAME_HAS_ODD_CHARACTERS"], "{name}");
        }
        for name in ["欧阳修", "阿卜杜拉·买买提", "刘〇"] {
            assert_eq!(named(name), [""; 0], "{name}");
        }
    }

    #[test]
    fn rare_characters_are_found_and_kept() {
        assert_eq!(named("张\u{E863}"), ["NAME_HAS_RARE_CHARACTERS"]);
        assert_eq!(named("张\u{20BB7}"), ["NAME_HAS_RARE_CHARACTERS"]);
        assert_eq!(named("张\u{4DAE}"), [""; 0], "in the basic plane");
    }

    #[test]
    fn names_of_the_unnamed_are_found() {
        assert_eq!(named("无名氏"), ["NAME_IS_PLACEHOLDER"]);
        assert_eq!(named("张三之子"), ["NAME_IS_PLACEHOLDER"]);
        assert!(named("Baby Boy Green").contains(&"NAME_IS_PLACEHOLDER"));
    }

    #[test]
    fn very_short_and_very_long_names_are_found() {
        assert_eq!(named("张"), ["NAME_LENGTH_UNLIKELY"]);
        assert_eq!(named(&"张".repeat(51)), ["NAME_LENGTH_UNLIKELY"]);
        assert_eq!(named(&"张".repeat(50)), [""; 0]);
    }

    #[test]
    fn a_script_that_does_not_go_with_the_document_is_found() {
        assert_eq!(named("Zhang San"), ["NAME_SCRIPT_UNLIKELY"]);
        let with_passport = |name: &str, nationality: &str| {
            codes(|raw| {
                raw.name.text = name.into();
                raw.nationality = nationality.into();
                raw.identifiers = vec![example::identifier("03", "E12345678")];
            })
        };
        assert!(with_passport("张三", "CHN").contains(&"NAME_SCRIPT_UNLIKELY"));
        assert!(!with_passport("张三", "SGP").contains(&"NAME_SCRIPT_UNLIKELY"));
        assert!(!with_passport("Green", "AUS").contains(&"NAME_SCRIPT_UNLIKELY"));
    }
}
