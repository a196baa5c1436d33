use crate::{
    clean::{Cleaned, clean_next},
    example::{self, RECEIVED_AT, identifier},
    issue::Severity,
    look_back::LookBack,
    profile::{Profile, RuleSetting, SeverityOverride},
    record::{Payload, RawPatient},
};

/// The batch of one hospital, whose records are changed example patients.
struct Batch {
    profile: Profile,
    look_back: LookBack,
}

impl Batch {
    fn new() -> Self {
        let mut profile = example::profile();
        // So that records with one resident id may have other dates of birth than the one within it.
        profile.rules.insert("BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID", Severity::Warning.into());
        Self { profile, look_back: LookBack::default() }
    }

    fn clean(&mut self, change: impl FnOnce(&mut RawPatient)) -> Cleaned {
        let mut raw = example::patient();
        change(&mut raw);
        let payload = Payload::Fields(Box::new(raw));
        clean_next(&payload, &self.profile, RECEIVED_AT.parse().unwrap(), &mut self.look_back)
    }

    /// What the rules of this family find in the next record.
    fn codes(&mut self, change: impl FnOnce(&mut RawPatient)) -> Vec<&'static str> {
        let cleaned = self.clean(change);
        let codes = cleaned.issues.iter().map(|issue| issue.kind.code);
        codes.filter(|code| super::RULES.iter().any(|rule| rule.kind.code == *code)).collect()
    }
}

/// A patient of whom nothing is like the example's.
fn stranger(raw: &mut RawPatient, patient_id: &str) {
    raw.patient_id = patient_id.into();
    raw.identifiers.clear();
    raw.phones.clear();
}

fn named(raw: &mut RawPatient, patient_id: &str, name: &str, birth_date: &str) {
    raw.patient_id = patient_id.into();
    raw.name.text = name.into();
    raw.birth_date = birth_date.into();
}

#[test]
fn a_second_record_of_a_patient_is_found() {
    let mut batch = Batch::new();
    assert_eq!(batch.codes(|_| {}), [""; 0]);
    assert_eq!(batch.codes(|raw| stranger(raw, "MR-2")), [""; 0]);
    assert_eq!(batch.codes(|_| {}), ["PATIENT_REPEATED"]);
    assert_eq!(
        batch.codes(|raw| raw.patient_id = " ＭＲ-2".into()),
        ["PATIENT_REPEATED", "RESIDENT_ID_SHARED"]
    );
}

#[test]
fn a_rejected_record_is_not_remembered() {
    let mut batch = Batch::new();
    assert!(batch.clean(|raw| raw.name.text.clear()).patient.is_none());
    assert_eq!(batch.codes(|_| {}), [""; 0]);
}

#[test]
fn a_resident_id_of_two_patients_is_found_where_it_stands() {
    let mut batch = Batch::new();
    batch.clean(|_| {});
    let cleaned = batch.clean(|raw| {
        raw.patient_id = "MR-2".into();
        raw.identifiers.insert(0, identifier("03", "E12345678"));
    });
    assert_eq!(cleaned.issues.len(), 1);
    let issue = &cleaned.issues[0];
    assert_eq!((issue.kind.code, issue.path().as_ref()), ("RESIDENT_ID_SHARED", "identifiers[1].value"));
    assert_eq!(issue.shape.as_ref().unwrap().to_string(), "dddddddddddddddddA");
    assert!(cleaned.patient.is_some());
}

#[test]
fn a_name_or_a_date_alone_makes_no_clash() {
    let mut batch = Batch::new();
    batch.clean(|_| {});
    assert_eq!(batch.codes(|raw| named(raw, "MR-2", "李四", "1949-12-31")), ["RESIDENT_ID_SHARED"]);
    let mut batch = Batch::new();
    batch.clean(|_| {});
    assert_eq!(batch.codes(|raw| named(raw, "MR-2", "张三", "1950-01-02")), ["RESIDENT_ID_SHARED"]);
}

#[test]
fn a_resident_id_of_two_persons_rejects_the_later_record() {
    let mut batch = Batch::new();
    batch.clean(|_| {});
    let clash = batch.clean(|raw| named(raw, "MR-2", "李四", "1950-01-02"));
    assert!(clash.patient.is_none());
    assert_eq!(clash.issues[0].kind.code, "IDENTITY_CLASH");
    assert_eq!(batch.codes(|raw| named(raw, "MR-2", "李四", "1950-01-02")), ["IDENTITY_CLASH"]);
    assert_eq!(batch.codes(|raw| raw.patient_id = "MR-3".into()), ["RESIDENT_ID_SHARED"], "the first one's");
}

#[test]
fn a_correction_of_the_same_patient_is_no_clash() {
    let mut batch = Batch::new();
    batch.clean(|_| {});
    assert_eq!(batch.codes(|raw| named(raw, "MR-1", "李四", "1950-01-02")), ["PATIENT_REPEATED"]);
    assert_eq!(batch.codes(|raw| named(raw, "MR-2", "李四", "1950-01-02")), ["RESIDENT_ID_SHARED"]);
    assert_eq!(batch.codes(|raw| named(raw, "MR-3", "张三", "1949-12-31")), ["IDENTITY_CLASH"]);
}

#[test]
fn the_spelling_of_a_name_and_an_incomplete_date_make_no_other_person() {
    let mut batch = Batch::new();
    batch.clean(|raw| named(raw, "MR-1", "LI NA", "1949-12-31"));
    assert_eq!(batch.codes(|raw| named(raw, "MR-2", "Li, Na", "1950-01-02")), ["RESIDENT_ID_SHARED"]);
    assert_eq!(batch.codes(|raw| named(raw, "MR-3", "王五", "1949")), ["RESIDENT_ID_SHARED"]);
}

#[test]
fn a_resident_id_of_15_digits_is_the_one_of_18() {
    let mut batch = Batch::new();
    batch.clean(|_| {});
    let old = |raw: &mut RawPatient| raw.identifiers[0].value = "110105491231002".into();
    let shared = |raw: &mut RawPatient| {
        old(raw);
        raw.patient_id = "MR-2".into();
    };
    assert_eq!(batch.codes(shared), ["RESIDENT_ID_SHARED"]);
    let clashes = |raw: &mut RawPatient| {
        old(raw);
        named(raw, "MR-3", "李四", "1950-01-02");
    };
    assert_eq!(batch.codes(clashes), ["IDENTITY_CLASH"]);
}

#[test]
fn only_resident_ids_that_can_be_one_identify() {
    let mut batch = Batch::new();
    for code in ["RESIDENT_ID_MASKED", "RESIDENT_ID_CHECK_WRONG"] {
        batch.profile.rules.insert(code, Severity::Warning.into());
    }
    let numbers = [("01", "110105********002X"), ("01", "110105194912310021"), ("99", "11010519491231002X")];
    for (place, (kind, value)) in numbers.into_iter().enumerate() {
        for (of, name) in [("A", "张三"), ("B", "李四")] {
            let codes = batch.codes(|raw| {
                named(
                    raw,
                    &format!("{of}{place}"),
                    name,
                    if of == "A" { "1949-12-31" } else { "1950-01-02" },
                );
                raw.identifiers[0] = identifier(kind, value);
                raw.phones.clear();
            });
            assert_eq!(codes, [""; 0], "{value}");
        }
    }
}

#[test]
fn a_phone_of_more_than_five_patients_is_found() {
    let mut batch = Batch::new();
    let mut codes_of = |patient: usize| {
        batch.codes(|raw| {
            stranger(raw, &format!("P{patient}"));
            raw.phones = vec!["13912345678".into(), format!("1371234567{patient}").into()];
        })
    };
    for patient in 0..5 {
        assert_eq!(codes_of(patient), [""; 0], "{patient}");
    }
    assert_eq!(codes_of(4), ["PATIENT_REPEATED"], "no sixth patient");
    assert_eq!(codes_of(5), ["PHONE_SHARED"]);
    assert_eq!(codes_of(0), ["PATIENT_REPEATED", "PHONE_SHARED"]);
}

#[test]
fn many_first_days_of_january_are_found() {
    let mut batch = Batch::new();
    let mut codes_of = |patient: usize, birth_date: &str| {
        batch.codes(|raw| {
            stranger(raw, &format!("P{patient}"));
            raw.birth_date = birth_date.into();
        })
    };
    for patient in 0..49 {
        let date = if patient % 4 == 0 { "1960-01-01" } else { "1960-01-02" };
        assert_eq!(codes_of(patient, date), [""; 0], "too few to tell: {patient}");
    }
    assert_eq!(codes_of(100, "1970"), [""; 0], "no whole date");
    assert_eq!(codes_of(101, "1961-01-01"), [""; 0], "the fiftieth");
    assert_eq!(codes_of(102, "1962-01-01"), ["BIRTH_DATE_OFTEN_FIRST_OF_JANUARY"]);
    assert_eq!(codes_of(103, "1962-01-02"), [""; 0]);
    assert_eq!(codes_of(104, "1962-01"), [""; 0]);
}

#[test]
fn a_few_first_days_of_january_are_to_be_expected() {
    let mut batch = Batch::new();
    for patient in 0..200 {
        let codes = batch.codes(|raw| {
            stranger(raw, &format!("P{patient}"));
            raw.birth_date = if patient % 10 == 9 { "1960-01-01" } else { "1960-02-02" }.into();
        });
        assert_eq!(codes, [""; 0], "{patient}");
    }
}

#[test]
fn a_profile_decides_what_rejects() {
    let mut batch = Batch::new();
    batch.profile.rules.insert("PATIENT_REPEATED", Severity::Error.into());
    batch.profile.rules.insert("IDENTITY_CLASH", Severity::Warning.into());
    batch.clean(|_| {});
    assert!(batch.clean(|_| {}).patient.is_none());
    assert!(batch.clean(|raw| named(raw, "MR-2", "李四", "1950-01-02")).patient.is_some());
}

#[test]
fn a_profile_may_move_the_limits() {
    let limit = |limit| RuleSetting { limit: Some(limit), ..RuleSetting::default() };
    let mut batch = Batch::new();
    batch.profile.rules.insert("PHONE_SHARED", limit(1));
    batch.profile.rules.insert("BIRTH_DATE_OFTEN_FIRST_OF_JANUARY", limit(100));
    let mut found = Vec::new();
    for patient in 0..60 {
        found = batch.codes(|raw| {
            raw.patient_id = format!("P{patient}").into();
            raw.identifiers.clear();
            raw.birth_date = "1960-01-01".into();
        });
    }
    assert_eq!(found, ["PHONE_SHARED"]);
}

#[test]
fn a_rule_that_is_off_says_nothing() {
    let mut batch = Batch::new();
    let off = RuleSetting { severity: Some(SeverityOverride::Off), ..RuleSetting::default() };
    batch.profile.rules.insert("PATIENT_REPEATED", off);
    batch.clean(|_| {});
    assert_eq!(batch.codes(|_| {}), [""; 0]);
}
