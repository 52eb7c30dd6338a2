"""Single values that several files use: names, addresses, languages, durations, dates."""

from __future__ import annotations

from typing import Any

from mailbridge.config import nodes, units
from mailbridge.config.schema import Many, Reading, Text, Wrong
from mailbridge.rules.dates import zone


def _word(text: str) -> str:
    if not text or len(text) > 40 or not all(c.isalnum() or c in "-_." for c in text):
        raise Wrong(f'"{text}" is no name', "a name is one word of letters, digits, - _ and .")
    return text


def _language(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.islower()):
        raise Wrong(f'"{text}" is no language code', 'two lower-case letters of ISO 639-1, like "ro"')
    return text


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


WORD = Text(what="a name", parse=_word)
ADDRESS = Text(what="a mail address", parse=units.address)
ADDRESSES = Many(of=ADDRESS, what="an address or a list of addresses")
LANGUAGE = Text(what="a language code", parse=_language)
DURATION = Text(what="a duration such as 2h", parse=units.duration)
WORKING = Text(what="a duration such as 2h", parse=units.working_duration)
DATE = Text(what="a date such as 2026-12-24", parse=units.day)
ZONE = Text(what="a time zone", parse=_zone)
