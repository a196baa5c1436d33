//! Sizes in bytes, written as `32MiB`, `64KiB` or plain bytes.

use std::{fmt, str::FromStr};

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

impl ByteSize {
    /// A size in KiB.
    pub const fn kib(number: u64) -> Self {
        Self(number << 10)
    }

    /// A size in MiB.
    pub const fn mib(number: u64) -> Self {
        Self(number << 20)
    }

    /// The bytes as a size in memory, at most `usize::MAX`.
    pub fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = match unit.trim_start() {
            "" => Some(1),
            unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes),
        };
        number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(unit?))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a size: write whole bytes, KiB, MiB or GiB, as 32MiB"))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = UNITS
            .into_iter()
            .find(|(_, bytes)| self.0 >= *bytes && self.0.is_multiple_of(*bytes))
            .unwrap_or(("B", 1));
        write!(f, "{}{name}", self.0 / bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary_or_plain_bytes() {
        assert_eq!("32MiB".parse(), Ok(ByteSize::mib(32)));
        assert_eq!("64 KiB".parse(), Ok(ByteSize::kib(64)));
        assert_eq!("4096".parse(), Ok(ByteSize::kib(4)));
        assert_eq!("0".parse(), Ok(ByteSize(0)));
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for wrong in ["", "MiB", "32MB", "32M", "1.5MiB", "-1", "99999999999GiB"] {
            assert!(wrong.parse::<ByteSize>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_size_is_shown_in_the_largest_unit_that_divides_it() {
        assert_eq!(ByteSize::mib(32).to_string(), "32MiB");
        assert_eq!(ByteSize(1500).to_string(), "1500B");
        assert_eq!(ByteSize(0).to_string(), "0B");
    }
}
