//! Types that a scalar can be read as.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{ByteSize, HttpUrl};

/// A type that a scalar can be read as. `parse(written(x)) == x` for every value.
pub trait Setting: Sized {
    /// Reads a value.
    ///
    /// # Errors
    ///
    /// A message for people: what is wrong and how to write it.
    fn parse(text: &str) -> Result<Self, String>;

    /// Writes the value as in a file.
    fn written(&self) -> String;
}

impl Setting for String {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("is empty".into()) } else { Ok(text.into()) }
    }

    fn written(&self) -> String {
        self.clone()
    }
}

impl Setting for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        String::parse(text).map(Self::from)
    }

    fn written(&self) -> String {
        self.display().to_string()
    }
}

impl Setting for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("{text:?} is neither true nor false")),
        }
    }

    fn written(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {$(
        impl Setting for $number {
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| {
                    format!("{text:?} is not a whole number from 0 to {}", Self::MAX)
                })
            }

            fn written(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

whole_numbers!(u32 usize);

impl Setting for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map_err(|_| format!("{text:?} is not a duration: write a number and its unit, as 30s or 50ms"))
    }

    fn written(&self) -> String {
        humantime::format_duration(*self).to_string()
    }
}

impl Setting for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("{text:?} is not an address and a port, as 127.0.0.1:8080"))
    }

    fn written(&self) -> String {
        self.to_string()
    }
}

impl Setting for ByteSize {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn written(&self) -> String {
        self.to_string()
    }
}

impl Setting for HttpUrl {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn written(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_back<T: Setting + PartialEq>(value: T) -> bool {
        T::parse(&value.written()).is_ok_and(|read| read == value)
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(Duration::parse("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(Duration::parse("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(Duration::parse("0s"), Ok(Duration::ZERO));
        assert!(Duration::parse("30").is_err());
        assert!(Duration::parse("-1s").is_err());
    }

    #[test]
    fn numbers_are_whole() {
        assert_eq!(usize::parse("50"), Ok(50));
        for wrong in ["", "-1", "1.5", "5e3", "50 workers", "99999999999999999999"] {
            assert!(usize::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_value_is_read_back_from_what_is_written(
            number: usize,
            truth: bool,
            millis in 0u64..1 << 40,
            bytes: u64,
            host: std::net::IpAddr,
            port: u16,
        ) {
            prop_assert!(read_back(number));
            prop_assert!(read_back(truth));
            prop_assert!(read_back(Duration::from_millis(millis)));
            prop_assert!(read_back(ByteSize::parse(&bytes.to_string()).expect("a size")));
            prop_assert!(read_back(SocketAddr::new(host, port)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = (usize::parse(&text), bool::parse(&text), Duration::parse(&text));
            let _ = (ByteSize::parse(&text), SocketAddr::parse(&text), HttpUrl::parse(&text));
        }
    }
}
