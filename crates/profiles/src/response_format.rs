//! The `response` of a profile's verification API.

use std::collections::HashMap;

use cleaning::profile::{Answer, CallStatus, CodeField, Pointer, ResponseFormat, Verdict};
use settings::{Reported, Section};

const MATCH: (&str, Answer) = ("match", Answer::Verdict(Verdict::Match));

/// The lists for anything but success, in either place.
const OBJECTIONS: [(&str, Answer); 5] = [
    ("mismatch", Answer::Verdict(Verdict::Mismatch)),
    ("illegal", Answer::Verdict(Verdict::Illegal)),
    ("not_found", Answer::Verdict(Verdict::NotFound)),
    ("unavailable", Answer::Unavailable),
    ("refused", Answer::Refused),
];

/// Reads the section. A format that could never give a verdict is refused.
pub(super) fn response_format(section: &mut Section<'_>) -> Result<ResponseFormat, Reported> {
    let call = section.field("call").map(|place| place.table(call)).transpose();
    let verdict = section.table("verdict", verdict);
    let (call, verdict) = (call?, verdict?);
    if let Some(call) = &call {
        check_places(section, call, &verdict)?;
    }
    Ok(ResponseFormat { call, verdict })
}

fn call(section: &mut Section<'_>) -> Result<CallStatus, Reported> {
    let objections = OBJECTIONS.map(|(list, answer)| (list, Some(answer)));
    let codes = codes(section, [("success", None)].into_iter().chain(objections))?;
    if codes.meanings.is_empty() {
        return Err(section.problem("needs success, or another list of what its values mean"));
    }
    let silent_success = codes.meanings.values().all(Option::is_some);
    Ok(CallStatus { codes, silent_success })
}

fn verdict(section: &mut Section<'_>) -> Result<CodeField<Answer>, Reported> {
    let codes = codes(section, [MATCH].into_iter().chain(OBJECTIONS))?;
    if !codes.meanings.values().any(|meaning| *meaning == MATCH.1) {
        return Err(section.problem("needs match: the values that say that the identity is right"));
    }
    Ok(codes)
}

/// Reads one place and its lists. A value can have one meaning only.
fn codes<M: Copy>(
    section: &mut Section<'_>,
    lists: impl Iterator<Item = (&'static str, M)>,
) -> Result<CodeField<M>, Reported> {
    let at = section.required("at").and_then(|at| at.parsed(Pointer::parse));
    let mut known: HashMap<String, (&str, M)> = HashMap::new();
    let mut all_read = Ok(());
    for (list, meaning) in lists {
        let Some(values) = section.field(list) else { continue };
        let read = values.list(|value| {
            value.parsed(|text| match known.insert(text.to_owned(), (list, meaning)) {
                Some((other, _)) => Err(format!("{text:?} is in {other} already")),
                None => Ok(()),
            })
        });
        let read = match read {
            Ok(values) if values.is_empty() => Err(section.contradiction(list, "is empty")),
            read => read.map(drop),
        };
        all_read = all_read.and(read);
    }
    all_read?;
    let meanings = known.into_iter().map(|(value, (_, meaning))| (value, meaning)).collect();
    Ok(CodeField { at: at?, meanings })
}

/// Refuses places that exclude each other: nothing can be inside of a code.
fn check_places(
    section: &mut Section<'_>,
    call: &CallStatus,
    verdict: &CodeField<Answer>,
) -> Result<(), Reported> {
    let (call_at, verdict_at) = (&call.codes.at, &verdict.at);
    if call_at == verdict_at {
        let message = "is the place of the verdict; list its values under verdict";
        return Err(section.contradiction("call.at", message));
    }
    if verdict_at.is_within(call_at) {
        return Err(section.contradiction("verdict.at", "is inside of call.at, which is a code"));
    }
    if call_at.is_within(verdict_at) && !call.silent_success {
        return Err(section.contradiction("call.at", "is inside of verdict.at, which is a code"));
    }
    Ok(())
}

#[cfg(test)]
mod classify;
#[cfg(test)]
mod tests;
