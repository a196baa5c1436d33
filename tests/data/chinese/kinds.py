"""The kinds of dirt: each makes one clean record dirty, and says what is expected of it then."""

from collections import namedtuple

# `name` tells people; `field` says what it touches, so that two kinds of different fields can meet in one
# record, and is None where it touches more than one; `cases` are handed to `make` one by one.
Kind = namedtuple("Kind", "name field cases make")

ALL = []


def kind(name, field=None, cases=(None,), repeat=1):
    """Registers a kind; each of its cases occurs `repeat` times."""

    def register(make):
        ALL.append(Kind(name, field, [case for case in cases for _ in range(repeat)], make))
        return make

    return register
