"""Every text by which the hospital says that it has nothing, in every kind of field."""

from kinds import kind

TOKENS = ["-", "－", "--", "/", "无", "不详", "未知", "未提供", "暂无", "null", "NULL", " 无 ", "99991231"]


@kind("null token: in all that may be absent", cases=TOKENS)
def optional(record, token):
    for key in (
        "lxdh",
        "sjhm",
        "xzz",
        "xzqhdm",
        "yb",
        "lxrxm",
        "lxrgx",
        "lxrdh",
        "gj",
        "mzdm",
        "hyzk",
        "swrq",
        "gxsj",
    ):
        record.raw[key] = token
    for key in ("phones", "addresses", "contacts"):
        record.patient[key] = []
    for key in ("nationality", "ethnicity", "marital_status", "deceased"):
        record.patient[key] = None
    record.patient["order"] = "arrival"


@kind("null token: name", cases=TOKENS)
def name(record, token):
    record.raw["xm"] = token
    record.issues.add("NAME_MISSING")


@kind("null token: gender", cases=TOKENS)
def gender(record, token):
    """未知 is a code of the hospital's table, and says more than nothing."""
    record.raw["xb"] = token
    record.patient["gender"] = "unknown"
    record.issues.add("GENDER_UNKNOWN" if token == "未知" else "GENDER_MISSING")


@kind("null token: date of birth", cases=[*TOKENS, 99991231])
def birth_date(record, token):
    record.raw["csrq"] = token
    record.issues.add("BIRTH_DATE_DERIVED")


@kind("null token: resident id", cases=TOKENS)
def resident_id(record, token):
    record.without_id()
    record.raw["sfzh"] = token


@kind("null token: patient id", cases=TOKENS)
def patient_id(record, token):
    record.raw["blh"] = token
    record.issues.add("PATIENT_ID_MISSING")
