"""The summary of an event: a key of the catalogues with the values that its sentence shows.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an event says.  `key` names its sentence, `variant` a more exact one; a catalogue without the variant has the key.

    `values` are ready to be shown; `at` is a moment, which is shown by the reader's clock.  `count` picks the plural form.  `on` is the
    number of the ticket where it is not the reader's.
    """

    key: str
    values: Mapping[str, str]
    at: datetime | None = None
    variant: str = ""
    count: int | None = None
    on: str = ""


def unpacked(cell: str) -> tuple[Summary, ...]:
    """The summaries in a cell of a notification that an earlier program stored: JSON, a list of key and values, with the variant and the
    count in some."""
    return tuple(_summary(*row) for row in json.loads(cell or "[]"))


def _summary(key: str, values: Mapping[str, str], variant: str = "", count: int | None = None) -> Summary:
    shown = {name: text for name, text in values.items() if name not in ("on", "at")}
    at = datetime.fromisoformat(values["at"]) if "at" in values else None
    number = int(values["count"]) if count is None and "count" in values else count
    return Summary(key=key, values=shown, at=at, variant=variant, count=number, on=values.get("on", ""))
