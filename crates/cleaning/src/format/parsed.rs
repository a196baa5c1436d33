//! What a formatter makes of the text of a field.

/// A formatted field that may have gone wrong in its own ways.
pub enum Parsed<T, Fault> {
    /// The source has nothing.
    Absent,
    Value(T),
    /// The source has something that cannot be brought into the canonical form.
    Faulty(Fault),
}

impl<T, Fault> Parsed<T, Fault> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Faulty(_) => None,
        }
    }

    /// The same field with what `change` makes of its value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Parsed<U, Fault> {
        match self {
            Self::Absent => Parsed::Absent,
            Self::Value(value) => Parsed::Value(change(value)),
            Self::Faulty(fault) => Parsed::Faulty(fault),
        }
    }

    /// The value itself, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Faulty(_) => None,
        }
    }
}

/// A code that the source's table does not hold.
#[derive(Clone, Copy)]
pub struct NotInTable;

/// A version that is no integer.
#[derive(Clone, Copy)]
pub struct NotAnInteger;
