"""notifications.yaml: what it takes, and every mistake at its place with the word that was meant."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.config.shipped import mail_templates
from mailbridge.errors import Problem
from mailbridge.notifications.payloads.table import PAYLOADS
from mailbridge.rules.flow import (
    CUSTOMER_EVENTS,
    CUSTOMERS,
    FILE,
    FIXED_EVENTS,
    MANAGER_EVENTS,
    STAFF_EVENTS,
    USUAL,
    FlowEntry,
    NotificationFlow,
    Party,
    Shape,
    Timing,
    takes,
    word,
)
from mailbridge.rules.load import Loaded, load
from tests.harness import RULES

ROOT = Path(__file__).parents[3]
OWN = {"customer.hello", *mail_templates(Path("/nowhere"))}


def loaded(text: str, **files: str) -> Loaded:
    rules = {**RULES, "customers.yaml": "customers:\n  acme: {domains: [customer.test]}\n", **files}
    return load({**{f"rules/{name}": each for name, each in rules.items()}, FILE: text}, mails=OWN)


def problems(text: str, **files: str) -> list[Problem]:
    return [one for one in loaded(text, **files).problems if one.file == FILE]


def flow(text: str) -> NotificationFlow:
    found = loaded(text)
    assert found.policy is not None, found.problems
    return found.policy.flow


def entry(text: str) -> FlowEntry:
    (one,) = flow(f"notifications:\n  - {text}\n").entries
    return one


def test_an_entry_says_event_audience_channel_template_and_time() -> None:
    text = """
channels: {room: {url: "https://hooks.slack.com/x", shape: slack}}
notifications:
  - {name: a, event: [taken, waiting], to: requester, channel: [mail, room], template: hello, timing: quiet 10m, when: {priority: low}}
"""
    found = flow(text)
    (one,) = found.entries
    assert (one.events, one.to, one.channels, one.template) == (("taken", "waiting"), (Party.REQUESTER,), ("mail", "room"), "hello")
    assert (one.timing, one.wait, one.condition) == (Timing.QUIET, timedelta(minutes=10), 0)
    assert one.label == 'rules/notifications.yaml:4 "a"'
    assert found.channels["room"].shape is Shape.SLACK


def test_entries_of_the_customer_come_before_those_of_the_team_before_those_for_all() -> None:
    text = """
notifications: [{name: all, event: new, to: team}]
teams: {support: [{name: team, event: new, to: team}], network: [{name: other, event: new, to: team}]}
customers: {acme: [{name: customer, event: received, to: requester}]}
"""
    assert [one.name for one in flow(text).of("support", "acme")] == ["customer", "team", "all"]
    assert [one.name for one in flow(text).of("support", "")] == ["team", "all"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "notifications: []\n", "channels: {}\n"])
def test_a_file_that_says_nothing_has_no_entries(text: str) -> None:
    assert flow(text).entries == ()


WRONG = {
    "an unknown event": ("{name: a, event: clsed, to: requester}", 'unknown event "clsed"', 'did you mean "closed"?'),
    "another word for an event": ("{name: a, event: solved, to: requester}", 'unknown event "solved"', 'did you mean "closed"?'),
    "an unknown audience": ("{name: a, event: closed, to: requestr}", 'unknown audience "requestr"', 'did you mean "requester"?'),
    "an unknown key": ("{name: a, event: closed, to: requester, tming: digest}", 'unknown key "tming"', 'did you mean "timing"?'),
    "no name": ("{event: closed, to: requester}", 'an entry needs "name"', ""),
    "an approval": (
        "{name: a, event: approval, to: manager, send: false}", '"approval" cannot be changed here', "it is sent in any case",
    ),
    "an invitation": ("{name: a, event: meeting, to: requester, send: false}", '"meeting" cannot be changed here', ""),
    "agents of a customer's event": ("{name: a, event: closed, to: team}", '"team" cannot be told of closed', "team: new"),
    "customers of an agent's event": ("{name: a, event: [new, closed], to: requester}", 'of "new" none of these', "new: assignee"),
    "a missed target that nobody is mailed": (
        "{name: a, event: overdue, to: manager, send: false}", '"overdue" without a mail: nobody would learn', "[mail, …]",
    ),
    "a bounce that nobody is mailed": ("{name: a, event: bounced, to: assignee, send: false}", '"bounced" without a mail', ""),
    "a customer's answer that waits": (
        "{name: a, event: customer-replied, to: team, timing: quiet 5m}", '"customer-replied" cannot wait for others', "",
    ),
    "a missed target that waits": ("{name: a, event: overdue, to: manager, timing: digest}", '"overdue" cannot wait for others', ""),
    "an answer that waits": (
        "{name: a, event: answered, to: requester, timing: while-open}", '"answered" cannot wait: it is the agent\'s own answer', "",
    ),
    "a digest for customers": ("{name: a, event: taken, to: requester, timing: digest}", "customers have no digest", "quiet 1h"),
    "quiet without a time": ("{name: a, event: taken, to: requester, timing: quiet}", '"quiet" needs a time', "quiet 10m"),
    "quiet for too long": ("{name: a, event: taken, to: requester, timing: quiet 2d}", '"2d" is not a waiting time', "24h"),
    "an unknown time": ("{name: a, event: taken, to: requester, timing: while-opn}", 'unknown timing "while-opn"', '"while-open"'),
    "a time for what is not sent": ("{name: a, event: taken, to: requester, send: false, timing: quiet 5m}", '"timing" beside', ""),
    "an unknown channel": ("{name: a, event: new, to: team, channel: [mail, rom]}", 'unknown channel "rom"', '"room"'),
    "an unknown template": ("{name: a, event: closed, to: requester, template: helo}", 'template "customer.helo"', '"customer.hello"'),
    "a template of another audience": ("{name: a, event: new, to: team, template: hello}", 'unknown mail template "agent.hello"', ""),
    "a condition about a mail": ("{name: a, event: new, to: team, when: {header: {subject: {contains: x}}}}", '"header" in', "the ticket"),
    "a condition with an unknown team": ("{name: a, event: new, to: team, when: {team: suport}}", 'unknown team "suport"', '"support"'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_at_its_place(text: str, message: str, hint: str) -> None:
    channels = 'channels: {room: {url: "https://hooks.slack.com/x"}}\n'
    used = "{name: used, event: silent, to: manager, channel: [mail, room]}"
    found = problems(f"{channels}notifications:\n  - {text}\n  - {used}\n")

    (one,) = [each for each in found if not each.warning]
    assert message in one.message
    assert hint in one.hint
    assert one.line == 3
    assert one.column >= 5


def test_the_column_is_that_of_the_word() -> None:
    (one,) = problems("notifications:\n  - {name: a, event: clsed, to: requester}\n")
    assert (one.line, one.column, one.length) == (2, 22, 5)


def test_teams_and_customers_that_are_not_there() -> None:
    text = "teams: {suport: [{name: a, event: new, to: team}]}\ncustomers: {acne: [{name: b, event: taken, to: requester}]}\n"
    assert [one.message for one in problems(text)] == ['unknown team "suport"', 'unknown customer "acne"']


def test_a_channel_is_a_web_address_and_has_a_known_shape() -> None:
    text = 'channels:\n  a: {url: "hooks.slack.com"}\n  b: {url: "https://x.test", shape: slak}\n  mail: {url: "https://x.test"}\n'
    assert [one.message for one in problems(text)] == ['"hooks.slack.com" is not a web address', 'unknown shape "slak"']
    (one, *_) = problems('channels:\n  mail: {url: "https://x.test"}\nnotifications: [{name: a, event: new, to: team}]\n')
    assert one.message == '"mail" is a channel already'


CONTRADICTED = "{name: a, event: [taken, closed], to: requester}\n  - {name: b, event: taken, to: requester, send: false}"


def test_entries_that_contradict_each_other_are_a_mistake() -> None:
    (one,) = [each for each in problems(f"notifications:\n  - {CONTRADICTED}\n") if not each.warning]
    assert one.message == 'it contradicts an earlier entry about "taken" to requester'
    assert (one.line, one.hint) == (3, '"a" in line 2 comes first')


WARNED = {
    "hidden": ("[{name: a, event: new, to: team}, {name: b, event: new, to: team, timing: while-open}]", 'the entry "b" can never hold'),
    "partly hidden": (
        "[{name: a, event: new, to: team}, {name: b, event: [new, assigned], to: team, timing: while-open}]",
        'about "new" to team this entry can never hold',
    ),
    "two values of one thing": (
        "[{name: a, event: new, to: team, when: {all: [{priority: low}, {priority: high}]}}]", "this entry can never hold",
    ),
    "nobody told anyway": ("[{name: a, event: new, to: operator, send: false}]", 'operator is not told of "new" anyway'),
    "answers": ("[{name: a, event: answered, to: participants, send: false}]", "participants: answers of agents are not sent"),
    "late levels": ("[{name: a, event: level, to: team, send: false}]", "a level at or after the target is sent all the same"),
}  # fmt: skip


@pytest.mark.parametrize(("entries", "message"), WARNED.values(), ids=WARNED)
def test_what_is_odd_is_a_warning(entries: str, message: str) -> None:
    found = problems(f"notifications: {entries}\n")
    assert [one.warning for one in found] == [True]
    assert message in found[0].message


def test_an_entry_under_a_team_that_asks_for_another_team_can_never_hold() -> None:
    (one,) = problems("teams: {support: [{name: a, event: new, to: team, when: {team: network}}]}\n")
    assert one.warning
    assert "can never hold" in one.message


def test_another_team_or_condition_contradicts_nothing() -> None:
    text = """
notifications:
  - {name: low, event: new, to: team, when: {priority: low}, timing: while-open}
  - {name: all, event: new, to: team}
teams: {support: [{name: mine, event: new, to: team, send: false}]}
"""
    assert problems(text) == []


def test_check_says_that_an_entry_wins_over_tells() -> None:
    teams = RULES["teams.yaml"].replace("managers: [mara]}", "managers: [mara], tells: [received, answered, closed]}")
    (one,) = problems("notifications: [{name: a, event: taken, to: requester}]\n", **{"teams.yaml": teams})
    assert one.warning
    assert one.message.startswith('"taken": this entry wins over "tells" of the team support (rules/teams.yaml:')
    assert one.hint == "add the step to tells, or take it out of this entry"
    (one,) = problems("notifications: [{name: a, event: closed, to: requester, send: false}]\n", **{"teams.yaml": teams})
    assert one.hint == "take the step out of tells"
    assert problems("notifications: [{name: a, event: closed, to: requester, template: hello}]\n", **{"teams.yaml": teams}) == []


def test_every_event_of_the_program_is_in_the_file_or_fixed() -> None:
    """Whoever adds an event says whether desks may change who is told of it."""
    of_tickets = {kind.partition(".") for kind in PAYLOADS if not kind.startswith("admin.")}
    customer = {event for audience, _, event in of_tickets if audience == "customer"} - {"changes", "received_together"}  # several in one
    assert customer - set(CUSTOMER_EVENTS) <= FIXED_EVENTS.keys()
    answers = {
        *("held", "held_done", "commands", "lines", "list", "found", "ticket", "history", "message", "files", "report", "hours_report"),
        *("articles", "answers", "team_report", "unsubscribed", "left", "ratings", "wishes", "absence", "spam"),
        "sign_in",
        *("why", "agenda", "digest", "help", "pair", "paired", "contract_ends", "due_times", "bundle", "alerts", "changes", "collected"),
        *("team_report", "unsubscribed"),
    }
    staff = {event for audience, _, event in of_tickets if audience in ("agent", "manager")} - answers
    assert staff - set(STAFF_EVENTS) <= FIXED_EVENTS.keys()
    assert {*CUSTOMER_EVENTS, *STAFF_EVENTS} == USUAL.keys()
    assert set(STAFF_EVENTS) >= MANAGER_EVENTS


@pytest.mark.parametrize("event", USUAL)
def test_whoever_is_told_of_an_event_can_be_told_of_it(event: str) -> None:
    assert USUAL[event]
    assert all(takes(event, party) for party in USUAL[event])


def manual() -> str:
    return (ROOT / "docs" / "manual" / "notifications.md").read_text(encoding="utf-8")


def test_the_example_of_the_manual_is_right() -> None:
    text = manual().split("```yaml\n")[1].split("```")[0]
    teams = RULES["teams.yaml"].replace("network:", "field-service:")
    assert problems(text, **{"teams.yaml": teams}) == []


def test_the_example_of_init_is_right_once_it_is_switched_on() -> None:
    shipped = (ROOT / "rules" / "notifications.yaml").read_text(encoding="utf-8")
    assert flow(shipped).entries == ()
    on = "\n".join(re.sub(r"^# ?", "", line) for line in shipped.splitlines()[6:])
    teams = RULES["teams.yaml"].replace("network:", "field-service:")
    assert [one for one in problems(on, **{"teams.yaml": teams}) if not one.warning] == []


def test_the_manual_lists_every_event_and_every_audience() -> None:
    found = set(re.findall(r"`([a-z-]+)`", "\n".join(line for line in manual().splitlines() if line.startswith("|"))))
    assert {word(event) for event in USUAL} <= found
    assert {*map(str, Party), *map(str, Shape)} <= found
    assert {str(one) for one in CUSTOMERS} <= found


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("url: https://a.test/x", "https://a.test/x"),
        ("url-file: slack.url", "file:slack.url"),
        ("url-env: SLACK_URL", "env:SLACK_URL"),
    ],
)
def test_the_address_of_a_channel_may_stand_elsewhere(said: str, url: str) -> None:
    channels = flow(f"channels:\n  room: {{{said}, shape: slack}}\n").channels
    assert channels["room"].url == url


@pytest.mark.parametrize("said", ["shape: slack", "url-file: a, url-env: B", "url-env: 'A B'"])
def test_a_channel_has_one_address(said: str) -> None:
    assert problems(f"channels:\n  room: {{{said}}}\n") != []
