//! Numbers of identity documents other than the resident id: passports and permits.

/// A kind of document that is known by the shape of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// Passport: `E12345678`; any country's has 5 to 9 letters and digits.
    Passport,
    /// Travel permit of a resident of Hong Kong or Macau: H or M and eight digits.
    HongKongMacauPermit,
    /// Travel permit of a resident of Taiwan: eight digits.
    TaiwanPermit,
    /// The foreign permanent resident card as it was until 2023: three letters and twelve digits. The
    /// card since then has a number that works as a resident id does, and starts with 9.
    PermanentResidentCard,
}

impl Document {
    /// The document of a type in CV02.01.101, if its number has a shape of its own.
    pub fn of_type(kind: &str) -> Option<Self> {
        match kind {
            "03" => Some(Self::Passport),
            "06" => Some(Self::HongKongMacauPermit),
            "07" => Some(Self::TaiwanPermit),
            _ => None,
        }
    }

    /// The document whose number this certainly is: a passport of China, a permit of Hong Kong or Macau, or an
    /// old card. Eight digits alone may be anything.
    pub fn recognise(number: &str) -> Option<Self> {
        match number.as_bytes() {
            [b'H' | b'M', digits @ ..] if is_digits(digits, 8) || is_digits(digits, 10) => {
                Some(Self::HongKongMacauPermit)
            }
            [b'A'..=b'Z', digits @ ..] if is_digits(digits, 8) => Some(Self::Passport),
            [b'E', b'A'..=b'Z', digits @ ..] if is_digits(digits, 7) => Some(Self::Passport),
            [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z', digits @ ..] if is_digits(digits, 12) => {
                Some(Self::PermanentResidentCard)
            }
            _ => None,
        }
    }

    /// Brings a compact number in upper case into its canonical form: permits lose the count of reissues,
    /// which differs from card to card of one person.
    pub fn canonical(self, number: &str) -> &str {
        let without_reissues = |number: &'_ str, length: usize| {
            let (card, reissues) = number.as_bytes().split_at_checked(length)?;
            (is_digits(&card[card.len() - 8..], 8) && is_digits(reissues, 2)).then_some(length)
        };
        let end = match self {
            Self::HongKongMacauPermit if number.starts_with(['H', 'M']) => without_reissues(number, 9),
            Self::TaiwanPermit => without_reissues(number, 8),
            Self::HongKongMacauPermit | Self::Passport | Self::PermanentResidentCard => None,
        };
        end.map_or(number, |end| &number[..end])
    }

    /// Whether a canonical number has the shape of this document.
    pub fn fits(self, number: &str) -> bool {
        let bytes = number.as_bytes();
        match self {
            Self::Passport => {
                (5..=9).contains(&bytes.len())
                    && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            }
            Self::HongKongMacauPermit => matches!(bytes, [b'H' | b'M', digits @ ..] if is_digits(digits, 8)),
            Self::TaiwanPermit => is_digits(bytes, 8),
            Self::PermanentResidentCard => Self::recognise(number) == Some(self),
        }
    }
}

fn is_digits(bytes: &[u8], count: usize) -> bool {
    bytes.len() == count && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn permits_lose_the_count_of_reissues() {
        assert_eq!(Document::HongKongMacauPermit.canonical("H1234567801"), "H12345678");
        assert_eq!(Document::HongKongMacauPermit.canonical("H12345678"), "H12345678");
        assert_eq!(Document::TaiwanPermit.canonical("1234567801"), "12345678");
        assert_eq!(Document::TaiwanPermit.canonical("12345678"), "12345678");
        assert_eq!(Document::Passport.canonical("E12345678"), "E12345678");
    }

    #[test]
    fn shapes_are_told_apart() {
        assert!(Document::Passport.fits("E12345678") && Document::Passport.fits("PA1234567"));
        assert!(!Document::Passport.fits("E1-2345") && !Document::Passport.fits("1234567890"));
        assert!(
            Document::HongKongMacauPermit.fits("M00000001")
                && !Document::HongKongMacauPermit.fits("K00000001")
        );
        assert!(Document::TaiwanPermit.fits("00000001") && !Document::TaiwanPermit.fits("0000001"));
        assert_eq!(Document::recognise("USA110112345678"), Some(Document::PermanentResidentCard));
        assert_eq!(Document::recognise("H12345678"), Some(Document::HongKongMacauPermit));
        assert_eq!(Document::recognise("EA1234567"), Some(Document::Passport));
        assert_eq!(Document::recognise("123456789"), None);
    }

    proptest! {
        #[test]
        fn formatting_twice_changes_nothing(number in "[HMEA]?[0-9]{0,12}", any in any::<String>()) {
            for number in [number, any] {
                for document in [Document::Passport, Document::HongKongMacauPermit, Document::TaiwanPermit] {
                    let once = document.canonical(&number);
                    prop_assert_eq!(document.canonical(once), once);
                }
            }
        }
    }
}
