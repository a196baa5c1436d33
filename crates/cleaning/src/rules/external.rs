//! What the hospital's verification API says.

use super::Check;

rules! {
    IDENTITY_MISMATCH {
        number: "V49",
        severity: Error,
        field: "",
        basis: "verification by the hospital",
        en: "the hospital's record of this patient differs; check name and numbers at the source",
        zh: "医院核验结果为信息不一致，请在来源系统中核对姓名和号码",
        check: Check::External,
    }
    IDENTITY_ILLEGAL {
        number: "V49",
        severity: Error,
        field: "",
        basis: "verification by the hospital",
        en: "the hospital says that the number or the name is not valid; correct it at the source",
        zh: "医院核验结果为号码或姓名不合法，请在来源系统中更正",
        check: Check::External,
    }
    IDENTITY_NOT_FOUND {
        number: "V50",
        severity: Warning,
        field: "",
        basis: "verification by the hospital; absence from a register is not a fault",
        en: "the hospital has no record of this identity; check whether the patient is registered there",
        zh: "医院没有该身份的记录，请核对患者是否已登记",
        check: Check::External,
    }
}
