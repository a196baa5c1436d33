//! The catalogue and the tests belong together: a rule that no test names is not shown to work.

use std::{fs, path::Path};

use cleaning::{format::catalogue::CATALOGUE, rules};

#[test]
fn every_rule_is_named_by_a_test() {
    let mut tests = String::new();
    gather(Path::new("tests/it"), &mut tests);
    gather(Path::new("src"), &mut tests);
    gather(Path::new("crates"), &mut tests);
    let codes = rules::catalogue().map(|rule| rule.kind.code);
    let numbers = CATALOGUE.iter().map(|rule| rule.number);
    let unnamed: Vec<_> =
        codes.chain(numbers).filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert_eq!(unnamed, [""; 0]);
}

#[test]
fn the_catalogue_is_whole() {
    let has = |number: &str| {
        rules::catalogue().any(|rule| rule.number == number)
            || CATALOGUE.iter().any(|rule| rule.number == number)
    };
    let expected =
        (1..=20).map(|number| format!("F{number:02}")).chain((1..=50).map(|number| format!("V{number:02}")));
    assert_eq!(expected.filter(|number| !has(number)).collect::<Vec<_>>(), [""; 0]);
}

/// The code of all tests below a directory: whole files of tests, and what stands behind `#[cfg(test)]`.
fn gather(directory: &Path, tests: &mut String) {
    for entry in fs::read_dir(directory).expect("a directory of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(&path, tests);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let source = fs::read_to_string(&path).expect("a source file");
            let is_test = path.starts_with("tests") || path.ends_with("tests.rs");
            let start = if is_test { Some(0) } else { source.find("#[cfg(test)]") };
            tests.push_str(start.map_or("", |start| &source[start..]));
        }
    }
}
