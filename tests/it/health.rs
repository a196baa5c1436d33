//! Health and reflection, as Kubernetes and grpcurl ask for them.

use dataprocessing::server::SERVICE_NAME;

use crate::support::{eventually, postgres::PostgresServer, service::TestService};

#[tokio::test]
async fn every_health_name_is_known_and_serving_once_ready() {
    let service = TestService::start().await;
    for name in ["", SERVICE_NAME, "liveness", "hospital/febrl", "hospital/renmin"] {
        assert_eq!(service.health(name).await, "SERVING", "{name:?}");
    }
    assert_ne!(service.health("nothing").await, "SERVING");
    service.ended().await;
}

#[tokio::test]
async fn a_service_whose_store_is_down_at_the_start_listens_and_gets_ready_later() {
    let mut server = PostgresServer::start();
    let url = server.url();
    server.stop();
    let service = TestService::with(|knobs| {
        knobs.config.store.url = url.as_str().into();
        knobs.await_ready = false;
    })
    .await;
    assert_eq!(service.health("").await, "NOT_SERVING");
    assert_eq!(service.health(SERVICE_NAME).await, "NOT_SERVING");
    assert_eq!(service.health("liveness").await, "SERVING");
    server.restart();
    eventually("it gets ready", async || service.health("").await == "SERVING").await;
    service.ended().await;
    server.stop();
}

#[tokio::test]
async fn reflection_answers_in_both_versions_and_can_be_switched_off() {
    use tonic_reflection::pb::{v1, v1alpha};
    let service = TestService::start().await;
    let list = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let asked = v1::ServerReflectionRequest { message_request: Some(list), ..Default::default() };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(service.channel.clone());
    let mut answers =
        client.server_reflection_info(futures_util::stream::iter([asked])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let v1::server_reflection_response::MessageResponse::ListServicesResponse(listed) = answer else {
        panic!("not a list of services")
    };
    for name in [SERVICE_NAME, "grpc.health.v1.Health"] {
        assert!(listed.service.iter().any(|service| service.name == name), "{name}");
    }

    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let asked = v1alpha::ServerReflectionRequest { message_request: Some(list), ..Default::default() };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(service.channel.clone());
    assert!(client.server_reflection_info(futures_util::stream::iter([asked])).await.is_ok());
    service.ended().await;

    let silent = TestService::with(|knobs| knobs.config.server.reflection = false).await;
    let asked = v1::ServerReflectionRequest::default();
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(silent.channel.clone());
    assert!(client.server_reflection_info(futures_util::stream::iter([asked])).await.is_err());
    silent.ended().await;
}
