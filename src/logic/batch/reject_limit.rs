//! Stops a batch of which too much is rejected: the wrong file, or a source that has changed its format.

use std::sync::atomic::{AtomicU32, Ordering};

use cleaning::record::RejectLimit;
use tokio_util::sync::CancellationToken;

/// The rejects of one batch. They are compared with the records that the local rules have judged, so that the ratio
/// does not depend on how long hospitals take.
pub(crate) struct RejectWatcher {
    limit: Option<RejectLimit>,
    judged: AtomicU32,
    rejected: AtomicU32,
    too_many: CancellationToken,
}

impl RejectWatcher {
    pub(crate) fn new(limit: Option<RejectLimit>) -> Self {
        let (judged, rejected) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { limit, judged, rejected, too_many: CancellationToken::new() }
    }

    /// Counts a record that the local rules have judged, whatever the result.
    pub(crate) fn count_judged(&self) {
        self.judged.fetch_add(1, Ordering::Relaxed);
        // The sample may be full now, with too many rejects in it.
        self.check();
    }

    /// Counts a record that is rejected, by the local rules or by its hospital.
    pub(crate) fn count_rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        self.check();
    }

    /// Waits until too many are rejected: forever, if there is no limit.
    pub(crate) async fn too_many(&self) {
        self.too_many.cancelled().await;
    }

    fn check(&self) {
        let Some(limit) = self.limit else { return };
        let (judged, rejected) = (self.judged.load(Ordering::Relaxed), self.rejected.load(Ordering::Relaxed));
        if judged >= limit.min_sample && f64::from(rejected) > limit.max_ratio * f64::from(judged) {
            self.too_many.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(max_ratio: f64, min_sample: u32) -> RejectWatcher {
        RejectWatcher::new(Some(RejectLimit { max_ratio, min_sample }))
    }

    fn count(watch: &RejectWatcher, judged: u32, rejected: u32) -> bool {
        (0..judged).for_each(|_| watch.count_judged());
        (0..rejected).for_each(|_| watch.count_rejected());
        watch.too_many.is_cancelled()
    }

    #[test]
    fn a_ratio_is_exceeded_by_more_than_itself_in_a_full_sample() {
        assert!(!count(&watch(0.1, 100), 100, 10));
        assert!(count(&watch(0.1, 100), 100, 11));
        assert!(!count(&watch(0.0, 1), 1_000, 0));
        assert!(count(&watch(0.0, 1), 1_000, 1));
        assert!(!count(&watch(1.0, 1), 1_000, 1_000));
    }

    #[test]
    fn a_small_sample_says_nothing_until_it_is_full() {
        let watch = watch(0.5, 10);
        assert!(!count(&watch, 9, 9));
        assert!(count(&watch, 1, 0));
    }

    #[test]
    fn without_a_limit_nothing_is_too_much() {
        assert!(!count(&RejectWatcher::new(None), 1_000, 1_000));
    }
}
