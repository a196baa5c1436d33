//! Callers in a hurry, all at once.

use std::{collections::VecDeque, sync::Arc, sync::Mutex, time::Duration};

use crate::{
    batch::Batch,
    finding::Finding,
    plan::Plan,
    rig::{Caller, Engine, Rig, Setup, Site},
};

/// Callers that wait for an answer at a time: more than the hospital bears.
const CALLERS: usize = 16;

/// Deadlines that can be kept, and such as leave hardly any time.
const USUAL: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(5)];
const TIGHT: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

pub(super) async fn scenario(plan: Plan) -> Vec<Finding> {
    let usual = in_a_hurry(&plan, "deadlines of 250 ms to 5 s under full load", USUAL, 0.0).await;
    let tight = in_a_hurry(&plan, "deadlines of 50 to 250 ms under full load", TIGHT, 0.02).await;
    vec![usual, tight]
}

async fn in_a_hurry(plan: &Plan, fault: &str, deadlines: [Duration; 2], most_late: f64) -> Finding {
    let north = Site { latency: Duration::from_millis(50), ..Site::sound("north") };
    let rig = Rig::start(Setup { hospitals: vec![north], ..Setup::with(Engine::Sqlite) }).await;
    let mut chance = plan.chance(fault);
    let times = plan.times(100, 1_000);
    let calls = (0..times).map(|time| {
        let count = chance.from(20, 400) as usize;
        let batch = Batch::new(&format!("hurry-{time}"), &["north"], count);
        (batch, chance.between(deadlines[0], deadlines[1]))
    });
    let calls: Arc<Calls> = Arc::new(Mutex::new(calls.collect()));
    let callers: Vec<_> =
        (0..CALLERS).map(|_| tokio::spawn(call_all(rig.caller(), Arc::clone(&calls)))).collect();
    let mut sum = Answers::default();
    for caller in callers {
        sum.add(&caller.await.expect("the caller does not panic"));
    }
    assert_eq!(sum.answered + sum.refused + sum.late, times);
    let late = f64::from(sum.late) / f64::from(times);
    assert!(late <= most_late, "{} of {times} were answered late: {:?}", sum.late, sum.why_late);
    let balance = rig.balance().await;
    rig.end().await;
    let measured =
        format!("{} answered in time, {} refused in time, {} late", sum.answered, sum.refused, sum.late);
    Finding { fault: fault.to_owned(), times, balance, recoveries: Vec::new(), measured }
}

/// What is still to be sent, and by when it is to be answered.
type Calls = Mutex<VecDeque<(Batch, Duration)>>;

#[derive(Default)]
struct Answers {
    answered: u32,
    refused: u32,
    late: u32,
    why_late: Vec<String>,
}

impl Answers {
    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.late += other.late;
        self.why_late.extend_from_slice(&other.why_late);
    }
}

/// Sends what is left until nothing is. The answers are checked and booked as always.
async fn call_all(caller: Caller, calls: Arc<Calls>) -> Answers {
    let mut answers = Answers::default();
    let next = || calls.lock().expect("nobody panics with it").pop_front();
    while let Some((batch, deadline)) = next() {
        let (answer, took) = caller.send_timed(&batch, Some(deadline)).await;
        match answer {
            Ok(_) if took <= deadline => answers.answered += 1,
            // Without details the status is made up by the caller's side, which has given up.
            Err(status) if took <= deadline && !status.details().is_empty() => answers.refused += 1,
            other => {
                answers.late += 1;
                let status = other.map_or_else(|status| status.to_string(), |_| "OK".to_owned());
                answers.why_late.push(format!("{took:?} of {deadline:?}: {status}"));
            }
        }
    }
    answers
}
