"""What a key of mailbridge.toml may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from mailbridge.config import durations, names, quantities, servers
from mailbridge.config.reading import Schema
from mailbridge.config.scalars import Choice, Flag, Text, WholeNumber
from mailbridge.config.schema import Many


def text(parse: Callable[[str], Any] = str, *, what: str = "text in quotes", hint: str = "", secret: bool = False) -> Text:
    """A schema for one line of text in quotes, of which `parse` makes the value."""
    return Text(what=what, parse=lambda written: parse(names.line(written)), takes=(str,), hint=hint, secret=secret)


def several(of: Schema) -> Many:
    """A list.  One bare value is a mistake: lists look like lists."""
    return Many(of=of, what="a list", strict=True, hint='write it in brackets: ["…", "…"]')


def size(least: int, most: int) -> Text:
    return Text(what="a size", parse=quantities.size_within(least, most), takes=(str, int), hint='write a number of bytes, or "50 MB"')


def duration(least: timedelta, most: timedelta) -> Text:
    return text(durations.duration_within(least, most), what="a duration in quotes", hint='write it like "90s", "5m" or "1h30m"')


def one_of(words: Iterable[str]) -> Choice:
    return Choice(what="value", words=tuple(words))


LINE = text()
WORD = text(names.word)
HOST = text(servers.host)
ADDRESS = text(names.local_address)
NETWORK = text(servers.network)
FILE = text(servers.path)  # names a file; relative paths start at the desk's folder
VARIABLE = text(what="the name of an environment variable, in quotes", secret=True)
CREDENTIAL = text(names.credential, what="the name of a credential, in quotes", secret=True)
PORT = WholeNumber(least=1, most=65535)
FLAG = Flag()
