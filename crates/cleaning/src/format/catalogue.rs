//! The rules of formatting, as data. Each is applied in the module of its field.

use crate::{change::FormatRule, message::Text};

macro_rules! format_rules {
    ($($name:ident $number:literal $fields:literal ($basis:literal) $en:literal, $zh:literal;)*) => {
        $(
            #[doc = concat!($number, ": ", $en, " (", $basis, ").")]
            pub static $name: FormatRule = FormatRule {
                code: stringify!($name),
                number: $number,
                fields: $fields,
                basis: $basis,
                text: Text { en: $en, zh: $zh },
            };
        )*

        /// All of them, by number.
        pub static CATALOGUE: &[&FormatRule] = &[$(&$name),*];
    };
}

format_rules! {
    TEXT_DECODED "F01" "record" ("GB 18030, UTF-8")
        "bytes are decoded with the character set of the profile",
        "按医院配置的字符集解码字节";
    TEXT_CLEANED "F02" "all" ("Unicode")
        "control, zero-width and direction characters are removed, spaces trimmed and collapsed",
        "去除控制字符、零宽字符和方向标记，修剪并合并空格";
    WIDTH_FOLDED "F03" "codes, numbers, dates, phones" ("Unicode NFKC")
        "full-width and compatibility forms become plain ones",
        "全角及兼容字符转为普通字符";
    TEXT_NORMALISED "F04" "names, addresses" ("Unicode NFC")
        "full-width forms are folded and the text is composed; nothing else that NFKC would replace is changed",
        "折叠全角字符并作规范组合(NFC)，不作NFKC的其他替换";
    SEPARATOR_UNIFIED "F05" "names" ("MZWF 2016-33: U+00B7")
        "the separator between Han characters becomes U+00B7",
        "汉字之间的间隔号统一为U+00B7";
    SPACES_REMOVED "F06" "names" ("practice of registries")
        "spaces between Han characters are removed",
        "去除汉字之间的空格";
    PINYIN_DERIVED "F07" "name.pinyin" ("GB/T 28039")
        "if the profile asks for it, the pinyin of a Han name is stored beside the name",
        "按医院配置，在姓名之外另存其拼音";
    DATE_REFORMATTED "F08" "dates" ("GB/T 7408 (ISO 8601)")
        "dates in a format of the profile become ISO 8601 and keep their precision",
        "按医院配置格式读取的日期转为ISO 8601，保持原有精度";
    INSTANT_LOCALISED "F09" "dates" ("IANA time zones")
        "an instant becomes the local date in the time zone of the source",
        "时间点按来源时区转换为当地日期";
    DATE_ORDER_STATED "F10" "dates" ("ISO 8601")
        "the order of day and month, or a two-digit year, is read only as the profile states it",
        "日月顺序或两位数年份仅按医院配置的明确格式读取";
    CODE_TRANSLATED "F11" "gender, nationality, ethnicity, marital_status, identifiers.type" ("GB/T 2261.1, GB/T 2659, CV02.01.101")
        "codes are translated by the tables of the profile, otherwise by those of the standards",
        "代码按医院配置的代码表翻译，否则按标准代码表翻译";
    RESIDENT_ID_FORMATTED "F12" "identifiers.value" ("GB 11643")
        "resident ids lose spaces and dashes, and x becomes X; a 15-digit number is followed by its 18-digit form",
        "居民身份证号码去除空格和连字符、X大写；15位号码另存其18位形式";
    DOCUMENT_NUMBER_FORMATTED "F13" "identifiers.value" ("permit and passport rules")
        "permit and passport numbers become upper case, and permits lose their reissue count",
        "通行证和护照号码转大写，通行证去除换证次数";
    PHONE_FORMATTED "F14" "phones, contacts.phone" ("ITU-T E.164")
        "phone numbers become E.164, several in one field are split, extensions are separated",
        "电话号码转为E.164格式，拆分同一字段中的多个号码，分机号单列";
    ADDRESS_FORMATTED "F15" "addresses" ("GB/T 2260")
        "repeated divisions at the start of an address are removed, and an unambiguous division code is added",
        "去除地址开头重复的行政区划，并补充可唯一确定的行政区划代码";
    NULL_TOKEN_EMPTIED "F16" "all" ("null tokens of the profile")
        "texts by which the source says that it has no value are left out",
        "来源系统表示空值的文本按缺失处理";
    NUMBER_MADE_TEXT "F17" "patient_id, identifiers.value" ("JSON")
        "ids that came as JSON numbers become text",
        "以JSON数字发送的编号转为文本";
    PATIENT_ID_PADDED "F18" "patient_id" ("width of the profile")
        "patient numbers that lost their leading zeros get them back, up to the width of the profile",
        "患者编号按医院配置的宽度补足前导零";
    CODE_PREFERRED "F19" "gender, nationality, ethnicity, marital_status" ("code and display pairs")
        "where a source sends a code and its display, the code is used, and the display only without a code",
        "来源同时发送代码和名称时取代码，无代码时才取名称";
    DUPLICATE_DROPPED "F20" "identifiers, phones" ("set semantics")
        "identifiers and phones that are already in the list are left out",
        "去除列表中重复的证件号码和电话";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_run_from_1_to_20() {
        let numbers: Vec<_> = CATALOGUE.iter().map(|rule| rule.number).collect();
        assert_eq!(numbers, (1..=20).map(|number| format!("F{number:02}")).collect::<Vec<_>>());
    }
}
