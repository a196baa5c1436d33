"""Dirt in phone numbers."""

from kinds import kind
from people import FULL_WIDTH


def phones(record, raw, *canonical):
    record.raw["lxdh"] = raw
    record.patient["phones"] = list(canonical)


def landline(record):
    """A number of Beijing, as it is written and in E.164."""
    local = f"6234{record.number:04}"
    return local, f"+8610{local}"


MOBILES = [
    "+86{}",
    "+86 {}",
    "+86-{}",
    "0086{}",
    "0086-{}",
    "86{}",
    "17951{}",
    "17951 {}",
    "12593{}",
    "0{}",
    "{:.3} {:.3}",
    "{:.3}-{:.3}",
    "　{} ",
    "\u200b{}\ufeff",
    "(+86){}",
]


@kind("phone: mobile in another dress", "phone", MOBILES)
def mobile(record, form):
    number = record.phone
    if ":" in form:
        mark = form[5]
        number, form = mark.join([number[:3], number[3:7], number[7:]]), "{}"
    phones(record, form.format(number), "+86" + record.phone)


@kind("phone: full-width", "phone", ["{}", "+86-{}"])
def full_width(record, form):
    phones(record, form.format(record.phone).translate(FULL_WIDTH), "+86" + record.phone)


@kind("phone: JSON number", "phone", repeat=3)
def json_number(record, _):
    phones(record, int(record.phone), "+86" + record.phone)


@kind(
    "phone: landline",
    "phone",
    ["010-{}", "(010){}", "010 {}", "010{}", "+86 10 {}", "０１０－{}", "（010）{}", "010—{}"],
)
def fixed(record, form):
    local, canonical = landline(record)
    phones(record, form.format(local), canonical)


@kind(
    "phone: landline with an extension",
    "phone",
    [
        "转8001",
        " 转 8001",
        "转分机8001",
        "分机8001",
        "-分机8001",
        " ext. 8001",
        "x8001",
        "#8001",
        "转８００１",
    ],
)
def extension(record, written):
    local, canonical = landline(record)
    phones(record, f"010-{local}{written}", canonical + ";ext=8001")


@kind("phone: several in one field", "phone", ["/", ",", ";", "、", "，", "；", " / ", "；；"])
def several(record, mark):
    local, canonical = landline(record)
    other = f"1370001{record.number:04}"
    raw = mark.join([record.phone, f"010-{local}", other])
    phones(record, raw, "+86" + record.phone, canonical, "+86" + other)


@kind("phone: the same twice", "phone", ["+86 {}", "{}"])
def twice(record, form):
    record.raw["sjhm"] = form.format(record.phone)


@kind("phone: a second one", "phone", repeat=3)
def second(record, _):
    other = f"1370001{record.number:04}"
    record.raw["sjhm"] = other
    record.patient["phones"].append("+86" + other)


INVALID = [
    "1390000012",
    "139000000123",
    "123",
    "62345678",
    "电话不通",
    "139****0001",
    "12000000123",
    "本人",
    "1390000o123",
]


@kind("phone: invalid", "phone", INVALID)
def invalid(record, raw):
    phones(record, raw, raw)
    record.issues.add("PHONE_INVALID")


@kind("phone: invalid beside a valid one", "phone", ["/"])
def invalid_beside(record, mark):
    phones(record, record.phone + mark + "12345", "+86" + record.phone, "12345")
    record.issues.add("PHONE_INVALID")


@kind("phone: made up", "phone", ["11111111111", "00000000000", "12345678901", "1234567"])
def made_up(record, raw):
    phones(record, raw, raw)
    record.issues.update({"PHONE_INVALID", "PHONE_IS_PLACEHOLDER"})


@kind(
    "phone: made up in the shape of one",
    "phone",
    ["13800000000", "13800138000", "+86 13900000000", "1370000-0000", "88888888888"],
)
def made_up_soundly(record, raw):
    digits = raw.replace("+86 ", "").replace("-", "")
    phones(record, raw, "+86" + digits)
    record.issues.add("PHONE_IS_PLACEHOLDER")


@kind(
    "phone: of the contact",
    "contact",
    [("invalid", "123456"), ("valid", "0754-8888{:04}"), ("masked", "138****0000")],
)
def of_contact(record, case):
    name, raw = case
    raw = raw.format(record.number)
    record.raw |= {"lxrxm": "王 芳", "lxrgx": "母亲", "lxrdh": raw}
    canonical = "+86" + raw[1:].replace("-", "") if name == "valid" else raw
    record.patient["contacts"] = [{"name": "王芳", "relation": "母亲", "phone": canonical}]
    if name != "valid":
        record.issues.add("PHONE_INVALID")
