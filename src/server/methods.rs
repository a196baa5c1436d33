//! The methods of the service, and how each is treated.

pub use super::pb::data_processing_server::SERVICE_NAME;

/// What a method does, which decides about its time limit, its admission and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MethodKind {
    /// Processes a batch that comes in one message.
    Batch,
    /// Processes a batch that comes as a stream.
    BatchStream,
    /// Reads what is stored about a batch.
    Read,
}

/// Every method by its name. A test compares the list with the descriptors.
const METHODS: [(&str, MethodKind); 4] = [
    ("BatchProcess", MethodKind::Batch),
    ("BatchProcessStream", MethodKind::BatchStream),
    ("GetBatch", MethodKind::Read),
    ("ListResults", MethodKind::Read),
];

impl MethodKind {
    /// The kind of the method at an HTTP path; `None` for other services, such as health.
    pub(super) fn at_path(path: &str) -> Option<Self> {
        let method = path.strip_prefix('/')?.strip_prefix(SERVICE_NAME)?.strip_prefix('/')?;
        let known = METHODS.iter().find(|(name, _)| *name == method);
        // A method that does not exist gets no privileges before tonic answers UNIMPLEMENTED.
        Some(known.map_or(Self::Batch, |(_, kind)| *kind))
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;
    use crate::server::DESCRIPTORS;

    #[test]
    fn every_method_of_the_contract_is_listed() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let service = pool.get_service_by_name(SERVICE_NAME).expect("the descriptors hold the service");
        let declared: Vec<_> = service
            .methods()
            .map(|method| (method.name().to_owned(), method.is_client_streaming()))
            .collect();
        let listed = METHODS.map(|(name, kind)| (name.to_owned(), kind == MethodKind::BatchStream));
        assert_eq!(listed.as_slice(), declared);
    }

    #[test]
    fn only_paths_of_the_service_have_a_kind() {
        let kind = |method: &str| MethodKind::at_path(&format!("/{SERVICE_NAME}/{method}"));
        assert_eq!(kind("BatchProcessStream"), Some(MethodKind::BatchStream));
        assert_eq!(kind("GetBatch"), Some(MethodKind::Read));
        assert_eq!(kind("Nothing"), Some(MethodKind::Batch));
        assert_eq!(MethodKind::at_path("/grpc.health.v1.Health/Check"), None);
    }
}
