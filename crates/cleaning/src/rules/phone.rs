//! Phone numbers of patients and of their contacts.

use super::{Check, RuleContext};
use crate::field_names::field;
use crate::{draft::Draft, format::phone};

rules! {
    PHONE_INVALID {
        number: "V37",
        severity: Warning,
        field: "phones",
        basis: "ITU-T E.164",
        en: "the text is not a phone number of its region and was kept as it is; check the source and the \
             profile's phone region",
        zh: "电话号码不是所在地区的有效号码，已按原文保留，请核对来源数据及医院配置的电话区域",
        check: Check::Draft(invalid),
    }
    PHONE_IS_PLACEHOLDER {
        number: "V38",
        severity: Warning,
        field: "phones",
        basis: "registration practice",
        en: "the number is one repeated digit, consecutive digits or ends in zeros; it was probably made \
             up to fill the field",
        zh: "电话号码为重复、连续数字或以多个零结尾，疑似为填充字段而编造",
        check: Check::Draft(placeholder),
    }
}

fn invalid(draft: &Draft, context: &mut RuleContext<'_>) {
    for phone in draft.phones.iter().filter(|phone| !phone.value.valid) {
        context.report_element(phone.position);
    }
    for contact in &draft.contacts {
        if contact.value.phone.as_ref().is_some_and(|phone| !phone.valid) {
            context.report(field!("contacts.phone"), Some(contact.position));
        }
    }
}

fn placeholder(draft: &Draft, context: &mut RuleContext<'_>) {
    for placed in draft.phones.iter().filter(|placed| phone::is_placeholder(&placed.value.text)) {
        context.report_element(placed.position);
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        example::{codes, issues},
        record::RawContact,
    };

    #[test]
    fn a_text_that_is_no_number_is_found() {
        assert_eq!(codes(|raw| raw.phones.push("123456".into())), ["PHONE_INVALID"]);
        assert_eq!(codes(|raw| raw.phones.push("010-62345678".into())), [""; 0]);
        assert_eq!(codes(|raw| raw.phones.push("-".into())), [""; 0]);
    }

    #[test]
    fn a_made_up_number_is_found() {
        assert!(codes(|raw| raw.phones.push("11111111111".into())).contains(&"PHONE_IS_PLACEHOLDER"));
        assert_eq!(codes(|raw| raw.phones.push("13800000000".into())), ["PHONE_IS_PLACEHOLDER"]);
        assert_eq!(codes(|raw| raw.phones.push("13800000001".into())), [""; 0]);
    }

    #[test]
    fn the_phone_of_a_contact_is_checked_too() {
        let contact = RawContact { phone: "123".into(), ..RawContact::default() };
        let issues = issues(|raw| raw.contacts.push(contact));
        assert_eq!(issues[0].path(), "contacts[0].phone");
    }
}
