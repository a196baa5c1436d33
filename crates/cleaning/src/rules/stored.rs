//! What the store knows better. These are found when the record is written, so no profile can turn them
//! into errors: by then the record is stored, or a newer one is.

use super::Check;

rules! {
    RECORD_OLDER_THAN_STORED {
        number: "V47",
        severity: Warning,
        field: "updated_at",
        basis: "order of changes at the source",
        en: "a newer record of the patient is already stored, so this one was not written; send records in \
             the order of their changes",
        zh: "已存有该患者更新的记录，本记录未写入，请按变更的先后顺序发送",
        check: Check::Store,
    }
    IDENTITY_OVERWRITTEN {
        number: "V48",
        severity: Warning,
        field: "",
        basis: "patient safety: a patient's number stays with one person",
        en: "the gender, date of birth or resident id of a known patient was replaced; check at the source \
             that the patient's number was not given to a second person",
        zh: "已知患者的性别、出生日期或居民身份证号码被改写，请在来源系统中核对该患者编号是否已分配给他人",
        check: Check::Store,
    }
}
