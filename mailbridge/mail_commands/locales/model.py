"""The words of one language for commands: data.  A new language is one more file like `en.py`, named in `__init__`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A command in one language: its names (the first is displayed), its usage, its description."""

    names: str  # parted by blanks
    usage: tuple[str, ...]
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """Words separated by blanks, phrases separated by commas.  Case and diacritics (ș, ă, ё) are ignored."""

    code: str
    words: Mapping[str, Word]
    rooms: Mapping[str, str]  # titles of the parts of the manual
    # When: seven days from Monday, twelve months from January, days counted from today.
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    days: Mapping[int, str]
    next_week: str
    noon: str
    am: str = ""
    pm: str = ""
    minutes: str
    hours: str
    units_of_days: str
    weeks: str
    units_of_months: str
    one: str  # "a week" is one week
    ahead: str  # "in three days"
    at: str  # words before a bare hour: "at 9"
    fillers: str  # words around dates without meaning
    # Who and what.
    none: str
    me: str
    into: str
    also: str  # between things of a list
    km: str
    billable: str
    not_billable: str
    relations: Mapping[str, str]
    priorities: Mapping[str, str]
    lists: Mapping[str, str]
    parts: Mapping[str, str]  # of what is known of a customer
    keys: Mapping[str, str]  # of customers.yaml
    yes: str
    no: str
    channels: Mapping[str, str] = field(default_factory=dict)
