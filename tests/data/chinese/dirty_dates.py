"""Dirt in dates of birth."""

from datetime import date, datetime, timedelta

from kinds import kind
from people import FULL_WIDTH

# When clocks were an hour ahead; both ends are at two o'clock in the morning.
SUMMER_TIMES = [
    (date(1986, 5, 4), date(1986, 9, 14)),
    (date(1987, 4, 12), date(1987, 9, 13)),
    (date(1988, 4, 17), date(1988, 9, 11)),
    (date(1989, 4, 16), date(1989, 9, 17)),
    (date(1990, 4, 15), date(1990, 9, 16)),
    (date(1991, 4, 14), date(1991, 9, 15)),
]


def written(form):
    """Writes a date: {y}, {m}, {d}, {mm}, {dd}."""
    return lambda day: form.format(
        y=day.year, m=day.month, d=day.day, mm=f"{day.month:02}", dd=f"{day.day:02}"
    )


def utc_midnight(day, form="%Y-%m-%dT%H:%M:%S.000Z"):
    """The start of a day in China, written in UTC."""
    is_summer = any(start < day <= end for start, end in SUMMER_TIMES)
    start = datetime(day.year, day.month, day.day) - timedelta(hours=9 if is_summer else 8)
    return start.strftime(form)


FORMATS = {
    "date: yyyyMMdd": written("{y}{mm}{dd}"),
    "date: yyyyMMdd as JSON number": lambda day: int(day.strftime("%Y%m%d")),
    "date: yyyy/M/d": written("{y}/{m}/{d}"),
    "date: yyyy/MM/dd": written("{y}/{mm}/{dd}"),
    "date: yyyy.M.d": written("{y}.{m}.{d}"),
    "date: yyyy年M月d日": written("{y}年{m}月{d}日"),
    "date: yyyy-MM-dd HH:mm:ss": written("{y}-{mm}-{dd} 00:00:00"),
    "date: full-width": lambda day: day.isoformat().translate(FULL_WIDTH),
    "date: full-width 年月日": lambda day: written("{y}年{m}月{d}日")(day).translate(FULL_WIDTH),
    "date: invisible characters and spaces": lambda day: "\ufeff " + day.isoformat() + "\u200b\u3000",
    "date: local midnight in UTC": utc_midnight,
    "date: instant with its offset": written("{y}-{mm}-{dd}T00:00:00+08:00"),
}


@kind("date: in another dress", "date", FORMATS, repeat=2)
def dressed(record, dress):
    record.dirt[-1] = dress
    if dress == "date: instant with its offset":
        record.move(record.luck.day(date(1992, 1, 2), date(2023, 12, 28)))
    elif dress == "date: local midnight in UTC":
        record.move(record.luck.day(date(1950, 1, 2), date(2023, 12, 28)))
    record.born(FORMATS[dress](record.birth), record.birth)


@kind("date: local midnight of a summer time in UTC", "date", SUMMER_TIMES)
def summer_time(record, season):
    start, end = season
    record.move(record.luck.day(start + timedelta(days=1), end))
    record.born(utc_midnight(record.birth), record.birth)


@kind("date: local midnight where summer time begins or ends", "date", [SUMMER_TIMES[0], SUMMER_TIMES[-1]])
def edges_of_summer_time(record, season):
    record.move(record.luck.pick([season[0], season[1] + timedelta(days=1)]))
    record.born(utc_midnight(record.birth, "%Y-%m-%dT%H:%M:%SZ"), record.birth)


def refused(record, raw, *codes):
    record.raw["csrq"] = raw
    record.issues.update(codes)


@kind("date: one day early", cases=["{:%Y-%m-%d}", "{:%Y-%m-%d} 16:00:00", "{:%Y%m%d}"])
def one_day_early(record, form):
    day_before = record.birth - timedelta(days=1)
    refused(
        record, form.format(day_before), "BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID", "BIRTH_DATE_ONE_DAY_EARLY"
    )


@kind("date: another than the id's", cases=[1, 30, -30, 366, -3660])
def another(record, days):
    refused(record, (record.birth + timedelta(days=days)).isoformat(), "BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID")


@kind("date: day and month swapped", cases=["{y}-{dd}-{mm}", "{y}{dd}{mm}", "{y}/{d}/{m}", "{y}年{d}月{m}日"])
def swapped(record, form):
    record.move(date(record.birth.year, record.birth.month, 13 + record.luck.below(15)))
    refused(record, written(form)(record.birth), "BIRTH_DATE_NOT_IN_CALENDAR")


@kind(
    "date: not in the calendar",
    cases=[
        "1990-02-30",
        "19790229",
        "2001-04-31",
        "1985-00-10",
        "１９８８年６月３１日",
        "1990-05-21 24:30:00",
    ],
)
def not_in_calendar(record, raw):
    refused(record, raw, "BIRTH_DATE_NOT_IN_CALENDAR")


@kind(
    "date: in a format that the profile does not know",
    cases=[
        "1990-05",
        "1990",
        "90-05-02",
        "05/06/1990",
        "1990-5-2",
        "1990年5月",
        "641836800",
        "32994",
        "一九九〇年五月",
        "1990-05-02T00:00:00",
    ],
)
def unknown_format(record, raw):
    refused(record, raw, "BIRTH_DATE_FORMAT_UNKNOWN")


@kind("date: default of a system", cases=["1970-01-01", "19700101", "1900-01-01", "1901/1/1"])
def default(record, raw):
    record.without_id()
    day = raw.replace("-", "").replace("/1/1", "0101")
    record.born(raw, date(int(day[:4]), 1, 1))
    record.issues.add("BIRTH_DATE_IS_PLACEHOLDER")
    if not day.startswith("1970"):
        record.issues.add("AGE_UNLIKELY")


@kind("date: default of a system beside an id", cases=["1900-01-01", "1970-01-01"])
def default_beside_an_id(record, raw):
    refused(record, raw, "BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID")
    if raw.startswith("1900"):
        record.issues.add("AGE_UNLIKELY")


@kind("date: in the future", cases=["2099-05-02", "２０９９０５０２", "2101/3/4"])
def future(record, raw):
    record.without_id()
    del record.raw["gxsj"]
    refused(record, raw, "BIRTH_DATE_IN_FUTURE")


@kind("date: of a very old person", cases=["1899-05-02", "1900-03-04"])
def very_old(record, raw):
    record.without_id()
    record.born(raw, date.fromisoformat(raw))
    record.issues.add("AGE_UNLIKELY")


@kind("date: of an impossibly old person", cases=["1849-12-31", "1820-05-02", "0199-05-02"])
def impossibly_old(record, raw):
    record.without_id()
    refused(record, raw, "AGE_IMPOSSIBLE")


@kind("date: missing, and in the id", cases=["", None, "absent", "\u3000"])
def derived(record, case):
    record.raw["csrq"] = case
    if case == "absent":
        del record.raw["csrq"]
    record.issues.add("BIRTH_DATE_DERIVED")


@kind("date: missing, without an id", cases=["", None, "-", "99991231"])
def missing(record, case):
    record.without_id()
    refused(record, case, "BIRTH_DATE_MISSING", "IDENTITY_INCOMPLETE")


@kind("date: missing, with a passport", cases=["不详", 99991231])
def missing_with_passport(record, case):
    record.with_document("03", f"X{90000000 + record.number}")
    del record.raw["gj"]
    refused(record, case, "BIRTH_DATE_MISSING")
