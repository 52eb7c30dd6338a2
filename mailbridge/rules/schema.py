"""Every word of every file under rules/: the shapes of whole files.  The JSON Schema and the manual are checked against this."""

from __future__ import annotations

from typing import Any

from mailbridge.config import units
from mailbridge.config.schema import Choice, Flag, Key, Many, Name, Record, Table, Text, Wrong
from mailbridge.message.model import Kind
from mailbridge.organisation.model import Priority
from mailbridge.rules.actions import GIVES, THEN
from mailbridge.rules.conditions import WHEN
from mailbridge.rules.files.approvals import APPROVALS_FILE
from mailbridge.rules.files.people import TEAMS_FILE
from mailbridge.rules.files.playbooks import PLAYBOOKS_FILE
from mailbridge.rules.files.scalars import ADDRESS, DATE, LANGUAGE, WORD, WORKING, ZONE, Defined
from mailbridge.rules.files.statuses import STATUSES_FILE
from mailbridge.rules.files.work import WORK_FILE


def _in_order(values: dict[str, Any]) -> dict[str, Any]:
    if "response" in values and "resolution" in values and values["response"] > values["resolution"]:
        raise Wrong('"response" is longer than "resolution"', "what is closed was answered before")
    return values


def _level_for_something(values: dict[str, Any]) -> dict[str, Any]:
    if "type" not in values and "priority" not in values:
        raise Wrong('a level needs a "type" or a "priority"', "the level for all the rest is the contract's own sla")
    return values


def _contract_days(values: dict[str, Any]) -> dict[str, Any]:
    if "since" in values and "until" in values and values["until"] < values["since"]:
        raise Wrong(f'"until" ({values["until"]}) is before "since" ({values["since"]})', "both days belong to the contract")
    return values


TARGETS = Record(
    what="targets",
    keys={
        "response": Key(shape=WORKING, about="working time until somebody has answered"),
        "resolution": Key(shape=WORKING, about="working time until the ticket is closed"),
        "warn-at": Key(
            shape=Text(what="a share such as 75%", parse=units.share), about="part of the time after which the team is warned"
        ),
        "escalate": Key(
            shape=Name(kind="escalation"), about="the chain in teams.yaml that a ticket goes up by a step with each broken promise"
        ),
    },
    least_one=True,
    make=_in_order,
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

TYPES_FILE = Record(
    what="types.yaml",
    keys={
        "types": Key(shape=Many(of=Defined("type"), what="a type or a list of types"), about="types of request"),
        "tags": Key(
            shape=Many(of=Defined("tag"), what="a tag or a list of tags"), about="the only tags there are; without it any word may be one"
        ),
        "estimates": Key(
            shape=Table(what="estimates", key=Name(kind="type"), of=WORKING), about="how long the work on a ticket of the type takes"
        ),
    },
    elsewhere={"playbooks": "playbooks stand with their tasks in playbooks.yaml"},
)

PERSON = Record(
    what="a person",
    keys={
        "address": Key(shape=ADDRESS, required=True, about="where the person writes from"),
        "name": Key(shape=Text(), about="the full name"),
        "language": Key(shape=LANGUAGE, about="of what the person gets"),
    },
)
LOCATION = Record(
    what="a location",
    keys={
        "title": Key(shape=Text(), about="the full name"),
        "region": Key(shape=Defined("region"), about="where it belongs"),
        "zone": Key(shape=ZONE, about="whose wall clock its calendar goes by; without it that of the calendar"),
        "calendar": Key(shape=Name(kind="hours"), about="the hours in teams.yaml that promised times count in there"),
        "km": Key(shape=Text(what="a distance in km", parse=units.kilometres), about="how far it is, one way"),
    },
)
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
SERVICE_LEVEL = Record(
    what="a level of a contract",
    keys={
        "type": Key(shape=Name(kind="type"), about="for tickets of this type of request"),
        "priority": Key(shape=Choice(what="priority", words=tuple(Priority)), about="for tickets of this priority"),
        "sla": Key(shape=Name(kind="sla"), required=True, about="the level in sla.yaml"),
    },
    make=_level_for_something,
)
CONTRACT = Record(
    what="a contract",
    keys={
        "type": Key(shape=Defined("contract type"), about="kind of contract, for rules"),
        "sla": Key(shape=Name(kind="sla"), about="the level in sla.yaml that it promises"),
        "levels": Key(
            shape=Many(of=SERVICE_LEVEL, what="a list of levels", strict=True),
            about="other levels by type of request and priority; a type comes before a priority",
        ),
        "calendar": Key(shape=Name(kind="hours"), about="the hours in teams.yaml that its times count in"),
        "renews": Key(shape=Name(kind="contract"), about="the contract of the same customer that it continues"),
        "since": Key(shape=DATE, about="first day"),
        "until": Key(shape=DATE, about="last day"),
        "locations": Key(shape=Many(of=Name(kind="location"), what="a location or a list"), about="only for these places"),
        "equipment": Key(shape=Many(of=Name(kind="equipment"), what="a serial number or a list"), about="only for these devices"),
        "types": Key(shape=Many(of=Name(kind="type"), what="a type or a list of types"), about="only for these types of request"),
    },
    make=_contract_days,
)
CUSTOMER = Record(
    what="a customer",
    keys={
        "title": Key(shape=Text(), about="the full name"),
        "tier": Key(shape=Defined("tier"), about="how important: gold, silver"),
        "region": Key(shape=Defined("region"), about="where it belongs"),
        "language": Key(shape=LANGUAGE, about="of its people, where theirs is not said"),
        "domains": Key(
            shape=Many(of=Text(what="a domain", parse=units.domain), what="a domain or a list"), about="mail domains of its people"
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
            shape=Many(of=Text(what="a domain", parse=units.domain), what="a domain or a list"),
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
        "size": Key(shape=Text(what="a size", parse=units.size)),
        "at": Key(shape=Text(what="a date and time", parse=units.moment), about="when it is looked at"),
        "open": Key(shape=Many(of=Name(kind="team"), what="a team or a list"), about="teams that work then; all others do not"),
        "load": Key(shape=Table(what="open tickets by team", key=Name(kind="team"), of=Text(what="a number", parse=units.number))),
    },
)
EXAMPLE = Record(
    what="an example",
    keys={
        "mail": Key(shape=EXAMPLE_MAIL, about="a few header fields and the text"),
        "file": Key(shape=Text(what="the name of an .eml file"), about="an .eml file beside this one"),
        "verified": Key(shape=Flag(), about="the sender's domain vouches for the address; of a file false where it is not said"),
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
    "rules/approvals.yaml": APPROVALS_FILE,
    "rules/work.yaml": WORK_FILE,
    "rules/playbooks.yaml": PLAYBOOKS_FILE,
}
ROUTING = "rules/routing/"
REQUIRED = ("rules/teams.yaml",)
