"""Dirt in genders and other codes, the patient's number, deaths, times of change, addresses and keys."""

from kinds import kind
from people import FULL_WIDTH, micros


@kind(
    "gender: in another dress",
    "gender",
    [("男性", "女性"), ("1", "2"), (1, 2), ("１", "２"), (" 男 ", "女\u3000"), ("\ufeff男", "女\u200b")],
)
def gender(record, words):
    record.raw["xb"] = words[0 if record.is_male else 1]


@kind("gender: code under another key", "gender", ["1", 1])
def gender_code(record, _):
    del record.raw["xb"]
    record.raw["xbdm"] = "1" if record.is_male else "2"


@kind("gender: unknown", "gender", ["0", "9", 0, 9, "未知", "未说明"])
def gender_unknown(record, code):
    record.raw["xb"] = code
    record.patient["gender"] = "unknown"
    record.issues.add("GENDER_UNKNOWN")


@kind("gender: reversed", cases=["男女", "12", "ab"])
def gender_reversed(record, words):
    words = ("男性", "女性") if words == "ab" else words
    record.raw["xb"] = words[1 if record.is_male else 0]
    record.issues.add("GENDER_DIFFERS_FROM_RESIDENT_ID")


@kind("gender: code that is not in the table", cases=["3", "M", "保密", "男/女", 5])
def gender_not_in_table(record, code):
    record.raw["xb"] = code
    record.issues.add("GENDER_NOT_IN_TABLE")


@kind("gender: missing", cases=["", None, "absent", "\u3000"])
def gender_missing(record, case):
    record.raw["xb"] = case
    if case == "absent":
        del record.raw["xb"]
    record.issues.add("GENDER_MISSING")


@kind(
    "codes: not in the table",
    cases=[
        ("gj", "美国", "NATIONALITY"),
        ("gj", "外籍", "NATIONALITY"),
        ("hyzk", "同居", "MARITAL_STATUS"),
        ("hyzk", "5", "MARITAL_STATUS"),
        ("mzdm", "88", "ETHNICITY"),
        ("mzdm", "外国血统", "ETHNICITY"),
    ],
)
def not_in_table(record, case):
    key, code, field = case
    record.raw[key] = code
    record.issues.add(field + "_NOT_IN_TABLE")


@kind(
    "codes: in another dress",
    "codes",
    [
        ("gj", "156"),
        ("gj", 156),
        ("gj", "ＣＨＮ"),
        ("hyzk", 20),
        ("hyzk", "２０"),
        ("hyzk", "\u200b已婚"),
        ("mzdm", "维吾尔族"),
        ("mzdm", "０５"),
    ],
)
def code(record, case):
    key, value = case
    record.raw[key] = value
    if key == "hyzk":
        record.patient["marital_status"] = "20"
    if key == "mzdm":
        record.patient["ethnicity"] = "05"


@kind("patient id: JSON number", "patient id", repeat=4)
def number_as_id(record, _):
    record.raw["blh"] = 7_000_000 + record.number
    record.patient["patient_id"] = str(record.raw["blh"])


@kind("patient id: full-width", "patient id", repeat=2)
def full_width_id(record, _):
    record.raw["blh"] = record.raw["blh"].translate(FULL_WIDTH)


@kind("patient id: under another key", "patient id", ["mzh", "kh", "BLH", "Blh"])
def other_key(record, key):
    record.raw = {key: record.raw.pop("blh"), **record.raw}
    if key in ("mzh", "kh"):
        record.raw = {"blh": record.luck.pick(["", None, " "]), **record.raw}


@kind("patient id: scientific notation", cases=["1.00321E+11", 1.00321e21, 900719925474099300001])
def scientific(record, raw):
    record.raw["blh"] = raw
    record.issues.add("PATIENT_ID_ROUNDED")


@kind("patient id: missing", cases=["", None, "absent"])
def without_number(record, case):
    record.raw["blh"] = case
    if case == "absent":
        del record.raw["blh"]
    record.issues.add("PATIENT_ID_MISSING")


@kind("patient id: too long")
def long_number(record, _):
    record.raw["blh"] = "7" * 129
    record.issues.add("PATIENT_ID_TOO_LONG")


@kind("record: keys in upper and mixed case", "keys", [str.upper, str.title])
def cased_keys(record, cased):
    record.raw = {cased(key): value for key, value in record.raw.items()}


@kind("record: blanks and nulls for what is absent", "blanks", ["", None, "   ", "\u3000"])
def blanks(record, blank):
    for key in ("hkdz", "hzh", "zjlx", "zjhm", "sjhm", "swrq", "swbz", "sfzhm", "hzxm"):
        record.raw[key] = blank


@kind("record: field that nobody mapped", "unmapped", [("bz", "急诊"), ("mz", "05")])
def unmapped(record, case):
    """`mz` may stand for the ethnic group or for an outpatient number; nobody guesses."""
    key, value = case
    record.raw[key] = value
    record.issues.add("FIELDS_UNMAPPED")


def died(record, key, raw, canonical):
    record.raw[key] = raw
    record.patient["deceased"] = canonical


@kind(
    "deceased: flag",
    "deceased",
    [
        ("0", "no"),
        ("否", "no"),
        (False, "no"),
        (0, "no"),
        ("1", "yes"),
        ("是", "yes"),
        (True, "yes"),
        ("１", "yes"),
        ("死亡", "yes"),
    ],
)
def flag(record, case):
    died(record, "swbz", *case)


@kind(
    "deceased: date", "deceased", ["2024-05-02", "20240502", "2024年5月2日", "2024-05-01T16:00:00Z", 20240502]
)
def day_of_death(record, raw):
    died(record, "swrq", raw, {"on": "2024-05-02"})


@kind("deceased: before birth", cases=["1935-05-02", "19000101"])
def died_before_birth(record, raw):
    died(record, "swrq", raw, None)
    record.issues.add("DECEASED_BEFORE_BIRTH")


@kind("deceased: in the future", cases=["2099-05-02", "2101年1月2日"])
def died_in_the_future(record, raw):
    died(record, "swrq", raw, None)
    record.issues.add("DECEASED_IN_FUTURE")


@kind("deceased: unreadable", cases=["去世了", "2020-02-30", "3"])
def death_unreadable(record, raw):
    died(record, "swrq", raw, None)
    record.issues.add("DECEASED_UNREADABLE")


@kind(
    "updated at: in another dress",
    "updated at",
    [
        "2024-05-02T00:30:00Z",
        "2024-05-02T08:30:00+08:00",
        "２０２４－０５－０２　０８：３０：００",
        "20240502",
        "2024年5月2日",
    ],
)
def updated(record, raw):
    record.raw["gxsj"] = raw
    local = "2024-05-02 08:30:00" if "3" in raw or "３" in raw else "2024-05-02 00:00:00"
    record.patient["order"] = {"updated_at": micros(local)}


@kind("updated at: in the future", cases=["2099-05-02 08:30:00", "2099-05-02T00:30:00Z"])
def updated_in_the_future(record, raw):
    record.raw["gxsj"] = raw
    record.patient["order"] = {"updated_at": micros("2099-05-02 08:30:00")}
    record.issues.add("UPDATED_AT_IN_FUTURE")


@kind("updated at: before birth", cases=["1935-05-02 08:30:00", "19350502"])
def updated_before_birth(record, raw):
    record.raw["gxsj"] = raw
    del record.patient["order"]
    record.issues.add("UPDATED_AT_BEFORE_BIRTH")


@kind("updated at: unreadable", cases=["昨天", "2024-13-02 08:30:00", "2024-05"])
def updated_unreadable(record, raw):
    record.raw["gxsj"] = raw
    record.issues.add("UPDATED_AT_UNREADABLE")


@kind("updated at: missing", "updated at", ["", None])
def updated_missing(record, raw):
    record.raw["gxsj"] = raw
    record.patient["order"] = "arrival"
