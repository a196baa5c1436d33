//! What the hospitals of one directory share.

use settings::{Node, Nothing, Problem, Problems, Value, yaml};

/// What the hospitals of one directory share: a tree of settings over which the file of each hospital is laid. By default
/// it is empty.
#[derive(Clone, Default)]
pub struct Defaults(Option<Node>);

/// Sections are merged by their keys, their content is not: a code table, the mapping of a field and the setting of a rule
/// are those of the defaults or of the hospital, never a mixture, because the same code means different things to different
/// sources.
const LEVELS: usize = 2;

/// Sections that belong to one hospital.
const NOT_SHARED: [&str; 2] = ["version", "samples"];

impl Defaults {
    /// Reads the file of the defaults. Their values are checked with each hospital that uses them.
    ///
    /// # Errors
    ///
    /// A text that is no table of settings, or a setting that cannot be shared, with its line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let root = yaml::parse(file, text, &mut problems);
        if let Ok(Node { value: Value::Table(entries), .. }) = &root {
            for (key, node) in entries.iter().filter(|(key, _)| NOT_SHARED.contains(&key.as_str())) {
                let message = "belongs to one hospital; write it in the hospital's own file";
                problems.report(node.origin.clone(), key, message);
            }
        }
        problems.conclude(root).map(|root| Self(Some(root)))
    }

    /// The hospital's own tree over the defaults.
    pub(super) fn under(&self, own: Node) -> Node {
        match &self.0 {
            None => own,
            Some(shared) => {
                let mut shared = shared.clone();
                if entry(&own, "verify").is_none() {
                    drop_bare_verify(&mut shared);
                }
                own.laid_over(shared, LEVELS, Nothing::Removes)
            }
        }
    }
}

/// Removes a `verify` without the address of an API: it says how the API of a hospital is called, not that there is one.
fn drop_bare_verify(shared: &mut Node) {
    let is_bare = entry(shared, "verify").is_some_and(|verify| entry(verify, "url").is_none());
    if let (true, Value::Table(entries)) = (is_bare, &mut shared.value) {
        entries.retain(|(key, _)| key != "verify");
    }
}

fn entry<'n>(table: &'n Node, key: &str) -> Option<&'n Node> {
    match &table.value {
        Value::Table(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, node)| node),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use cleaning::profile::Profile;

    const HOSPITAL: &str = "version: 1\ntime_zone: UTC\nmapping: {patient_id: id}\n";

    fn defaults(text: &str) -> Defaults {
        Defaults::parse("defaults.yaml", text).unwrap_or_else(|found| panic!("{found:?}"))
    }

    fn over(shared: &str, own: &str) -> Result<Profile, Vec<String>> {
        crate::tests::parse_over(&defaults(shared), &format!("{HOSPITAL}{own}"))
    }

    #[test]
    fn a_hospital_takes_what_it_does_not_say() {
        let shared = "date_formats: [yyyyMMdd]\nnull_tokens: ['-', 无]\n";
        let profile = over(shared, "null_tokens: [x]\n").expect("right");
        assert_eq!(profile.date_formats.len(), 1);
        assert!(profile.null_tokens.contains("x") && profile.null_tokens.len() == 1, "a list is one thing");
    }

    #[test]
    fn a_code_table_is_one_thing_and_the_tables_are_merged() {
        let shared = "date_formats: yyyy\ncodes: {nationality: {1: a}, ethnicity: {1: a}}\n";
        let codes = over(shared, "codes: {nationality: {2: b}}\n").expect("right").codes;
        let (nationality, ethnicity) =
            (codes.nationality.expect("its own"), codes.ethnicity.expect("shared"));
        assert!(nationality.len() == 1 && nationality.contains_key("2") && ethnicity.contains_key("1"));
        assert!(over(shared, "codes: {ethnicity: ~}\n").expect("right").codes.ethnicity.is_none());
    }

    #[test]
    fn a_rule_is_set_by_one_of_the_two() {
        let shared = "date_formats: yyyy\nrules:\n  GENDER_MISSING: {severity: warning, reason: a}\n  \
                      AGE_UNLIKELY: {limit: 110}\n";
        let rules = over(shared, "rules: {GENDER_MISSING: {severity: error}}\n").expect("right").rules;
        assert!(rules["GENDER_MISSING"].reason.is_none() && rules["AGE_UNLIKELY"].limit == Some(110));
    }

    #[test]
    fn how_to_verify_is_shared_and_whether_to_is_said_by_an_address() {
        let timeouts = "date_formats: yyyy\nverify: {timeout: 9s}\n";
        assert!(over(timeouts, "").expect("right").verify.is_none());
        let verify = over(timeouts, "verify: {url: http://a/}\n").expect("right").verify.expect("an API");
        assert_eq!(verify.timeout, Duration::from_secs(9));
        let found = over(timeouts, "verify: {max_in_flight: 2}\n").expect_err("no address anywhere");
        assert_eq!(found, ["x.yaml:4: verify.url: is missing"]);
        let everywhere = "date_formats: yyyy\nverify: {url: http://a/}\n";
        assert!(over(everywhere, "").expect("right").verify.is_some());
        assert!(over(everywhere, "verify: ~\n").expect("right").verify.is_none());
    }

    #[test]
    fn a_problem_is_where_it_was_written() {
        let found = over("date_formats: yyyy\ncharset: gbk\n", "phone_region: China\npinyn: true\n");
        let found = found.expect_err("refused");
        let places: Vec<_> = found.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
        assert_eq!(places, ["defaults.yaml:2", "x.yaml:4", "x.yaml:5"], "{found:?}");
    }

    #[test]
    fn what_belongs_to_one_hospital_is_not_shared() {
        let found = Defaults::parse("defaults.yaml", "version: 1\nsamples: []\n").err().expect("refused");
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert!(found[0].starts_with("defaults.yaml:1: version: belongs to one hospital"), "{found:?}");
        assert!(found[1].starts_with("defaults.yaml:2: samples: belongs to one hospital"), "{found:?}");
        assert!(Defaults::parse("defaults.yaml", "a: [\n").is_err());
    }
}
