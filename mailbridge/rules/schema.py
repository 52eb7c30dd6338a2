"""Every word of every file under rules/: the schemas of whole files.  The JSON Schema and the manual are checked against this."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mailbridge.config import durations, names, quantities, times
from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Key, Made, Many, Record, Table
from mailbridge.customers.asking import EXPIRES_AFTER, REMIND_AFTER, Otherwise, WhoMayAsk
from mailbridge.message.model import Kind
from mailbridge.organisation.priority import Priority
from mailbridge.rules.actions import GIVES, THEN
from mailbridge.rules.conditions import CHANNEL, WHEN
from mailbridge.rules.files import ladder
from mailbridge.rules.files.approvals import APPROVALS_FILE
from mailbridge.rules.files.hours import BANK, within_contract
from mailbridge.rules.files.notifications import NOTIFICATIONS_FILE
from mailbridge.rules.files.people import TEAMS_FILE
from mailbridge.rules.files.playbooks import PLAYBOOKS_FILE
from mailbridge.rules.files.reports import REPORTS_FILE
from mailbridge.rules.files.scalars import ADDRESS, DATE, LANGUAGE, LINE, WORD, WORKING, WORKING_OR_NEVER, ZONE, Defined
from mailbridge.rules.files.statuses import STATUSES_FILE
from mailbridge.rules.files.work import WORK_FILE
from mailbridge.sla.clock import CountsFrom, WhileSolved


def _in_order(values: dict[str, Any]) -> dict[str, Any]:
    if "response" in values and "resolution" in values and values["response"] > values["resolution"]:
        raise Wrong('"response" is longer than "resolution"', "what is closed was answered before")
    ladder.check(values)
    return values


def _level_for_something(values: dict[str, Any]) -> dict[str, Any]:
    if "type" not in values and "priority" not in values:
        raise Wrong('a level needs a "type" or a "priority"', "the level for all the rest is the contract's own sla")
    return values


def _project_days(values: dict[str, Any]) -> dict[str, Any]:
    if "since" in values and "until" in values and values["until"] < values["since"]:
        raise Wrong(f'"until" ({values["until"]}) is before "since" ({values["since"]})', "both days belong to the project")
    return values


def _asking(values: dict[str, Any]) -> dict[str, Any]:
    asks = values.get("otherwise") == Otherwise.ASK_CONTACT
    if asks and "contact" not in values:
        raise Wrong('"ask-contact" needs a "contact"', "the mail address of who says yes or no")
    if "contact" in values and not asks:
        raise Wrong('a "contact" is for "otherwise: ask-contact"')
    if not asks and (named := next((key for key in ("remind-after", "expires-after") if key in values), "")):
        raise Wrong(f'"{named}" is for "otherwise: ask-contact"')
    remind, ends = values.get("remind-after", REMIND_AFTER), values.get("expires-after", EXPIRES_AFTER)
    if remind is not None and remind >= ends:
        raise Wrong('"remind-after" is not shorter than "expires-after"', "the reminder comes while the answer still counts")
    return values


def _contract_days(values: dict[str, Any]) -> dict[str, Any]:
    if "since" in values and "until" in values and values["until"] < values["since"]:
        raise Wrong(f'"until" ({values["until"]}) is before "since" ({values["since"]})', "both days belong to the contract")
    if "hours" in values:
        within_contract(values["hours"], values.get("since"), values.get("until"))
    return values


TARGETS = Record(
    what="targets",
    keys={
        "response": Key(schema=WORKING, about="working time until the customer has the first answer"),
        "next-response": Key(schema=WORKING, about="working time until each further message of the customer is answered"),
        "resolution": Key(schema=WORKING, about="working time until the ticket is closed"),
        "arrival": Key(schema=WORKING, about="working time until somebody travels to the customer"),
        "team": Key(schema=WORKING, about="working time in which a team solves the ticket or hands it on; a new team starts anew"),
        "counts-from": Key(
            schema=Made(of=Choice(what="message", words=tuple(CountsFrom)), make=CountsFrom),
            about="where next-response begins: at the first message that nobody has answered, or at the last",
        ),
        "while-solved": Key(
            schema=Made(of=Choice(what="way", words=tuple(WhileSolved)), make=WhileSolved),
            about="whether the clocks are paused from solving a ticket to opening it again, or run on",
        ),
        "warn-at": Key(
            schema=Text(what="a share such as 75%", parse=quantities.share), about="part of the time after which the team is warned"
        ),
        "ladder": Key(
            schema=ladder.LADDER, about="levels at which people are told, in the place of warn-at, escalate and the alert at the end"
        ),
        "escalate": Key(
            schema=Name(kind="escalation"), about="the chain in teams.yaml that a ticket goes up by a step with each missed target"
        ),
    },
    least_one=True,
    make=_in_order,
)
BY_PRIORITY = Record(what="targets by priority", keys={str(p): Key(schema=TARGETS) for p in Priority})
SLA_FILE = Record(
    what="sla.yaml",
    keys={
        "targets": Key(schema=BY_PRIORITY, required=True, about="times of the targets by priority, in working time of the ticket's team"),
        "levels": Key(schema=Table(what="levels", key=WORD, of=BY_PRIORITY, defines="sla"), about="further sets of targets, for contracts"),
    },
)

TYPES_FILE = Record(
    what="types.yaml",
    keys={
        "types": Key(schema=Many(of=Defined("type"), what="a type or a list of types"), about="types of request"),
        "tags": Key(
            schema=Many(of=Defined("tag"), what="a tag or a list of tags"), about="the only tags there are; without it any word may be one"
        ),
        "estimates": Key(
            schema=Table(what="estimates", key=Name(kind="type"), of=WORKING), about="how long the work on a ticket of the type takes"
        ),
    },
    elsewhere={"playbooks": "playbooks stand with their tasks in playbooks.yaml"},
)

PHONE = Text(what="a phone number", parse=names.phone)
PERSON = Record(
    what="a person",
    keys={
        "address": Key(schema=ADDRESS, required=True, about="where the person writes from"),
        "name": Key(schema=Text(), about="the full name"),
        "language": Key(schema=LANGUAGE, about="of what the person gets"),
        "role": Key(schema=Text(), about="what the person does there: buyer, accountant"),
        "phones": Key(schema=Many(of=PHONE, what="a phone number or a list"), about="phone numbers"),
    },
)
LOCATION = Record(
    what="a location",
    keys={
        "title": Key(schema=Text(), about="the full name"),
        "region": Key(schema=Defined("region"), about="where it belongs"),
        "zone": Key(schema=ZONE, about="whose wall clock its calendar goes by; without it that of the calendar"),
        "calendar": Key(schema=Name(kind="hours"), about="the hours in teams.yaml in which the targets count there"),
        "km": Key(schema=Text(what="a distance in km", parse=quantities.kilometres), about="how far it is, one way"),
    },
)
EQUIPMENT = Record(
    what="a device",
    keys={
        "serial": Key(schema=Defined("equipment"), required=True, about="serial number, as people write it in a mail"),
        "tag": Key(schema=Text(), about="the customer's own label of it"),
        "type": Key(schema=Text(), about="what it is: printer, router"),
        "model": Key(schema=Text(), about="maker's name of it"),
        "location": Key(schema=Name(kind="location"), about="where it stands"),
    },
)
SERVICE_LEVEL = Record(
    what="a level of a contract",
    keys={
        "type": Key(schema=Name(kind="type"), about="for tickets of this type of request"),
        "priority": Key(schema=Choice(what="priority", words=tuple(Priority)), about="for tickets of this priority"),
        "sla": Key(schema=Name(kind="sla"), required=True, about="the level in sla.yaml"),
    },
    make=_level_for_something,
)
CONTRACT = Record(
    what="a contract",
    keys={
        "type": Key(schema=Defined("contract type"), about="kind of contract, for rules"),
        "sla": Key(schema=Name(kind="sla"), about="its level in sla.yaml"),
        "levels": Key(
            schema=Many(of=SERVICE_LEVEL, what="a list of levels", strict=True),
            about="other levels by type of request and priority; a type comes before a priority",
        ),
        "calendar": Key(schema=Name(kind="hours"), about="the hours in teams.yaml that its times count in"),
        "project": Key(schema=Name(kind="project"), about="the project of the same customer that its tickets belong to"),
        "responsible": Key(schema=Name(kind="agent"), about="the agent who is responsible for it"),
        "renews": Key(schema=Name(kind="contract"), about="the contract of the same customer that it continues"),
        "since": Key(schema=DATE, about="first day"),
        "until": Key(schema=DATE, about="last day"),
        "locations": Key(schema=Many(of=Name(kind="location"), what="a location or a list"), about="only for these places"),
        "equipment": Key(schema=Many(of=Name(kind="equipment"), what="a serial number or a list"), about="only for these devices"),
        "types": Key(schema=Many(of=Name(kind="type"), what="a type or a list of types"), about="only for these types of request"),
        "hours": Key(schema=BANK, about="the hours that work under it takes from"),
    },
    make=_contract_days,
)
PROJECT = Record(
    what="a project",
    keys={
        "title": Key(schema=Text(), about="the full name"),
        "responsible": Key(schema=Name(kind="agent"), about="the agent who is responsible for it"),
        "contract": Key(schema=Name(kind="contract"), about="the contract of the same customer that its tickets fall under"),
        "team": Key(schema=Name(kind="team"), about="the team of its new tickets, where no rule names one"),
        "since": Key(schema=DATE, about="first day"),
        "until": Key(schema=DATE, about="last day"),
    },
    make=_project_days,
)
ASKING = Record(
    what="who may ask",
    keys={
        "who": Key(schema=Choice(what="group", words=tuple(WhoMayAsk)), required=True, about="who may ask"),
        "otherwise": Key(schema=Choice(what="way", words=tuple(Otherwise)), about="what becomes of other requests"),
        "contact": Key(schema=ADDRESS, about="who is asked, for ask-contact"),
        "queue": Key(schema=Name(kind="team"), about="the team that decides, where not the usual one"),
        "remind-after": Key(
            schema=WORKING_OR_NEVER,
            about="for ask-contact: working time until the contact is reminded; or never",
        ),
        "expires-after": Key(schema=WORKING, about="for ask-contact: working time until the team decides"),
    },
    make=_asking,
)
CUSTOMER = Record(
    what="a customer",
    keys={
        "title": Key(schema=Text(), about="the full name"),
        "tier": Key(schema=Defined("tier"), about="how important: gold, silver"),
        "region": Key(schema=Defined("region"), about="where it belongs"),
        "language": Key(schema=LANGUAGE, about="of its people, where theirs is not said"),
        "responsible": Key(schema=Name(kind="agent"), about="the agent who follows its tickets and gets a digest of them"),
        "domains": Key(
            schema=Many(of=Text(what="a domain", parse=names.domain), what="a domain or a list"), about="mail domains of its people"
        ),
        "people": Key(
            schema=Many(of=PERSON, what="a list of people", strict=True), about="people by address, where the domain says too little"
        ),
        "asking": Key(schema=ASKING, about="who may ask for it, and what becomes of the request of anybody else"),
        "locations": Key(schema=Table(what="locations", key=WORD, of=LOCATION, defines="location"), about="its places"),
        "equipment": Key(schema=Many(of=EQUIPMENT, what="a list of devices", strict=True), about="its devices"),
        "contracts": Key(schema=Table(what="contracts", key=WORD, of=CONTRACT, defines="contract"), about="the contracts"),
        "projects": Key(schema=Table(what="projects", key=WORD, of=PROJECT, defines="project"), about="work that tickets belong to"),
        "terms": Key(
            schema=Table(what="terms", key=LINE, of=LINE, least_one=True), about="its own words with their meanings, shown to agents"
        ),
    },
)
CUSTOMERS_FILE = Record(
    what="a file of customers",
    keys={
        "customers": Key(schema=Table(what="customers", key=WORD, of=CUSTOMER, defines="customer"), about="whom the desk works for"),
        "asking": Key(schema=ASKING, about="who may ask where the customer does not say it, or is not known"),
        "freemail": Key(
            schema=Many(of=Text(what="a domain", parse=names.domain), what="a domain or a list"),
            about="domains whose users are strangers to each other, besides the ones that are known",
        ),
        "colleagues": Key(schema=Flag(), about="true: somebody of the requester's domain may write on the ticket"),
    },
)

EXAMPLE_MAIL = Record(
    what="an example mail",
    keys={
        "from": Key(schema=Text(what="an address"), about="the sender"),
        "to": Key(schema=Many(of=Text(what="an address"), what="an address or a list")),
        "cc": Key(schema=Many(of=Text(what="an address"), what="an address or a list")),
        "mailbox": Key(schema=Text(what="the name of a [[mailbox]]"), about="the name of the [[mailbox]] that it came from"),
        "channel": Key(schema=CHANNEL, about="how the customer reached the desk; mail where it is not said"),
        "subject": Key(schema=Text()),
        "text": Key(schema=Text(), about="what the person wrote"),
        "headers": Key(schema=Table(what="header fields", of=Text()), about="further header fields"),
        "attachments": Key(schema=Many(of=Text(), what="a file name or a list"), about="names of files"),
        "kind": Key(schema=Choice(what="kind", words=tuple(Kind))),
        "language": Key(schema=LANGUAGE),
        "verified": Key(schema=Flag(), about="the sender's domain vouches for the address; true where it is not said"),
        "agent": Key(schema=Name(kind="agent"), about="the authenticated agent who wrote it"),
        "reply": Key(schema=Flag(), about="it belongs on a ticket that is there"),
        "size": Key(schema=Text(what="a size", parse=quantities.size)),
        "at": Key(schema=Text(what="a date and time", parse=times.moment), about="when it is looked at"),
        "open": Key(schema=Many(of=Name(kind="team"), what="a team or a list"), about="teams that work then; all others do not"),
        "load": Key(schema=Table(what="open tickets by team", key=Name(kind="team"), of=Text(what="a number", parse=quantities.number))),
    },
)
EXAMPLE_TICKET = Record(
    what="an example ticket",
    keys={
        "from": Key(schema=Text(what="an address"), about="the requester"),
        "channel": Key(schema=CHANNEL, about="how the customer reached the desk; mail where it is not said"),
        "subject": Key(schema=Text()),
        "team": Key(schema=Name(kind="team"), about="without it the default team"),
        "type": Key(schema=Name(kind="type")),
        "status": Key(schema=Name(kind="status"), about="open, where it is not said"),
        "priority": Key(schema=Choice(what="priority", words=tuple(Priority))),
        "assignee": Key(schema=Name(kind="agent")),
        "tags": Key(schema=Many(of=Name(kind="tag"), what="a tag or a list of tags")),
        "fields": Key(schema=Table(what="fields", of=Text())),
        "age": Key(schema=Text(what="a duration", parse=durations.duration), about="since when it is there"),
        "untouched": Key(schema=Text(what="a duration", parse=durations.clock_or_working), about="for how long nobody has touched it"),
        "waiting": Key(schema=Text(what="a duration", parse=durations.clock_or_working), about="for how long it has waited"),
        "due": Key(schema=Text(what="a duration", parse=durations.duration), about="in how long it is due"),
        "at": Key(schema=Text(what="a date and time", parse=times.moment), about="when it is looked at"),
        "open": Key(schema=Many(of=Name(kind="team"), what="a team or a list"), about="teams that work then; all others do not"),
        "load": Key(schema=Table(what="open tickets by team", key=Name(kind="team"), of=Text(what="a number", parse=quantities.number))),
    },
)
EXAMPLE = Record(
    what="an example",
    keys={
        "mail": Key(schema=EXAMPLE_MAIL, about="a few header fields and the text"),
        "ticket": Key(schema=EXAMPLE_TICKET, about="of a rule with every: a ticket and its times"),
        "file": Key(schema=Text(what="the name of an .eml file"), about="an .eml file beside this one"),
        "verified": Key(schema=Flag(), about="the sender's domain vouches for the address; of a file false where it is not said"),
        "gives": Key(schema=Record(what="gives", keys=GIVES), about="what must come of it"),
    },
    one_of=("mail", "file", "ticket"),
)
RULE = Record(
    what="a rule",
    keys={
        "name": Key(schema=Text(), required=True, about="one of a kind; shown in every explanation"),
        "when": Key(schema=WHEN, required=True, about="the condition"),
        "then": Key(schema=THEN, required=True, about="what is done when it holds"),
        "every": Key(
            schema=Text(what="a duration such as 1h", parse=durations.duration_within(timedelta(minutes=1), timedelta(days=31))),
            about="how often the rule looks at all open tickets; without it the rule looks at mails",
        ),
        "stop": Key(schema=Flag(), about="true: no further rule is tried when it holds"),
        "examples": Key(
            schema=Many(of=EXAMPLE, what="a list of examples", strict=True, least=1), about="mails with what must come of them"
        ),
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
    "rules/notifications.yaml": NOTIFICATIONS_FILE,
    "rules/reports.yaml": REPORTS_FILE,
}
ROUTING = "rules/routing/"
CUSTOMERS = "rules/customers/"  # further files like customers.yaml
CSV = {"people": PERSON, "equipment": EQUIPMENT, "locations": LOCATION}  # what a row holds
REQUIRED = ("rules/teams.yaml",)
