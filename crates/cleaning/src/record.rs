//! One record of a batch as it was sent. What is patient data in it is [`Phi`].

use std::sync::Arc;

use bytes::Bytes;

use crate::phi::Phi;

mod raw_patient;

pub use raw_patient::{
    MAX_ELEMENTS, RawAddress, RawContact, RawIdentifier, RawName, RawPatient, ScalarField,
};

/// The id of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchId {
    /// Never empty.
    pub text: Arc<str>,
    /// Whether the caller chose it, and may send the batch again under it.
    pub is_given: bool,
}

impl BatchId {
    /// An id that the caller chose.
    pub fn given(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), is_given: true }
    }

    /// An id that is generated and new.
    pub fn made(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), is_given: false }
    }
}

/// A batch as it was sent.
#[derive(Debug)]
pub struct RawBatch {
    pub id: BatchId,
    /// Its records, each with its index.
    pub records: Vec<RawRecord>,
    /// Everything is done except storing.
    pub validate_only: bool,
    /// When to stop because too much of it is rejected.
    pub reject_limit: Option<RejectLimit>,
}

/// How much of a batch may be rejected before it is stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RejectLimit {
    /// The maximum share of the judged records that may be rejected, from 0 to 1.
    pub max_ratio: f64,
    /// How many must be judged before the share is meaningful; at least 1.
    pub min_sample: u32,
}

/// One raw record and its index in the batch.
#[derive(Debug)]
pub struct RawRecord {
    /// From 0.
    pub index: u32,
    /// The caller's id of the record; may be empty, which a rule rejects.
    pub id: Arc<str>,
    /// The hospital as the caller wrote it; may be unknown, which a rule rejects.
    pub hospital_code: Arc<str>,
    pub payload: Payload,
}

/// The three forms in which a record comes, or none.
#[derive(Debug)]
pub enum Payload {
    /// Canonical field names, raw values.
    Fields(Box<RawPatient>),
    /// The source's own JSON object.
    Json(Phi<String>),
    /// The source's own JSON object in the profile's character set.
    Bytes(Phi<Bytes>),
    /// The caller sent no payload.
    Missing,
}

impl Payload {
    /// Bytes that the payload holds, for the limit on a record's size.
    pub fn size(&self) -> usize {
        match self {
            Self::Fields(patient) => patient.size(),
            Self::Json(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Missing => 0,
        }
    }

    /// What the hospital sent, to be kept beside the canonical form.
    pub fn into_raw(self) -> Phi<Bytes> {
        match self {
            Self::Fields(patient) => {
                Bytes::from(serde_json::to_vec(&patient).expect("strings serialise")).into()
            }
            Self::Json(text) => Bytes::from(text.into_inner()).into(),
            Self::Bytes(bytes) => bytes,
            Self::Missing => Phi::default(),
        }
    }
}
