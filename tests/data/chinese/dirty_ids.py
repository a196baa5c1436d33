"""Dirt in resident ids and other documents."""

from datetime import date

from kinds import kind
from people import FULL_WIDTH, check_character, with_check


def ending_in_x(record):
    """Gives the record an id whose check character is X."""
    while record.id[-1] != "X":
        record.move(record.luck.day(date(1950, 1, 1), date(2020, 12, 31)))


@kind("id: full-width", "id", repeat=4)
def full_width(record, _):
    record.set_id(record.id.translate(FULL_WIDTH), record.id)


@kind("id: lower-case x", "id", ["x", "ｘ", "Ｘ"])
def lower_case_x(record, x):
    ending_in_x(record)
    record.set_id(record.id[:17] + x, record.id)


@kind("id: spaces and dashes", "id", [" ", "-", "\u3000", "－", "\u2014", "\u00a0"])
def parted(record, mark):
    number = record.id
    record.set_id(mark.join([number[:6], number[6:14], number[14:]]), number)


@kind("id: invisible characters", "id", ["\u200b", "\ufeff", "\u202d", "\u00ad", "\t"])
def invisible(record, mark):
    record.set_id(mark + record.id[:10] + mark.strip() + record.id[10:] + mark, record.id)


@kind("id: JSON number", "id", repeat=3)
def json_number(record, _):
    while record.id[-1] == "X":
        record.move(record.luck.day(date(1950, 1, 1), date(2020, 12, 31)))
    record.set_id(int(record.id), record.id)


@kind("id: under another key", "id", repeat=2)
def other_key(record, _):
    record.raw["sfzhm"] = record.raw.pop("sfzh")


@kind("id: sent twice", "id", repeat=2)
def twice(record, _):
    record.raw |= {"zjlx": "居民身份证", "zjhm": record.id.lower()}


@kind("id: 15 digits", "id", repeat=8)
def fifteen(record, _):
    record.move(record.luck.day(date(1940, 1, 2), date(1998, 12, 31)))
    old = record.id[:6] + record.id[8:17]
    record.raw["sfzh"] = old
    record.patient["identifiers"] = [{"type": "01", "value": old}, {"type": "01", "value": record.id}]


def refused(record, raw, *codes):
    """A resident id that nobody can be known by; the rest of the record would do."""
    record.raw["sfzh"] = raw
    record.issues.update(codes)


@kind(
    "id: masked",
    cases=["110***", "{:.6}********{:.4}", "{:.3}***********{:.4}", "{:.6}＊＊＊＊＊＊＊＊{:.4}"],
)
def masked(record, mask):
    refused(record, mask.format(record.id, record.id[14:]), "RESIDENT_ID_MASKED")


@kind("id: one wrong digit", cases=range(8, 18))
def one_wrong_digit(record, place):
    """The date in it stays one, or it would be another kind."""
    while True:
        wrong = record.id[:place] + record.luck.pick("0123456789") + record.id[place + 1 :]
        if wrong != record.id and is_day(wrong[6:14]):
            return refused(record, wrong, "RESIDENT_ID_CHECK_WRONG")
        record.move(record.luck.day(date(1950, 1, 2), date(2020, 12, 31)))


def is_day(text):
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) < date(2024, 1, 1)
    except ValueError:
        return False


@kind("id: two neighbours swapped", repeat=4)
def swapped(record, _):
    number = record.id
    while number[14] == number[15]:
        record.number += 1
        number = record.new_id()
    refused(record, number[:14] + number[15] + number[14] + number[16:], "RESIDENT_ID_CHECK_WRONG")


@kind("id: date not in the calendar", cases=["19900230", "19851301", "20010431", "19790229", "19880100"])
def impossible_date(record, day):
    refused(record, record.new_id(birth=day), "RESIDENT_ID_DATE_IMPOSSIBLE")


@kind("id: date in the future", cases=["20990102", "21010315"])
def future_date(record, day):
    refused(
        record, record.new_id(birth=day), "RESIDENT_ID_DATE_IMPOSSIBLE", "BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID"
    )


@kind(
    "id: scientific notation",
    cases=["4.40524E+17", "4.40524198001011E+17", 4.40524e17, "１．１０１０５Ｅ＋１７"],
)
def scientific(record, raw):
    refused(record, raw, "RESIDENT_ID_ROUNDED")


@kind("id: zeros of a spreadsheet", cases=[str, int])
def spreadsheet_zeros(record, written):
    while check_character(record.id[:15] + "00") == "0":
        record.move(record.luck.day(date(1950, 1, 1), date(2020, 12, 31)))
    refused(record, written(record.id[:15] + "000"), "RESIDENT_ID_CHECK_WRONG")


@kind("id: wrong length or characters", cases=[17, 19, 9, "身份证丢失", "A", "O"])
def misshapen(record, case):
    forms = {17: record.id[:17], 19: record.id[:17] + "00", 9: record.id[:9]}
    letter_inside = record.id[:10] + str(case) + record.id[11:]
    refused(record, forms.get(case, case if len(str(case)) > 1 else letter_inside), "RESIDENT_ID_MISSHAPEN")


@kind("id: of a passport", cases=["E12345601", "e1234 5602", "EA1234503", "G12345604"])
def passport_as_id(record, number):
    refused(record, number, "IDENTIFIER_IS_OF_OTHER_TYPE")


@kind("id: of a permit or an old card", cases=["H12345601", "M1234560201", "USA110112345603"])
def permit_as_id(record, number):
    refused(record, number, "IDENTIFIER_IS_OF_OTHER_TYPE")


@kind("id: sent as a passport", cases=["护照", "03"])
def id_as_passport(record, kind):
    record.with_document(kind, record.id)
    record.issues.update({"IDENTIFIER_IS_OF_OTHER_TYPE", "NAME_SCRIPT_UNLIKELY"})


MADE_UP = {
    "1" * 18: "CHECK_WRONG DIVISION_UNKNOWN",
    "0" * 18: "CHECK_WRONG DATE_IMPOSSIBLE PROVINCE_UNKNOWN",
    "123456789012345678": "CHECK_WRONG DATE_IMPOSSIBLE DIVISION_UNKNOWN",
    "123456789012345": "DATE_IMPOSSIBLE DIVISION_UNKNOWN",
}


@kind("id: made up, wrong in itself", cases=MADE_UP)
def made_up(record, number):
    refused(record, number, "RESIDENT_ID_IS_PLACEHOLDER")
    record.issues.update("RESIDENT_ID_" + code for code in MADE_UP[number].split())


@kind("id: made up", cases=["1" * 15, "1" * 17])
def made_up_soundly(record, digits):
    """Nothing is worked out of such a number, and nothing held against it."""
    record.set_id(digits if len(digits) == 15 else with_check(digits))
    record.issues.update({"RESIDENT_ID_IS_PLACEHOLDER", "RESIDENT_ID_DIVISION_UNKNOWN"})


@kind("id: division that never was one", cases=["440599", "160101"])
def unknown_division(record, division):
    record.set_id(record.new_id(division))
    province = "PROVINCE" if division.startswith("16") else "DIVISION"
    record.issues.add(f"RESIDENT_ID_{province}_UNKNOWN")


@kind("id: missing", cases=["", None, "absent"])
def missing(record, case):
    record.without_id()
    if case != "absent":
        record.raw["sfzh"] = case


@kind("document: permit of Hong Kong or Macau", cases=["H{}", "h{}", "H{}01", "M{} 12", "Ｈ{}", "m{}-03"])
def permit_of_hong_kong(record, form):
    digits = f"{90000000 + record.number}"
    number = ("M" if form[0] in "Mm" else "H") + digits
    kind = record.luck.pick(["06", "港澳居民来往内地通行证"])
    record.with_document(kind, form.format(digits), number, "06")


@kind("document: permit of Taiwan", cases=["{}", "{}01", "{} 02", "{}-03"])
def permit_of_taiwan(record, form):
    number = f"{90000000 + record.number}"
    kind = record.luck.pick(["07", "台湾居民来往大陆通行证"])
    record.with_document(kind, form.format(number), number, "07")


@kind(
    "document: residence permit of Hong Kong, Macau or Taiwan", cases=["810000", "820000", "830000"], repeat=2
)
def residence_permit(record, division):
    """Nobody's: these permits are given since 2018, and the holders died long before."""
    record.move(record.luck.day(date(1870, 1, 2), date(1889, 12, 31)))
    record.set_id(record.new_id(division))
    record.raw["swrq"] = "1950-10-01"
    record.patient["deceased"] = {"on": "1950-10-01"}


FOREIGNERS = ["Anna Lindqvist", "José Muñoz", "Maria Costa", "John O'Brien", "Jürgen Weiß", "Li-Ann Smith"]


def foreigner(record):
    record.name(record.luck.pick(FOREIGNERS))
    del record.raw["gj"], record.raw["mzdm"]
    record.patient |= {"nationality": None, "ethnicity": None}


@kind("document: permanent resident card of a foreigner", repeat=6)
def permanent_resident(record, _):
    """Nobody's: 999 is the number of no country."""
    foreigner(record)
    record.set_id(record.new_id("911999"))


@kind("document: permanent resident card of a national", repeat=2)
def national_with_the_card_of_foreigners(record, _):
    record.set_id(record.new_id("931999"))
    record.issues.add("NATIONALITY_AND_IDENTIFIER_DISAGREE")


@kind("document: passport of a foreigner", cases=["X{}", "x {}", "ZZ{:.7}", "Ｘ{}"])
def passport(record, form):
    foreigner(record)
    digits = f"{90000000 + record.number}"
    raw = form.format(digits)
    number = {"Z": "ZZ" + digits[:7]}.get(form[0], "X" + digits)
    record.with_document(record.luck.pick(["03", "护照"]), raw, number, "03")


@kind("document: passport beside the resident id", "id", repeat=3)
def passport_too(record, _):
    number = f"E{90000000 + record.number}"
    record.raw["hzh"] = number.lower()
    record.patient["identifiers"].append({"type": "03", "value": number})


@kind("document: wrong shape", cases=[("06", "K12345678"), ("06", "H1234567"), ("07", "1234567")])
def document_misshapen(record, case):
    record.with_document(*case)
    record.issues.add("IDENTIFIER_MISSHAPEN")


@kind("document: passport of a wrong shape")
def passport_misshapen(record, _):
    foreigner(record)
    record.with_document("03", "E12")
    record.issues.add("IDENTIFIER_MISSHAPEN")


@kind("document: unknown type", cases=["55", "学生证", "ID"])
def unknown_type(record, kind):
    record.raw |= {"zjlx": kind, "zjhm": "A2024001"}
    record.issues.add("IDENTIFIER_TYPE_NOT_IN_TABLE")
