//! What the documents tell people to type works, and does what they say.

use std::{fs, path::Path};

use dataprocessing::server::{
    DESCRIPTORS,
    pb::{
        BatchProcessRequest, BatchProcessStreamRequest, Completion, Outcome,
        batch_process_stream_response::Message,
    },
};
use futures_util::stream;
use prost_reflect::{DescriptorPool, DynamicMessage};

use crate::support::{
    process::binary,
    service::{TestService, balanced},
};

const README: &str = include_str!("../../README.md");
const CALLING: &str = include_str!("../../docs/calling.md");
const OUTCOMES: &str = include_str!("../../docs/outcomes.md");
const PROFILES: &str = include_str!("../../docs/profiles.md");
const DOCUMENTS: [&str; 4] = [README, CALLING, OUTCOMES, PROFILES];

/// The example, read as grpcurl reads it.
fn example() -> BatchProcessRequest {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let descriptor = pool.get_message_by_name("dataprocessing.v1.BatchProcessRequest").unwrap();
    let mut json = serde_json::Deserializer::from_str(include_str!("../../examples/batch.json"));
    DynamicMessage::deserialize(descriptor, &mut json).unwrap().transcode_to().unwrap()
}

#[tokio::test]
async fn the_example_batch_ends_as_the_documents_say() {
    assert!(README.contains("< examples/batch.json") && CALLING.contains("< examples/batch.json"));
    let service = TestService::start().await;
    let response = service.process(example()).await.unwrap();
    let outcomes: Vec<_> = response.results.iter().map(|result| result.outcome()).collect();
    assert_eq!(outcomes, [Outcome::Stored, Outcome::Rejected, Outcome::Stored, Outcome::Rejected]);
    assert_eq!(response.results[1].issues[0].code, "BIRTH_DATE_NOT_IN_CALENDAR");
    assert_eq!(response.results[3].issues[0].code, "IDENTITY_MISMATCH");
    let again = balanced(&service.process(example()).await.unwrap());
    assert_eq!((again.unchanged, again.rejected), (2, 2));
    service.ended().await;
}

/// The messages of the streaming example, read as grpcurl reads them.
fn streamed_example() -> Vec<BatchProcessStreamRequest> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let descriptor = pool.get_message_by_name("dataprocessing.v1.BatchProcessStreamRequest").unwrap();
    let messages = serde_json::Deserializer::from_str(include_str!("../../examples/stream.json"));
    let message = |json: Result<serde_json::Value, _>| {
        DynamicMessage::deserialize(descriptor.clone(), json.unwrap()).unwrap().transcode_to().unwrap()
    };
    messages.into_iter().map(message).collect()
}

#[tokio::test]
async fn the_streaming_example_ends_as_the_whole_one() {
    assert!(README.contains("< examples/stream.json") && CALLING.contains("< examples/stream.json"));
    let service = TestService::start().await;
    let call = service.client().batch_process_stream(stream::iter(streamed_example())).await;
    let mut answer = call.unwrap().into_inner();
    let mut last = None;
    while let Some(message) = answer.message().await.unwrap() {
        last = message.message;
    }
    let Some(Message::Report(report)) = last else { panic!("the report comes last") };
    assert_eq!(report.completion(), Completion::Complete);
    let summary = balanced(&report);
    assert_eq!((summary.received, summary.stored, summary.rejected), (4, 2, 2));
    service.ended().await;
}

#[tokio::test]
async fn the_rejects_of_the_example_are_listed_as_the_document_says() {
    let (_, rest) = OUTCOMES.split_once("```csv\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let service = TestService::start().await;
    let answer = service.process(example()).await.unwrap();
    let output = binary()
        .args(["rejects", "--batch", &answer.batch_id])
        .env("DATAPROCESSING__STORE__URL", &service.database_url)
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let listed: Vec<_> = listed.lines().filter(|line| !line.contains(",warning,")).collect();
    assert_eq!(listed, shown.lines().collect::<Vec<_>>());
    service.ended().await;
}

#[test]
fn the_example_profile_is_sound() {
    let (_, rest) = PROFILES.split_once("```yaml\n").unwrap();
    let (profile, _) = rest.split_once("```").unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("hospitals")).unwrap();
    std::fs::write(directory.path().join("hospitals/example.yaml"), profile).unwrap();
    std::fs::write(directory.path().join("my.yaml"), "hospitals: {dir: hospitals}\n").unwrap();
    let mut command = binary();
    let output =
        command.args(["check-config", "--config"]).arg(directory.path().join("my.yaml")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_of_the_documents_is_one_of_the_binary() {
    let help = String::from_utf8(binary().arg("--help").output().unwrap().stdout).unwrap();
    let lines = DOCUMENTS.iter().flat_map(|document| document.lines());
    let commands = lines.filter_map(|line| line.strip_prefix("cargo run --release -- "));
    for command in commands.map(|line| line.split(' ').next().unwrap()) {
        assert!(help.contains(&format!("  {command} ")), "{command}");
    }
}

#[test]
fn every_link_of_the_documents_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents: Vec<_> = ["README.md", "CONTRIBUTING.md"].map(|name| root.join(name)).into();
    documents.extend(fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    documents.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("http") && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap();
            assert!(document.parent().unwrap().join(path).exists(), "{}: {link}", document.display());
        }
    }
}
