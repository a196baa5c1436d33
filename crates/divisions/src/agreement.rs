//! Whether the text of an address and a division code can be of one place.

use super::{Code, Level, Reading, find, names::DivisionName, table};

/// How a code and what a text names lie to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// One lies in the other, or they are one division under two numbers.
    Agree,
    /// They are two places.
    Differ,
    /// One of them is abolished, and its area may have gone to the other.
    Unknown,
}

/// Whether an address agrees with a code of six digits. `None` where it cannot be told: the text names no
/// division at its start, the code is none, or one of the two is of another year and may hold the other.
/// `Some(false)` only if the text clearly starts with another province, prefecture or county.
pub fn agrees(code: &str, text: &str) -> Option<bool> {
    let code = find(code)?.code;
    let reading = Reading::parse(text)?;
    if reading.candidates().any(|name| relation(code, name) == Relation::Agree) {
        return Some(true);
    }
    let differs = |name| relation(code, name) == Relation::Differ;
    let is_clear = match reading.only() {
        Some(name) => differs(name),
        // 新城区 alone can be a part of any city.
        None => !reading.is_lone_county() && reading.candidates().all(differs),
    };
    is_clear.then_some(false)
}

fn relation(code: Code, name: &DivisionName) -> Relation {
    let place = place_of(code);
    if place == name.code || place.is_within(name.code) || name.code.is_within(place) {
        return Relation::Agree;
    }
    if !place.shares_province_with(name.code) {
        return Relation::Differ;
    }
    let rows = table::rows(code);
    if name.is_current && rows.iter().any(|row| row.is_current()) {
        return Relation::Differ;
    }
    let is_renumbered = rows.iter().any(|row| without_rank(row.name) == without_rank(name.text));
    if is_renumbered { Relation::Agree } else { Relation::Unknown }
}

/// The narrowest place around a code: 330101 gathers all districts of 330100, 830000 is a number of permits.
fn place_of(code: Code) -> Code {
    let is_collective = |code| table::rows(code).iter().all(|row| row.is_collective());
    match code.level() {
        _ if code.is_of_taiwan_permits() => Code::TAIWAN,
        Level::County if !is_collective(code) => code,
        Level::County | Level::Prefecture if !is_collective(code.prefecture()) => code.prefecture(),
        _ => code.province(),
    }
}

/// A county that becomes a district or a city keeps the rest of its name.
fn without_rank(name: &str) -> &str {
    name.strip_suffix(['县', '区', '市', '旗']).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_all(expected: Option<bool>, cases: &[(&str, &str)]) {
        for (code, text) in cases {
            assert_eq!(agrees(code, text), expected, "{code} {text}");
        }
    }

    #[test]
    fn texts_of_the_code_or_around_it_agree() {
        assert_all(
            Some(true),
            &[
                ("330106", "浙江省杭州市西湖区文三路1号"),
                ("330106", "浙江省杭州市"),
                ("330106", "浙江省"),
                ("330106", "杭州市西湖区"),
                ("330106", "西湖区文三路"),
                ("330106", "浙江杭州西湖区文三路"),
                ("330100", "浙江省杭州市西湖区"),
                ("330101", "杭州市西湖区"),
                ("330000", "中国浙江省 杭州市"),
                ("441900", "广东省东莞市南城街道"),
                ("442000", "中山市石岐"),
            ],
        );
    }

    #[test]
    fn short_names_of_provinces_count() {
        assert_all(
            Some(true),
            &[
                ("110105", "北京朝阳区建国路"),
                ("110105", "北京"),
                ("650102", "新疆乌鲁木齐市"),
                ("450103", "广西南宁市青秀区"),
                ("150102", "内蒙古呼和浩特市新城区"),
                ("150102", "内蒙呼和浩特"),
                ("810000", "香港"),
                ("830000", "台湾"),
            ],
        );
        assert_all(
            Some(false),
            &[("110105", "新疆乌鲁木齐市"), ("650102", "北京朝阳区"), ("310101", "广西")],
        );
    }

    #[test]
    fn another_province_prefecture_or_county_differs() {
        assert_all(
            Some(false),
            &[
                ("330106", "江苏省南京市"),
                ("330106", "浙江省宁波市海曙区"),
                ("330106", "浙江省杭州市上城区"),
                ("330106", "海淀区中关村大街"),
                ("110105", "北京市海淀区"),
                ("441900", "广东省中山市"),
                ("429004", "湖北省潜江市"),
                ("659001", "新疆五家渠市"),
                ("130104", "河北省张家口市桥西区"),
            ],
        );
    }

    #[test]
    fn municipalities_are_read_with_and_without_their_collective_names() {
        assert_all(
            Some(true),
            &[
                ("110105", "北京市市辖区朝阳区"),
                ("110100", "北京市朝阳区"),
                ("110105", "北京市/市辖区/朝阳区"),
                ("500229", "重庆市县城口县"),
                ("429004", "湖北省省直辖县级行政区划仙桃市"),
            ],
        );
    }

    #[test]
    fn the_prefectures_of_ili_agree_with_it() {
        assert_all(Some(true), &[("654202", "新疆伊犁哈萨克自治州塔城地区乌苏市"), ("654202", "新疆伊犁州")]);
    }

    #[test]
    fn a_division_agrees_under_the_number_and_rank_of_another_year() {
        assert_all(
            Some(true),
            &[
                ("110221", "北京市昌平区"),
                ("132421", "河北省保定市易县"),
                ("340722", "安徽省安庆市枞阳县"),
                ("510221", "重庆市长寿区"),
                ("420602", "湖北省襄樊市襄城区"),
                ("419001", "河南省焦作市济源市"),
            ],
        );
    }

    #[test]
    fn what_was_abolished_may_be_part_of_its_neighbour_but_not_of_another_province() {
        assert_all(
            None,
            &[("110103", "北京市东城区"), ("110101", "北京市崇文区"), ("510221", "重庆市渝北区")],
        );
        assert_all(Some(false), &[("110103", "浙江省杭州市"), ("110101", "安徽省巢湖市居巢区")]);
    }

    #[test]
    fn streets_markets_and_common_words_tell_nothing() {
        assert_all(
            None,
            &[
                ("310101", "南京路100号"),
                ("310101", "北京西路1号"),
                ("110105", "朝阳市场路5号"),
                ("330106", "城区北街1号"),
                ("330106", "新城区人民路"),
                ("330106", "老城区"),
                ("330106", "朝阳区"),
                ("330106", "吉林路"),
                ("330106", "中山"),
                ("330106", "文三路1号浙江省"),
                ("330106", ""),
                ("330106", "7 Cleveland Place"),
                ("330106", "Zhejiang"),
            ],
        );
    }

    #[test]
    fn what_is_no_code_agrees_with_nothing() {
        assert_all(None, &[("", "浙江省"), ("999999", "浙江省"), ("3301", "浙江省"), ("浙江省", "浙江省")]);
    }
}
