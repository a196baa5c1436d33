//! The `date_formats` of a profile.

use cleaning::format::date::DateFormat;
use settings::{Reported, SettingField};

/// Reads the formats of a source, in the order in which they are tried.
pub(super) fn read(field: SettingField<'_>) -> Result<Vec<DateFormat>, Reported> {
    let mut formats: Vec<DateFormat> = Vec::new();
    field.list(|format| {
        let format = format.parsed(|text| {
            let format = DateFormat::parse(text).map_err(|error| error.to_string())?;
            match formats.iter().find_map(|earlier| format.conflict_with(earlier)) {
                Some(conflict) => Err(conflict),
                None => Ok(format),
            }
        })?;
        formats.push(format);
        Ok(())
    })?;
    Ok(formats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{Problems, Section, yaml};

    fn formats(list: &str) -> Result<usize, Vec<String>> {
        let mut problems = Problems::default();
        let text = format!("formats: {list}\n");
        let formats = yaml::parse("x.yaml", &text, &mut problems).and_then(|root| {
            Section::read(root, &mut problems, |root| root.required("formats").and_then(read))
        });
        let formats = problems.conclude(formats);
        formats.map(|formats| formats.len()).map_err(|found| found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn formats_that_read_no_text_in_two_ways_stand_together() {
        for list in [
            "[yyyy-MM-dd, yyyy-M-d, yyyy/M/d, yyyyMMdd, yyyyMM, yyyy, instant, epoch-milliseconds]",
            "[dd/MM/yyyy, d/M/yyyy, yyyy/MM/dd, d/M/yy]",
            "[yyMMdd, yyyyMMdd, epoch-seconds]",
        ] {
            assert!(formats(list).is_ok(), "{list}: {:?}", formats(list));
        }
    }

    #[test]
    fn formats_that_contradict_each_other_are_refused() {
        for (list, expected) in [
            ("[dd/MM/yyyy, M/d/yyyy]", "dd/MM/yyyy reads some of the same texts in another way"),
            ("[yyyyMMdd, ddMMyyyy]", "yyyyMMdd reads some of the same texts in another way"),
            ("[yyMMdd, 'yy[1900]MMdd']", "yyMMdd reads some of the same texts in another way"),
            ("[yyyyMM, \"yyMM'01'\"]", "yyyyMM reads some of the same texts in another way"),
            ("[epoch-seconds, epoch-milliseconds]", "cannot be told apart"),
            ("[epoch-seconds, yyyyMMdd]", "epoch-seconds matches every number: write yyyyMMdd before it"),
            ("[instant, instant]", "instant is listed twice"),
        ] {
            let found = formats(list).expect_err("refused");
            assert!(found.len() == 1 && found[0].starts_with("x.yaml:1: formats[1]: "), "{found:?}");
            assert!(found[0].contains(expected), "{found:?}");
        }
    }
}
