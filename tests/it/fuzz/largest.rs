//! Payloads that are as large as can be, each in the way in which it costs the most.

/// The size of these payloads: sixteen times the largest record that a server takes as it is shipped.
pub(super) const SIZE: usize = 1 << 20;

/// A large payload.
pub(super) struct Largest {
    /// What there is so much of.
    pub(super) what: &'static str,
    /// Whose profile reads it.
    pub(super) hospital: &'static str,
    /// The JSON.
    pub(super) text: String,
}

/// One of each.
pub(super) fn payloads() -> Vec<Largest> {
    let fhir = |what, before, element, after| Largest {
        what,
        hospital: "synthea",
        text: filled(before, element, ",", after),
    };
    let text = |what, key, part| Largest {
        what,
        hospital: "renmin",
        text: filled(&format!(r#"{{"blh":"1","{key}":""#), part, "", r#""}"#),
    };
    vec![
        fhir("phones that split", r#"{"telecom":["#, r#"{"system":"sms","value":"1/2/3/4/5/6/7/8/9"}"#, "]}"),
        fhir("no identifiers", r#"{"identifier":["#, r#"{"type":{"coding":[{"code":"x"}]}}"#, "]}"),
        fhir("identifiers", r#"{"identifier":["#, r#"{"type":{"coding":[{"code":"DL"}]},"value":"1"}"#, "]}"),
        fhir("given names", r#"{"name":[{"use":"official","given":["#, r#""Ann""#, "]}]}"),
        fhir("names of no use", r#"{"name":["#, r#"{"use":"maiden"}"#, "]}"),
        fhir("brackets", r#"{"name":["#, "[[[[]]]]", "]}"),
        text("separators", "lxdh", ";/;"),
        text("marks of extensions", "lxdh", "x#转"),
        text("divisions", "xzz", "浙江省杭州市"),
        text("divisions short and whole", "xzz", "浙江浙江省"),
        text("divisions and their cities", "xzz", "吉林省吉林市"),
        text("combining marks", "xm", "\u{301}\u{323}\u{327}"),
        text("a name", "xm", "张 ·"),
        text("digits of an id", "sfzh", "4405"),
        text("digits of a date", "csrq", "2001"),
        Largest { what: "phones in phones", hospital: "synthea", text: phones_in_phones() },
        Largest { what: "keys", hospital: "renmin", text: many_keys() },
    ]
}

fn filled(before: &str, element: &str, separator: &str, after: &str) -> String {
    let count = (SIZE - before.len() - after.len()) / (element.len() + separator.len());
    format!("{before}{}{after}", vec![element; count].join(separator))
}

/// A hundred phones, each of which splits into as many as fit.
fn phones_in_phones() -> String {
    let phones = (0..100).map(|phone| {
        let numbers: Vec<_> = (0..800).map(|number| format!("6175{phone:02}{number:04}")).collect();
        format!(r#"{{"system":"phone","value":"{}"}}"#, numbers.join("/"))
    });
    format!(r#"{{"telecom":[{}]}}"#, phones.collect::<Vec<_>>().join(","))
}

fn many_keys() -> String {
    let keys: Vec<_> = (0..SIZE / 14).map(|key| format!(r#""key{key}":1"#)).collect();
    format!("{{{}}}", keys.join(","))
}
