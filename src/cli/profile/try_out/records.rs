//! The records of a file, one after the other: a file may be larger than memory.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{
    Deserialize,
    de::{
        DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::Value;

use crate::cli::{CommandError, csv_rows::CsvRows};
use cleaning::{profile::Profile, record::Payload};

pub(super) struct InputRecords<'p> {
    kind: Kind,
    input: BufReader<File>,
    profile: &'p Profile,
}

/// The format of a file, by the extension of its name.
#[derive(Clone, Copy)]
enum Kind {
    Csv,
    Lines,
    Json,
}

/// One record, or something unreadable in its place.
pub(super) enum Record {
    Payload(Payload),
    /// Not a record.
    Unreadable {
        /// The position in the file, from 1.
        place: u64,
        /// Contains no value of the file.
        reason: String,
    },
}

impl<'p> InputRecords<'p> {
    pub(super) fn open(path: &Path, profile: &'p Profile) -> Result<Self, CommandError> {
        let kind = match path.extension().and_then(|end| end.to_str()) {
            Some("csv") => Kind::Csv,
            Some("ndjson" | "jsonl") => Kind::Lines,
            Some("json") => Kind::Json,
            _ => {
                return Err(format!("{}: the name must end in .csv, .ndjson or .json", path.display()).into());
            }
        };
        let input = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { kind, input: BufReader::new(input), profile })
    }

    /// Calls `take` with each record, at most `limit` of them.
    pub(super) fn each(self, limit: Option<u64>, take: impl FnMut(Record)) -> Result<(), CommandError> {
        let taker = Taker { left: limit.unwrap_or(u64::MAX), place: 0, take };
        match self.kind {
            Kind::Csv => rows(self.input, self.profile, taker),
            Kind::Lines => lines(self.input, taker),
            Kind::Json => list(self.input, taker),
        }
    }
}

/// Passes records on until the limit is reached.
struct Taker<F> {
    left: u64,
    place: u64,
    take: F,
}

impl<F: FnMut(Record)> Taker<F> {
    fn is_full(&self) -> bool {
        self.left == 0
    }

    fn give(&mut self, record: Result<Payload, String>) {
        self.left -= 1;
        self.place += 1;
        (self.take)(match record {
            Ok(payload) => Record::Payload(payload),
            Err(reason) => Record::Unreadable { place: self.place, reason },
        });
    }
}

fn rows<R: Read>(
    input: R,
    profile: &Profile,
    mut taker: Taker<impl FnMut(Record)>,
) -> Result<(), CommandError> {
    let decode = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok().map(str::to_owned);
        text.or_else(|| profile.charset.decode(bytes).map(String::from))
    };
    let mut rows = CsvRows::new(input, decode)?;
    while !taker.is_full()
        && let Some(row) = rows.next_row()
    {
        let object = row.map_err(|error| error.to_string()).and_then(|row| {
            row.object(decode).ok_or_else(|| "is no text in the character set of the profile".to_owned())
        });
        taker.give(object.map(|object| Payload::Json(Value::from(object).to_string().into())));
    }
    Ok(())
}

fn lines(mut input: impl BufRead, mut taker: Taker<impl FnMut(Record)>) -> Result<(), CommandError> {
    let mut line = Vec::new();
    while !taker.is_full() {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if !line.trim_ascii().is_empty() {
            taker.give(line_payload(line.trim_ascii()));
        }
    }
    Ok(())
}

/// A `PatientData` in proto3 JSON, as far as it matters here: `profile try` cleans its payload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "hospitalCode", alias = "hospital_code")]
    _hospital_code: IgnoredAny,
    patient: Option<IgnoredAny>,
    #[serde(rename = "rawJson", alias = "raw_json")]
    raw_json: Option<String>,
    #[serde(rename = "rawBytes", alias = "raw_bytes")]
    raw_bytes: Option<String>,
}

/// A line is the source's own object, or a `PatientData` around it.
fn line_payload(line: &[u8]) -> Result<Payload, String> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Ok(Payload::Bytes(bytes::Bytes::copy_from_slice(line).into()));
    };
    match serde_json::from_str(text) {
        Ok(Envelope { raw_json: Some(text), .. }) => Ok(Payload::Json(text.into())),
        Ok(Envelope { raw_bytes: Some(text), .. }) => match BASE64_STANDARD.decode(text) {
            Ok(bytes) => Ok(Payload::Bytes(bytes::Bytes::from(bytes).into())),
            Err(_) => Err("has rawBytes that are not base64".to_owned()),
        },
        Ok(Envelope { patient: Some(_), .. }) => {
            Err("has canonical field names already: there is nothing that a profile could map".to_owned())
        }
        Ok(_) | Err(_) => Ok(Payload::Json(text.to_owned().into())),
    }
}

/// A list of objects, or one object. Everything after the limit is skipped.
fn list(input: impl BufRead, taker: Taker<impl FnMut(Record)>) -> Result<(), CommandError> {
    let mut json = serde_json::Deserializer::from_reader(input);
    // The parser's own text may quote what it met; its place is enough.
    List(taker).deserialize(&mut json).map_err(|error| {
        format!("line {}, column {}: not a list of objects in JSON", error.line(), error.column()).into()
    })
}

struct List<F>(Taker<F>);

impl<'de, F: FnMut(Record)> DeserializeSeed<'de> for List<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Record)> Visitor<'de> for List<F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while !self.0.is_full() {
            match elements.next_element::<Value>()? {
                Some(element) => self.0.give(Ok(Payload::Json(element.to_string().into()))),
                None => return Ok(()),
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, entries: A) -> Result<(), A::Error> {
        let object = Value::deserialize(MapAccessDeserializer::new(entries))?;
        if !self.0.is_full() {
            self.0.give(Ok(Payload::Json(object.to_string().into())));
        }
        Ok(())
    }
}
