use super::*;

/// Stores and logs hold these names.
#[test]
fn the_names_are_fixed_and_known_again() {
    let names =
        ["stored", "unchanged", "stale", "superseded", "valid", "rejected", "failed", "not_attempted"];
    assert_eq!(Outcome::ALL.map(Outcome::name), names);
    assert_eq!(names.map(Outcome::from_name), Outcome::ALL.map(Some));
    assert_eq!(Outcome::from_name("lost"), None);

    let names = ["complete", "deadline", "cancelled", "drained", "aborted"];
    assert_eq!(Completion::ALL.map(Completion::name), names);
    assert_eq!(names.map(Completion::from_name), Completion::ALL.map(Some));
    assert_eq!(Completion::from_name("lost"), None);
}

#[test]
fn what_the_data_or_the_store_has_decided_is_settled_for_good() {
    let open = Outcome::ALL.into_iter().filter(|outcome| !outcome.is_settled_for_good());
    assert_eq!(open.collect::<Vec<_>>(), [Outcome::Failed, Outcome::NotAttempted]);
}

#[test]
fn only_what_ended_as_wanted_needs_no_attention() {
    let quiet = Outcome::ALL.into_iter().filter(|outcome| outcome.needs_no_attention());
    assert_eq!(quiet.collect::<Vec<_>>(), [Outcome::Stored, Outcome::Unchanged, Outcome::Valid]);
}

#[test]
fn every_failure_has_its_code_and_may_pass_but_for_a_wrong_configuration_and_a_bug() {
    let codes = [
        "HOSPITAL_TIMEOUT",
        "HOSPITAL_UNAVAILABLE",
        "HOSPITAL_PROTOCOL_ERROR",
        "HOSPITAL_REFUSED",
        "STORE_FAILED",
        "STORE_OUTCOME_UNKNOWN",
        "INTERNAL",
        "DEADLINE_EXCEEDED",
        "CANCELLED",
        "DRAINED",
    ];
    assert_eq!(Failure::ALL.map(|failure| failure.kind().code), codes);
    let lasting = Failure::ALL.into_iter().filter(|failure| !failure.retryable());
    assert_eq!(lasting.collect::<Vec<_>>(), [Failure::HospitalRefused, Failure::Internal]);
}
