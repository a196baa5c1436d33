//! What a mapping may not say.

use super::*;

/// The problems of a mapping that has a patient id, one a line after it.
fn problems(text: &str) -> Vec<String> {
    parse(&format!("patient_id: id\n{text}")).err().unwrap_or_default()
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_line() {
    for (text, expected) in [
        ("age: /a/*", "x.yaml:2: age: leads to many values; * is allowed only in the parts of a join"),
        ("age: {join: [/*/a]}", "x.yaml:2: age.join[0]: begins with *"),
        ("age: {join: []}", "x.yaml:2: age: needs either"),
        ("age: {join: [a], constant: b}", "x.yaml:2: age: needs either"),
        ("age: {with: a}", "x.yaml:2: age: needs either"),
        ("age: {first: /a}", "x.yaml:2: age: needs either"),
        ("age: {take: /a}", "x.yaml:2: age: needs either"),
        ("age: {first: /a, take: {constant: b}}", "x.yaml:2: age: needs either"),
        ("age: {first: /a, take: /b, join: [c]}", "x.yaml:2: age: needs either"),
        ("age: {first: /a/*, take: /b}", "x.yaml:2: age.first: leads to many values"),
        ("age: {first: /a, whre: {/b: c}, take: /b}", "x.yaml:2: age.whre: is unknown; did you mean where?"),
        ("age: {where: {/b: c}, take: /b}", "x.yaml:2: age: where selects elements of a list"),
        ("age: {first: /a, where: {}, take: /b}", "x.yaml:2: age: where has no condition"),
        ("age: {first: /a, where: {/b: []}, take: /b}", "x.yaml:2: age: where has no condition"),
        ("age: {first: /a, where: {/b/*: c}, take: /b}", "x.yaml:2: age.where./b/*: leads to many"),
        ("age: {first: /a, where: {/b: ' '}, take: /b}", "x.yaml:2: age.where./b: is empty"),
        ("age: {first: /a, where: {/b: {c: d}}, take: /b}", "x.yaml:2: age.where./b: expected one value"),
        ("identifiers: {where: {/b: c}, value: d}", "x.yaml:2: identifiers: where selects elements"),
        ("identifiers: {each: /a, take: b}", "x.yaml:2: identifiers.value: is missing"),
        ("identifiers: {each: /a, take: b, value: c}", "x.yaml:2: identifiers.take: is unknown"),
        ("addresses: {each: [/a], text: b}", "x.yaml:2: addresses.each: expected one value, found a list"),
        ("phones: {each: /a, value: b}", "x.yaml:2: phones.value: is unknown"),
        ("phones: {each: /a, first: /b, take: /c}", "x.yaml:2: phones.first: is unknown"),
        ("phones: {where: {/b: c}}", "x.yaml:2: phones: where selects elements"),
        ("gender: {code: a}", "x.yaml:2: gender: needs the display of the code"),
        ("gender: {display: a}", "x.yaml:2: gender: needs the code"),
        ("gender: {code: a, disply: b}", "x.yaml:2: gender.disply: is unknown; did you mean display?"),
        ("gender: {code: a, display: b, constant: c}", "x.yaml:2: gender.constant: is unknown"),
        ("age: {code: a, display: b}", "x.yaml:2: age.code: is unknown"),
        ("ignored: [a, /b/c]", "x.yaml:2: ignored[1]: is a path"),
        ("ignored: '*'", "x.yaml:2: ignored: would ignore every key"),
        ("ignored: ['']", "x.yaml:2: ignored[0]: names no key"),
        ("age: nl\nignored: [NL]", "x.yaml:3: ignored: \"NL\" covers nl, which the mapping reads"),
        ("phones: {each: /tel}\nignored: [te*]", "x.yaml:3: ignored: \"te\" covers tel, which the mapping"),
        ("ignred: [a]", "x.yaml:2: ignred: is unknown; did you mean ignored?"),
    ] {
        let found = problems(text);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{text}\n{expected}\n{found:#?}");
    }
}

#[test]
fn a_broken_list_hides_no_problem_of_its_fields_and_makes_up_none() {
    let found = problems("identifiers: {each: /a/*, value: /b/*, type: c}");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("each: leads") && found[1].contains("value: leads"), "{found:#?}");
    assert_eq!(problems("phones: {each: /, where: {/a: b}, take: /c}").len(), 1);
}

#[test]
fn what_stands_in_elements_may_be_ignored_at_the_top() {
    assert_eq!(problems("phones: {each: /tel, take: number}\nignored: [number]"), [""; 0]);
}
