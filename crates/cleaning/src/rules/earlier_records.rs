//! A record against the earlier ones of its hospital in the same batch.

use super::{Check, RuleContext};
use crate::look_back::{EarlierRecords, OtherPatient, Share};

/// Fewer dates than this tell nothing about a share.
const MIN_DATES: u64 = 50;

rules! {
    PATIENT_REPEATED {
        number: "V44",
        severity: Warning,
        field: "patient_id",
        basis: "key of a master patient index",
        en: "an earlier record of the batch is about the same patient; the newest of them is kept",
        zh: "本批次中已有同一患者的记录，将保留其中最新的一条",
        check: Check::Earlier(patient_repeated),
    }
    RESIDENT_ID_SHARED {
        number: "V45",
        severity: Warning,
        field: "identifiers.value",
        basis: "master patient index: possible duplicate chart",
        en: "an earlier record of the batch has the same resident id under another patient id; check \
             whether both are one patient and merge them at the source",
        zh: "本批次中另一患者编号已使用相同的居民身份证号码，请核对是否为同一患者并在来源系统中合并",
        check: Check::Earlier(|earlier, context| {
            report_resident_ids(earlier, context, |other_patient| !is_another_person(other_patient));
        }),
    }
    IDENTITY_CLASH {
        number: "V46",
        severity: Error,
        field: "identifiers.value",
        basis: "master patient index: one resident id belongs to one person",
        en: "an earlier record of the batch has the same resident id with another patient id, name and \
             date of birth; find out at the source whose number it is",
        zh: "本批次中另一患者编号已使用相同的居民身份证号码，且姓名和出生日期均不同，请在来源系统中核实号码归属",
        check: Check::Earlier(|earlier, context| report_resident_ids(earlier, context, is_another_person)),
    }
    PHONE_SHARED {
        number: "V38",
        severity: Warning,
        limit: 5 "patients",
        field: "phones",
        basis: "registration practice",
        en: "more patients of the batch share this phone than one family would; it was probably made up to \
             fill the field",
        zh: "本批次中使用该电话号码的患者过多，疑似为填充字段而录入",
        check: Check::Earlier(phone_shared),
    }
    BIRTH_DATE_OFTEN_FIRST_OF_JANUARY {
        number: "V25",
        severity: Warning,
        limit: 10 "percent",
        field: "birth_date",
        basis: "defaults of forms and databases",
        en: "the date of birth is a first of January, as in suspiciously many records of the batch; send \
             the year alone where the day is not known",
        zh: "出生日期为1月1日，且本批次中该日期比例异常，如不知具体日期请仅发送年份",
        check: Check::Earlier(birth_date_often_first_of_january),
    }
}

/// Nothing is dropped: the write decides which record is the newest.
fn patient_repeated(earlier: &EarlierRecords, context: &mut RuleContext<'_>) {
    context.report_if(earlier.patient_is_known);
}

/// A name alone may be misspelt or changed, a date alone mistyped or shifted by a day: two persons differ in
/// both.
fn is_another_person(other_patient: OtherPatient) -> bool {
    other_patient.has_other_name && other_patient.has_other_birth_date
}

fn report_resident_ids(
    earlier: &EarlierRecords,
    context: &mut RuleContext<'_>,
    is_broken_by: impl Fn(OtherPatient) -> bool,
) {
    for id in earlier.resident_ids.iter().filter(|id| id.other_patient.is_some_and(&is_broken_by)) {
        context.report_element(id.position);
    }
}

fn phone_shared(earlier: &EarlierRecords, context: &mut RuleContext<'_>) {
    let limit = context.limit();
    for phone in earlier.phones.iter().filter(|phone| phone.patients > limit) {
        context.report_element(phone.position);
    }
}

fn birth_date_often_first_of_january(earlier: &EarlierRecords, context: &mut RuleContext<'_>) {
    let is_often = |share: Share| share.whole >= MIN_DATES && share.exceeds(context.limit());
    context.report_if(earlier.first_of_january.is_some_and(is_often));
}

#[cfg(test)]
mod tests;
