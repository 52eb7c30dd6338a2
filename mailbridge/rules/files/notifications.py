"""notifications.yaml: its keys, the entries that it makes, and the checks of each entry alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mailbridge.config import durations, nodes
from mailbridge.config.found_elsewhere import FROM_FILE, FROM_VARIABLE
from mailbridge.config.nodes import Mapping as YamlMapping
from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.nodes import Sequence as YamlSequence
from mailbridge.config.reading import BAD, Reading, Use, Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Key, Many, Record, Table
from mailbridge.config.suggest import did_you_mean
from mailbridge.rules.compile import compile_rules
from mailbridge.rules.conditions import WHEN
from mailbridge.rules.files.scalars import WORD
from mailbridge.rules.flow import (
    CUSTOMER_EVENTS,
    FIXED_EVENTS,
    MAIL,
    MEANT,
    STAFF_EVENTS,
    FlowEntry,
    NotificationChannel,
    NotificationFlow,
    Party,
    Shape,
    Timing,
    word,
)
from mailbridge.rules.tree import Actions, AllOf, Fact, Rule, ValueSource

EVENTS = tuple(dict.fromkeys((*map(word, CUSTOMER_EVENTS), *map(word, STAFF_EVENTS))))
LONGEST_WAIT = timedelta(days=1)
TEMPLATE = "mail template"  # kind of names: "<audience>.<template>"
CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """The name of an event."""

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or node.value is None:
            return reading.expected("the name of an event", node)
        name = node.text.replace("-", "_")
        if name in FIXED_EVENTS:
            message = f'"{node.text}" cannot be changed here: {FIXED_EVENTS[name]}'
            return reading.mistake(node.place, message, "it is sent in any case")
        if node.text in EVENTS:
            return name
        meant = MEANT.get(node.text)
        hint = f'did you mean "{meant}"?' if meant else did_you_mean(node.text, EVENTS, "event")
        return reading.mistake(node.place, f'unknown event "{node.text}"', hint)

    def json_schema(self) -> dict[str, Any]:
        return {"enum": list(EVENTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChannelName:
    """`mail`, or a name of the table `channels`."""

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or node.value is None:
            return reading.expected("the name of a channel", node)
        reading.uses.append(Use(kind=CHANNEL, name=node.text, place=node.place))
        return node.text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "mail, or the name of a channel"}


def _timing(text: str) -> tuple[Timing, timedelta]:
    """'quiet 10m' as QUIET and ten minutes.  Raises Wrong."""
    name, _, rest = text.partition(" ")
    if name == Timing.QUIET:
        if not rest.strip():
            raise Wrong('"quiet" needs a time', 'write it like "quiet 10m"')
        wait = durations.duration(rest.strip())
        if not timedelta(minutes=1) <= wait <= LONGEST_WAIT:
            raise Wrong(f'"{rest.strip()}" is not a waiting time', "from 1m to 24h")
        return Timing.QUIET, wait
    if text not in tuple(Timing):
        raise Wrong(f'unknown timing "{text}"', did_you_mean(text, (*Timing, "quiet 10m"), "timing"))
    return Timing(text), timedelta(0)


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")) or any(character.isspace() for character in text):
        raise Wrong(f'"{text}" is not a web address', "it begins with https://")
    return text


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", text):
        raise Wrong(f'"{text}" is no name of an environment variable', "letters, digits and _")
    return text


def _address(about: Mapping[str, Any]) -> str:
    if "url-file" in about:
        return f"{FROM_FILE}{about['url-file']}"
    return f"{FROM_VARIABLE}{about['url-env']}" if "url-env" in about else str(about["url"])


CHANNEL_RECORD = Record(
    what="a channel",
    one_of=("url", "url-file", "url-env"),
    keys={
        "url": Key(schema=Text(what="a web address", parse=_url), about="the address that is called"),
        "url-file": Key(schema=Text(what="a file"), about="instead of url: the file that holds the address, from the desk's folder on"),
        "url-env": Key(schema=Text(what="a variable", parse=_variable), about="instead of url: the environment variable that holds it"),
        "shape": Key(
            schema=Choice(what="shape", words=tuple(Shape)),
            about="the form of the message: slack, teams, matrix, or json for programs; json where it is not said",
        ),
    },
)
ENTRY = Record(
    what="an entry",
    keys={
        "name": Key(schema=Text(), required=True, about="one of a kind; shown in every explanation"),
        "event": Key(schema=Many(of=_Event(), what="an event or a list of events", least=1), required=True, about="what happened"),
        "to": Key(
            schema=Many(of=Choice(what="audience", words=tuple(Party)), what="an audience or a list of them", least=1),
            required=True,
            about="who is told",
        ),
        "when": Key(schema=WHEN, about="the condition, in the words of the rules; without it the entry always holds"),
        "send": Key(schema=Flag(), about="false: they are not told; true where it is not said"),
        "channel": Key(
            schema=Many(of=_ChannelName(), what="a channel or a list of channels", least=1),
            about="mail, or names of the table channels; mail where it is not said",
        ),
        "template": Key(
            schema=Text(what="the name of a template"), about="the template of the mail; without it the one with the name of the event"
        ),
        "timing": Key(
            schema=Text(what="a timing such as quiet 10m", parse=_timing),
            about="at-once, quiet 10m (what happens on the ticket meanwhile is one mail), digest, while-open; at-once where it is not said",
        ),
    },
)
ENTRIES = Many(of=ENTRY, what="a list of entries", strict=True)
NOTIFICATIONS_FILE = Record(
    what="notifications.yaml",
    keys={
        "channels": Key(schema=Table(what="channels", key=WORD, of=CHANNEL_RECORD, defines=CHANNEL), about="web addresses by name"),
        "notifications": Key(schema=ENTRIES, about="for all tickets; the first entry that holds decides"),
        "teams": Key(
            schema=Table(what="teams", key=Name(kind="team"), of=ENTRIES), about="for tickets of these teams; asked before those for all"
        ),
        "customers": Key(
            schema=Table(what="customers", key=Name(kind="customer"), of=ENTRIES),
            about="for tickets of these customers; asked before those of teams",
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An entry as it stands in the file: its node, and the team or customer that it is for."""

    node: YamlMapping
    team: str = ""
    customer: str = ""

    def place(self, key: str) -> Place:
        """Where the value of this key stands; the entry's place where it is not there."""
        found = self.node.get(key)
        return found.place if found is not None else self.node.place

    def places(self, key: str) -> dict[str, Place]:
        """The place of each word of a list or of a single value."""
        found = self.node.get(key)
        items = found.items if isinstance(found, YamlSequence) else (found,) if found is not None else ()
        return {item.text: item.place for item in items if isinstance(item, Scalar)}


def written(node: Node | None) -> Iterator[Written]:
    """All entries of the file, in its order."""
    if not isinstance(node, YamlMapping):
        return
    yield from (Written(node=item) for item in _mappings(node.get("notifications")))
    for key in ("teams", "customers"):
        table = node.get(key)
        for name, entries in table.entries if isinstance(table, YamlMapping) else ():
            for item in _mappings(entries):
                yield Written(node=item, team=name.text if key == "teams" else "", customer=name.text if key == "customers" else "")


def _mappings(node: Node | None) -> Iterator[YamlMapping]:
    items = node.items if isinstance(node, YamlSequence) else ()
    yield from (item for item in items if isinstance(item, YamlMapping))


def flow(node: Node | None, values: Any, **about: Any) -> NotificationFlow:
    """The entries of the checked file.  `about`: what `compile_rules` needs to know of the desk."""
    if node is None or values is BAD or not values:
        return NotificationFlow()
    entries: list[FlowEntry] = []
    rules: list[Rule] = []
    for one, said in zip(written(node), _values(values), strict=True):
        entry = entry_of(one, said, len(rules) if "when" in said else None)
        if "when" in said:
            about_ticket = AllOf(children=(said["when"], Fact(source=ValueSource(kind="reply"))))
            rules.append(Rule(name=entry.name, place=entry.place, when=about_ticket, then=Actions()))
        entries.append(entry)
    return NotificationFlow(entries=tuple(entries), channels=_channels(node, values), conditions=compile_rules(rules, **about))


def _values(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from values.get("notifications", ())
    for key in ("teams", "customers"):
        for entries in values.get(key, {}).values():
            yield from entries


def entry_of(one: Written, said: Mapping[str, Any], condition: int | None = None) -> FlowEntry:
    """The entry of its values."""
    timing, wait = said.get("timing", (Timing.AT_ONCE, timedelta(0)))
    return FlowEntry(
        name=said["name"],
        place=one.place("name"),
        events=tuple(dict.fromkeys(said["event"])),
        to=tuple(Party(word) for word in dict.fromkeys(said["to"])),
        send=said.get("send", True),
        channels=tuple(dict.fromkeys(said.get("channel", (MAIL,)))),
        template=said.get("template", ""),
        timing=timing,
        wait=wait,
        condition=condition,
        team=one.team,
        customer=one.customer,
    )


def _channels(node: Node, values: Mapping[str, Any]) -> Mapping[str, NotificationChannel]:
    table = node.get("channels") if isinstance(node, nodes.Mapping) else None
    places = {key.text: key.place for key, _ in table.entries} if isinstance(table, nodes.Mapping) else {}
    return {
        name: NotificationChannel(name=name, url=_address(about), shape=Shape(about.get("shape", Shape.JSON)), place=places[name])
        for name, about in values.get("channels", {}).items()
    }
