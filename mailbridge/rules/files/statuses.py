"""statuses.yaml: its keys, the statuses it defines, and the checks between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mailbridge.config.nodes import Mapping as YamlMapping
from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.reading import BAD, Reading
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Either, Key, Many, Record, Table
from mailbridge.organisation.status import HIDDEN, Mover, Status
from mailbridge.organisation.transitions import CLOSED, DEFAULTS, NEW, OPEN
from mailbridge.rules.files.scalars import DURATION, LANGUAGE, WORD

Values = Mapping[str, Any]

CUSTOMER, OTHERS = "customer", "others"


class WaitsFor:
    """For whom a ticket in the status waits; '' for nobody.  `true` means the customer."""

    words = Choice(what="party to wait for", words=("true", "false", CUSTOMER, OTHERS))

    def read(self, node: Node, reading: Reading) -> Any:
        word = self.words.read(node, reading)
        return word if word is BAD else {"true": CUSTOMER, "false": ""}.get(word, word)

    def json_schema(self) -> dict[str, Any]:
        return {"enum": [True, False, CUSTOMER, OTHERS]}


TITLES = Either(
    what="a title, or titles by language",
    scalar=Text(what="a title"),
    mapping=Table(what="titles", key=LANGUAGE, of=Text(what="a title"), least_one=True),
)
STATUS = Record(
    what="a status",
    keys={
        "title": Key(schema=TITLES, about="how people read it: one text, or a text by language"),
        "shown": Key(schema=TITLES, about="what customers read instead; hidden: they are not told of it"),
        "open": Key(schema=Flag(), about="false: the work is done"),
        "waiting": Key(
            schema=WaitsFor(),
            about="the clocks stop until the customer writes (customer, or true), or until somebody else does (others)",
        ),
        "next": Key(
            schema=Many(of=Name(kind="status"), what="a list of statuses", strict=True),
            about="where agents may move a ticket from here; without it anywhere",
        ),
        "may": Key(
            schema=Choice(what="mover", words=tuple(Mover)),
            about="which agents may move a ticket here: agent (any), member (of its team) or manager",
        ),
        "closes-after": Key(schema=DURATION, about="a ticket that is here so long without a word of the customer is closed"),
    },
)
STATUSES_FILE = Record(
    what="statuses.yaml",
    keys={"statuses": Key(schema=Table(what="statuses", key=WORD, of=STATUS, defines="status", least_one=True), required=True)},
)

# The desk moves tickets to these three, so their meaning is fixed. Their titles are free.
_FIXED = {NEW: (True, False), OPEN: (True, False), CLOSED: (False, False)}


def status_of(name: str, values: Values) -> Status:
    """The status of these values.  Missing values are those of the built-in status with that name."""
    usual = DEFAULTS.get(name, Status(name=name, title=name))
    said: Any = values.get("title")
    title, titles = _titled(said, usual.title) if said is not None else (usual.title, usual.titles)
    said_shown: Any = values.get("shown")
    # A new title replaces all built-in titles.
    unsaid = ("", {}) if said is not None else (usual.shown, usual.shown_titles)
    shown, shown_titles = _titled(said_shown, title) if said_shown is not None else unsaid
    waits = values.get("waiting")
    return Status(
        name=name,
        title=title,
        titles=titles,
        shown=shown,
        shown_titles=shown_titles,
        open=values.get("open", usual.open),
        waiting=usual.waiting if waits is None else bool(waits),
        others=waits == OTHERS,
        next=values.get("next"),
        may=Mover(values.get("may", usual.may)),
        closes_after=values.get("closes-after"),
    )


def _titled(said: str | Mapping[str, str], otherwise: str) -> tuple[str, Mapping[str, str]]:
    """The default title for all languages without one, and the titles by language."""
    if isinstance(said, str):
        return said, {}
    return said.get("en", next(iter(said.values()), otherwise)), said


def check(node: Node | None, values: Any, reading: Reading) -> None:
    """Reports every such error; nothing where single values of the file are invalid."""
    table = node.get("statuses") if isinstance(node, YamlMapping) else None
    if values is BAD or not isinstance(table, YamlMapping):
        return
    statuses = {key.text: status_of(key.text, values["statuses"][key.text]) for key, _ in table.entries}
    for key, about in table.entries:
        _meaning(key, statuses[key.text], reading)
        _closing(key, about, statuses[key.text], reading)
        _way_out(key, about, statuses[key.text], reading)
        _self(about, key.text, reading)
    _reached(table, statuses, reading)
    _languages(table, reading)


def _warn(place: Place, text: str, hint: str, reading: Reading) -> None:
    reading.problems.append(place.problem(text, hint, warning=True))


def _meaning(key: Scalar, status: Status, reading: Reading) -> None:
    if status.name in _FIXED and (status.open, status.waiting) != _FIXED[status.name]:
        must = f"open: {str(_FIXED[status.name][0]).lower()} and waiting: false"
        reading.mistake(key.place, f'the status "{status.name}" must have {must}', "the desk itself moves tickets to it")
    elif status.waiting and not status.open:
        reading.mistake(key.place, f'the status "{status.name}" is waiting and not open', "a ticket that waits is not done yet")
    elif status.name == NEW and status.shown == HIDDEN:
        _warn(key.place, "customers cannot see that a ticket is new", "where its status stands they read nothing", reading)


def _closing(key: Scalar, about: Node, status: Status, reading: Reading) -> None:
    node = about.get("closes-after") if isinstance(about, YamlMapping) else None
    if node is None:
        return
    if status.name == CLOSED:
        reading.mistake(node.place, "a closed ticket is closed already", "say it of a status that comes before")
    elif status.open and not status.waiting:
        hint = "closes-after is for a status that waits or is done"
        reading.mistake(node.place, f'a ticket in "{key.text}" is being worked on and cannot close by itself', hint)


def _way_out(key: Scalar, about: Node, status: Status, reading: Reading) -> None:
    if status.next != () or not status.open:
        return
    node = about.get("next") if isinstance(about, YamlMapping) else None
    place = (node or key).place
    if status.waiting:
        text = f'only a mail of the customer gets a ticket out of "{key.text}"'
        _warn(place, text, "name the statuses an agent may move it to", reading)
    else:
        reading.mistake(place, f'nobody gets a ticket out of "{key.text}"', "name the statuses an agent may move it to")


def _self(about: Node, name: str, reading: Reading) -> None:
    for item in _names_of(about):
        if item.text == name:
            _warn(item.place, f'"{name}" leads to itself', "a ticket that is there stays there anyway", reading)


def _names_of(about: Node) -> Iterator[Scalar]:
    node = about.get("next") if isinstance(about, YamlMapping) else None
    items: Iterable[Node] = getattr(node, "items", ())
    yield from (item for item in items if isinstance(item, Scalar))


def _reached(table: YamlMapping, statuses: Mapping[str, Status], reading: Reading) -> None:
    """Reports a status that no agent, rule or deadline can reach."""
    every = {**DEFAULTS, **statuses}
    if any(status.next is None for status in every.values()):
        return
    reached = {name for status in every.values() for name in status.next or () if name != status.name} | set(_FIXED)
    reached |= {use.name for use in reading.uses if use.kind == "status" and use.place.file != table.place.file}
    for key, _ in table.entries:
        if key.text not in reached:
            _warn(key.place, f'nobody gets a ticket into "{key.text}"', "name it in the next of another status", reading)


def _languages(table: YamlMapping, reading: Reading) -> None:
    """Reports titles that are missing in a language which other titles have."""
    titles = [(key, name, words) for key, about in table.entries for name, words in _titles_of(about)]
    languages = list(dict.fromkeys(language.text for _, _, words in titles for language, _ in words.entries))
    for key, name, words in titles:
        there = {language.text for language, _ in words.entries}
        missing = [language for language in languages if language not in there]
        if missing:
            kept = "en" if "en" in there else next(language.text for language, _ in words.entries)
            text = f'the {name} of "{key.text}" is missing in {", ".join(missing)}'
            _warn(words.place, text, f"the one in {kept} is read instead", reading)


def _titles_of(about: Node) -> Iterator[tuple[str, YamlMapping]]:
    for name in ("title", "shown"):
        words = about.get(name) if isinstance(about, YamlMapping) else None
        if isinstance(words, YamlMapping):
            yield name, words
