"""Every story in this folder comes true, word for word."""

from __future__ import annotations

import re
from dataclasses import fields
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from mailbridge.mail_commands.command_table import WORDS
from mailbridge.mail_commands.vocabulary import fold, vocabulary
from mailbridge.notifications.model import Notification
from mailbridge.tickets.model import Activity, Plan, Ticket
from tests.links import check, links_of
from tests.scenarios.play import Played, Player, playing, shown
from tests.scenarios.story import Step, Story, stories
from tests.threads import threads

# What the desk by mail promises.
ROWS = ("DK1", "DK2", "DK3", "DK4", "DK5", "DK6", "DK7", "DK8", "DK9", "DK10", "DK13", "DK14", "TH4", "TH5", "TH6", "IN10")
FIELDS = {field.name for field in fields(Ticket)} | {"requester"}


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.name)
def test_the_story_comes_true(story: Story, tmp_path: Path) -> None:
    player: Player | None = None
    letters: list[Message] = []
    for player, played in playing(story, tmp_path):
        letters += played.letters
        where = f"{story.name}, step {played.step.number}"
        _came_true(played, where, player)
        _one_mail_each(played.by_mail, where)
        _one_mail_each(played.by_clocks, where)
    assert player is not None, f"{story.name}: nothing happens in this story"
    _ended(story, player)
    assert player.leaks() == [], f"{story.name}: a note reached somebody outside"
    player.desk.assert_sound()
    _hold_together(story, letters)


# More than one mail about a ticket to one person because of one act, and why each is a mail of its own.
_MORE_THAN_ONE: dict[frozenset[str], str] = {
    frozenset({"commands", "confirm"}): "a line waits for the agent's own yes, and other lines were executed",
    frozenset({"commands", "meeting"}): "an invitation is a calendar object: the mail has text/calendar alone",
    frozenset({"commands", "planned"}): "planned work as an invitation, likewise",
    frozenset({"assigned", "planned"}): "the work of an agent who leaves: the ticket, and the time of what is planned, for the calendar",
    frozenset({"commands", "received"}): "an agent's own request: the acknowledgement to the requester, the results to the agent",
    frozenset({"estimate", "taken"}): "two steps, and the team chose to tell each",
    frozenset({"approval"}): "each question is answered by its own mail",
    frozenset({"approval_reminded"}): "each question is answered by its own mail",
    frozenset({"confirm"}): "each question is answered by its own mail",
}


def _one_mail_each(notifications: list[Notification], where: str) -> None:
    """One act makes at most one mail about a ticket for each person."""
    of: dict[tuple[str, int], list[str]] = {}
    for one in notifications:
        if one.ticket is not None:
            of.setdefault((one.recipient.lower(), one.ticket), []).append(one.event)
    for (who, ticket), events in of.items():
        each_due = frozenset(events) <= {"warning", "overdue", "unclaimed"}  # a story jumps over several due times, each an act of its own
        assert len(events) == 1 or each_due or frozenset(events) in _MORE_THAN_ONE, f"{where}: {who} gets {events} about MB-{ticket}"


def _hold_together(story: Story, letters: list[Message]) -> None:
    """Who gets mails about a ticket has them in one thread: under one subject with one number, and with one root among the references.

    A writer whom nothing proves gets the fixed subject of the receipt until somebody answers by hand.
    """
    of: dict[tuple[str, str, str], list[Message]] = {}
    for letter in letters:
        numbers = _NUMBER.findall(str(letter["Subject"]))
        assert len(numbers) < 2, f"{story.name}: two numbers in {letter['Subject']}"
        assert len(str(letter["References"] or "")) <= 1_500, f"{story.name}: the references are too long"
        assert len(letter.as_bytes().split(b"\n\n", 1)[0]) < 4_096, f"{story.name}: the header is too long"
        for number in numbers:
            audience = "agents" if str(letter["Subject"]).startswith("[") else "customers"  # an agent may have a request of their own
            of.setdefault((str(letter["To"]), number, audience), []).append(letter)
        for link in links_of(letter):  # what a scanner would follow
            assert link.scheme in ("mailto", "cid", "http", "https", "tel"), f"{story.name}: {link.url}"
            if link.scheme == "mailto" and "desk.test" in link.address:
                check(link)
    for (who, number, _), mails in of.items():
        known = {f"{fixed} [{number}]" for fixed in _FIXED} | {f"[{number}] (no subject)"}  # the last one of what was erased
        subjects = {str(letter["Subject"]) for letter in mails} - known
        assert len(subjects) <= 1, f"{story.name}: {who} gets {number} under {subjects}"
        assert len(threads(mails)) == 1, f"{story.name}: {who} gets {number} in several threads: {[str(m['References']) for m in mails]}"


_NUMBER = re.compile(r"\[([A-Z]+-\d+)\]")
_FIXED = ("We received your message", "Am primit mesajul dumneavoastră", "Мы получили ваше сообщение")


def test_every_row_of_the_desk_has_a_story() -> None:
    told = " ".join(story.why for story in stories())
    assert [row for row in ROWS if not re.search(rf"\b{row}\b", told)] == []


def test_every_command_is_in_a_story() -> None:
    """Whoever adds one tells what it does."""
    said = {word for story in stories() for step in story.steps for word in _words(step)}
    known = vocabulary("en").words
    assert set(WORDS) - {known[word] for word in said if word in known} == set()


def _words(step: Step) -> list[str]:
    """What stands behind each # of the step's mail."""
    mail = "\n".join(str(step.values.get(part, "")) for part in ("subject", "text", "html"))
    return [fold(word) for word in re.findall(r"#\s?-?(\w+)", mail)]


def _came_true(played: Played, where: str, player: Player) -> None:
    values = played.step.values
    if "outcome" in values:
        assert played.outcome == values["outcome"], f"{where}: what became of the mail"
    if "told" in values:
        assert played.told == sorted(values["told"] or []), f"{where}: who was told"
    letters: dict[str, str] = {}
    for letter in played.letters:
        who = player.name(str(letter["To"]).rpartition("<")[2].strip("> "))
        letters[who] = "\n".join([*filter(None, [letters.get(who)]), *shown(letter)])
    for who, wanted in (values.get("says") or {}).items():
        assert who in letters, f"{where}: {who} got no mail"
        for words in wanted if isinstance(wanted, list) else [wanted]:
            assert words in letters[who], f"{where}: the mail to {who} does not say {words!r}\n{letters[who]}"
    for who, unwanted in (values.get("hides") or {}).items():
        for words in unwanted if isinstance(unwanted, list) else [unwanted]:
            assert words not in letters.get(who, ""), f"{where}: the mail to {who} says {words!r}"
    for number, expected in (values.get("look") or {}).items():
        _is_like(player.tickets()[number], expected, f"{where}, {number}")


def _ended(story: Story, player: Player) -> None:
    tickets = player.tickets()
    expected = story.then.get("tickets")
    if expected is not None:
        assert set(tickets) == set(expected), f"{story.name}: the tickets there are"
        for number, values in expected.items():
            _is_like(tickets[number], values, f"{story.name}, {number} at the end")
    for number, lines in (story.then.get("history") or {}).items():
        assert player.history(int(number.rpartition("-")[2])) == lines, f"{story.name}: the history of {number}"


def _is_like(ticket: Ticket, expected: dict[str, Any], where: str) -> None:
    for name, value in expected.items():
        assert name in FIELDS, f"{where}: a ticket has no {name}; it has {', '.join(sorted(FIELDS))}"
        assert plain(ticket, name) == value, f"{where}: {name}"


def plain(ticket: Ticket, name: str) -> Any:
    """A ticket's value as a story writes it: people by address, several things as a list, moments as text."""
    if name == "requester":
        return ticket.requester.address if ticket.requester else ""
    value = getattr(ticket, name)
    if name == "participants":
        return [f"{p.address} {p.role}" for p in value]
    if name == "activities":
        return [_work(activity) for activity in value]
    if name == "meeting":
        return value and f"{value.at:%a %H:%M} {value.minutes}m {value.place}".strip() + (" called off" if value.cancelled else "")
    if name == "plans":
        return [_plan(plan) for plan in value]
    if name == "approvals":
        return [f"{a.kind} {a.line}" for a in value]
    if isinstance(value, tuple):
        return [list(one) if isinstance(one, tuple) else one for one in value]
    return value if value is None or isinstance(value, (int, bool)) else str(value)


def _plan(plan: Plan) -> str:
    """'1 bogdan Tue 10:00 120m replace the drum done'."""
    state = "cancelled" if plan.cancelled else "done" if plan.done is not None else ""
    return " ".join(filter(None, (f"{plan.id} {plan.agent} {plan.at:%a %H:%M} {plan.minutes}m", plan.text, state)))


def _work(activity: Activity) -> str:
    """'bogdan travelled 40m, 25 km, Iași; charged 0m'."""
    told = [
        f"{activity.agent} {activity.kind} {activity.minutes}m",
        f"{activity.km:g} km" if activity.km else "",
        activity.place,
        activity.text,
    ]
    return f"{', '.join(part for part in told if part)}; charged {activity.charged}m"
