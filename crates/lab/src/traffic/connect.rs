//! A connection to a service that is ready.

use std::{net::SocketAddr, time::Duration};

use dataprocessing::{cli::CommandError, server::pb::data_processing_client::DataProcessingClient};
use tonic::transport::Channel;

/// A client of the service.
pub(crate) type Client = DataProcessingClient<Channel>;

/// How long the server may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks whether it is.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Connects, and waits until the server says that it is ready.
pub(crate) async fn connect(address: SocketAddr) -> Result<Client, CommandError> {
    let endpoint = Channel::from_shared(format!("http://{address}"))?;
    let channel = tokio::time::timeout(READY_WITHIN, async {
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
    .map_err(|_| "the server did not get ready; is the database up?")??;
    Ok(DataProcessingClient::new(channel))
}
