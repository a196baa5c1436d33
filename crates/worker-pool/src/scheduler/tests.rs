use std::collections::{BTreeSet, VecDeque};

use proptest::{collection::vec, prelude::*};
use tokio::time::Duration;

use super::*;

/// What the scheduler hands out here instead of jobs: the lane it was pushed to, and its number in there.
type Ticket = (LaneName, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LaneName {
    batch: usize,
    lane: usize,
}

fn queue_up(
    scheduler: &mut Scheduler<usize>,
    batch: PoolBatchKey,
    gate: &Arc<Gate>,
    jobs: &[usize],
) -> LaneKey {
    let lane = scheduler.add_lane(batch, Arc::clone(gate), Slots::new(1)).unwrap();
    for job in jobs {
        scheduler.push(lane, *job, Turn::Fifo).unwrap();
    }
    lane
}

fn drain(scheduler: &mut Scheduler<usize>) -> Vec<usize> {
    std::iter::from_fn(|| match scheduler.next(Instant::now()) {
        Next::Job(job, _permit) => Some(job),
        Next::Nothing | Next::NotBefore(_) | Next::Drained => None,
    })
    .collect()
}

#[test]
fn batches_take_turns_and_so_do_the_lanes_of_a_batch() {
    let mut scheduler = Scheduler::default();
    let gate = Gate::new(100);
    let wide = scheduler.add_batch();
    queue_up(&mut scheduler, wide, &gate, &[10, 11]);
    queue_up(&mut scheduler, wide, &gate, &[20, 21]);
    let narrow = scheduler.add_batch();
    queue_up(&mut scheduler, narrow, &gate, &[30, 31]);
    assert_eq!(drain(&mut scheduler), [10, 30, 20, 31, 11, 21]);
}

#[test]
fn a_lane_whose_gate_is_closed_is_passed_over_and_keeps_its_turn() {
    let mut scheduler = Scheduler::default();
    let (slow, fast) = (Gate::new(1), Gate::new(100));
    let batch = scheduler.add_batch();
    queue_up(&mut scheduler, batch, &slow, &[10]);
    queue_up(&mut scheduler, batch, &fast, &[20, 21, 22]);
    let inside = slow.try_enter(Instant::now());
    assert!(matches!(scheduler.next(Instant::now()), Next::Job(20, _)));
    assert!(matches!(scheduler.next(Instant::now()), Next::Job(21, _)));
    drop(inside);
    assert!(matches!(scheduler.next(Instant::now()), Next::Job(10, _)));
    assert!(matches!(scheduler.next(Instant::now()), Next::Job(22, _)));
    assert!(matches!(scheduler.next(Instant::now()), Next::Nothing));
}

#[test]
fn a_closed_ring_refuses_jobs_and_is_drained_once_it_is_empty() {
    let mut scheduler = Scheduler::default();
    let gate = Gate::new(1);
    let batch = scheduler.add_batch();
    let lane = queue_up(&mut scheduler, batch, &gate, &[1]);
    assert_eq!(scheduler.close().len(), 1);
    assert_eq!(scheduler.push(lane, 2, Turn::Fifo), Err(2));
    assert!(matches!(scheduler.next(Instant::now()), Next::Job(1, _)));
    assert!(matches!(scheduler.next(Instant::now()), Next::Drained));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_put_off_goes_first_once_its_time_has_come() {
    let mut scheduler = Scheduler::default();
    let batch = scheduler.add_batch();
    let lane = queue_up(&mut scheduler, batch, &Gate::new(9), &[1, 2]);
    let now = Instant::now();
    let (soon, later) = (now + Duration::from_millis(5), now + Duration::from_millis(9));
    for (job, moment) in [(30, later), (10, soon), (20, soon)] {
        scheduler.push(lane, job, Turn::NotBefore(moment)).unwrap();
    }
    assert!(matches!(scheduler.next(now), Next::Job(1, _)));
    assert!(matches!(scheduler.next(soon), Next::Job(10, _)));
    assert!(matches!(scheduler.next(soon), Next::Job(20, _)));
    assert!(matches!(scheduler.next(soon), Next::Job(2, _)));
    scheduler.release_lane(lane);
    assert!(matches!(scheduler.next(soon), Next::NotBefore(moment) if moment == later));
    assert!(matches!(scheduler.next(later), Next::Job(30, _)));
    assert!(matches!(scheduler.next(later), Next::Nothing));
    assert!(scheduler.push(lane, 40, Turn::Fifo).is_err(), "the lane has left with its last job");
}

#[tokio::test(start_paused = true)]
async fn the_first_of_the_gates_that_open_by_themselves_is_waited_for() {
    let mut scheduler = Scheduler::default();
    let batch = scheduler.add_batch();
    let now = Instant::now();
    for (job, pause) in [(1, 30), (2, 20)] {
        let gate = Gate::new(1);
        gate.pause(now + Duration::from_millis(pause));
        queue_up(&mut scheduler, batch, &gate, &[job]);
    }
    let moment = now + Duration::from_millis(20);
    assert!(matches!(scheduler.next(now), Next::NotBefore(first) if first == moment));
    assert!(matches!(scheduler.next(moment), Next::Job(2, _)));
}

#[test]
fn a_batch_leaves_with_its_jobs_also_with_those_put_off() {
    let mut scheduler = Scheduler::default();
    let gate = Gate::new(1);
    let (leaving, staying) = (scheduler.add_batch(), scheduler.add_batch());
    let lane = queue_up(&mut scheduler, leaving, &gate, &[1, 2]);
    queue_up(&mut scheduler, staying, &gate, &[3]);
    scheduler.push(lane, 5, Turn::NotBefore(Instant::now())).unwrap();
    let jobs: Vec<_> = scheduler.remove_batch(leaving).into_iter().flat_map(LaneQueue::close).collect();
    assert_eq!(jobs, [1, 2, 5]);
    assert!(scheduler.remove_batch(leaving).is_empty());
    assert_eq!(scheduler.push(lane, 4, Turn::Fifo), Err(4));
    assert!(scheduler.add_lane(leaving, gate, Slots::new(1)).is_none());
    assert_eq!(drain(&mut scheduler), [3]);
}

#[test]
fn a_lane_without_a_feeder_leaves_when_its_last_job_has_gone() {
    let mut scheduler = Scheduler::default();
    let gate = Gate::new(1);
    let batch = scheduler.add_batch();
    let lane = queue_up(&mut scheduler, batch, &gate, &[1, 2]);
    let idle = queue_up(&mut scheduler, batch, &gate, &[]);
    scheduler.release_lane(lane);
    assert_eq!(lanes_of(&mut scheduler, batch), 2);
    scheduler.release_lane(idle);
    assert_eq!(lanes_of(&mut scheduler, batch), 1);
    assert_eq!(drain(&mut scheduler), [1, 2]);
    assert_eq!(lanes_of(&mut scheduler, batch), 0);
}

fn lanes_of(scheduler: &mut Scheduler<usize>, batch: PoolBatchKey) -> usize {
    scheduler.batches.get_mut(batch.0).map_or(0, |lanes| lanes.iter().count())
}

#[derive(Debug, Clone)]
enum Step {
    /// Push a job to one of the lanes.
    Push(prop::sample::Index),
    /// Push a job to one of the lanes that must not run before this many milliseconds have passed.
    SubmitAfter(prop::sample::Index, u64),
    /// Take the next job.
    Take,
    /// End one of the jobs that were taken.
    End(prop::sample::Index),
    /// Stop feeding one of the lanes.
    ReleaseLane(prop::sample::Index),
    /// Pause one of the gates for this many milliseconds.
    Pause(prop::sample::Index, u64),
    /// End the pause of one of the gates.
    Resume(prop::sample::Index),
    /// Let this many milliseconds pass.
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = any::<prop::sample::Index>;
    let step = prop_oneof![
        8 => any().prop_map(Step::Push),
        4 => (any(), 0u64..30).prop_map(|(lane, time)| Step::SubmitAfter(lane, time)),
        12 => Just(Step::Take),
        6 => any().prop_map(Step::End),
        1 => any().prop_map(Step::ReleaseLane),
        1 => (any(), 0u64..30).prop_map(|(gate, time)| Step::Pause(gate, time)),
        1 => any().prop_map(Step::Resume),
        4 => (0u64..10).prop_map(Step::Wait),
    ];
    vec(step, 1..400)
}

/// A scheduler beside what is known of it from outside.
struct Model {
    scheduler: Scheduler<Ticket>,
    now: Instant,
    gates: Vec<ModelGate>,
    lanes: Vec<ModelLane>,
    taken: Vec<(usize, GatePermit)>,
}

struct ModelGate {
    gate: Arc<Gate>,
    paused_until: Instant,
}

struct ModelLane {
    name: LaneName,
    key: LaneKey,
    gate: usize,
    fed: bool,
    pushed: usize,
    served: usize,
    fifo: VecDeque<usize>,
    /// The earliest first, and of those of one moment the one that came first.
    delayed: BTreeSet<(Instant, usize)>,
}

/// What the next look at a lane should find.
enum Expected {
    Job,
    Nothing,
    NotBefore(Instant),
}

impl Model {
    /// `layout`: for each batch the gates of its lanes; `limits`: the limits of the gates.
    fn new(layout: &[Vec<prop::sample::Index>], limits: &[usize]) -> Self {
        let gates: Vec<_> = limits.iter().map(|limit| Gate::new(*limit)).collect();
        let now = Instant::now();
        let mut scheduler = Scheduler::default();
        let mut lanes = Vec::new();
        for (batch, gates_of_lanes) in layout.iter().enumerate() {
            let batch_key = scheduler.add_batch();
            for (lane, gate) in gates_of_lanes.iter().enumerate() {
                let gate = gate.index(gates.len());
                let key = scheduler.add_lane(batch_key, Arc::clone(&gates[gate]), Slots::new(1)).unwrap();
                lanes.push(ModelLane::new(LaneName { batch, lane }, key, gate));
            }
        }
        let gates = gates.into_iter().map(|gate| ModelGate { gate, paused_until: now }).collect();
        Model { scheduler, now, gates, lanes, taken: Vec::new() }
    }

    fn step(&mut self, step: &Step) -> Option<LaneName> {
        match step {
            Step::Push(index) => self.push(index.index(self.lanes.len()), Turn::Fifo),
            Step::SubmitAfter(index, time) => {
                let moment = self.now + Duration::from_millis(*time);
                self.push(index.index(self.lanes.len()), Turn::NotBefore(moment));
            }
            Step::Take => return self.take(),
            Step::End(index) if !self.taken.is_empty() => {
                drop(self.taken.swap_remove(index.index(self.taken.len())));
            }
            Step::End(_) => {}
            Step::ReleaseLane(index) => {
                let at = index.index(self.lanes.len());
                let lane = &mut self.lanes[at];
                lane.fed = false;
                self.scheduler.release_lane(lane.key);
            }
            Step::Pause(index, time) => {
                let at = index.index(self.gates.len());
                let ModelGate { gate, paused_until } = &mut self.gates[at];
                let until = self.now + Duration::from_millis(*time);
                gate.pause(until);
                *paused_until = until.max(*paused_until);
            }
            Step::Resume(index) => {
                let at = index.index(self.gates.len());
                self.gates[at].resume(self.now);
            }
            Step::Wait(time) => self.now += Duration::from_millis(*time),
        }
        None
    }

    fn push(&mut self, at: usize, turn: Turn) {
        let lane = &mut self.lanes[at];
        if lane.fed {
            self.scheduler.push(lane.key, (lane.name, lane.pushed), turn).unwrap();
            match turn {
                Turn::Fifo => lane.fifo.push_back(lane.pushed),
                Turn::NotBefore(moment) => _ = lane.delayed.insert((moment, lane.pushed)),
            }
            lane.pushed += 1;
        }
    }

    /// Takes what the scheduler hands out, which must be what the model expects of one of the lanes.
    fn take(&mut self) -> Option<LaneName> {
        let ((name, number), permit) = match self.scheduler.next(self.now) {
            Next::Job(ticket, permit) => (ticket, permit),
            Next::NotBefore(moment) => {
                assert_eq!(
                    Some(moment),
                    self.next_moment(),
                    "it looks again when something changes by itself"
                );
                return None;
            }
            Next::Nothing => {
                assert_eq!(None, self.next_moment(), "nothing changes by itself");
                return None;
            }
            Next::Drained => return None,
        };
        let at = self.lanes.iter().position(|lane| lane.name == name).unwrap();
        let lane = &mut self.lanes[at];
        assert_eq!(lane.take(self.now), Some(number), "those whose time has come, then those in line");
        let gate = &self.gates[lane.gate].gate;
        assert!(gate.in_flight() <= gate.limit(), "a gate let in more than its limit");
        self.taken.push((at, permit));
        Some(name)
    }

    fn expected(&self, lane: &ModelLane) -> Expected {
        let ModelGate { gate, paused_until } = &self.gates[lane.gate];
        match lane.next(self.now) {
            Expected::Job if *paused_until > self.now => Expected::NotBefore(*paused_until),
            Expected::Job if gate.in_flight() >= gate.limit() => Expected::Nothing,
            expected => expected,
        }
    }

    fn next_moment(&self) -> Option<Instant> {
        let moments = self.lanes.iter().filter_map(|lane| match self.expected(lane) {
            Expected::NotBefore(moment) => Some(moment),
            _ => None,
        });
        moments.min()
    }

    fn open_lanes(&self) -> Vec<LaneName> {
        let open = |lane: &&ModelLane| matches!(self.expected(lane), Expected::Job);
        self.lanes.iter().filter(open).map(|lane| lane.name).collect()
    }
}

impl ModelGate {
    fn resume(&mut self, now: Instant) {
        self.gate.end_pause(self.paused_until);
        self.paused_until = now;
    }
}

impl ModelLane {
    fn new(name: LaneName, key: LaneKey, gate: usize) -> Self {
        let (fifo, delayed) = (VecDeque::new(), BTreeSet::new());
        Self { name, key, gate, fed: true, pushed: 0, served: 0, fifo, delayed }
    }

    /// What it has to give now, if its gate is open.
    fn next(&self, now: Instant) -> Expected {
        match (self.delayed.first(), self.fifo.front()) {
            (Some((moment, _)), _) if *moment <= now => Expected::Job,
            (_, Some(_)) => Expected::Job,
            (Some((moment, _)), None) => Expected::NotBefore(*moment),
            (None, None) => Expected::Nothing,
        }
    }

    fn take(&mut self, now: Instant) -> Option<usize> {
        self.served += 1;
        match self.delayed.first() {
            Some((moment, _)) if *moment <= now => self.delayed.pop_first().map(|(_, number)| number),
            _ => self.fifo.pop_front(),
        }
    }
}

/// Watches two parties for as long as both can be served: how far their counts drift apart.
#[derive(Default, Clone, Copy)]
struct Drift {
    now: i32,
    lowest: i32,
    highest: i32,
}

impl Drift {
    fn observe(&mut self, both_open: bool, first_served: bool, second_served: bool) {
        if !both_open {
            *self = Drift::default();
            return;
        }
        self.now += i32::from(first_served) - i32::from(second_served);
        self.lowest = self.lowest.min(self.now);
        self.highest = self.highest.max(self.now);
        // The range over the whole window bounds the difference over every part of it.
        assert!(self.highest - self.lowest <= 1, "one was served twice between two turns of the other");
    }
}

/// Checks every pair of `parties` against each other, after each serving.
struct Fairness<P> {
    pairs: Vec<(P, P, Drift)>,
}

impl<P: Copy + PartialEq> Fairness<P> {
    fn between(parties: &[P]) -> Self {
        let pairs = parties.iter().enumerate().flat_map(|(at, first)| {
            parties[at + 1..].iter().map(move |second| (*first, *second, Drift::default()))
        });
        Fairness { pairs: pairs.collect() }
    }

    fn observe(&mut self, open: &[P], served: P) {
        for (first, second, drift) in &mut self.pairs {
            let both_open = open.contains(first) && open.contains(second);
            drift.observe(both_open, served == *first, served == *second);
        }
    }
}

proptest! {
    #[test]
    fn whoever_can_be_served_gets_an_equal_share(
        layout in vec(vec(any::<prop::sample::Index>(), 1..4), 1..5),
        limits in vec(1_usize..6, 1..4),
        steps in steps(),
    ) {
        let mut model = Model::new(&layout, &limits);
        let batches: Vec<_> = (0..layout.len()).collect();
        let mut among_batches = Fairness::between(&batches);
        let mut among_lanes: Vec<_> = batches.iter().map(|batch| {
            let lanes: Vec<_> = (0..layout[*batch].len()).collect();
            Fairness::between(&lanes)
        }).collect();

        for step in &steps {
            let open = model.open_lanes();
            let served = model.step(step);
            if matches!(step, Step::Take) {
                prop_assert_eq!(served.is_some(), !open.is_empty(), "a job is taken if any can be");
            }
            let Some(served) = served else { continue };
            let open_batches: Vec<_> = open.iter().map(|lane| lane.batch).collect();
            among_batches.observe(&open_batches, served.batch);
            let siblings = open.iter().filter(|lane| lane.batch == served.batch);
            let open_lanes: Vec<_> = siblings.map(|lane| lane.lane).collect();
            among_lanes[served.batch].observe(&open_lanes, served.lane);
        }
    }

    #[test]
    fn every_job_is_handed_out_exactly_once(
        layout in vec(vec(any::<prop::sample::Index>(), 1..4), 1..5),
        limits in vec(1_usize..6, 1..4),
        steps in steps(),
    ) {
        let mut model = Model::new(&layout, &limits);
        for step in &steps {
            model.step(step);
        }
        model.scheduler.close();
        model.taken.clear();
        // By then every pause is over, and the time of every job has come.
        model.now += Duration::from_secs(1);
        while model.step(&Step::Take).is_some() {
            model.taken.clear();
        }
        prop_assert!(matches!(model.scheduler.next(model.now), Next::Drained));
        prop_assert!(model.lanes.iter().all(|lane| lane.pushed == lane.served));
        prop_assert!(model.gates.iter().all(|gate| gate.gate.in_flight() == 0));
    }
}
