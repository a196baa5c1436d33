//! The `DataProcessing` service: decode, call the logic, encode.

use std::{future::Future, sync::Arc};

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Request, Response, Status, Streaming};

use super::{
    admission::BatchPermit,
    batch_reads,
    calls::CallInfo,
    config::ServerConfig,
    decode,
    download::{Download, ResponseStream},
    encode::{Renderer, stream::ResultBuffer},
    pb::{self, data_processing_server::DataProcessing},
    status::{self, internal_error},
    upload::Upload,
};
use crate::{
    context::RequestContext,
    logic::{
        batch_run::BatchError,
        calls::{
            batch_process::BatchProcessLogic, batch_stream::BatchStreamLogic, get_batch::GetBatchLogic,
            list_results::ListResultsLogic,
        },
    },
    svc::ServiceContext,
};

/// The gRPC service.
pub(super) struct DataProcessingService {
    svc: Arc<ServiceContext>,
    config: Arc<ServerConfig>,
    reads: Semaphore,
}

/// Concurrent read calls: few, because they share a connection with batches that are sent again.
const MAX_READS: usize = 4;

impl DataProcessingService {
    pub(super) fn new(svc: Arc<ServiceContext>, config: Arc<ServerConfig>) -> Self {
        Self { svc, config, reads: Semaphore::new(MAX_READS) }
    }

    fn try_take_read_permit(&self) -> Result<SemaphorePermit<'_>, Status> {
        self.reads.try_acquire().map_err(|_| status::too_many_reads(MAX_READS))
    }
}

#[tonic::async_trait]
impl DataProcessing for DataProcessingService {
    async fn batch_process(
        &self,
        request: Request<pb::BatchProcessRequest>,
    ) -> Result<Response<pb::BatchProcessResponse>, Status> {
        let cancelled = CancellationToken::new();
        // Dropped with the call when the caller disconnects; the batch then settles its ledger on its own.
        let _guard = cancelled.clone().drop_guard();
        let context = context(&request, cancelled)?;
        let permit = request.extensions().get::<BatchPermit>().cloned();
        let parsed = decode::parse_request(request.into_inner(), self.config.max_records).await?;

        let logic = BatchProcessLogic::new(context, Arc::clone(&self.svc));
        let running = async move {
            let _permit = permit;
            logic.run(parsed.batch).await
        };
        let report = spawn_detached(&self.svc.tasks, running).await?.map_err(|error| self.refusal(&error))?;
        let renderer = Renderer { language: parsed.language };
        Ok(Response::new(renderer.response(report, parsed.view, self.config.max_response_size)))
    }

    type BatchProcessStreamStream = ResponseStream;

    async fn batch_process_stream(
        &self,
        request: Request<Streaming<pb::BatchProcessStreamRequest>>,
    ) -> Result<Response<ResponseStream>, Status> {
        let cancelled = CancellationToken::new();
        let caller = cancelled.clone().drop_guard();
        let context = context(&request, cancelled)?;
        let permit = request.extensions().get::<BatchPermit>().cloned();
        let mut upload = Upload::new(request.into_inner(), Arc::clone(&self.config));
        let start = tokio::select! {
            start = upload.start() => start?,
            // Without a first message there is no batch to drain.
            () = self.svc.drained.cancelled() => return Err(status::draining()),
        };
        let parsed = decode::parse_start(start)?;

        let started = BatchStreamLogic::start(context.clone(), Arc::clone(&self.svc), parsed.batch).await;
        let (logic, result_stream) = started.map_err(|error| self.refusal(&error))?;
        let (reported, report) = oneshot::channel();
        self.svc.tasks.spawn(async move {
            let _permit = permit;
            logic.run(upload, reported).await;
        });
        let renderer = Renderer { language: parsed.language };
        let results = ResultBuffer::new(parsed.view, renderer, self.config.max_response_size);
        let download = Download::new(&context, result_stream, report, results, caller);
        Ok(Response::new(download.messages()))
    }

    async fn get_batch(&self, request: Request<pb::GetBatchRequest>) -> Result<Response<pb::Batch>, Status> {
        let context = context(&request, CancellationToken::new())?;
        let _read = self.try_take_read_permit()?;
        let pb::GetBatchRequest { batch_id } = request.into_inner();
        decode::require_batch_id(&batch_id)?;
        let logic = GetBatchLogic::new(context, Arc::clone(&self.svc));
        let batch = logic.run(&batch_id).await.map_err(|error| status::read_failed(error, &batch_id))?;
        Ok(Response::new(batch_reads::batch_response(batch_id, &batch)))
    }

    async fn list_results(
        &self,
        request: Request<pb::ListResultsRequest>,
    ) -> Result<Response<pb::ListResultsResponse>, Status> {
        let context = context(&request, CancellationToken::new())?;
        let _read = self.try_take_read_permit()?;
        let parsed = batch_reads::parse_page(request.into_inner())?;
        let logic = ListResultsLogic::new(context, Arc::clone(&self.svc));
        let found = logic.run(&parsed.page).await;
        let found = found.map_err(|error| status::read_failed(error, &parsed.page.batch_id))?;
        Ok(Response::new(batch_reads::page_response(parsed, found, self.config.max_response_size)))
    }
}

impl DataProcessingService {
    fn refusal(&self, error: &BatchError) -> Status {
        status::batch_refused(error, self.config.max_records_in_flight)
    }
}

/// Runs a batch as a task of the process, which outlives the call.
async fn spawn_detached<T: Send + 'static>(
    tasks: &TaskTracker,
    batch: impl Future<Output = T> + Send + 'static,
) -> Result<T, Status> {
    tasks.spawn(batch).await.map_err(|_panic| internal_error())
}

fn context<T>(request: &Request<T>, cancelled: CancellationToken) -> Result<RequestContext, Status> {
    let call = request.extensions().get::<CallInfo>().ok_or_else(internal_error)?;
    call.mark_reached();
    Ok(RequestContext { arrived_at: call.arrived_at, deadline: call.deadline, cancelled })
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn a_batch_that_panics_answers_internal_with_a_fixed_text() {
        let status =
            spawn_detached::<()>(&TaskTracker::new(), async { panic!("patient 4711") }).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().starts_with("an internal error occurred"));
        assert!(!status.message().contains("4711"));
    }
}
