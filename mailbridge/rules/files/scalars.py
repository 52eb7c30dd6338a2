"""Single values that several files use: names, addresses, languages, durations, dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mailbridge.config import durations, names, nodes, times
from mailbridge.config.reading import Reading, Wrong
from mailbridge.config.scalars import Text
from mailbridge.config.schema import Either, Many
from mailbridge.rules.dates import zone


def _zone(text: str) -> str:
    if text == "original":
        raise Wrong('a calendar cannot have the zone "original"', 'write it like "Europe/Bucharest"')
    return zone(text)


class Defined:
    """A text that defines a name of its kind: a customer's tier."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        text = Text(what=f"the name of a {self.kind}").read(node, reading)
        if isinstance(text, str):
            reading.define(self.kind, text, node.place)
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


LINE = Text(what="one line of text", parse=names.line)
WORD = Text(what="a name", parse=names.name)
ADDRESS = Text(what="a mail address", parse=names.address)
ADDRESSES = Many(of=ADDRESS, what="an address or a list of addresses")
LANGUAGE = Text(what="a language code", parse=names.language_code)
DURATION = Text(what="a duration such as 2h", parse=durations.duration)
WORKING = Text(what="a duration such as 2h", parse=durations.working_duration)
DATE = Text(what="a date such as 2026-12-24", parse=times.day)
ZONE = Text(what="a time zone", parse=_zone)


def _or_never(text: str) -> timedelta | None:
    return None if text == "never" else durations.working_duration(text)


WORKING_OR_NEVER = Either(what="a duration or never", scalar=Text(what="a duration or never", parse=_or_never))
