//! A connection to a service that is ready.

use std::{net::SocketAddr, time::Duration};

use dataprocessing::{cli::CommandError, server::pb::data_processing_client::DataProcessingClient};
use tonic::transport::Channel;

pub(crate) type Client = DataProcessingClient<Channel>;

/// The time until the service must be ready.
const READY_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Connects, and waits until the service is ready.
pub(crate) async fn connect(address: SocketAddr) -> Result<Client, CommandError> {
    let endpoint = Channel::from_shared(format!("http://{address}"))?;
    let channel = tokio::time::timeout(READY_LIMIT, async {
        let channel = endpoint.connect().await?;
        let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
        let ready = tonic_health::ServingStatus::Serving as i32;
        while health.check(tonic_health::pb::HealthCheckRequest::default()).await?.into_inner().status
            != ready
        {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok::<_, CommandError>(channel)
    })
    .await
    .map_err(|_| "the service did not become ready; is the database up?")??;
    Ok(DataProcessingClient::new(channel))
}
