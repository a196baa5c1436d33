//! The scenarios: each does one thing to the service, again and again, and says what came of it.

use std::{future::Future, pin::Pin};

use super::{finding::Finding, plan::Plan};

mod bulkhead;
mod clock;
mod database;
mod deadline;
mod flood;
mod frail;
mod kill;
mod leaving;
mod outage;
mod store_fault;
mod store_link;

/// A scenario.
pub(crate) type Scenario = fn(Plan) -> Pin<Box<dyn Future<Output = Vec<Finding>>>>;

/// All scenarios, in the order in which they run.
pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("kill", |plan| Box::pin(kill::scenario(plan))),
    ("database", |plan| Box::pin(database::scenario(plan))),
    ("outage", |plan| Box::pin(outage::scenario(plan))),
    ("frail", |plan| Box::pin(frail::scenario(plan))),
    ("bulkhead", |plan| Box::pin(bulkhead::scenario(plan))),
    ("leaving", |plan| Box::pin(leaving::scenario(plan))),
    ("deadline", |plan| Box::pin(deadline::scenario(plan))),
    ("clock", |plan| Box::pin(clock::scenario(plan))),
    ("flood", |plan| Box::pin(flood::scenario(plan))),
    ("store-fault", |plan| Box::pin(store_fault::scenario(plan))),
    ("store-link", |plan| Box::pin(store_link::scenario(plan))),
];
