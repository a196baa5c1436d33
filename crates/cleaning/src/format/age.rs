//! Ages.

/// The years of an age as sources write it: `35`, `35岁`, `35 Y`. Months and days are an age below one year.
pub fn years(age: &str) -> Option<u16> {
    let digits = age.len() - age.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let (number, unit) = age.split_at(digits);
    let years = number.parse().ok()?;
    match unit.trim() {
        "" | "岁" | "周岁" | "Y" | "y" | "a" | "years" => Some(years),
        "月" | "个月" | "天" | "日" | "M" | "m" | "D" | "d" => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_in_the_units_of_forms() {
        for (age, expected) in [
            ("35", Some(35)),
            ("35岁", Some(35)),
            ("3月", Some(0)),
            ("35 Y", Some(35)),
            ("young", None),
            ("", None),
        ] {
            assert_eq!(years(age), expected, "{age}");
        }
    }
}
