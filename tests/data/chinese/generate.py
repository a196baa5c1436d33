#!/usr/bin/env python3
"""Writes records.ndjson and manifest.ndjson: generate.py [DIRECTORY]. README.md says what they hold."""

import json
import random
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import kinds
from people import Luck, Record

# Each registers its kinds.
import dirty_ids
import dirty_texts
import dirty_dates
import dirty_fields
import dirty_phones
import dirty_addresses
import dirty_nulls

SEED = 11643
COUNT = 1400
WITH_TWO_KINDS = 40

# The codes that reject a record; all others are warnings.
ERRORS = set("""
    PATIENT_ID_MISSING PATIENT_ID_TOO_LONG PATIENT_ID_ROUNDED TEXT_HAS_NUL TEXT_UNDECODABLE NAME_MISSING
    ETHNICITY_NOT_IN_TABLE GENDER_MISSING GENDER_NOT_IN_TABLE GENDER_DIFFERS_FROM_RESIDENT_ID BIRTH_DATE_MISSING
    BIRTH_DATE_NOT_IN_CALENDAR BIRTH_DATE_FORMAT_UNKNOWN BIRTH_DATE_IN_FUTURE AGE_IMPOSSIBLE
    BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID IDENTITY_INCOMPLETE IDENTIFIER_TYPE_NOT_IN_TABLE RESIDENT_ID_MISSHAPEN
    RESIDENT_ID_CHECK_WRONG RESIDENT_ID_MASKED RESIDENT_ID_DATE_IMPOSSIBLE RESIDENT_ID_ROUNDED
    IDENTIFIER_IS_OF_OTHER_TYPE NATIONALITY_NOT_IN_TABLE MARITAL_STATUS_NOT_IN_TABLE DECEASED_UNREADABLE
    DECEASED_BEFORE_BIRTH DECEASED_IN_FUTURE UPDATED_AT_UNREADABLE
    """.split())


def plans(luck):
    """For each record the kinds of its dirt, each with its case; most have none."""
    dirty = [[(kind, case)] for kind in kinds.ALL for case in kind.cases]
    dirty += [two_kinds(luck) for _ in range(WITH_TWO_KINDS)]
    plans = dirty + [[]] * (COUNT - len(dirty))
    for place in range(COUNT - 1, 0, -1):
        other = luck.below(place + 1)
        plans[place], plans[other] = plans[other], plans[place]
    return plans


def two_kinds(luck):
    """Two that touch different fields. What renames the keys or fills in blanks comes last; what makes another
    person comes first."""
    order = ["date", "id"]
    while True:
        pair = [luck.pick([kind for kind in kinds.ALL if kind.field]) for _ in range(2)]
        first, second = sorted(pair, key=lambda kind: (kind.field == "keys", kind.field not in order))
        # Both may make another person, of whom the other would know nothing.
        if first.field != second.field and {first.field, second.field} != set(order):
            return [(kind, luck.pick(kind.cases)) for kind in (first, second)]


def make(number, plan, luck):
    record = Record(number, luck)
    for kind, case in plan:
        record.dirt.append(kind.name)
        kind.make(record, case)
    return record


def manifest(index, record):
    issues = sorted(record.issues)
    rejected = not ERRORS.isdisjoint(issues)
    entry = {"index": index, "id": f"chinese-{index}", "dirt": record.dirt}
    entry |= {"outcome": "rejected" if rejected else "stored", "issues": issues}
    return entry if rejected else {**entry, "patient": record.patient}


def write(path, entries):
    lines = (json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries)
    path.write_bytes("".join(lines).encode())


def main():
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else __file__)
    directory = directory if directory.is_dir() else directory.parent
    luck = Luck(random.Random(SEED).random)
    records = [make(number, plan, luck) for number, plan in enumerate(plans(luck))]
    assert len({record.id for record in records}) == COUNT, "an id occurs twice"
    write(directory / "records.ndjson", (record.raw for record in records))
    write(directory / "manifest.ndjson", (manifest(*entry) for entry in enumerate(records)))


if __name__ == "__main__":
    main()
