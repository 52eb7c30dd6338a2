"""notifications.yaml: checks between the values of an entry, between entries, and with the other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from mailbridge.config.nodes import Mapping as YamlMapping
from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.nodes import Sequence as YamlSequence
from mailbridge.config.reading import BAD, Reading, Use
from mailbridge.rules.compile import OF_TICKETS, kinds_of
from mailbridge.rules.fact_values import BY_TIME
from mailbridge.rules.files.notifications import TEMPLATE, Written, entry_of, written
from mailbridge.rules.files.people import STEPS
from mailbridge.rules.flow import (
    ALWAYS_TOLD,
    AT_ONCE_ONLY,
    CUSTOMER_EVENTS,
    CUSTOMERS,
    MAIL,
    MANAGER_EVENTS,
    STAFF_EVENTS,
    USUAL,
    FlowEntry,
    Party,
    Timing,
    takes,
    word,
)
from mailbridge.rules.tools.unreachable import never
from mailbridge.rules.tree import AllOf, Condition, MatchType, TextTest

Pair = tuple[str, Party]
ASKABLE = OF_TICKETS - BY_TIME - {"load"}  # what a condition may ask: the ticket as it is after the event
SINGLE = frozenset({"team", "type", "status", "priority", "assignee"})  # a ticket has one value of these


def check(node: Node | None, values: Any, teams: tuple[Node | None, Any], reading: Reading) -> None:
    """Reports every such mistake; only the names of templates and channels where single values of the file are wrong."""
    reading.define("channel", MAIL, None)
    if node is None or values is BAD or not values:
        return
    found = [(one, entry_of(one, said), said.get("when")) for one, said in zip(written(node), _said(values), strict=True)]
    for one, entry, when in found:
        _alone(one, entry, reading)
        _condition(one, when, reading)
    _names([one for one, _, _ in found], reading)
    _together(found, reading)
    _without_effect([(one, entry) for one, entry, _ in found], reading)
    _channels(node, [entry for _, entry, _ in found], reading)
    _beside_tells([(one, entry) for one, entry, when in found if when is None], teams, reading)


def _said(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from values.get("notifications", ())
    for key in ("teams", "customers"):
        for entries in values.get(key, {}).values():
            yield from entries


def pairs(entry: FlowEntry) -> frozenset[Pair]:
    """The events of the entry with the audiences that can be told of them."""
    return frozenset((event, party) for event, party in product(entry.events, entry.to) if takes(event, party))


def _warn(place: Place, text: str, hint: str, reading: Reading) -> None:
    reading.problems.append(place.problem(text, hint, warning=True))


# -- one entry ----------------------------------------------------------------------------------------------------


def _alone(one: Written, entry: FlowEntry, reading: Reading) -> None:
    _fitting(one, entry, reading)
    if not entry.send:
        for key in ("channel", "template", "timing"):
            if one.node.get(key) is not None:
                reading.mistake(one.place(key), f'"{key}" beside "send: false"', "nothing is sent that it could be for")
    elif not entry.mails:
        for key in ("template", "timing"):
            if one.node.get(key) is not None:
                reading.mistake(one.place(key), f'"{key}" without the channel mail', "it is for mails: add mail to the channels")
    _silenced(one, entry, reading)
    _collected(one, entry, reading)
    if entry.template:
        for event, party in sorted(pairs(entry)):
            name = f"{template_audience(event, party)}.{entry.template}"
            reading.uses.append(Use(kind=TEMPLATE, name=name, place=one.place("template")))


def template_audience(event: str, party: Party) -> str:
    """The first part of the name of a template for this event and audience."""
    if party in CUSTOMERS:
        return "customer"
    return "manager" if event in MANAGER_EVENTS else "agent"


def _fitting(one: Written, entry: FlowEntry, reading: Reading) -> None:
    """Reports an audience that hears of none of the events, and an event of which none of the audiences hears."""
    for text, place in one.places("to").items():
        if not any(takes(event, Party(text)) for event in entry.events):
            known = [word(event) for event in (CUSTOMER_EVENTS if text in CUSTOMERS else STAFF_EVENTS)]
            events = ", ".join(map(word, entry.events))
            reading.mistake(place, f'"{text}" cannot be told of {events}', f"{text}: {', '.join(known)}")
            return
    for text, place in one.places("event").items():
        event = text.replace("-", "_")
        if not any(takes(event, party) for party in entry.to):
            known = [str(party) for party in Party if takes(event, party)]
            reading.mistake(place, f'of "{text}" none of these can be told: {", ".join(entry.to)}', f"{text}: {', '.join(known)}")


def _silenced(one: Written, entry: FlowEntry, reading: Reading) -> None:
    """Reports what must not be silenced."""
    if entry.mails:
        return
    place = one.place("send") if not entry.send else one.place("channel")
    for event, party in sorted(pairs(entry)):
        if party not in USUAL[event]:
            continue
        if event in ALWAYS_TOLD:
            reading.mistake(place, f'"{word(event)}" without a mail: {ALWAYS_TOLD[event]}', "a channel beside the mail: [mail, …]")
            return
        if event == "answered":
            _warn(place, f"{party}: answers of agents are not sent", "the customer never reads them", reading)
            return
        if event == "level":
            _warn(place, "a level at or after the target is sent all the same", "only earlier levels are switched off", reading)
            return


def _collected(one: Written, entry: FlowEntry, reading: Reading) -> None:
    """Reports what must not wait, and what has nothing to wait for."""
    place = one.place("timing")
    if entry.timing is Timing.WHILE_OPEN and "answered" in entry.events:
        reading.mistake(place, f'"answered" cannot wait: {AT_ONCE_ONLY["answered"]}', "leave out the timing")
    if entry.timing not in (Timing.QUIET, Timing.DIGEST):
        return
    for event in entry.events:
        if event in AT_ONCE_ONLY:
            reading.mistake(place, f'"{word(event)}" cannot wait for others: {AT_ONCE_ONLY[event]}', "give it an entry without timing")
            return
    if "level" in entry.events:
        _warn(place, "a level at or after the target is sent at once all the same", "only earlier levels wait", reading)
    if entry.timing is Timing.DIGEST and any(party in CUSTOMERS for party in entry.to):
        reading.mistake(place, "customers have no digest", 'write "quiet 1h": one mail for each ticket')


def _condition(one: Written, when: Condition | None, reading: Reading) -> None:
    if when is None:
        return
    for kind in sorted(kinds_of(when) - ASKABLE):
        reading.mistake(one.place("when"), f'"{kind}" in notifications.yaml', f"it asks about the ticket: {', '.join(sorted(ASKABLE))}")
    scope = (one.team, "team") if one.team else None
    if never(when) or _excluded(when, scope):
        _warn(one.place("when"), "this entry can never hold: its condition contradicts itself or the team it stands under", "", reading)


def _excluded(when: Condition, scope: tuple[str, str] | None) -> bool:
    """Whether one value of the ticket would have to be two."""
    wanted: dict[str, set[str]] = {scope[1]: {scope[0]}} if scope else {}
    for leaf in when.children if isinstance(when, AllOf) else (when,):
        if isinstance(leaf, AllOf) and _excluded(leaf, scope):
            return True
        if isinstance(leaf, TextTest) and leaf.test.match is MatchType.IS and len(leaf.sources) == 1 and leaf.sources[0].kind in SINGLE:
            known = wanted.setdefault(leaf.sources[0].kind, set(leaf.test.keys))
            known &= set(leaf.test.keys)
            if not known:
                return True
    return False


# -- several entries ----------------------------------------------------------------------------------------------


def _names(entries: Iterable[Written], reading: Reading) -> None:
    """Reports a second entry with the same name, because explanations use it."""
    first: dict[str, Place] = {}
    for one in entries:
        node = one.node.get("name")
        if isinstance(node, Scalar):
            known = first.setdefault(node.text, node.place)
            if known is not node.place:
                reading.mistake(node.place, f'a second entry named "{node.text}"', f"the first one stands in line {known.line}")


def _together(found: Sequence[tuple[Written, FlowEntry, Condition | None]], reading: Reading) -> None:
    """Reports entries that an earlier one contradicts or hides: the first that holds decides."""
    told: set[int] = set()
    for (_, earlier, first), (number, (one, later, second)) in _ordered(found):
        hides = first is None or first == second
        both = pairs(earlier) & pairs(later)
        if not hides or not both or number in told:
            continue
        hint = f'"{earlier.name}" in line {earlier.place.line} comes first'
        event, party = min(both)
        if first == second and earlier.mails is not later.mails and {earlier.send, later.send} == {True, False}:
            reading.mistake(one.place("name"), f'it contradicts an earlier entry about "{word(event)}" to {party}', hint)
        elif both == pairs(later):
            _warn(one.place("name"), f'the entry "{later.name}" can never hold', hint, reading)
        else:
            _warn(one.place("name"), f'about "{word(event)}" to {party} this entry can never hold', hint, reading)
        told.add(number)


def _ordered(
    found: Sequence[tuple[Written, FlowEntry, Condition | None]],
) -> Iterator[tuple[tuple[Written, FlowEntry, Condition | None], tuple[int, tuple[Written, FlowEntry, Condition | None]]]]:
    """The pairs of entries for the same tickets, the earlier first."""
    for (_, one), (number, other) in combinations(enumerate(found), 2):
        if (one[1].team, one[1].customer) == (other[1].team, other[1].customer):
            yield one, (number, other)


def _without_effect(found: Sequence[tuple[Written, FlowEntry]], reading: Reading) -> None:
    """Reports what is switched off although nobody switched it on."""
    added = {pair for _, entry in found if entry.mails for pair in pairs(entry)}
    for one, entry in found:
        idle = [(event, party) for event, party in sorted(pairs(entry)) if party not in USUAL[event] and (event, party) not in added]
        if not entry.send and idle and len(idle) == len(pairs(entry)):
            event, party = idle[0]
            _warn(one.place("to"), f'{party} is not told of "{word(event)}" anyway', "the entry changes nothing", reading)


def _channels(node: Node, entries: Iterable[FlowEntry], reading: Reading) -> None:
    """Reports channels that no entry names."""
    used = {name for entry in entries for name in entry.channels}
    table = node.get("channels") if isinstance(node, YamlMapping) else None
    for key, _ in table.entries if isinstance(table, YamlMapping) else ():
        if key.text == MAIL:
            reading.mistake(key.place, '"mail" is a channel already', "choose another name")
        elif key.text not in used:
            _warn(key.place, f'no entry names the channel "{key.text}"', "channel: [mail, …]", reading)


def _beside_tells(found: Sequence[tuple[Written, FlowEntry]], teams: tuple[Node | None, Any], reading: Reading) -> None:
    """Says that an entry wins over `tells` of teams.yaml, where the two differ."""
    node, values = teams
    table = node.get("teams") if isinstance(node, YamlMapping) else None
    if values is BAD or not isinstance(table, YamlMapping):
        return
    for key, about in table.entries:
        tells = about.get("tells") if isinstance(about, YamlMapping) else None
        said = {item.text for item in _items(tells) if isinstance(item, Scalar)}
        for one, entry in found if tells is not None else ():
            if entry.customer or entry.team not in ("", key.text) or Party.REQUESTER not in entry.to:
                continue
            differ = [event for event in entry.events if event in STEPS and (event in said) is not entry.mails]
            if differ and tells is not None:
                place = f"{tells.place.file}:{tells.place.line}"
                text = f'"{word(differ[0])}": this entry wins over "tells" of the team {key.text} ({place})'
                hint = "add the step to tells, or take it out of this entry" if entry.mails else "take the step out of tells"
                _warn(one.place("event"), text, hint, reading)
                break


def _items(node: Node | None) -> Sequence[Node]:
    return node.items if isinstance(node, YamlSequence) else (node,) if node is not None else ()
