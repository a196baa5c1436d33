//! What a `response` may say, and what is refused.

/// The problems of a response, from its own path on.
fn problems(response: &str) -> Vec<String> {
    let text = format!(
        "version: 1\ntime_zone: UTC\ndate_formats: yyyyMMdd\nmapping: {{patient_id: id}}\n\
         verify:\n  url: http://host/\n  response: {response}\n"
    );
    let found = crate::tests::parse(&text).err().unwrap_or_default();
    found.iter().filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect()
}

/// The same for a verdict alone.
fn problems_of_verdict(verdict: &str) -> Vec<String> {
    problems(&format!("{{verdict: {verdict}}}"))
}

#[test]
fn a_verdict_alone_is_enough() {
    assert_eq!(problems_of_verdict("{at: /result, match: ok}"), Vec::<String>::new());
}

#[test]
fn the_example_in_the_profile_that_explains_every_key_is_sound() {
    let profile = include_str!("../../../../etc/hospitals/febrl.yaml");
    let (before, example) = profile.split_once("  # response:\n").expect("it has an example");
    let (example, after) = example.split_once("\n\n").expect("which ends with an empty line");
    let example: String = example.lines().map(|line| line.replacen("# ", "", 1) + "\n").collect();
    let text = format!("{before}  response:\n{example}{after}");
    let profile = crate::tests::parse(&text).unwrap_or_else(|found| panic!("{found:#?}"));
    let response = profile.verify.and_then(|verify| verify.response).expect("a response");
    assert!(response.call.is_some());
}

#[test]
fn every_problem_is_found_at_once() {
    let found = problems(
        "{call: {at: code, success: [], failure: [1]},
          verdict: {at: /a//b, mismatch: [1, [2]], not_found: [1], illegal: [3, 3]}, status: 200}",
    );
    let expected = [
        "verify.response.call.at: \"code\" is not a JSON pointer, as /code or /data/result",
        "verify.response.call.success: is empty",
        "verify.response.call.failure: is unknown; known here: at, success, mismatch, illegal, not_found, unavailable, refused",
        "verify.response.verdict.at: \"/a//b\" has an empty step",
        "verify.response.verdict.mismatch[1]: expected one value, found a list",
        "verify.response.verdict.illegal[1]: \"3\" is in illegal already",
        "verify.response.verdict.not_found[0]: \"1\" is in mismatch already",
        "verify.response.status: is unknown; known here: call, verdict",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for line in expected {
        assert!(found.iter().any(|problem| problem == line), "{line}\n{found:#?}");
    }
}

#[test]
fn an_envelope_that_could_never_give_a_verdict_is_refused() {
    let no_match = "verify.response.verdict: needs match: the values that say that the identity is right";
    assert_eq!(problems("{}"), ["verify.response.verdict: is missing"]);
    assert_eq!(problems_of_verdict("{at: /result}"), [no_match]);
    assert_eq!(problems_of_verdict("{at: /result, mismatch: 1}"), [no_match]);
    assert_eq!(problems_of_verdict("{at: /result, match: []}"), ["verify.response.verdict.match: is empty"]);
    assert_eq!(problems_of_verdict("{match: 1}"), ["verify.response.verdict.at: is missing"]);
    assert_eq!(
        problems("{call: {at: /code}, verdict: {at: /result, match: 1}}"),
        ["verify.response.call: needs success, or another list of what its values mean"]
    );
}

#[test]
fn two_places_of_which_one_leaves_no_room_for_the_other_are_refused() {
    let places = |call: &str, verdict: &str| {
        problems(&format!("{{call: {{at: {call}, success: 1}}, verdict: {{at: {verdict}, match: 1}}}}"))
    };
    assert_eq!(
        places("/code", "/code"),
        ["verify.response.call.at: is the place of the verdict; list its values under verdict"]
    );
    assert_eq!(
        places("/code", "/code/result"),
        ["verify.response.verdict.at: is inside of call.at, which is a code"]
    );
    assert_eq!(
        places("/data/code", "/data"),
        ["verify.response.call.at: is inside of verdict.at, which is a code"]
    );
    assert_eq!(places("/code", "/code2"), Vec::<String>::new());
    let told_only_of_errors =
        problems("{call: {at: /data/error, refused: 1}, verdict: {at: /data, match: 1}}");
    assert_eq!(told_only_of_errors, Vec::<String>::new(), "it is either an object or a verdict");
}

#[test]
fn a_pointer_that_leads_nowhere_is_refused() {
    for at in ["''", "/", "result", "/a/", "//a", "/a~", "/a~2", "/~~1"] {
        let found = problems_of_verdict(&format!("{{at: {at}, match: 1}}"));
        assert_eq!(found.len(), 1, "{at}: {found:#?}");
        assert!(found[0].starts_with("verify.response.verdict.at: "), "{found:#?}");
    }
    for at in ["/a", "/0/a~1b", "/~0/~01"] {
        assert_eq!(problems_of_verdict(&format!("{{at: {at}, match: 1}}")), Vec::<String>::new(), "{at}");
    }
}
