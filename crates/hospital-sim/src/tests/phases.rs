//! Phases as they meet a caller.

use super::*;

async fn put_phase(address: SocketAddr, phases: &str) -> (u16, String) {
    receive(send(address, "PUT", "/phase", phases).await).await
}

#[tokio::test]
async fn phases_can_be_put_and_seen() {
    let simulator =
        start_with(SimulatorConfig { phases: Phase::Busy.into(), ..SimulatorConfig::default() }).await;
    let address = simulator.local_addr();
    let seen = receive(send(address, "GET", "/phase", "").await).await;
    assert_eq!(seen, (200, "busy\n".to_owned()));
    assert_eq!(verify(address, "42-mismatch").await.0, 503);

    assert_eq!(put_phase(address, "ratelimited").await, (200, "ratelimited\n".to_owned()));
    assert_eq!(header(address, "42", "retry-after").await.unwrap(), "1");
    assert_eq!(put_phase(address, "healthy 1h, dead\n").await, (200, "healthy\n".to_owned()));
    assert_eq!(verify(address, "42").await.0, 200);

    let (status, told) = put_phase(address, "dying").await;
    assert!(status == 400 && told.contains("\"dying\"") && told.contains("dead"), "{told}");
    assert_eq!(simulator.phase(), Phase::Healthy);

    put_phase(address, "hang").await;
    let hanging = begin_verify(address, "42").await;
    until(&simulator, |stats| stats.in_flight == 1).await;
    drop(hanging);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_dead_hospital_resets_every_call_and_can_be_revived() {
    let simulator = start(Duration::ZERO).await;
    let address = simulator.local_addr();
    assert_eq!(put_phase(address, "dead").await.0, 200);
    for body in [r#"{"patientId":"42-mismatch"}"#, "no identity"] {
        assert_eq!(received_before_the_reset(send(address, "POST", "/verify", body).await).await, "");
    }
    assert_eq!(receive(send(address, "GET", "/stats", "").await).await.0, 200);
    put_phase(address, "healthy").await;
    assert_eq!(verify(address, "42").await.0, 200);
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_hospital_that_dies_takes_along_what_it_was_working_on() {
    let simulator = start(Duration::from_millis(500)).await;
    let working = begin_verify(simulator.local_addr(), "42").await;
    until(&simulator, |stats| stats.in_flight == 1).await;
    simulator.set_phase(Phase::Dead);
    assert_eq!(received_before_the_reset(working).await, "");
    simulator.stop().await.unwrap();
}
