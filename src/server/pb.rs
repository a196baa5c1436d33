//! The wire types, generated from `proto/`.

#![allow(missing_docs, clippy::all)]

tonic::include_proto!("dataprocessing.v1");

/// The encoded descriptor set of the contract.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

#[cfg(test)]
mod tests {
    use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

    use super::DESCRIPTORS;

    const GENERATED: &str = include_str!(concat!(env!("OUT_DIR"), "/dataprocessing.v1.rs"));

    /// The texts of messages with a `Debug`. They are made by this service, or name a batch, a hospital or one of its
    /// fields: none is a value of a record.
    const HARMLESS_TEXTS: [&str; 21] = [
        "Batch.batch_id",
        "ChangeGroup.code",
        "ChangeGroup.field",
        "ChangeGroup.hospital_code",
        "ChangeGroup.kind",
        "ChangeGroup.rule",
        "Hint.code",
        "Hint.message",
        "Issue.code",
        "Issue.field",
        "Issue.message",
        "Issue.shape",
        "Issue.source_field",
        "IssueGroup.code",
        "IssueGroup.field",
        "IssueGroup.hospital_code",
        "IssueGroup.message",
        "IssueGroup.source_field",
        "ProfileVersion.hospital_code",
        "ProfileVersion.version",
        "ShapeCount.shape",
    ];

    fn has_debug(message: &MessageDescriptor) -> bool {
        let declaration = format!("pub struct {} {{", message.name());
        let (before, _) = GENERATED.split_once(&declaration).expect("every message has a struct");
        let attributes = &before[before.rfind("#[derive(").expect("a struct of prost is derived")..];
        !attributes.contains("skip_debug")
    }

    #[test]
    fn a_message_with_a_debug_holds_no_text_but_the_listed_ones() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let ours = pool.all_messages().filter(|message| message.package_name() == "dataprocessing.v1");
        let mut texts: Vec<String> = ours
            .filter(has_debug)
            .flat_map(|message| message.fields().collect::<Vec<_>>())
            .filter(|field| matches!(field.kind(), Kind::String | Kind::Bytes))
            .map(|field| format!("{}.{}", field.parent_message().name(), field.name()))
            .collect();
        texts.sort();
        assert_eq!(texts, HARMLESS_TEXTS);
    }
}
