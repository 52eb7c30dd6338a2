"""How an event is stored and published: one entry for each class, beside the class.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One kind of event: its class, its two names, and the stored names of renamed fields.

    `name` is the column `kind` of the table `events`, `published` is `kind` in the JSON of the command line.  Both are literal: a class may
    be renamed, its entry keeps both names.  A field that is renamed goes into `stored_fields`, new name -> stored name; the database and
    the JSON keep the stored name.  `tests/unit/test_stored_names.py` lists all names and fields and fails where one of them changes.
    """

    name: str
    published: str
    what: type[Any]
    stored_fields: Mapping[str, str] = field(default_factory=dict)


def stored_event(name: str, published: str, what: type[Any], /, **stored_fields: str) -> StoredEvent:
    """The entry of the class `what`."""
    return StoredEvent(name=name, published=published, what=what, stored_fields=stored_fields)
