use proptest::prelude::*;

use super::*;
use crate::{example, format::parsed::Parsed, formatter::Formatter, patient::Name, phi::Phi};

/// A record in numbers; equal numbers mean equal values. The birth date 0 is the first of January.
#[derive(Clone, Copy, Debug)]
struct Record {
    patient: usize,
    resident_id: Option<usize>,
    name: Option<usize>,
    birth_date: Option<usize>,
    phone: Option<usize>,
}

/// What a look-back returns, in plain values.
#[derive(Debug, PartialEq)]
struct Answer {
    patient_is_known: bool,
    other_patient: Option<OtherPatient>,
    patients_with_phone: u32,
    first_of_january: Option<Share>,
}

/// Resident ids of the standard's form, each with a right check character and a date in the calendar.
const RESIDENT_IDS: [&str; 3] = ["11010519491231002X", "440524188001010014", "110105194912310038"];

fn draft(record: Record, spelling: &str) -> Draft {
    let mut raw = example::patient();
    raw.identifiers =
        record.resident_id.map(|id| example::identifier("01", RESIDENT_IDS[id])).into_iter().collect();
    let mut draft = Formatter::new(&example::profile()).draft(&raw);
    let text = |number: usize| Phi::new(format!("{spelling}{number}"));
    draft.patient_id = Some(text(record.patient));
    draft.name = record.name.map(|name| Name { text: text(name), family: None, given: None, pinyin: None });
    draft.birth_date = record.birth_date.map_or(Parsed::Value(PartialDate::Year(1990)), |day| {
        Parsed::Value(PartialDate::Day(jiff::civil::date(1990, 1, 1 + day as i8)))
    });
    draft.phones = record
        .phone
        .map(|phone| Positioned { position: 0, value: Phone { text: text(phone), valid: true } })
        .into_iter()
        .collect();
    draft
}

fn answer(look_back: &mut LookBack, record: Record, spelling: &str) -> Answer {
    let earlier = look_back.look_up(&draft(record, spelling));
    let answer = Answer {
        patient_is_known: earlier.patient_is_known,
        other_patient: earlier.resident_ids.first().and_then(|id| id.other_patient),
        patients_with_phone: earlier.phones.first().map_or(0, |phone| phone.patients),
        first_of_january: earlier.first_of_january,
    };
    look_back.insert(earlier);
    answer
}

fn answers(records: &[Record], window: usize, spelling: &str) -> Vec<Answer> {
    let mut look_back = LookBack::with_window(window);
    records.iter().map(|record| answer(&mut look_back, *record, spelling)).collect()
}

/// What a look-back should return, by searching all earlier records.
fn plainly(records: &[Record], window: usize) -> Vec<Answer> {
    let answer = |place: usize| {
        let Record { patient, resident_id, name, birth_date, phone } = records[place];
        // The generation before the one that the record before belongs to is still there.
        let first = (place.saturating_sub(1) / window).saturating_sub(1) * window;
        let known = &records[first..place];
        let last = known.iter().rev().find(|other| resident_id.is_some() && other.resident_id == resident_id);
        let differ =
            |one: Option<usize>, other: Option<usize>| one.is_some() && other.is_some() && one != other;
        let sharers = known.iter().filter(|other| phone.is_some() && other.phone == phone);
        let mut patients: Vec<_> = sharers.map(|other| other.patient).chain(phone.map(|_| patient)).collect();
        patients.sort_unstable();
        patients.dedup();
        let earlier = &records[..place];
        Answer {
            patient_is_known: known.iter().any(|other| other.patient == patient),
            other_patient: last.filter(|other| other.patient != patient).map(|other| OtherPatient {
                has_other_name: differ(other.name, name),
                has_other_birth_date: differ(other.birth_date, birth_date),
            }),
            patients_with_phone: patients.len() as u32,
            first_of_january: (birth_date == Some(0)).then(|| Share {
                part: earlier.iter().filter(|other| other.birth_date == Some(0)).count() as u64,
                whole: earlier.iter().filter(|other| other.birth_date.is_some()).count() as u64,
            }),
        }
    };
    (0..records.len()).map(answer).collect()
}

prop_compose! {
    fn record()(
        patient in 0..8usize,
        resident_id in proptest::option::of(0..RESIDENT_IDS.len()),
        name in proptest::option::of(0..3usize),
        birth_date in proptest::option::of(0..3usize),
        phone in proptest::option::of(0..3usize),
    ) -> Record {
        Record { patient, resident_id, name, birth_date, phone }
    }
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    proptest::collection::vec(record(), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_answers_are_those_of_a_plain_search(records in records(), window in 1..30usize) {
        prop_assert_eq!(answers(&records, window, "MR-"), plainly(&records, window));
    }

    #[test]
    fn only_the_equality_of_values_counts(records in records()) {
        prop_assert_eq!(answers(&records, WINDOW, "MR-"), answers(&records, WINDOW, "病案"));
    }

    #[test]
    fn records_that_have_nothing_in_common_do_not_touch_each_other(
        records in records(),
        turns in proptest::collection::vec(any::<bool>(), 40),
    ) {
        let unrelated = |record: &Record| Record {
            patient: record.patient + 100,
            resident_id: None,
            name: None,
            birth_date: None,
            phone: record.phone.map(|phone| phone + 100),
        };
        let mut look_back = LookBack::with_window(WINDOW);
        let mut among = Vec::new();
        for (record, turn) in records.iter().zip(turns) {
            if turn {
                answer(&mut look_back, unrelated(record), "MR-");
            }
            among.push(answer(&mut look_back, *record, "MR-"));
        }
        prop_assert_eq!(among, answers(&records, WINDOW, "MR-"));
    }
}

#[test]
fn everything_within_the_window_is_known_and_nothing_beyond_twice_of_it() {
    let sends = |patient| Record { patient, resident_id: None, name: None, birth_date: None, phone: Some(0) };
    for between in [9, 20] {
        let mut look_back = LookBack::with_window(10);
        answer(&mut look_back, sends(0), "MR-");
        for patient in 1..=between {
            answer(&mut look_back, sends(patient), "MR-");
        }
        let again = answer(&mut look_back, sends(0), "MR-");
        assert_eq!(again.patient_is_known, between == 9, "{between} records between");
    }
}

#[test]
fn memory_does_not_grow_with_the_batch() {
    let mut look_back = LookBack::default();
    let like =
        Record { patient: 0, resident_id: Some(0), name: Some(0), birth_date: Some(1), phone: Some(0) };
    let mut draft = draft(like, "MR-");
    let mut room = 0;
    for record in 0..200_000 {
        draft.patient_id = Some(format!("MR-{record}").into());
        draft.phones[0].value.text = format!("+86{record:011}").into();
        draft.identifiers[0].value = format!("{record:018}").into();
        let earlier = look_back.look_up(&draft);
        look_back.insert(earlier);
        if record == 2 * WINDOW {
            room = look_back.room();
        }
    }
    assert_eq!(look_back.room(), room, "no map has grown since both generations were full");
}

#[test]
fn few_phones_of_one_record_are_remembered() {
    let mut look_back = LookBack::default();
    let like = Record { patient: 0, resident_id: None, name: None, birth_date: None, phone: Some(0) };
    let mut draft = draft(like, "MR-");
    let phone = |number: u32| Positioned {
        position: number,
        value: Phone { text: format!("{number}").into(), valid: true },
    };
    draft.phones = (0..1000).map(phone).collect();
    assert_eq!(look_back.look_up(&draft).phones.len(), MAX_ELEMENTS);
}

impl LookBack {
    /// How many entries the maps have room for.
    fn room(&self) -> usize {
        self.generations.both().into_iter().map(RememberedRecords::room).sum()
    }
}
