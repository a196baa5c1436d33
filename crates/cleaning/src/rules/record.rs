//! The record as a whole: its id, its hospital, its payload.

use super::Check;

rules! {
    RECORD_ID_MISSING {
        number: "V01",
        severity: Error,
        field: "id",
        basis: "contract",
        en: "the record has no id; give every record an id of its own",
        zh: "记录缺少编号，请为每条记录提供编号",
        check: Check::Batch,
    }
    RECORD_ID_TOO_LONG {
        number: "V01",
        severity: Error,
        field: "id",
        basis: "contract",
        en: "the record's id is longer than 128 characters; send a shorter one",
        zh: "记录编号超过128个字符，请缩短编号",
        check: Check::Batch,
    }
    RECORD_ID_HAS_NUL {
        number: "V05",
        severity: Error,
        field: "id",
        basis: "contract",
        en: "the record's id contains a NUL character; remove it at the source",
        zh: "记录编号含有空字符（NUL），请在来源系统中清除",
        check: Check::Batch,
    }
    RECORD_ID_DUPLICATE {
        number: "V43",
        severity: Error,
        field: "id",
        basis: "contract",
        en: "an earlier record of the batch has the same id; give every record an id of its own",
        zh: "本批次中已有相同编号的记录，请为每条记录提供唯一编号",
        check: Check::Batch,
    }
    HOSPITAL_UNKNOWN {
        number: "V02",
        severity: Error,
        field: "hospital_code",
        basis: "contract",
        en: "no hospital with this code is configured; check the code or add a profile for the hospital",
        zh: "未配置该代码的医院，请核对医院代码或添加医院配置",
        check: Check::Batch,
    }
    PAYLOAD_MISSING {
        number: "V04",
        severity: Error,
        field: "",
        basis: "contract",
        en: "the record has no payload; send patient, raw_json or raw_bytes",
        zh: "记录没有内容，请提供 patient、raw_json 或 raw_bytes",
        check: Check::Payload,
    }
    PAYLOAD_NOT_AN_OBJECT {
        number: "V04",
        severity: Error,
        field: "",
        basis: "RFC 8259",
        en: "the payload is not a well-formed JSON object; send one object per record",
        zh: "内容不是格式正确的 JSON 对象，请每条记录发送一个对象",
        check: Check::Payload,
    }
    PAYLOAD_KEY_REPEATED {
        number: "V04",
        severity: Error,
        field: "",
        basis: "RFC 8259: names within an object should be unique",
        en: "an object in the payload has the same key twice, so it is unclear which value counts; correct \
             it at the source",
        zh: "内容中的对象有重复的键，无法判断以哪个为准，请在来源系统中更正",
        check: Check::Payload,
    }
    FIELDS_UNMAPPED {
        number: "V08",
        severity: Warning,
        field: "",
        basis: "drift between source and profile",
        en: "the record has fields that the profile neither maps nor ignores; add them to the profile's mapping \
             or to its ignored keys",
        zh: "记录含有医院配置未映射也未忽略的字段，请在配置中映射或加入忽略列表",
        check: Check::Mapping,
    }
    PAYLOAD_TOO_DEEP {
        number: "V04",
        severity: Error,
        field: "",
        basis: "contract",
        en: "the payload nests deeper than 64 levels; send a flatter object",
        zh: "内容嵌套超过64层，请减少嵌套层数",
        check: Check::Payload,
    }
    PAYLOAD_TOO_LARGE {
        number: "V04",
        severity: Error,
        field: "",
        basis: "contract",
        en: "the record is larger than the server accepts; leave out what is not about the patient's \
             identity",
        zh: "记录超过服务端允许的大小，请去除与患者身份无关的内容",
        check: Check::Payload,
    }
    PAYLOAD_UNDECODABLE {
        number: "V05",
        severity: Error,
        field: "",
        basis: "GB 18030, UTF-8",
        en: "the payload is not text in the hospital's character set; check the charset of its profile",
        zh: "内容无法按该医院的字符集解码，请核对医院配置中的字符集",
        check: Check::Payload,
    }
}
