//! What codes name, in the cases that standards and history make special.

use proptest::prelude::*;

use super::*;

fn name(code: &str) -> Option<&'static str> {
    find(code).map(|division| division.name)
}

/// The names of a code and of what it lies in, collective ones left out: of an abolished one as they were when it was
/// in use last.
fn full(code: &str) -> Option<String> {
    let division = find(code)?;
    let is_then = |row: &&Division| {
        division.last_year.map_or(row.is_current(), |year| {
            row.first_year <= year && row.last_year.is_none_or(|last| year <= last)
        })
    };
    let name = |code: Code| {
        let rows = table::rows(code);
        rows.iter().find(is_then).or(rows.first()).filter(|row| !row.is_collective()).map(|row| row.name)
    };
    let code = division.code;
    let levels = [(code.prefecture(), Level::Prefecture), (code, Level::County)];
    let narrower = levels.into_iter().filter(|(code, level)| code.level() == *level);
    Some(name(code.province())?.to_owned() + &narrower.filter_map(|(code, _)| name(code)).collect::<String>())
}

#[test]
fn codes_in_use_have_the_name_of_now() {
    for (code, expected) in [
        ("110000", "北京市"),
        ("110105", "朝阳区"),
        ("420600", "襄阳市"),
        ("652900", "阿克苏地区"),
        ("810000", "香港特别行政区"),
        ("710000", "台湾省"),
    ] {
        assert_eq!(name(code), Some(expected));
        assert!(find(code).is_some_and(Division::is_current), "{code}");
    }
}

#[test]
fn abolished_codes_are_found_with_their_years() {
    for (code, expected, last_year) in [
        ("110103", "崇文区", 2009),
        ("110104", "宣武区", 2009),
        ("132421", "易县", 1993),
        ("440524", "潮阳县", 1992),
        ("510200", "重庆市", 1996),
        ("341400", "巢湖市", 2010),
        ("469034", "陵水黎族自治县", 2006),
    ] {
        let division = find(code).expect(code);
        assert_eq!((division.name, division.last_year), (expected, Some(last_year)));
    }
}

#[test]
fn a_code_has_all_its_names_the_newest_first() {
    let names = |code| all(code).iter().map(|row| (row.name, row.first_year)).collect::<Vec<_>>();
    assert_eq!(names("420600"), [("襄阳市", 2010), ("襄樊市", 1980)]);
    assert_eq!(names("132401"), [("定州市", 1986), ("保定市", 1980)]);
}

#[test]
fn what_is_no_code_is_not_found() {
    for code in ["", "11", "1101050", "119999", "999999", "000000", "１１０１０５", "北京", "11010é"]
    {
        assert_eq!(name(code), None, "{code}");
        assert!(all(code).is_empty() && full(code).is_none(), "{code}");
        assert!(!is_known(code), "{code}");
    }
}

#[test]
fn numbers_of_city_districts_are_known_without_a_row() {
    for (code, has_row) in [("330106", true), ("110103", true), ("440401", true), ("441901", false)] {
        assert!(is_known(code) && name(code).is_some() == has_row, "{code}");
    }
    for code in ["990001", "331501", "330199", "110301", "330000x"] {
        assert!(!is_known(code), "{code}");
    }
}

#[test]
fn provinces_are_those_of_the_standard() {
    let expected = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 \
                    50 51 52 53 54 61 62 63 64 65 71 81 82";
    let found: Vec<String> =
        (0..100).map(|number| format!("{number:02}")).filter(|digits| province_exists(digits)).collect();
    assert_eq!(found.join(" "), expected);
    assert!(province_exists("110105") && !province_exists("1") && !province_exists("é1"));
}

#[test]
fn the_first_digits_of_an_id_say_who_issued_it() {
    assert_eq!(id_region("11010519491231002X"), Some(IdRegion::Province));
    for number in ["810000199408230021", "820000199408230021", "830000199201300022"] {
        assert_eq!(id_region(number), Some(IdRegion::ResidencePermit));
    }
    assert_eq!(id_region("911124198108030024"), Some(IdRegion::ForeignPermanentResident));
    for number in ["", "8", "1", "00", "16", "84", "X1", "é"] {
        assert_eq!(id_region(number), None, "{number}");
    }
}

#[test]
fn full_names_leave_collective_codes_out() {
    for (code, expected) in [
        ("330106", "浙江省杭州市西湖区"),
        ("330100", "浙江省杭州市"),
        ("330000", "浙江省"),
        // Municipalities: districts, and until they were abolished counties.
        ("110105", "北京市朝阳区"),
        ("110100", "北京市"),
        ("110228", "北京市密云县"),
        ("500229", "重庆市城口县"),
        // Under the province itself.
        ("429004", "湖北省仙桃市"),
        ("469005", "海南省文昌市"),
        ("659010", "新疆维吾尔自治区胡杨河市"),
        // Cities without counties.
        ("441900", "广东省东莞市"),
        ("442000", "广东省中山市"),
        ("330101", "浙江省杭州市"),
    ] {
        assert_eq!(full(code).as_deref(), Some(expected));
    }
}

#[test]
fn abolished_divisions_lie_in_what_they_lay_in_then() {
    assert_eq!(full("132421").as_deref(), Some("河北省保定地区易县"));
    assert_eq!(full("341402").as_deref(), Some("安徽省巢湖市居巢区"));
    // 襄樊 became 襄阳 when 襄阳区 became 襄州区 under the same code.
    assert_eq!(full("420607").as_deref(), Some("湖北省襄阳市襄州区"));
}

#[test]
fn every_division_agrees_with_its_full_name_and_is_read_off_it_while_in_use() {
    for row in table::all() {
        let code = row.code.to_string();
        let text = full(&code).expect("every code has a full name") + "幸福路1号";
        assert_eq!(agrees(&code, &text), Some(true), "{code} {text}");
        if row.is_current() && !row.is_collective() && !row.code.is_of_taiwan_permits() {
            let read = Reading::parse(&text).and_then(|reading| reading.division());
            assert_eq!(read, Some(row.code), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_can_be_looked_up(any in any::<String>(), digits in "[0-9]{0,8}") {
        for text in [any, digits] {
            let _ = (id_region(&text), province_exists(&text), agrees(&text, &text), agrees("110105", &text));
            prop_assert_eq!(find(&text), all(&text).first());
            prop_assert!(find(&text).is_none() || is_known(&text));
        }
    }
}
