//! Probable causes of issues that many records have in common. A hint is for people: it changes nothing.

use super::message::Text;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hint {
    /// Dates are one day early.
    TimeZoneShift,
    /// The gender is always the other one.
    GenderReversed,
    /// The month is over 12 where the day would do.
    DayMonthOrder,
    /// Long numbers were rounded to 15 digits, or written as `4.41E+17`.
    SpreadsheetNumber,
    /// Characters are those of another character set.
    WrongCharset,
}

impl Hint {
    const ALL: [Self; 5] = [
        Self::TimeZoneShift,
        Self::GenderReversed,
        Self::DayMonthOrder,
        Self::SpreadsheetNumber,
        Self::WrongCharset,
    ];

    /// The hint with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hint| hint.code() == code)
    }

    /// Stable, UPPER_SNAKE.
    pub fn code(self) -> &'static str {
        match self {
            Self::TimeZoneShift => "TIME_ZONE_SHIFT",
            Self::GenderReversed => "GENDER_CODES_REVERSED",
            Self::DayMonthOrder => "DAY_MONTH_ORDER",
            Self::SpreadsheetNumber => "SPREADSHEET_NUMBER",
            Self::WrongCharset => "WRONG_CHARSET",
        }
    }

    /// What is probably wrong, and where to correct it.
    pub fn text(self) -> &'static Text {
        match self {
            Self::TimeZoneShift => &Text {
                en: "the dates of birth are one day early: the source probably writes local midnight in UTC; add \
                     the format instant to the profile and check its time zone",
                zh: "出生日期均早一天：来源系统可能以UTC写出本地零点，请在医院配置中加入instant格式并检查时区",
            },
            Self::GenderReversed => &Text {
                en: "the gender is nearly always the opposite of the resident id's: the source's codes are probably \
                     reversed; check the profile's gender table",
                zh: "性别几乎总与身份证号码相反：来源系统的性别代码可能颠倒，请检查医院配置的性别代码表",
            },
            Self::DayMonthOrder => &Text {
                en: "with day and month swapped the dates would be in the calendar; check the order in the profile's \
                     date formats",
                zh: "日月互换后日期即有效，请检查医院配置的日期格式中日与月的顺序",
            },
            Self::SpreadsheetNumber => &Text {
                en: "the numbers have lost digits, as long numbers do in a spreadsheet; export the column as text",
                zh: "号码丢失了位数，像是被电子表格当作数字处理，请将该列按文本导出",
            },
            Self::WrongCharset => &Text {
                en: "the text was decoded with the wrong character set, often GBK read as UTF-8; check the charset of \
                     the profile and the export of the source",
                zh: "文本以错误的字符集解码（常见为GBK被当作UTF-8），请检查医院配置的字符集和来源系统的导出",
            },
        }
    }

    /// How many of a group's issues must point to the cause before it is reported.
    fn min_pointing(self) -> u32 {
        match self {
            Self::TimeZoneShift | Self::GenderReversed => 3,
            Self::DayMonthOrder => 2,
            Self::SpreadsheetNumber | Self::WrongCharset => 1,
        }
    }

    /// Whether `pointing` of the `group` issues of a group, found among `compared` records in which the same
    /// could have been found, make this the probable cause: most of both.
    pub fn is_probable(self, pointing: u32, group: u32, compared: u32) -> bool {
        pointing >= self.min_pointing() && is_most(pointing, group) && is_most(pointing, compared)
    }
}

fn is_most(part: u32, whole: u32) -> bool {
    u64::from(part) * 5 >= u64::from(whole) * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_cases_tell_nothing_and_most_must_agree() {
        let shift = Hint::TimeZoneShift;
        assert!(!shift.is_probable(2, 2, 2));
        assert!(shift.is_probable(3, 3, 3));
        assert!(shift.is_probable(8, 10, 10));
        assert!(!shift.is_probable(7, 10, 10));
        assert!(!shift.is_probable(3, 3, 100), "three typing errors among a hundred");
        assert!(Hint::SpreadsheetNumber.is_probable(1, 1, 1));
    }
}
