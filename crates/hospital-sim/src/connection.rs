//! ResettableListener that end with the simulator, or when a fault resets them. The HTTP server would let a connection finish
//! its request, and a peer may never do that.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Accepts connections that end once `closing` is cancelled.
pub(crate) struct ResettableListener {
    listener: TcpListener,
    closing: CancellationToken,
}

impl ResettableListener {
    pub(crate) fn new(listener: TcpListener, closing: CancellationToken) -> Self {
        Self { listener, closing }
    }
}

impl Listener for ResettableListener {
    type Io = ResettableConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (ResettableConnection, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        // Otherwise small responses may wait for acknowledgements of the peer; an error costs only that.
        let _ = stream.set_nodelay(true);
        // A token for each connection, so that connections do not contend for one.
        let handle = ConnectionHandle::new(self.closing.child_token());
        let closing = Box::pin(handle.0.closing.clone().cancelled_owned());
        (ResettableConnection { stream, closing, handle }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Ends the connection on which a call arrived.
#[derive(Clone)]
pub(crate) struct ConnectionHandle(Arc<HandleState>);

struct HandleState {
    closing: CancellationToken,
    resets: AtomicBool,
}

impl ConnectionHandle {
    fn new(closing: CancellationToken) -> Self {
        Self(Arc::new(HandleState { closing, resets: AtomicBool::new(false) }))
    }

    /// Resets the connection: the peer gets an error, and nothing that was not sent before.
    pub(crate) fn reset(&self) {
        self.0.resets.store(true, Ordering::Release);
        self.0.closing.cancel();
    }

    /// Resets the connection before there is a response. The future never ends: it is dropped with the connection.
    pub(crate) async fn reset_unanswered<T>(self) -> T {
        self.reset();
        pending().await
    }
}

impl Connected<IncomingStream<'_, ResettableListener>> for ConnectionHandle {
    fn connect_info(stream: IncomingStream<'_, ResettableListener>) -> Self {
        stream.io().handle.clone()
    }
}

/// A TCP connection whose reads and writes fail once it is to close.
pub(crate) struct ResettableConnection {
    stream: TcpStream,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    handle: ConnectionHandle,
}

impl Drop for ResettableConnection {
    fn drop(&mut self) {
        if self.handle.0.resets.load(Ordering::Acquire) {
            // On failure the connection ends with FIN instead of RST.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl ResettableConnection {
    /// Polls `operation` on the stream; an error once the connection is to close. While pending, both wake the task.
    fn unless_closing<T>(
        &mut self,
        context: &mut Context<'_>,
        operation: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.closing.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        operation(Pin::new(&mut self.stream), context)
    }
}

impl AsyncRead for ResettableConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.unless_closing(context, |stream, context| stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for ResettableConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.unless_closing(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unless_closing(context, |stream, context| stream.poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
