"""The keys of teams.yaml: hours, agents, teams, the on-call schedule, consultants and escalation chains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from mailbridge.config import durations, nodes, quantities, times
from mailbridge.config.reading import Reading, Schema, Use, Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Either, Key, Made, Many, Record, Table
from mailbridge.organisation.model import (
    AnswersAs,
    ClosedPolicy,
    CopiedPolicy,
    Outsiders,
    ReplyMarker,
    TeamAudience,
    UnknownLines,
)
from mailbridge.rules.files.scalars import ADDRESS, ADDRESSES, DATE, DURATION, LANGUAGE, WORD, ZONE, Defined
from mailbridge.sla import daysoff

STEPS = (  # of the customer's flow, NO1
    "received", "taken", "answered", "waiting", "changed", "closed", "reopened", "added", "escalated", "merged", "split", "estimate",
)  # fmt: skip
ROLES = ("agent", "manager", "observer")


def _holidays(values: dict[str, Any]) -> dict[str, Any]:
    country, region = values.get("country", ""), values.get("region", "")
    if region and not country:
        raise Wrong('"region" without "country"')
    known = daysoff.countries() if country else {}
    if country and country not in known:
        raise Wrong(f'unknown country "{country}"', "two letters of ISO 3166, like RO or DE")
    if region and region not in known[country]:
        raise Wrong(f'{country} has no region "{region}"', f"known: {', '.join(known[country])}" if known[country] else "")
    return values


def _days(values: dict[str, Any]) -> dict[str, Any]:
    twice = sorted(set(values.get("days", {})) & set(values.get("holidays", {}).get("dates", ())))
    if twice:
        raise Wrong(f'{twice[0]} has hours in "days" and is free in "dates"', "a day that is free stands in dates alone")
    return values


def _rating_after(text: str) -> timedelta:
    return timedelta() if text == "closed" else durations.duration(text)


def _grade(text: str) -> int:
    if text not in ("1", "2", "3", "4"):
        raise Wrong(f'"{text}" is not a low grade', "write a number from 1 to 4")
    return int(text)


def _feed(text: str) -> str:
    if not text.startswith(("https://", "http://")) or any(character.isspace() for character in text):
        raise Wrong(f'"{text}" is not an address of a feed', 'write it like "https://calendar.acme.example/holidays.ics"')
    return text


SPANS = Either(
    what='hours such as "09:00-18:00"',
    scalar=Made(of=Text(what="hours", parse=times.hours), make=lambda one: (one,)),
    sequence=Many(of=Text(what="hours", parse=times.hours), what="a list of hours", strict=True),
)
HOURS = Record(
    what="working hours",
    keys={
        "zone": Key(schema=ZONE, required=True, about="name of the time zone, like Europe/Bucharest"),
        "week": Key(
            schema=Table(
                what="a week",
                key=Text(what="days", parse=times.weekdays),
                of=SPANS,
                least_one=True,
            ),
            required=True,
            about="days with the hours worked on them; a day that is not named is free",
        ),
        "holidays": Key(
            schema=Record(
                what="holidays",
                keys={
                    "country": Key(schema=Text(what="a country code"), about="public holidays of this country, ISO 3166"),
                    "region": Key(schema=Text(what="a region code"), about="and of this region in it"),
                    "dates": Key(schema=Many(of=DATE, what="a date or a list of dates"), about="further free days"),
                    "except": Key(schema=Many(of=DATE, what="a date or a list of dates"), about="public holidays that are worked on"),
                },
                make=_holidays,
            ),
            about="free days",
        ),
        "feeds": Key(
            schema=Many(of=Text(what="the address of a feed", parse=_feed), what="the address of a feed or a list"),
            about="iCalendar feeds of closed days and times, from hosts that [calendars] in mailbridge.toml allows",
        ),
        "days": Key(
            schema=Table(what="days", key=DATE, of=SPANS),
            about="single dates with hours of their own, also on a holiday: half days, a working Saturday",
        ),
    },
    make=_days,
)


def _or_never(text: str) -> timedelta | None:
    return None if text == "never" else durations.working_duration(text)


def _hour_or_never(text: str) -> time | None:
    return None if text == "never" else times.hour(text)


def _ordered(first: date, last: date) -> None:
    if last < first:
        raise Wrong(f'"to" ({last}) is before "from" ({first})', "both days belong to it")


def _absence(values: dict[str, Any]) -> dict[str, Any]:
    _ordered(values["from"], values["to"])
    return values


def _agent(values: dict[str, Any]) -> dict[str, Any]:
    role = values.get("role", "manager" if values.get("manager") else "agent")
    if values.get("manager", role == "manager") != (role == "manager"):
        raise Wrong(f'"manager: {str(values["manager"]).lower()}" beside "role: {role}"', "the role alone says it")
    return values | {"role": role, "manager": role == "manager"}


def _swap(values: dict[str, Any]) -> dict[str, Any]:
    if ("week" in values) == ("to" in values):
        raise Wrong('a swap is for a "week", or for the days "from" and "to"', "{week: 2026-W52, agent: ana}")
    first, last = values["week"] if "week" in values else (values["from"], values["to"])
    _ordered(first, last)
    return {"first": first, "last": last, "agent": values["agent"]}


def _step(values: dict[str, Any]) -> dict[str, Any]:
    if "level" in values and "skill" not in values:
        raise Wrong('"level" without "skill"', "{skill: network, level: 2}")
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillWanted:
    """A skill, optionally with a minimum level: `network>=2`."""

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if not isinstance(node, nodes.Scalar) or ">=" not in node.text:
            return Name(kind="skill").read(node, reading)
        skill, _, level = (word.strip() for word in node.text.partition(">="))
        reading.uses.append(Use(kind="skill", name=skill, place=node.place.part(len(node.quote), len(skill))))
        try:
            reached = f"{skill}>={quantities.level(level)}"
        except Wrong as err:
            return reading.mistake(node.place, str(err), err.hint)
        reading.uses.append(Use(kind=LEVELS, name=reached, place=node.place))
        return reached

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"], "description": "the name of a skill, or skill>=level"}


LEVELS = "skill level"
"""The kind of names like `network>=2`, of which those are defined that somebody reaches."""

LEVEL = Text(what="a level from 1 to 9", parse=quantities.level, pattern="^[1-9]$")
AGENTS = Many(of=Name(kind="agent"), what="an agent or a list of agents")
SKILLS = Either(
    what="a skill, a list of skills, or skills with their levels",
    scalar=Made(of=Defined("skill"), make=lambda name: {name: 1}),
    sequence=Made(of=Many(of=Defined("skill"), what="a list of skills", strict=True), make=lambda names: dict.fromkeys(names, 1)),
    mapping=Table(what="skills", key=Defined("skill"), of=LEVEL),
)


def _list(of: Schema, what: str, *, least: int = 0) -> Many:
    return Many(of=of, what=what, strict=True, least=least)


ABSENCE = Record(
    what="an absence",
    keys={
        "from": Key(schema=DATE, required=True, about="the first day, by the agent's own clock"),
        "to": Key(schema=DATE, required=True, about="the last day"),
        "deputy": Key(schema=Name(kind="agent"), about="who gets it instead; without one the others of the team do"),
    },
    make=_absence,
)

AGENT = Record(
    what="an agent",
    keys={
        "title": Key(schema=Text(), required=True, about="the full name, shown to colleagues and customers"),
        "address": Key(schema=ADDRESS, required=True, about="where the agent's mail comes from and goes to"),
        "addresses": Key(schema=ADDRESSES, about="further addresses the agent writes from"),
        "role": Key(
            schema=Choice(what="role", words=ROLES),
            about="agent: works on tickets, manager: decides on all of them too, observer: reads and notes",
        ),
        "manager": Key(schema=Flag(), about="the same as role: manager"),
        "active": Key(schema=Flag(), about="false: gets no tickets and may not write as an agent"),
        "language": Key(schema=LANGUAGE, about="of what the desk writes to the agent"),
        "skills": Key(schema=SKILLS, about="words that rules choose agents by; with a level from 1 to 9, else 1"),
        "hours": Key(schema=Name(kind="hours"), about="own working hours; without them those of the team"),
        "zone": Key(schema=ZONE, about="whose clock the hours and the days of absence go by; without it that of the hours"),
        "digest": Key(
            schema=Text(what="an hour such as 07:30, or never", parse=_hour_or_never),
            about="when the agent's morning digest comes, by the own clock; never: not at all",
        ),
        "may-block": Key(schema=Flag(), about="true: may block senders with #block, as managers may"),
        "invitations": Key(schema=Flag(), about="true: work that is planned for the agent comes as an invitation for the calendar"),
        "absences": Key(schema=_list(ABSENCE, "a list of absences"), about="days on which the agent gets nothing"),
    },
    make=_agent,
)

SWAP = Record(
    what="a swap",
    keys={
        "week": Key(schema=Text(what="a week such as 2026-W52", parse=times.week), about="Monday to Sunday of this week"),
        "from": Key(schema=DATE, about="the first day"),
        "to": Key(schema=DATE, about="the last day"),
        "agent": Key(schema=Name(kind="agent"), required=True, about="who is on duty then"),
    },
    one_of=("week", "from"),
    make=_swap,
)
RATINGS = Record(
    what="the question for a rating",
    keys={
        "ask": Key(
            schema=Text(what="closed, or a duration such as 2d", parse=_rating_after),
            required=True,
            about="when customers are asked: closed (with the mail that tells of it), or so long after that, such as 2d",
        ),
        "low": Key(
            schema=Text(what="a grade from 1 to 4", parse=_grade), about="grades up to this one alert the managers; 2 where it is not said"
        ),
        "change-within": Key(schema=DURATION, about="how long a customer may change the grade; 7d where it is not said"),
    },
)
ON_CALL = Record(
    what="a rota",
    keys={
        "rotation": Key(
            schema=Many(of=Name(kind="agent"), what="an agent or a list of agents", least=1),
            required=True,
            about="who takes turns, in this order",
        ),
        "start": Key(schema=DATE, required=True, about="the first day of the first one's turn"),
        "turn": Key(schema=Text(what="days such as 7d", parse=durations.whole_days), about="how long a turn is, 7d where it is not said"),
        "change": Key(
            schema=Text(what="an hour", parse=times.hour), about="when one turn ends and the next begins, 09:00 where it is not said"
        ),
        "zone": Key(schema=ZONE, about="whose clock the change goes by; without it that of the team's hours"),
        "swaps": Key(schema=_list(SWAP, "a list of swaps"), about="weeks or days that somebody else takes"),
    },
)

TEAM = Record(
    what="a team",
    keys={
        "title": Key(schema=Text(), about="how the team is called in mails; without it, its name"),
        "members": Key(schema=AGENTS, about="who works on its tickets"),
        "follow": Key(
            schema=_list(Name(kind="team"), "a list of regional teams", least=1),
            about="instead of members: regional teams; the one whose hours are open has the ticket, and hands it to the next",
        ),
        "managers": Key(schema=AGENTS, about="who is told of late and unclaimed tickets"),
        "address": Key(schema=ADDRESS, about="a group address that is told instead of each member"),
        "told": Key(
            schema=Choice(what="way to tell the members", words=tuple(TeamAudience)),
            about="which members hear of what concerns the team: everybody who is not away, or who is on duty",
        ),
        "rota": Key(schema=ON_CALL, about="who is on duty in turns"),
        "hours": Key(schema=Name(kind="hours"), about="its working hours; without them it works around the clock"),
        "closed": Key(
            schema=Choice(what="policy for closed tickets", words=tuple(ClosedPolicy)), about="what mail to a closed ticket does"
        ),
        "reopen-within": Key(schema=DURATION, about="how long it reopens, with closed: reopen-within"),
        "copied": Key(
            schema=Choice(what="policy for copied people", words=tuple(CopiedPolicy)),
            about="what people in Cc of a customer's mail become: participant (hears of the ticket), mentioned (may write), ignored",
        ),
        "outsiders": Key(
            schema=Choice(what="right of outsiders", words=tuple(Outsiders)),
            about="what agents of other teams may do on its tickets: may-work, may-note or nothing",
        ),
        "unknown-lines": Key(
            schema=Choice(what="policy for lines that are not understood", words=tuple(UnknownLines)),
            about="what an answer with such a # line does: hold (the agent is asked first) or send",
        ),
        "answer-owns": Key(schema=Flag(), about="true: the first to answer an unclaimed ticket gets it"),
        "answers-as": Key(
            schema=Choice(what="name for answers", words=tuple(AnswersAs)), about="whose name stands beside the desk's address in answers"
        ),
        "waiting-time": Key(
            schema=Flag(), about="false: acknowledgements do not say how long answers usually take"
        ),
        "number-in-subject": Key(
            schema=Flag(), about="false: mails to customers have the number of the ticket in their text alone, not in the subject"
        ),
        "reply-marker": Key(
            schema=Choice(what="recipients", words=tuple(ReplyMarker)),
            about="in whose mails a line asks to write the answer above it; agents where it is not said",
        ),
        "signature": Key(schema=Text(), about="what stands below answers: a text, or the word agent for the agent's own"),
        "tells": Key(
            schema=Many(of=Choice(what="step", words=STEPS), what="a step or a list of steps"), about="steps that the customer is told of"
        ),
        "unclaimed-after": Key(
            schema=Either(what="a duration or never", scalar=Text(what="a duration or never", parse=_or_never)),
            about="working time until the managers hear of a ticket that nobody has taken; or never",
        ),
        "silent-after": Key(
            schema=Either(what="a duration or never", scalar=Text(what="a duration or never", parse=_or_never)),
            about="working time until the managers hear of an open ticket that nobody has touched; never where it is not said",
        ),
        "send-after": Key(
            schema=Text(what="a duration such as 60s", parse=durations.duration_within(timedelta(0), durations.LONGEST_DELAY)),
            about="how long an answer waits before it goes, so that #stop takes it back; 0s: it goes at once; without it as [desk] says",
        ),
        "language": Key(schema=LANGUAGE, about="of what customers get where theirs is not known"),
        "ratings": Key(schema=RATINGS, about="customers are asked to rate solved requests; without it they are not"),
    },
    one_of=("members", "follow"),
)

CONSULTANT = Record(
    what="a consultant",
    keys={
        "title": Key(schema=Text(), required=True, about="the full name"),
        "address": Key(schema=ADDRESS, required=True, about="where the consultant's mail goes to"),
        "language": Key(schema=LANGUAGE, about="of what the desk writes to the consultant"),
    },
)
STEP = Record(
    what="a step",
    keys={
        "team": Key(schema=Name(kind="team"), about="a team"),
        "agent": Key(schema=Name(kind="agent"), about="an agent"),
        "skill": Key(schema=Name(kind="skill"), about="somebody who has this skill"),
        "level": Key(schema=LEVEL, about="and at least so much of it"),
        "consultant": Key(schema=Name(kind="consultant"), about="somebody from outside"),
    },
    one_of=("team", "agent", "skill", "consultant"),
    make=_step,
)

CHAIN = _list(STEP, "a list of steps", least=1)

TEAMS_FILE = Record(
    what="teams.yaml",
    keys={
        "default": Key(schema=Name(kind="team"), required=True, about="the team of tickets that no rule gives to another"),
        "teams": Key(schema=Table(what="teams", key=WORD, of=TEAM, defines="team", least_one=True), required=True),
        "agents": Key(schema=Table(what="agents", key=WORD, of=AGENT, defines="agent"), required=True),
        "hours": Key(schema=Table(what="hours", key=WORD, of=HOURS, defines="hours"), about="working hours by name"),
        "consultants": Key(
            schema=Table(what="consultants", key=WORD, of=CONSULTANT, defines="consultant"), about="people outside the teams, by name"
        ),
        "escalations": Key(
            schema=Table(what="escalations", key=WORD, of=CHAIN, defines="escalation"),
            about="chains by name: where a ticket goes, step by step",
        ),
    },
)
