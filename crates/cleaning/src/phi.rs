//! Protected health information: values about a patient, which must not be printed by accident.

use std::{
    borrow::Borrow,
    fmt,
    ops::{Deref, DerefMut},
};

use serde::Serialize;

/// A value about a patient. It works as the value does, except that `Debug` and `Display` print a mask:
/// printing the value takes a deliberate dereference.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Phi<T>(T);

/// What is printed instead of a value.
const MASK: &str = "***";

impl<T> Phi<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives up the protection, to store or send the value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Display for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> Deref for Phi<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Phi<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Phi<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Phi<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Borrow<str> for Phi<String> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Phi<String> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Phi<String> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_is_printed() {
        let name: Phi<String> = "CANARY".into();
        assert_eq!(format!("{name} {name:?} {:?} {name:>9}", Some(&name)), "*** *** Some(***) ***");
    }

    #[test]
    fn a_value_works_as_what_it_holds() {
        let mut name: Phi<String> = "li".into();
        name.push_str(" na");
        assert!(name.starts_with("li") && name == "li na");
        assert_eq!(serde_json::to_string(&name).expect("JSON"), r#""li na""#);
        assert_eq!(name.into_inner(), "li na");
    }
}
