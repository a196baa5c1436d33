//! Every rule of formatting: what it does, what it leaves alone, and that it says so.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::*;
use crate::{
    example,
    format::date::DateFormat,
    patient::Patient,
    record::{RawAddress, RawContact, RawIdentifier},
};

fn draft(raw: &RawPatient, profile: &Profile) -> Draft {
    Formatter::new(profile).draft(raw)
}

/// What formatting did to the example patient with a change.
fn changes(change: impl FnOnce(&mut RawPatient)) -> BTreeSet<(&'static str, String, &'static str)> {
    changes_with(|_| {}, change)
}

/// What formatting did to the example patient with a change of it and of the profile. What is done to the example itself
/// is left out.
fn changes_with(
    change_profile: impl FnOnce(&mut Profile),
    change: impl FnOnce(&mut RawPatient),
) -> BTreeSet<(&'static str, String, &'static str)> {
    let (mut profile, mut raw) = (example::profile(), canonical());
    change_profile(&mut profile);
    change(&mut raw);
    let changes = draft(&raw, &profile).changes;
    changes
        .iter()
        .map(|change| (change.rule.number, change.path().into_owned(), change.kind.name()))
        .collect()
}

/// The example patient as formatting leaves it.
fn canonical() -> RawPatient {
    let mut raw = example::patient();
    raw.gender = "female".into();
    raw.phones = vec!["+8613912345678".into()];
    raw.addresses[0].division_code = "110105".into();
    raw
}

fn one(rule: &'static str, path: &str, kind: &'static str) -> BTreeSet<(&'static str, String, &'static str)> {
    BTreeSet::from([(rule, path.to_owned(), kind)])
}

fn nothing() -> BTreeSet<(&'static str, String, &'static str)> {
    BTreeSet::new()
}

#[test]
fn what_is_canonical_is_left_alone() {
    assert_eq!(changes(|_| {}), nothing());
}

#[test]
fn f02_cleans_texts_of_every_field() {
    assert_eq!(changes(|raw| raw.name.text = "\u{FEFF}张三　".into()), one("F02", "name", "cleaned"));
    assert_eq!(changes(|raw| raw.patient_id = " MR-1\u{200B}".into()), one("F02", "patient_id", "cleaned"));
}

#[test]
fn f03_folds_the_width_of_codes_and_numbers() {
    assert_eq!(changes(|raw| raw.birth_date = "１９４９-12-31".into()), one("F03", "birth_date", "folded"));
    assert_eq!(changes(|raw| raw.patient_id = "ＭＲ-1".into()), one("F03", "patient_id", "folded"));
}

#[test]
fn f04_folds_the_width_of_names_and_replaces_no_character() {
    assert_eq!(changes(|raw| raw.name.text = "ＬＩ".into()), one("F04", "name", "folded"));
    assert_eq!(
        changes(|raw| raw.addresses[0].text = "朝阳区１号".into()),
        one("F04", "addresses[0].text", "folded")
    );
    assert_eq!(changes(|raw| raw.name.text = "张①".into()), nothing());
}

#[test]
fn f05_unifies_separators_between_han_characters() {
    assert_eq!(changes(|raw| raw.name.text = "阿卜杜拉•买买提".into()), one("F05", "name", "folded"));
    assert_eq!(changes(|raw| raw.name.text = "A. Silva".into()), nothing());
}

#[test]
fn f06_removes_spaces_between_han_characters() {
    assert_eq!(changes(|raw| raw.name.text = "张 三".into()), one("F06", "name", "cleaned"));
    assert_eq!(changes(|raw| raw.name.text = "da Silva".into()), nothing());
}

#[test]
fn f07_derives_the_pinyin_where_the_profile_wants_it() {
    let wanted =
        |name: &str| changes_with(|profile| profile.pinyin = true, |raw| raw.name.text = name.into());
    assert_eq!(wanted("张三"), one("F07", "name", "added"));
    assert_eq!(wanted("Zhang"), nothing());
}

#[test]
fn f08_writes_dates_as_iso_8601() {
    assert_eq!(changes(|raw| raw.birth_date = "19491231".into()), one("F08", "birth_date", "reformatted"));
    assert_eq!(changes(|raw| raw.deceased = "20240101".into()), one("F08", "deceased", "reformatted"));
    assert_eq!(changes(|raw| raw.birth_date = "1949-12".into()), nothing());
}

#[test]
fn f09_makes_instants_dates_of_the_source() {
    let instant = changes(|raw| raw.birth_date = "1949-12-30T16:00:00Z".into());
    assert_eq!(instant, one("F09", "birth_date", "reformatted"));
}

#[test]
fn f10_reads_an_order_of_day_and_month_only_as_stated() {
    let stated = |format: &str, text: &str| {
        changes_with(
            |profile| profile.date_formats = vec![DateFormat::parse(format).expect("a format")],
            |raw| raw.birth_date = text.into(),
        )
    };
    assert_eq!(stated("dd/MM/yyyy", "31/12/1949"), one("F10", "birth_date", "reformatted"));
    assert_eq!(stated("yyyy-MM-dd", "31/12/1949"), nothing(), "not read at all");
}

#[test]
fn f11_translates_codes() {
    assert_eq!(changes(|raw| raw.gender = "女".into()), one("F11", "gender", "translated"));
    assert_eq!(changes(|raw| raw.gender = "female".into()), nothing());
    let table = HashMap::from([("中国".to_owned(), "CHN".to_owned()), ("CHN".to_owned(), "CHN".to_owned())]);
    let of = |code: &str| {
        changes_with(
            |profile| profile.codes.nationality = Some(table.clone()),
            |raw| raw.nationality = code.into(),
        )
    };
    assert_eq!(of("中国"), one("F11", "nationality", "translated"));
    assert_eq!(of("CHN"), nothing());
}

#[test]
fn f12_writes_resident_ids_in_one_form_and_adds_the_new_one_to_the_old() {
    let id = |value: &str| changes(|raw| raw.identifiers[0].value = value.into());
    assert_eq!(id("110105-19491231-002x"), one("F12", "identifiers[0].value", "reformatted"));
    assert_eq!(id("110105491231002"), one("F12", "identifiers[0].value", "added"));
    let both = changes(|raw| raw.identifiers.push(example::identifier("01", "110105491231002")));
    assert_eq!(both, nothing(), "the new form is there already");
    let old = RawPatient { identifiers: vec![example::identifier("01", "110105491231002")], ..canonical() };
    let identifiers = draft(&old, &example::profile()).identifiers;
    let values: Vec<&str> = identifiers.iter().map(|identifier| identifier.value.as_str()).collect();
    assert_eq!(values, ["110105491231002", "11010519491231002X"]);
}

#[test]
fn f13_writes_permits_without_their_count_of_reissues() {
    let permit =
        |kind: &str, value: &str| changes(|raw| raw.identifiers.push(example::identifier(kind, value)));
    assert_eq!(permit("06", "h1234567801"), one("F13", "identifiers[1].value", "reformatted"));
    assert_eq!(permit("03", "E12345678"), nothing());
    assert_eq!(permit("99", "h1234567801"), nothing(), "no permit");
}

#[test]
fn f14_writes_phones_as_e164_and_splits_them() {
    assert_eq!(changes(|raw| raw.phones[0] = "139 1234 5678".into()), one("F14", "phones[0]", "reformatted"));
    assert_eq!(
        changes(|raw| raw.phones[0] = "+8613912345678/+861062345678".into()),
        one("F14", "phones[0]", "split")
    );
    let contact = RawContact { phone: "010-62345678转8001".into(), ..RawContact::default() };
    assert_eq!(changes(|raw| raw.contacts.push(contact)), one("F14", "contacts[0].phone", "reformatted"));
    assert_eq!(changes(|raw| raw.phones[0] = "123".into()), nothing(), "no number, kept as it is");
}

#[test]
fn f15_brings_addresses_in_order_and_adds_their_code() {
    assert_eq!(
        changes(|raw| raw.addresses[0].text = "北京市北京市朝阳区建国路1号".into()),
        one("F15", "addresses[0].text", "reformatted")
    );
    assert_eq!(
        changes(|raw| raw.addresses[0].division_code.clear()),
        one("F15", "addresses[0].division_code", "added")
    );
    let ambiguous = changes(|raw| {
        raw.addresses[0].text = "朝阳区建国路1号".into();
        raw.addresses[0].division_code.clear();
    });
    assert_eq!(ambiguous, nothing());
}

#[test]
fn f16_empties_null_tokens() {
    assert_eq!(changes(|raw| raw.nationality = "无".into()), one("F16", "nationality", "emptied"));
    assert_eq!(changes(|raw| raw.deceased = "99991231".into()), one("F16", "deceased", "emptied"));
    assert_eq!(changes(|raw| raw.nationality = " ".into()), nothing(), "nothing was there");
}

#[test]
fn f18_gives_numbers_their_zeros_back() {
    let padded = |number: &str| {
        changes_with(|profile| profile.patient_ids.width = Some(8), |raw| raw.patient_id = number.into())
    };
    assert_eq!(padded("12345"), one("F18", "patient_id", "reformatted"));
    assert_eq!(padded("00012345"), nothing());
}

#[test]
fn f19_takes_the_code_and_the_display_only_without_one() {
    assert_eq!(changes(|raw| raw.gender_display = "女".into()), nothing());
    let shown_only = changes(|raw| {
        raw.gender.clear();
        raw.gender_display = "female".into();
    });
    assert_eq!(shown_only, one("F19", "gender", "translated"));
}

#[test]
fn f20_drops_what_stands_there_already() {
    let again = changes(|raw| raw.identifiers.push(example::identifier("01", "11010519491231002X")));
    assert_eq!(again, one("F20", "identifiers[1]", "dropped"));
    assert_eq!(changes(|raw| raw.phones.push("+8613912345678".into())), one("F20", "phones[1]", "dropped"));
    assert_eq!(changes(|raw| raw.phones.push("+8613912345679".into())), nothing());
}

/// A canonical patient as a source would send it back.
fn sent_back(patient: &Patient) -> RawPatient {
    let text = |text: &Option<Phi<String>>| text.clone().unwrap_or_default();
    let date = |date: PartialDate| Phi::new(date.to_string());
    let name = patient.name.clone().map(|name| RawName {
        text: name.text.clone(),
        family: text(&name.family),
        given: text(&name.given),
    });
    RawPatient {
        patient_id: patient.patient_id.clone(),
        name: name.unwrap_or_default(),
        gender: patient.gender.map(|gender| gender.name().into()).unwrap_or_default(),
        birth_date: patient.birth_date.map(|born| date(*born)).unwrap_or_default(),
        identifiers: patient
            .identifiers
            .iter()
            .map(|identifier| RawIdentifier {
                kind: identifier.kind.as_str().into(),
                value: identifier.value.clone(),
                system: text(&identifier.system),
            })
            .collect(),
        phones: patient.phones.clone(),
        addresses: patient
            .addresses
            .iter()
            .map(|address| RawAddress {
                text: address.text.clone(),
                division_code: text(&address.division_code),
                postal_code: text(&address.postal_code),
                country: text(&address.country),
            })
            .collect(),
        contacts: patient
            .contacts
            .iter()
            .map(|contact| RawContact {
                name: text(&contact.name),
                relation: text(&contact.relation),
                phone: text(&contact.phone),
            })
            .collect(),
        nationality: text(&patient.nationality),
        ethnicity: text(&patient.ethnicity),
        marital_status: text(&patient.marital_status),
        deceased: match patient.deceased.map(Phi::into_inner) {
            None => Phi::default(),
            Some(Deceased::No) => "no".into(),
            Some(Deceased::Yes) => "yes".into(),
            Some(Deceased::On(day)) => date(day),
        },
        ..RawPatient::default()
    }
}

prop_compose! {
    /// A text that is near to what the formatters look for.
    fn near_text()(text in prop_oneof![
        "[0-9*Xx年月日TZ:/.,;+ -]{0,24}",
        "[a-zé张三·•.　 \u{200B}]{0,8}",
        "(浙江省|杭州市|西湖区|北京市|朝阳区|吉林省|吉林市){0,4}[a-z0-9号]{0,4}",
        "[HMEhm]?[0-9]{6,18}[Xx]?",
        any::<String>(),
    ]) -> String { text }
}

proptest! {
    #[test]
    fn formatting_what_was_formatted_changes_nothing(texts in prop::collection::vec(near_text(), 14)) {
        let profile = example::profile();
        let mut texts = texts.into_iter();
        let mut next = || Phi::new(texts.next().unwrap_or_default());
        let mut raw = canonical();
        raw.patient_id = Phi::new(format!("MR{}", *next()));
        raw.name = RawName { text: next(), family: next(), given: next() };
        raw.birth_date = next();
        raw.identifiers = ["01", "03", "06", "99"]
            .map(|kind| RawIdentifier { kind: kind.into(), value: next(), system: Phi::default() })
            .to_vec();
        raw.phones = vec![next(), next()];
        raw.addresses[0] = RawAddress { text: next(), ..RawAddress::default() };
        raw.contacts = vec![RawContact { name: next(), relation: next(), phone: next() }];
        if matches!(draft(&raw, &profile).birth_date, Parsed::Faulty(_)) {
            // It rejects. A source without it is another record: its date is then taken from its resident id.
            raw.birth_date.clear();
        }
        let once = draft(&raw, &profile).into_patient(&profile);
        let again = draft(&sent_back(&once), &profile).into_patient(&profile);
        let again = Patient { order: once.order, ..again };
        prop_assert!(once.content_hash() == again.content_hash());
    }
}
