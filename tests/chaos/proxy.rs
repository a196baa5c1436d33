//! A TCP proxy between the service and an outside party, which does to the connections what networks and
//! crashing peers do.
//!
//! The fault is switched while it runs and strikes the connections that are there as well as new ones. At
//! most [`MOST_CONNECTIONS`] are carried at a time, each by one task with two buffers of fixed size; all of
//! them end when the proxy does.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// More than the service opens by far.
const MOST_CONNECTIONS: usize = 1_000;

/// How much is carried at a time in one direction.
const BUFFER_BYTES: usize = 16 * 1024;

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Carries everything at once.
    Pass,
    /// Carries everything, each piece so much later.
    Delay(Duration),
    /// Closes every connection at once.
    Drop,
    /// Keeps every connection open and swallows what is sent on it, both ways.
    BlackHole,
    /// The same for what the outside party answers: what the service sends still arrives.
    HalfOpen,
    /// Resets every connection at once.
    Reset,
    /// Closes every connection and does not listen.
    Refuse,
}

/// A running proxy. Dropping it stops it without waiting.
pub(crate) struct Proxy {
    local_addr: SocketAddr,
    mode: watch::Sender<Mode>,
    open: Arc<AtomicUsize>,
    closing: DropGuard,
    carrying: JoinHandle<()>,
}

impl Proxy {
    /// A proxy on a free port of the loopback interface that passes everything to `party`.
    pub(crate) async fn start(party: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let local_addr = listener.local_addr().expect("it is bound");
        let (mode, modes) = watch::channel(Mode::Pass);
        let (closing, open) = (CancellationToken::new(), Arc::<AtomicUsize>::default());
        let link = Link { party, modes, closing: closing.clone(), open: Arc::clone(&open) };
        let carrying = tokio::spawn(listen(listener, local_addr, link));
        Self { local_addr, mode, open, closing: closing.drop_guard(), carrying }
    }

    /// Where the service finds the party.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Does this from now on. A connection of which anything was swallowed stays dead, as one whose state a
    /// firewall has forgotten.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Connections that the service has open to the party.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Closes every connection, and waits until all is gone.
    pub(crate) async fn stop(self) {
        drop(self.closing);
        self.carrying.await.expect("the proxy ends without a panic");
    }
}

/// What all connections of a proxy know.
#[derive(Clone)]
struct Link {
    party: SocketAddr,
    modes: watch::Receiver<Mode>,
    closing: CancellationToken,
    open: Arc<AtomicUsize>,
}

async fn listen(listener: TcpListener, address: SocketAddr, mut link: Link) {
    let closing = link.closing.clone();
    let mut connections = JoinSet::new();
    let mut listener = Some(listener);
    loop {
        let refuses = *link.modes.borrow_and_update() == Mode::Refuse;
        if refuses {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.expect("nobody has taken the port"));
        }
        tokio::select! {
            () = closing.cancelled() => break,
            _ = link.modes.changed() => {}
            Some(_) = connections.join_next() => {}
            client = accept(listener.as_ref()), if connections.len() < MOST_CONNECTIONS => {
                if let Ok(client) = client {
                    connections.spawn(link.clone().carry(client));
                }
            }
        }
    }
    // They see that the proxy is closing by themselves.
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(client, _)| client),
        None => std::future::pending().await,
    }
}

/// Counts a connection as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Link {
    /// Carries one connection until either side, the mode or the proxy ends it.
    async fn carry(self, mut client: TcpStream) {
        self.open.fetch_add(1, Ordering::AcqRel);
        let open = Arc::clone(&self.open);
        let _counted = Counted(&open);
        let closing = self.closing.clone();
        let mut party = None;
        let resets = tokio::select! {
            () = closing.cancelled() => false,
            resets = self.struck() => resets,
            () = pass(&mut client, &mut party, self.party, &self.modes) => false,
        };
        if resets {
            // A failure costs only that the connection ends politely.
            let _ = client.set_zero_linger();
            let _ = party.as_ref().map(TcpStream::set_zero_linger);
        }
    }

    /// Waits for a mode that ends connections. Answers whether it does so by a reset.
    async fn struck(&self) -> bool {
        let ends = |mode: &Mode| matches!(mode, Mode::Drop | Mode::Reset | Mode::Refuse);
        match self.modes.clone().wait_for(ends).await {
            Ok(mode) => *mode == Mode::Reset,
            // The proxy is gone, and with it everything else.
            Err(_) => false,
        }
    }
}

/// Connects the client with the party, which stays in the caller's hands, and carries both ways until one
/// side closes.
async fn pass(
    client: &mut TcpStream,
    party: &mut Option<TcpStream>,
    address: SocketAddr,
    modes: &watch::Receiver<Mode>,
) {
    if *modes.borrow() == Mode::BlackHole {
        // Whoever connects into a black hole is never heard.
        return swallow(client).await;
    }
    let Ok(stream) = TcpStream::connect(address).await else { return };
    let _ = (client.set_nodelay(true), stream.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_party, to_party) = party.insert(stream).split();
    tokio::select! {
        () = pump(from_client, to_party, modes.clone(), &[Mode::BlackHole]) => {}
        () = pump(from_party, to_client, modes.clone(), &[Mode::BlackHole, Mode::HalfOpen]) => {}
    }
}

async fn swallow(client: &mut TcpStream) {
    let mut buffer = [0; 1024];
    while client.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

/// Carries one way until its source closes; swallows everything once it has met one of the deadly modes.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, modes: watch::Receiver<Mode>, deadly: &[Mode]) {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut dead = false;
    loop {
        let read = match from.read(&mut buffer).await {
            Ok(read) if read > 0 => read,
            _ => return,
        };
        let mode = *modes.borrow();
        dead |= deadly.contains(&mode);
        if dead {
            continue;
        }
        if let Mode::Delay(delay) = mode {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
