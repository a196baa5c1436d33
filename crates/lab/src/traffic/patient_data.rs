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
        Ok(Self(descriptor.expect("the contract defines the message")))
    }

    /// The message in a line, if it is one. The error of the parser is dropped because it may quote the line, which is
    /// patient data.
    pub(super) fn read(&self, line: &str) -> Option<PatientData> {
        let mut json = serde_json::Deserializer::from_str(line);
        let message = DynamicMessage::deserialize(self.0.clone(), &mut json).ok()?;
        json.end().ok()?;
        message.transcode_to().ok()
    }
}
