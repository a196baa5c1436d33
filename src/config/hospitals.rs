//! The section about the hospitals.

use std::path::PathBuf;

use profiles::Profiles;

/// The hospitals whose records are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalsConfig {
    /// The directory of the profiles.
    pub dir: PathBuf,
}

/// The warning that one hanging hospital could take workers from the others: the calls that the hospitals may have in flight
/// add up to more than there are workers.
pub fn isolation_warning(profiles: &Profiles, workers: usize) -> Option<String> {
    let called: Vec<_> = profiles.values().filter_map(|profile| profile.verify.as_ref()).collect();
    let in_flight: usize = called.iter().map(|verify| verify.in_flight(workers)).sum();
    (called.len() > 1 && in_flight > workers).then(|| {
        format!(
            "the {} hospitals with a verification API may have {in_flight} calls in flight together and there are \
             {workers} workers (pool.workers): hospitals that hang can hold up the others. Lower \
             verify.max_in_flight, by default half of the workers, to a sum of {workers} over the hospitals in use, \
             or raise pool.workers",
            called.len(),
        )
    })
}
