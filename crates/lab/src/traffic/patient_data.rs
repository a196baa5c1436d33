//! `PatientData` in proto3 JSON.

use dataprocessing::{
    cli::CommandError,
    server::{DESCRIPTORS, pb::PatientData},
};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

/// Reads `PatientData` in proto3 JSON.
pub(super) struct PatientDataReader(MessageDescriptor);

impl PatientDataReader {
    pub(super) fn new() -> Result<Self, CommandError> {
        let pool = DescriptorPool::decode(DESCRIPTORS)?;
        let descriptor = pool.get_message_by_name("dataprocessing.v1.PatientData");
        Ok(Self(descriptor.expect("the contract has the message")))
    }

    /// The message of one line; none if it is not one. The parser's own text is not passed on: it may quote
    /// the line, which holds a patient.
    pub(super) fn read(&self, line: &str) -> Option<PatientData> {
        let mut json = serde_json::Deserializer::from_str(line);
        let message = DynamicMessage::deserialize(self.0.clone(), &mut json).ok()?;
        json.end().ok()?;
        message.transcode_to().ok()
    }
}
