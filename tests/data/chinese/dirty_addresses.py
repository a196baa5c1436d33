"""Dirt in addresses and division codes."""

from kinds import kind
from people import FULL_WIDTH


@kind("address: widths and spaces", "address", ["\u3000{}{}", "{} {}", "{}\u200b{} "])
def address_text(record, form):
    street = record.street.translate(FULL_WIDTH)
    record.raw["xzz"] = form.format(record.place, street)
    space = " " if form == "{} {}" else ""
    record.patient["addresses"][0]["text"] = record.place + space + record.street


@kind("address: under another key", "address", repeat=2)
def other_address(record, _):
    record.raw["hkdz"] = record.raw.pop("xzz")


@kind("address: JSON numbers for codes", "address", repeat=2)
def numbers(record, _):
    record.raw["xzqhdm"], record.raw["yb"] = int(record.raw["xzqhdm"]), int(record.raw["yb"])


GUANGZHOU = ("440106", "广东省广州市天河区", "510630")
BEIJING = ("110105", "北京市朝阳区", "100020")
REPEATED = [
    (GUANGZHOU, "广东省"),
    (GUANGZHOU, "广东"),
    (GUANGZHOU, "广东省广州市"),
    (GUANGZHOU, "广东省\u3000"),
    (GUANGZHOU, "广东省广州市天河区"),
    (BEIJING, "北京市"),
    (BEIJING, "北京"),
    (BEIJING, "北京市朝阳区"),
]


@kind("address: repeated divisions", "address", REPEATED)
def repeated(record, case):
    place, again = case
    record.set_address(place)
    record.raw["xzz"] = again + record.raw["xzz"]


@kind("address: code left out", "address", ["", None, "absent"])
def without_code(record, case):
    """The text says it."""
    record.raw["xzqhdm"] = case
    if case == "absent":
        del record.raw["xzqhdm"]


@kind("address: no division at all", "address", ["{}", "本市{}"])
def without_division(record, form):
    record.raw["xzz"] = form.format(record.street)
    del record.raw["xzqhdm"]
    record.patient["addresses"][0] |= {"text": record.raw["xzz"], "division_code": None}


@kind(
    "address: abolished division",
    "address",
    [("110103", "北京市崇文区", "100061"), ("440524", "广东省潮阳县", "515100")],
)
def abolished(record, place):
    record.set_address(place)


@kind("address: code of the province or the city", "address", ["0000", "00"])
def wider_code(record, zeros):
    code = record.code[: 6 - len(zeros)] + zeros
    if record.place[2] == "市" and len(zeros) == 2:
        code = record.code
    record.raw["xzqhdm"] = record.patient["addresses"][0]["division_code"] = code


@kind("address: code of another place", cases=["110105", "330106", "650102"])
def code_of_another_place(record, code):
    record.set_address(GUANGZHOU)
    record.raw["xzqhdm"] = record.patient["addresses"][0]["division_code"] = code
    record.issues.add("DIVISION_DIFFERS_FROM_TEXT")


@kind("address: code that never was one", cases=["999999", "44010", "990001"])
def unknown_code(record, code):
    record.raw["xzqhdm"] = record.patient["addresses"][0]["division_code"] = code
    record.issues.add("DIVISION_UNKNOWN")
