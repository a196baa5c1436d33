//! The names of the canonical fields that issues are about: what was written down of one is read back as the
//! same name.

/// Every canonical field; empty for the whole record.
const FIELDS: [&str; 37] = [
    "",
    "id",
    "hospital_code",
    "patient_id",
    "name",
    "name.text",
    "name.family",
    "name.given",
    "gender",
    "gender_display",
    "birth_date",
    "birth_date_absent_reason",
    "age",
    "identifiers",
    "identifiers.type",
    "identifiers.value",
    "identifiers.system",
    "phones",
    "addresses",
    "addresses.text",
    "addresses.division_code",
    "addresses.postal_code",
    "addresses.country",
    "contacts",
    "contacts.name",
    "contacts.relation",
    "contacts.phone",
    "nationality",
    "nationality_display",
    "ethnicity",
    "ethnicity_display",
    "marital_status",
    "marital_status_display",
    "deceased",
    "updated_at",
    "version",
    "name.pinyin",
];

/// The canonical field of this name.
pub fn find(name: &str) -> Option<&'static str> {
    FIELDS.into_iter().find(|field| *field == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn every_field_that_a_rule_is_about_is_known() {
        for rule in rules::catalogue() {
            assert_eq!(find(rule.field), Some(rule.field), "{}", rule.kind.code);
        }
        assert_eq!(find("shoe_size"), None);
    }
}
