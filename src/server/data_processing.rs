//! The `DataProcessing` service: decode, call the logic, encode.

use std::{future::Future, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Request, Response, Status};
use tracing::error;
use uuid::Uuid;

use super::{
    Limits,
    admission::Place,
    calls::Call,
    decode, encode,
    pb::{self, data_processing_server::DataProcessing},
    status,
};
use crate::{context::RequestContext, logic::batch_process::BatchProcessLogic, svc::ServiceContext};

/// The gRPC face of the service.
pub(super) struct DataProcessingService {
    pub svc: Arc<ServiceContext>,
    pub limits: Limits,
}

#[tonic::async_trait]
impl DataProcessing for DataProcessingService {
    async fn batch_process(
        &self,
        request: Request<pb::BatchProcessRequest>,
    ) -> Result<Response<pb::BatchProcessResponse>, Status> {
        let cancelled = CancellationToken::new();
        // Dropped with the call when the caller goes away; the batch then settles its ledger by itself.
        let _guard = cancelled.clone().drop_guard();
        let context = context(&request, cancelled)?;
        let place = request.extensions().get::<Place>().cloned();
        let asked = decode::request(request.into_inner(), &self.limits)?;

        let logic = BatchProcessLogic::new(context, Arc::clone(&self.svc));
        let running = async move {
            let _place = place;
            logic.run(asked.batch).await
        };
        let report = own(&self.svc.tasks, running).await?.map_err(|error| status::of_batch_error(&error))?;
        Ok(Response::new(encode::response(report, asked.view, asked.language, self.limits.max_response_size)))
    }
}

/// Runs a batch as a task of the process, which the end of the call does not end.
async fn own<T: Send + 'static>(
    tasks: &TaskTracker,
    batch: impl Future<Output = T> + Send + 'static,
) -> Result<T, Status> {
    tasks.spawn(batch).await.map_err(|_panic| bug())
}

fn context<T>(request: &Request<T>, cancelled: CancellationToken) -> Result<RequestContext, Status> {
    let call = request.extensions().get::<Call>().ok_or_else(bug)?;
    call.reach();
    Ok(RequestContext { arrived_at: call.arrived_at, deadline: call.deadline, cancelled })
}

/// The status of a bug, under an id that the log has too.
pub(super) fn bug() -> Status {
    let id = Uuid::now_v7().to_string();
    error!(%id, "a call was struck by a bug");
    status::internal(&id)
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn a_batch_that_panics_answers_internal_with_a_fixed_text() {
        let struck = own::<()>(&TaskTracker::new(), async { panic!("patient 4711") }).await.unwrap_err();
        assert_eq!(struck.code(), Code::Internal);
        assert!(struck.message().starts_with("an internal error struck the call"));
        assert!(!struck.message().contains("4711"));
    }
}
