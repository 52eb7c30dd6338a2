"""The keys of a contract's hour bank."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from mailbridge.config import durations, quantities
from mailbridge.config.reading import Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Key, Made, Many, Record, Table
from mailbridge.customers.hour_terms import Cycle, CycleStart, HourTerms, Overdraft, PrepaidBlock, StatementEvery, Weights, WhenEmpty
from mailbridge.rules.files.scalars import ADDRESS, DATE, WORD

STEP = 5  # weights are multiples of so many percent: then every minute costs whole seconds
HEAVIEST = 1000  # percent
EARLIEST = date(2000, 1, 1)  # of a bank: each interval since then is an entry
ALL = "all"


def _minutes(text: str) -> int:
    """'20h' as 1200; whole minutes, by the clock.  Raises Wrong."""
    if text.strip().startswith("-"):
        raise Wrong(f'"{text}" is less than nothing', "what was granted too much is taken back with `hours adjust`")
    minutes, rest = divmod(durations.duration(text), timedelta(minutes=1))
    if rest:
        raise Wrong(f'"{text}" are no whole minutes', 'write it like "20h" or "90m"')
    return minutes


def _at_most(text: str) -> int | None:
    """A number of minutes; None: `all`.  'none' is nothing.  Raises Wrong."""
    return None if text == ALL else 0 if text == "none" else _minutes(text)


def _weight(text: str) -> int:
    """'1.5' as 150 percent.  Raises Wrong."""
    percent = round(quantities.number(text) * 100, 6)
    if not 0 <= percent <= HEAVIEST or percent % STEP:
        raise Wrong(f'"{text}" is not a weight', 'a number from 0 to 10 in steps of 0.05, like "1.5"')
    return int(percent)


HOURS = Text(what="hours such as 20h", parse=_minutes)
WEIGHT = Text(what="a weight such as 1.5", parse=_weight)
BLOCK = Record(
    what="a prepaid block",
    keys={
        "name": Key(schema=WORD, required=True, about="how it is called, like the number of its invoice"),
        "hours": Key(schema=HOURS, required=True, about="how much was bought"),
        "since": Key(schema=DATE, required=True, about="the first day on which it may be used"),
        "expires": Key(schema=DATE, about="the last day; without it the block does not expire"),
    },
    make=lambda values: _block(values),
)
WEIGHTS = Record(
    what="weights",
    keys={
        "after-hours": Key(schema=WEIGHT, about="outside of the working hours of the contract"),
        "travel": Key(schema=WEIGHT, about="time on the road"),
        "urgent": Key(schema=WEIGHT, about="on an urgent ticket"),
        "types": Key(schema=Table(what="types", key=Name(kind="type"), of=WEIGHT), about="by type of request"),
    },
    make=lambda values: Weights(
        after_hours=values.get("after-hours"), travel=values.get("travel"), urgent=values.get("urgent"), types=values.get("types", {})
    ),
)
BANK = Record(
    what="an hour bank",
    keys={
        "every": Key(schema=Made(of=Choice(what="interval", words=tuple(Cycle)), make=Cycle), about="how often the bank gets its hours"),
        "grant": Key(schema=HOURS, about="how much it gets each time"),
        "starts": Key(
            schema=Made(of=Choice(what="start", words=tuple(CycleStart)), make=CycleStart),
            about="whether intervals begin with the calendar's months or on the contract's day",
        ),
        "carry-over": Key(
            schema=Text(what="hours, all or none", parse=_at_most), about="how much of the unused time goes into the next interval"
        ),
        "cap": Key(schema=HOURS, about="the most that the bank holds when an interval begins, the new hours included"),
        "overdrawn": Key(
            schema=Made(of=Choice(what="way", words=tuple(Overdraft)), make=Overdraft),
            about="whether work beyond the hours is billed when the interval ends, or deducted from the next hours",
        ),
        "since": Key(schema=DATE, about="first day of the bank, where it is later than the contract's"),
        "bank": Key(schema=WORD, about="a name under which several contracts of the customer share one bank"),
        "blocks": Key(schema=Many(of=BLOCK, what="a list of blocks", strict=True), about="hours that were bought once"),
        "weights": Key(schema=WEIGHTS, about="what a minute of work costs; of several weights that apply the largest counts"),
        "travel": Key(schema=Flag(), about="true: time on the road takes hours; without it as work.yaml says"),
        "approve-over": Key(schema=HOURS, about="a manager approves longer activities before they take hours"),
        "when-empty": Key(
            schema=Made(of=Choice(what="way", words=tuple(WhenEmpty)), make=WhenEmpty), about="what happens to work once the bank is empty"
        ),
        "tell-customer": Key(schema=Flag(), about="true: the customer hears of 80 %, 100 % and the first minute beyond, too"),
        "contact": Key(schema=ADDRESS, about="who hears of it at the customer's; without it the requester of the ticket"),
        "statement": Key(
            schema=Made(of=Choice(what="interval", words=tuple(StatementEvery)), make=StatementEvery),
            about="monthly: the contact, else the responsible agent, gets the statement of a month when the next month begins",
        ),
    },
    make=lambda values: terms(values),
    least_one=True,
)


def _block(values: Mapping[str, Any]) -> PrepaidBlock:
    expires: date | None = values.get("expires")
    if expires is not None and expires < values["since"]:
        raise Wrong(f'"expires" ({expires}) is before "since" ({values["since"]})', "both days belong to the block")
    return PrepaidBlock(name=values["name"], minutes=values["hours"], since=values["since"], expires=expires)


def terms(values: Mapping[str, Any]) -> HourTerms:
    """The terms of these checked values.  Raises Wrong where they contradict each other."""
    usual = HourTerms()
    blocks: tuple[PrepaidBlock, ...] = values.get("blocks", ())
    _agree(values, blocks)
    return HourTerms(
        bank=values.get("bank", ""),
        every=values.get("every"),
        starts=values.get("starts", usual.starts),
        grant=values.get("grant", 0),
        carry_over=values.get("carry-over", usual.carry_over),
        cap=values.get("cap"),
        overdraft=values.get("overdrawn", usual.overdraft),
        since=values.get("since"),
        blocks=blocks,
        weights=values.get("weights", usual.weights),
        travel=values.get("travel"),
        approve_over=values.get("approve-over"),
        when_empty=values.get("when-empty", usual.when_empty),
        tell_customer=values.get("tell-customer", False),
        contact=values.get("contact", ""),
        statement=values.get("statement"),
    )


def _agree(values: Mapping[str, Any], blocks: tuple[PrepaidBlock, ...]) -> None:
    if ("every" in values) != ("grant" in values):
        has, lacks = ("every", "grant") if "every" in values else ("grant", "every")
        raise Wrong(f'an hour bank with "{has}" needs "{lacks}"', 'write both, like "every: month" and "grant: 10h"')
    if "cap" in values and values["cap"] < values.get("grant", 0):
        raise Wrong('"cap" is less than "grant"', "the cap counts the new hours, too")
    if "every" not in values and not blocks:
        raise Wrong("an hour bank grants no hours", 'write "every" and "grant", or a prepaid block below "blocks"')
    names = [block.name for block in blocks]
    for name in names:
        if names.count(name) > 1:
            raise Wrong(f'two blocks are called "{name}"', "each block needs a name of its own")


def within_contract(hours: HourTerms, since: date | None, until: date | None) -> None:
    """Raises Wrong where hours would be granted before the contract begins or after it has ended."""
    days = [("since", hours.since), *(("since", block.since) for block in hours.blocks)]
    for what, day in days:
        if day is not None and since is not None and day < since:
            raise Wrong(f'"{what}" of the hours ({day}) is before the contract begins ({since})', "hours are granted within the contract")
        if day is not None and until is not None and day > until:
            raise Wrong(f'"{what}" of the hours ({day}) is after the contract ends ({until})', "hours are granted within the contract")
    first = min((day for day in (hours.since or since, *(block.since for block in hours.blocks)) if day is not None), default=None)
    if first is not None and first < EARLIEST:
        raise Wrong(f"the hours begin on {first}, which cannot be meant", f"the earliest day is {EARLIEST}")
    if hours.every is not None and since is None and hours.since is None:
        raise Wrong("the hours need a first day", 'add "since" to the contract or to its hours')
