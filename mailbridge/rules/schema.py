"""Every word of every file under rules/: the shapes of whole files.  The JSON Schema and the manual are checked against this."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mailbridge.desk.model import ClosedPolicy, Priority
from mailbridge.message.model import Kind
from mailbridge.rules import measures, yaml
from mailbridge.rules.actions import GIVES, THEN
from mailbridge.rules.conditions import WHEN
from mailbridge.rules.dates import zone
from mailbridge.rules.shape import (
    Choice,
    Either,
    Flag,
    Key,
    Made,
    Many,
    Name,
    Reading,
    Record,
    Table,
    Text,
    Wrong,
)
from mailbridge.sla import daysoff

STEPS = ("received", "taken", "answered", "waiting", "changed", "closed", "reopened")  # of the customer's flow, NO1


def _word(text: str) -> str:
    if not text or len(text) > 40 or not all(c.isalnum() or c in "-_." for c in text):
        raise Wrong(f'"{text}" is no name', "a name is one word of letters, digits, - _ and .")
    return text


def _language(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.islower()):
        raise Wrong(f'"{text}" is no language code', 'two lower-case letters of ISO 639-1, like "ro"')
    return text


def _or_never(text: str) -> timedelta | None:
    return None if text == "never" else measures.working_duration(text)


def _zone(text: str) -> str:
    if text == "original":
        raise Wrong('a calendar cannot have the zone "original"', 'write it like "Europe/Bucharest"')
    return zone(text)


class Defined:
    """A text that is itself the definition of a name of that kind: a customer's tier."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def read(self, node: yaml.Node, reading: Reading) -> Any:
        text = Text(what=f"the name of a {self.kind}").read(node, reading)
        if isinstance(text, str):
            reading.define(self.kind, text, node.place)
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


WORD = Text(what="a name", parse=_word)
ADDRESS = Text(what="a mail address", parse=measures.address)
ADDRESSES = Many(of=ADDRESS, what="an address or a list of addresses")
LANGUAGE = Text(what="a language code", parse=_language)
DURATION = Text(what="a duration such as 2h", parse=measures.duration)
WORKING = Text(what="a duration such as 2h", parse=measures.working_duration)
DATE = Text(what="a date such as 2026-12-24", parse=measures.day)


def _holidays(values: dict[str, Any]) -> dict[str, Any]:
    country, region = values.get("country", ""), values.get("region", "")
    known = daysoff.countries()
    if country and country not in known:
        raise Wrong(f'unknown country "{country}"', "two letters of ISO 3166, like RO or DE")
    if region and not country:
        raise Wrong('"region" without "country"')
    if region and region not in known[country]:
        raise Wrong(f'{country} has no region "{region}"', f"known: {', '.join(known[country])}" if known[country] else "")
    return values


HOURS = Record(
    what="working hours",
    keys={
        "zone": Key(shape=Text(what="a time zone", parse=_zone), required=True, about="name of the time zone, like Europe/Bucharest"),
        "week": Key(
            shape=Table(
                what="a week",
                key=Text(what="days", parse=measures.weekdays),
                of=Either(
                    what='hours such as "09:00-18:00"',
                    scalar=Made(of=Text(what="hours", parse=measures.hours), make=lambda one: (one,)),
                    sequence=Many(of=Text(what="hours", parse=measures.hours), what="a list of hours", strict=True),
                ),
                least_one=True,
            ),
            required=True,
            about="days with the hours worked on them; a day that is not named is free",
        ),
        "holidays": Key(
            shape=Record(
                what="holidays",
                keys={
                    "country": Key(shape=Text(what="a country code"), about="public holidays of this country, ISO 3166"),
                    "region": Key(shape=Text(what="a region code"), about="and of this region in it"),
                    "dates": Key(shape=Many(of=DATE, what="a date or a list of dates"), about="further free days"),
                    "except": Key(shape=Many(of=DATE, what="a date or a list of dates"), about="public holidays that are worked on"),
                },
                make=_holidays,
            ),
            about="free days",
        ),
    },
)

AGENT = Record(
    what="an agent",
    keys={
        "title": Key(shape=Text(), required=True, about="the full name, shown to colleagues and customers"),
        "address": Key(shape=ADDRESS, required=True, about="where the agent's mail comes from and goes to"),
        "addresses": Key(shape=ADDRESSES, about="further addresses the agent writes from"),
        "manager": Key(shape=Flag(), about="may do what managers may"),
        "active": Key(shape=Flag(), about="false: gets no tickets and may not write as an agent"),
        "language": Key(shape=LANGUAGE, about="of what the desk writes to the agent"),
        "skills": Key(shape=Many(of=Defined("skill"), what="a skill or a list of skills"), about="words that rules choose agents by"),
    },
)

TEAM = Record(
    what="a team",
    keys={
        "title": Key(shape=Text(), about="how the team is called in mails; without it, its name"),
        "members": Key(
            shape=Many(of=Name(kind="agent"), what="an agent or a list of agents"), required=True, about="who works on its tickets"
        ),
        "managers": Key(
            shape=Many(of=Name(kind="agent"), what="an agent or a list of agents"), about="who is told of late and unclaimed tickets"
        ),
        "address": Key(shape=ADDRESS, about="a group address that is told instead of each member"),
        "hours": Key(shape=Name(kind="hours"), about="its working hours; without them it works around the clock"),
        "closed": Key(shape=Choice(what="policy for closed tickets", words=tuple(ClosedPolicy)), about="what mail to a closed ticket does"),
        "reopen-within": Key(shape=DURATION, about="how long it reopens, with closed: reopen-within"),
        "answer-owns": Key(shape=Flag(), about="true: the first to answer an unclaimed ticket gets it"),
        "tells": Key(
            shape=Many(of=Choice(what="step", words=STEPS), what="a step or a list of steps"), about="steps that the customer is told of"
        ),
        "unclaimed-after": Key(
            shape=Either(what="a duration or never", scalar=Text(what="a duration or never", parse=_or_never)),
            about="working time until the managers hear of a ticket that nobody has taken; or never",
        ),
        "language": Key(shape=LANGUAGE, about="of what customers get where theirs is not known"),
    },
)

TEAMS_FILE = Record(
    what="teams.yaml",
    keys={
        "default": Key(shape=Name(kind="team"), required=True, about="the team of tickets that no rule gives to another"),
        "teams": Key(shape=Table(what="teams", key=WORD, of=TEAM, defines="team", least_one=True), required=True),
        "agents": Key(shape=Table(what="agents", key=WORD, of=AGENT, defines="agent"), required=True),
        "hours": Key(shape=Table(what="hours", key=WORD, of=HOURS, defines="hours"), about="working hours by name"),
    },
)

TARGETS = Record(
    what="targets",
    keys={
        "response": Key(shape=WORKING, about="working time until somebody has answered"),
        "resolution": Key(shape=WORKING, about="working time until the ticket is closed"),
        "warn-at": Key(
            shape=Text(what="a share such as 75%", parse=measures.share), about="part of the time after which the team is warned"
        ),
    },
    least_one=True,
)
BY_PRIORITY = Record(what="targets by priority", keys={str(p): Key(shape=TARGETS) for p in Priority})
SLA_FILE = Record(
    what="sla.yaml",
    keys={
        "targets": Key(shape=BY_PRIORITY, required=True, about="promised times by priority, in working time of the ticket's team"),
        "levels": Key(
            shape=Table(what="levels", key=WORD, of=BY_PRIORITY, defines="sla"), about="further sets of promised times, for contracts"
        ),
    },
)

STATUS = Record(
    what="a status",
    keys={
        "title": Key(shape=Text(), about="how people read it"),
        "open": Key(shape=Flag(), about="false: the work is done"),
        "waiting": Key(shape=Flag(), about="true: the clocks stop until the customer writes"),
    },
)
STATUSES_FILE = Record(
    what="statuses.yaml",
    keys={"statuses": Key(shape=Table(what="statuses", key=WORD, of=STATUS, defines="status", least_one=True), required=True)},
)

TYPES_FILE = Record(
    what="types.yaml",
    keys={
        "types": Key(shape=Many(of=Defined("type"), what="a type or a list of types"), about="types of request"),
        "tags": Key(
            shape=Many(of=Defined("tag"), what="a tag or a list of tags"), about="the only tags there are; without it any word may be one"
        ),
        "playbooks": Key(shape=Many(of=Defined("playbook"), what="a playbook or a list"), about="names of lists of tasks"),
    },
)

PERSON = Record(
    what="a person",
    keys={
        "address": Key(shape=ADDRESS, required=True, about="where the person writes from"),
        "name": Key(shape=Text(), about="the full name"),
        "language": Key(shape=LANGUAGE, about="of what the person gets"),
    },
)
LOCATION = Record(what="a location", keys={"title": Key(shape=Text()), "region": Key(shape=Defined("region"))})
EQUIPMENT = Record(
    what="a device",
    keys={
        "serial": Key(shape=Defined("equipment"), required=True, about="serial number, as people write it in a mail"),
        "tag": Key(shape=Text(), about="the customer's own label of it"),
        "type": Key(shape=Text(), about="what it is: printer, router"),
        "model": Key(shape=Text(), about="maker's name of it"),
        "location": Key(shape=Name(kind="location"), about="where it stands"),
    },
)
CONTRACT = Record(
    what="a contract",
    keys={
        "type": Key(shape=Defined("contract type"), about="kind of contract, for rules"),
        "sla": Key(shape=Name(kind="sla"), about="the level in sla.yaml that it promises"),
        "since": Key(shape=DATE, about="first day"),
        "until": Key(shape=DATE, about="last day"),
        "locations": Key(shape=Many(of=Name(kind="location"), what="a location or a list"), about="only for these places"),
        "equipment": Key(shape=Many(of=Name(kind="equipment"), what="a serial number or a list"), about="only for these devices"),
    },
)
CUSTOMER = Record(
    what="a customer",
    keys={
        "title": Key(shape=Text(), about="the full name"),
        "tier": Key(shape=Defined("tier"), about="how important: gold, silver"),
        "region": Key(shape=Defined("region"), about="where it belongs"),
        "language": Key(shape=LANGUAGE, about="of its people, where theirs is not said"),
        "domains": Key(
            shape=Many(of=Text(what="a domain", parse=measures.domain), what="a domain or a list"), about="mail domains of its people"
        ),
        "people": Key(
            shape=Many(of=PERSON, what="a list of people", strict=True), about="people by address, where the domain says too little"
        ),
        "locations": Key(shape=Table(what="locations", key=WORD, of=LOCATION, defines="location"), about="its places"),
        "equipment": Key(shape=Many(of=EQUIPMENT, what="a list of devices", strict=True), about="its devices"),
        "contracts": Key(shape=Table(what="contracts", key=WORD, of=CONTRACT, defines="contract"), about="what was promised"),
    },
)
CUSTOMERS_FILE = Record(
    what="customers.yaml",
    keys={
        "customers": Key(shape=Table(what="customers", key=WORD, of=CUSTOMER, defines="customer"), about="whom the desk works for"),
        "freemail": Key(
            shape=Many(of=Text(what="a domain", parse=measures.domain), what="a domain or a list"),
            about="domains whose users are strangers to each other, besides the ones that are known",
        ),
        "colleagues": Key(shape=Flag(), about="true: somebody of the requester's domain may write on the ticket"),
    },
)

EXAMPLE_MAIL = Record(
    what="an example mail",
    keys={
        "from": Key(shape=Text(what="an address"), about="the sender"),
        "to": Key(shape=Many(of=Text(what="an address"), what="an address or a list")),
        "cc": Key(shape=Many(of=Text(what="an address"), what="an address or a list")),
        "subject": Key(shape=Text()),
        "text": Key(shape=Text(), about="what the person wrote"),
        "headers": Key(shape=Table(what="header fields", of=Text()), about="further header fields"),
        "attachments": Key(shape=Many(of=Text(), what="a file name or a list"), about="names of files"),
        "kind": Key(shape=Choice(what="kind", words=tuple(Kind))),
        "language": Key(shape=LANGUAGE),
        "verified": Key(shape=Flag(), about="the sender's domain vouches for the address; true where it is not said"),
        "agent": Key(shape=Name(kind="agent"), about="the authenticated agent who wrote it"),
        "reply": Key(shape=Flag(), about="it belongs on a ticket that is there"),
        "size": Key(shape=Text(what="a size", parse=measures.size)),
        "at": Key(shape=Text(what="a date and time", parse=measures.moment), about="when it is looked at"),
        "open": Key(shape=Many(of=Name(kind="team"), what="a team or a list"), about="teams that work then; all others do not"),
        "load": Key(shape=Table(what="open tickets by team", key=Name(kind="team"), of=Text(what="a number", parse=measures.number))),
    },
)
EXAMPLE = Record(
    what="an example",
    keys={
        "mail": Key(shape=EXAMPLE_MAIL, about="a few header fields and the text"),
        "file": Key(shape=Text(what="the name of an .eml file"), about="an .eml file beside this one"),
        "gives": Key(shape=Record(what="gives", keys=GIVES), about="what must come of it"),
    },
    one_of=("mail", "file"),
)
RULE = Record(
    what="a rule",
    keys={
        "name": Key(shape=Text(), required=True, about="one of a kind; shown in every explanation"),
        "when": Key(shape=WHEN, required=True, about="the condition"),
        "then": Key(shape=THEN, required=True, about="what is done when it holds"),
        "stop": Key(shape=Flag(), about="true: no further rule is tried when it holds"),
        "examples": Key(shape=Many(of=EXAMPLE, what="a list of examples", strict=True, least=1), about="mails with what must come of them"),
    },
)

FILES = {
    "rules/teams.yaml": TEAMS_FILE,
    "rules/sla.yaml": SLA_FILE,
    "rules/statuses.yaml": STATUSES_FILE,
    "rules/types.yaml": TYPES_FILE,
    "rules/customers.yaml": CUSTOMERS_FILE,
}
ROUTING = "rules/routing/"
REQUIRED = ("rules/teams.yaml",)
