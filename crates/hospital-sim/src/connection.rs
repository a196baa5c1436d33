//! Connections that end when the simulator does, or when a fault resets them. The server underneath lets a
//! connection finish the request that it is in, and a peer may never finish it.

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

/// Accepts connections that are cut once `closing` is cancelled.
pub(super) struct Connections {
    listener: TcpListener,
    closing: CancellationToken,
}

impl Connections {
    pub(super) fn new(listener: TcpListener, closing: CancellationToken) -> Self {
        Self { listener, closing }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        // Without it, small answers may wait for the peer's acknowledgements; an error costs only that.
        let _ = stream.set_nodelay(true);
        // A token of its own: connections do not contend for one.
        let link = Link::new(self.closing.child_token());
        let closing = Box::pin(link.0.closing.clone().cancelled_owned());
        (Connection { stream, closing, link }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Lets whoever answers a call on a connection end that connection.
#[derive(Clone)]
pub(super) struct Link(Arc<LinkState>);

struct LinkState {
    closing: CancellationToken,
    resets: AtomicBool,
}

impl Link {
    fn new(closing: CancellationToken) -> Self {
        Self(Arc::new(LinkState { closing, resets: AtomicBool::new(false) }))
    }

    /// Resets the connection: the peer gets an error, and nothing that is not on its way yet.
    pub(super) fn reset(&self) {
        self.0.resets.store(true, Ordering::Release);
        self.0.closing.cancel();
    }

    /// The same before there is an answer. Ends by being dropped together with the connection.
    pub(super) async fn reset_unanswered<T>(self) -> T {
        self.reset();
        pending().await
    }
}

impl Connected<IncomingStream<'_, Connections>> for Link {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        stream.io().link.clone()
    }
}

/// A TCP connection that fails every read and write once it is to close.
pub(super) struct Connection {
    stream: TcpStream,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    link: Link,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.link.0.resets.load(Ordering::Acquire) {
            // A failure costs only that the connection ends politely.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl Connection {
    /// What `operation` does with the stream, or an error once the connection is to close. While it is
    /// pending, both wake the task.
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

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.unless_closing(context, |stream, context| stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for Connection {
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
