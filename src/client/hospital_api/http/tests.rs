//! The client against small servers that are told what to answer.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Redirect},
    routing::post,
};
use futures_util::stream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
    time::sleep,
};

use super::*;
use cleaning::outcome::Failure;

/// Long enough for every test that does not wait for a timeout.
const AMPLE: Duration = Duration::from_secs(30);
/// Short enough for the tests that do.
const BRIEF: Duration = Duration::from_millis(200);

fn patient(patient_id: &str) -> Patient {
    Patient::unknown("h1", patient_id)
}

fn verify_at(url: String) -> VerificationConfig {
    VerificationConfig {
        url,
        timeout: AMPLE,
        connect_timeout: AMPLE,
        response: None,
        ..VerificationConfig::at(String::new())
    }
}

/// A client of `path` at `address`.
fn client(address: SocketAddr, path: &str) -> HttpVerificationClient {
    HttpVerificationClient::new(&verify_at(format!("http://{address}{path}")), 4).unwrap()
}

async fn ask(client: &HttpVerificationClient, patient_id: &str) -> Result<Verdict, Failure> {
    ask_until(client, patient_id, Instant::now() + AMPLE).await.map_err(|fault| fault.kind.failure())
}

async fn ask_until(
    client: &HttpVerificationClient,
    patient_id: &str,
    until: Instant,
) -> Result<Verdict, CallFault> {
    client.verify(&patient(patient_id), until).await
}

/// Serves `router` until the set is dropped.
async fn serve(router: Router) -> (SocketAddr, JoinSet<io::Result<()>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await });
    (address, serving)
}

/// Reads one request of each connection, writes `answer` as it stands, and closes.
async fn serve_raw(answer: &'static str) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, serving)
}

#[tokio::test]
async fn every_answer_has_one_result() {
    // The path says which status comes back, and the patient's number which body.
    let router = Router::new().route(
        "/{status}",
        post(async |Path(status): Path<u16>, Json(asked): Json<serde_json::Value>| {
            let body = asked["patientId"].as_str().unwrap().to_owned();
            (StatusCode::from_u16(status).unwrap(), body)
        }),
    );
    let (address, _serving) = serve(router).await;
    let cases = [
        (200, r#"{"result":"match"}"#, Ok(Verdict::Match)),
        (200, r#"{"result":"mismatch","because":"name"}"#, Ok(Verdict::Mismatch)),
        (200, r#"{"result":"not_found"}"#, Ok(Verdict::NotFound)),
        (200, r#"{"result":"illegal"}"#, Ok(Verdict::Illegal)),
        (200, r#"{"result":"perhaps"}"#, Err(Failure::HospitalProtocolError)),
        (200, r#"{"result":7}"#, Err(Failure::HospitalProtocolError)),
        (200, r#"{"result":"match"#, Err(Failure::HospitalProtocolError)),
        (200, "<html>sign in</html>", Err(Failure::HospitalProtocolError)),
        (200, "", Err(Failure::HospitalProtocolError)),
        (204, "", Err(Failure::HospitalProtocolError)),
        (302, r#"{"result":"match"}"#, Err(Failure::HospitalProtocolError)),
        (400, r#"{"result":"illegal"}"#, Ok(Verdict::Illegal)),
        (400, "no", Err(Failure::HospitalRefused)),
        (401, r#"{"result":"match"}"#, Err(Failure::HospitalUnavailable)),
        (403, "", Err(Failure::HospitalUnavailable)),
        (404, r#"{"result":"not_found"}"#, Err(Failure::HospitalRefused)),
        (407, "", Err(Failure::HospitalUnavailable)),
        (408, "", Err(Failure::HospitalTimeout)),
        (415, "", Err(Failure::HospitalRefused)),
        (422, r#"{"result":"mismatch"}"#, Ok(Verdict::Mismatch)),
        (422, "", Err(Failure::HospitalRefused)),
        (422, r#"{"result":"match"}"#, Err(Failure::HospitalRefused)),
        (429, "", Err(Failure::HospitalUnavailable)),
        (500, r#"{"result":"match"}"#, Err(Failure::HospitalUnavailable)),
        (503, "", Err(Failure::HospitalUnavailable)),
    ];
    for (status, body, result) in cases {
        let client = client(address, &format!("/{status}"));
        assert_eq!(ask(&client, body).await, result, "{status} {body}");
    }
}

#[tokio::test]
async fn a_call_states_its_type_its_sender_and_the_time_that_is_left() {
    let router = Router::new().route(
        "/",
        post(async |headers: HeaderMap| {
            let left: u64 = headers["x-timeout-ms"].to_str().unwrap().parse().unwrap();
            let sound = (1..=9_000).contains(&left)
                && headers["content-type"] == "application/json"
                && headers["user-agent"].to_str().unwrap().starts_with("dataprocessing/");
            if sound { r#"{"result":"match"}"# } else { r#"{"result":"mismatch"}"# }
        }),
    );
    let (address, _serving) = serve(router).await;
    let near = Instant::now() + Duration::from_secs(9);
    let verdict = client(address, "/").verify(&patient("1"), near).await;
    assert_eq!(verdict, Ok(Verdict::Match), "bounded by the caller");

    let impatient =
        VerificationConfig { timeout: Duration::from_secs(9), ..verify_at(format!("http://{address}/")) };
    let client = HttpVerificationClient::new(&impatient, 1).unwrap();
    assert_eq!(ask(&client, "1").await, Ok(Verdict::Match), "bounded by the profile");
}

/// A server that counts its calls, answers `/moved` with a redirect, and anything else with a match.
async fn counting_server() -> (SocketAddr, Arc<AtomicUsize>, JoinSet<io::Result<()>>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let router = Router::new()
        .route("/moved", post(async || Redirect::temporary("/")))
        .route(
            "/",
            post(async |State(calls): State<Arc<AtomicUsize>>| {
                calls.fetch_add(1, Ordering::SeqCst);
                r#"{"result":"match"}"#
            }),
        )
        .with_state(Arc::clone(&calls));
    let (address, serving) = serve(router).await;
    (address, calls, serving)
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (address, calls, _serving) = counting_server().await;
    let result = ask(&client(address, "/moved"), "1").await;
    assert_eq!(result, Err(Failure::HospitalProtocolError));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn without_time_left_no_call_is_made() {
    let (address, calls, _serving) = counting_server().await;
    let client = client(address, "/");
    let result = ask_until(&client, "1", Instant::now()).await;
    assert_eq!(result, Err(FaultKind::BatchDeadline.into()));
    // The server handles a later call, so an earlier one would have been counted by now.
    assert_eq!(ask(&client, "1").await, Ok(Verdict::Match));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout_of_the_caller_or_of_the_profile() {
    let (address, _serving) = serve(Router::new().route("/", post(std::future::pending::<()>))).await;
    let patient = patient("1");

    let result = client(address, "/").verify(&patient, Instant::now() + BRIEF).await;
    assert_eq!(result, Err(FaultKind::BatchDeadline.into()));

    let impatient = VerificationConfig { timeout: BRIEF, ..verify_at(format!("http://{address}/")) };
    let client = HttpVerificationClient::new(&impatient, 1).unwrap();
    let result = client.verify(&patient, Instant::now() + AMPLE).await;
    assert_eq!(result, Err(FaultKind::Timeout.into()));
}

#[tokio::test]
async fn a_body_that_only_drips_is_bounded_by_the_same_timeout() {
    let drip = || async {
        Body::from_stream(stream::unfold((), |()| async {
            sleep(Duration::from_millis(10)).await;
            Some((Ok::<_, io::Error>(Bytes::from_static(b" ")), ()))
        }))
    };
    let (address, _serving) = serve(Router::new().route("/", post(drip))).await;
    let result = client(address, "/").verify(&patient("1"), Instant::now() + BRIEF).await;
    assert_eq!(result, Err(FaultKind::BatchDeadline.into()));
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read_to_its_end() {
    fn padded(length: usize) -> String {
        let answer = r#"{"result":"match"}"#;
        format!("{answer}{}", " ".repeat(length - answer.len()))
    }
    let endless = || async {
        let spaces = Bytes::from(vec![b' '; 4096]);
        Body::from_stream(stream::repeat_with(move || Ok::<_, io::Error>(spaces.clone()))).into_response()
    };
    let router = Router::new()
        .route("/largest", post(async || padded(MAX_BODY)))
        .route("/larger", post(async || padded(MAX_BODY + 1)))
        .route("/endless", post(endless));
    let (address, _serving) = serve(router).await;
    assert_eq!(ask(&client(address, "/largest"), "1").await, Ok(Verdict::Match));
    for path in ["/larger", "/endless"] {
        assert_eq!(ask(&client(address, path), "1").await, Err(Failure::HospitalProtocolError), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_no_answer() {
    let (address, _serving) =
        serve_raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"result\":\"match\"}").await;
    assert_eq!(ask(&client(address, "/"), "1").await, Err(Failure::HospitalProtocolError));
}

#[tokio::test]
async fn a_connection_that_closes_without_an_answer_means_unavailable() {
    let (address, _serving) = serve_raw("").await;
    assert_eq!(ask(&client(address, "/"), "1").await, Err(Failure::HospitalUnavailable));
}

#[tokio::test]
async fn a_refused_connection_means_unavailable() {
    // Bound and not listening: the port stays ours, and refuses.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let result = ask(&client(socket.local_addr().unwrap(), "/"), "1").await;
    assert_eq!(result, Err(Failure::HospitalUnavailable));
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_unavailable_before_the_call_times_out() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts: once the queue is full, the system leaves further attempts without an answer.
    let mut queued = Vec::new();
    while let Ok(stream) = timeout(BRIEF, TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }

    let verify = VerificationConfig { connect_timeout: BRIEF, ..verify_at(format!("http://{address}/")) };
    let client = HttpVerificationClient::new(&verify, 1).unwrap();
    assert_eq!(ask(&client, "1").await, Err(Failure::HospitalUnavailable));
}

#[tokio::test]
async fn plain_text_where_tls_is_expected_means_unavailable() {
    let (address, _serving) = serve_raw("HTTP/1.1 200 OK\r\n\r\n").await;
    // Built for plain HTTP and then turned, so that the machine needs no certificate authorities.
    let mut client = client(address, "/");
    client.url = Url::parse(&format!("https://{address}/")).unwrap();
    assert_eq!(ask(&client, "1").await, Err(Failure::HospitalUnavailable));
}

#[test]
fn an_address_that_cannot_be_called_is_refused_without_being_told() {
    for url in
        ["", "verify", "127.0.0.1:9100/verify", "ftp://user:secret@host/", "http://", "http://user:secret@:x"]
    {
        let error = HttpVerificationClient::new(&verify_at(url.to_owned()), 1).err().unwrap();
        assert!(matches!(error, ClientBuildError::Address(_)), "{url}");
        assert!(!error.to_string().contains("secret"), "{url}");
    }
}
