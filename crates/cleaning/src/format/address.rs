//! Addresses: each division named once, and the code of the narrowest.

use std::borrow::Cow;

use divisions::{Code, Reading, is_cut, whole_after_bare, without_separators};

/// An address without the divisions that it repeats at its start: forms put province and city before a text
/// that has them already. Only names that occur twice, one run directly after the other, are removed:
/// 浙江省杭州市浙江省杭州市 has one, 吉林省吉林市 none.
pub fn format(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut formatted = Cow::Borrowed(text);
    // What is taken out can bring another repetition to light. Each round shortens the text.
    while let Some(shorter) = without_one_repetition(&formatted) {
        formatted = Cow::Owned(shorter);
    }
    formatted
}

/// The code of the narrowest division that a formatted address starts with, of county rank or above. None if
/// it names none or could be several: 朝阳区 alone is in Beijing and in Changchun.
pub fn division_code(text: &str) -> Option<Code> {
    Reading::parse(text)?.division()
}

fn without_one_repetition(text: &str) -> Option<String> {
    if let Some(whole) = whole_after_bare(text) {
        return Some(text[whole..].to_owned());
    }
    let reading = Reading::parse(text)?;
    reading.prefixes().find_map(|prefix| {
        let (kept, rest) = text.split_at(prefix.len());
        let mut unrepeated = rest;
        while let Some(after) = prefix.runs().find_map(|run| without_copy(unrepeated, run)) {
            unrepeated = after;
        }
        (unrepeated.len() < rest.len()).then(|| [kept, unrepeated].concat())
    })
}

/// What follows a copy of some names.
fn without_copy<'t>(rest: &'t str, run: &str) -> Option<&'t str> {
    without_separators(rest).strip_prefix(run).filter(|after| !is_cut(run, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use divisions::{agrees, find};

    fn assert_formats(text: &str, expected: &str) {
        assert_eq!(format(text), expected, "{text}");
    }

    fn code_of(text: &str) -> Option<String> {
        division_code(text).map(|code| code.to_string())
    }

    #[test]
    fn repeated_divisions_are_removed() {
        assert_formats("北京市北京市朝阳区建国路1号", "北京市朝阳区建国路1号");
        assert_formats("北京市北京市北京市朝阳区", "北京市朝阳区");
        assert_formats("浙江省杭州市浙江省杭州市西湖区", "浙江省杭州市西湖区");
        assert_formats("浙江省杭州市杭州市西湖区", "浙江省杭州市西湖区");
        assert_formats("浙江省浙江省杭州市杭州市西湖区", "浙江省杭州市西湖区");
        assert_formats("浙江省杭州市西湖区浙江省杭州市西湖区文三路", "浙江省杭州市西湖区文三路");
        assert_formats("浙江省 杭州市 浙江省 杭州市 西湖区", "浙江省 杭州市 西湖区");
        assert_formats("广东省东莞市东莞市南城街道", "广东省东莞市南城街道");
        assert_formats("新疆维吾尔自治区新疆维吾尔自治区五家渠市", "新疆维吾尔自治区五家渠市");
        assert_formats("湖北省仙桃市仙桃市", "湖北省仙桃市");
        assert_formats("福建省南平市南平市政和县", "福建省南平市政和县");
        assert_formats("吉林省吉林市吉林省吉林市昌邑区", "吉林省吉林市昌邑区");
    }

    #[test]
    fn a_short_name_before_the_whole_one_is_removed() {
        assert_formats("北京北京市朝阳区", "北京市朝阳区");
        assert_formats("内蒙古内蒙古自治区包头市", "内蒙古自治区包头市");
    }

    #[test]
    fn what_is_not_repeated_stays() {
        for text in [
            "吉林省吉林市昌邑区",
            "吉林吉林市昌邑区",
            "海南省海南藏族自治州",
            "浙江省杭州市西湖区文三路",
            "北京市市辖区朝阳区",
            "铁岭市铁岭县",
            "上海市上海县",
            "浙江省杭州市浙江省宁波市",
            "北京市北京市政大楼",
            "南京市南京市民中心",
            "朝阳市场朝阳市场",
            "幸福路幸福路1号",
            "杭州杭州西湖区",
            "",
            "Rue de Genève 1, Genève Genève",
            "new york new york",
        ] {
            assert!(matches!(format(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn the_code_is_that_of_the_narrowest_division_named() {
        for (text, expected) in [
            ("浙江省杭州市西湖区文三路1号", "330106"),
            ("浙江杭州西湖区文三路1号", "330106"),
            ("杭州市西湖区", "330106"),
            ("浙江省 杭州市 西湖区", "330106"),
            ("浙江省杭州市文三路1号", "330100"),
            ("浙江省", "330000"),
            ("北京市朝阳区建国路1号", "110105"),
            ("北京市市辖区朝阳区", "110105"),
            ("吉林省长春市朝阳区", "220104"),
            ("吉林省吉林市昌邑区", "220202"),
            ("重庆市城口县", "500229"),
            ("湖北省仙桃市", "429004"),
            ("湖北省省直辖县级行政区划仙桃市", "429004"),
            ("海南省文昌市", "469005"),
            ("海南省定安县", "469021"),
            ("新疆石河子市北三路", "659001"),
            ("新疆维吾尔自治区伊犁哈萨克自治州塔城地区乌苏市", "654202"),
            ("广东省东莞市南城街道", "441900"),
            ("广东省东莞市东城区", "441900"),
            ("广东省中山市石岐街道", "442000"),
            ("云南省昆明市石林县", "530126"),
            ("吉林省延边州珲春市", "222404"),
            ("海淀区中关村大街", "110108"),
            ("江苏省昆山市", "320583"),
            ("福建省南平市政和县", "350725"),
            ("台湾省", "710000"),
        ] {
            assert_eq!(code_of(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn of_several_years_the_code_in_use_is_taken() {
        assert_eq!(code_of("河北省保定市").as_deref(), Some("130600"));
        assert_eq!(code_of("北京市通州区").as_deref(), Some("110112"));
        // Abolished, and the only one of its name.
        assert_eq!(code_of("北京市崇文区").as_deref(), Some("110103"));
        assert_eq!(code_of("湖北省襄樊市").as_deref(), Some("420600"));
    }

    #[test]
    fn what_could_be_several_divisions_has_no_code() {
        for text in [
            "朝阳区建国路1号",
            "通州区",
            "东区1号楼",
            "老城区",
            "朝阳",
            "南京路100号",
            "朝阳市场路5号",
            "浙江省南京市",
            "浙江省杭州市浙江省宁波市",
            "文三路1号",
            "中国",
            "",
            "12 Main Street",
        ] {
            assert_eq!(code_of(text), None, "{text}");
        }
    }

    /// Names of divisions in full and for short, words that occur beside them, and separators.
    const PIECES: &str = "北京市 北京 朝阳区 朝阳市 朝阳 吉林省 吉林市 吉林 昌邑区 浙江省 浙江 杭州市 杭州 西湖区 市辖区 \
                          县 市 场 政 海南省 海南 海南藏族自治州 伊犁州 新疆 塔城地区 乌苏市 中国 \u{3000} - 路 1 \
                          重庆市 城口县 仙桃市 内蒙古自治区 内蒙古 内蒙";

    fn texts() -> impl Strategy<Value = String> {
        let pieces = proptest::sample::select(PIECES.split(' ').collect::<Vec<_>>());
        prop_oneof![
            any::<String>(),
            proptest::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()),
            (any_division(), any_division(), 0..3usize)
                .prop_map(|(one, other, times)| { [one.repeat(times), other.clone(), one, other].concat() }),
        ]
    }

    fn any_division() -> impl Strategy<Value = String> {
        proptest::sample::select(vec![
            "浙江省",
            "浙江省杭州市西湖区",
            "北京市朝阳区",
            "湖北省仙桃市",
            "新疆维吾尔自治区胡杨河市",
            "吉林省吉林市昌邑区",
            "新疆维吾尔自治区塔城地区乌苏市",
            "广东省东莞市",
            "北京市密云县",
        ])
        .prop_map(str::to_owned)
    }

    proptest! {
        #[test]
        fn formatting_twice_changes_nothing(text in texts()) {
            let once = format(&text).into_owned();
            prop_assert!(matches!(format(&once), Cow::Borrowed(same) if same == once));
            prop_assert!(once.len() <= text.len());
            let _ = division_code(&text);
        }

        #[test]
        fn a_repetition_before_an_address_changes_nothing(name in any_division(), times in 1..6usize) {
            let address = name.clone() + "幸福路1号";
            let repeated = name.repeat(times) + &address;
            prop_assert_eq!(format(&repeated), format(&address));
        }

        #[test]
        fn a_code_found_is_one_of_the_table_and_agrees(text in texts()) {
            if let Some(code) = division_code(&text) {
                let code = code.to_string();
                prop_assert!(find(&code).is_some());
                prop_assert_eq!(agrees(&code, &text), Some(true));
            }
        }
    }
}
