"""The ladder of a promise on a real desk: each level once, in working time, and one mail a person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from pathlib import Path
from threading import Thread

import pytest

from mailbridge.organisation.priority import Priority
from mailbridge.rules.load import load
from mailbridge.tickets.event_types.escalation import AlertRaised
from tests.builders import NOW
from tests.flows.test_changed_targets import change
from tests.flows.test_sweep import OFFICE, at
from tests.harness import TestDesk, a_desk, a_mail, proven, table

TEAMS = OFFICE["teams.yaml"].replace("unclaimed-after: 2h", "unclaimed-after: never")
TEAMS += "escalations: {late: [{agent: clara}, {agent: mara}]}\n"
SLA = """
targets:
  normal:
    response: 4h
    ladder:
      - {at: 50%, tell: assignee}
      - {at: 1h before, tell: clara, when: {unclaimed: true}}
      - {at: 1h before, tell: clara, when: {status: waiting}}
      - {at: breach, tell: [managers, boss@desk.test], webhook: "https://hooks.desk.test/late"}
      - {at: 150%, tell: mara, escalate: late, priority: urgent}
  urgent: {response: 4h, ladder: [{at: 50%, tell: assignee}, {at: 200%, tell: mara, in-hours: false}]}
"""
LADDER = {**OFFICE, "teams.yaml": TEAMS, "sla.yaml": SLA}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=LADDER) as made:
        yield made


def levels(desk: TestDesk, ticket: int = 1) -> Counter[str]:
    with desk.app.store.read() as tx:
        events = tx.events.of_ticket(ticket)
    return Counter(event.what.alert for event in events if isinstance(event.what, AlertRaised))


def told(desk: TestDesk) -> list[str]:
    return [f"{one.recipient.partition('@')[0]}: {one.event}" for one in desk.promises() if one.event in ("level", "alerts")]


def test_each_level_comes_at_its_moment_to_those_it_names(desk: TestDesk) -> None:
    desk.feed(a_mail())  # Monday at ten in Berlin
    at(desk, "2026-11-23 10:59")
    assert told(desk) == []
    at(desk, "2026-11-23 11:00")
    assert told(desk) == ["bogdan: level"], "nobody has it: the team"
    at(desk, "2026-11-23 12:00")
    assert told(desk)[1:] == ["clara: level"]
    at(desk, "2026-11-23 13:00")
    assert sorted(told(desk)[2:]) == ["boss: level", "mara: level"]
    at(desk, "2026-11-23 15:00")
    assert told(desk)[4:] == ["mara: level"]
    assert (desk.ticket().priority, desk.ticket().assignee, desk.ticket().level) == (Priority.URGENT, "clara", 1)
    assert levels(desk) == Counter({"50%": 1, "1h before": 1, "overdue": 1, "150%": 1})
    desk.assert_sound()


def test_the_mail_says_since_when_it_is_overdue(desk: TestDesk) -> None:
    desk.feed(a_mail())
    at(desk, "2026-11-23 11:00")
    at(desk, "2026-11-23 13:00")
    mails = [(letter["To"], body(letter)) for letter in desk.deliver()]
    assert any("50% of the agreed time has passed." in text for _, text in mails)
    late = next(text for to, text in mails if "Overdue since" in text and "mara" in to)
    assert "Overdue since today 14:00" in late
    assert "answer overdue since today 14:00" in late


def body(letter: Message) -> str:
    part = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
    return part.get_content()  # type: ignore[attr-defined, no-any-return]


def test_a_webhook_is_called_once_and_knows_the_level(desk: TestDesk) -> None:
    desk.feed(a_mail())
    at(desk, "2026-11-23 13:00")
    at(desk, "2026-11-23 13:05")
    with desk.app.store.read() as tx:
        (call,) = tx.webhooks.of_ticket(1)
    said = json.loads(call.call.body)
    assert (said["type"], said["data"]["promise"], said["data"]["step"]) == ("ticket.level", "response", "overdue")
    assert said["data"]["ticket"]["number"] == "MB-1"


def test_a_condition_that_does_not_hold_when_the_moment_comes_is_over(desk: TestDesk) -> None:
    desk.feed(a_mail())
    address = desk.promise_to("bogdan@desk.test").reply_to
    desk.feed(proven(a_mail("#take", from_="bogdan@desk.test", to=address, message_id="<take@desk.test>")))
    at(desk, "2026-11-23 12:00")
    desk.feed(proven(a_mail("#assign nobody", from_="bogdan@desk.test", to=address, message_id="<free@desk.test>")))
    at(desk, "2026-11-23 12:30")
    assert "1h before" not in levels(desk)


def test_several_sweepers_and_restarts_tell_each_level_once(desk: TestDesk) -> None:
    for number in range(5):
        desk.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>"))
    desk.clock.time = NOW + timedelta(hours=6)
    sweepers = [Thread(target=desk.app.jobs.sweep) for _ in range(4)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    desk.app.jobs.sweep()
    for ticket in range(1, 6):
        assert levels(desk, ticket) == Counter({"50%": 1, "1h before": 1, "overdue": 1, "150%": 1})


def test_after_a_downtime_each_person_gets_one_list(desk: TestDesk) -> None:
    for number in range(5):
        desk.feed(a_mail(f"{number}", subject=f"Printer {number}", message_id=f"<{number}@customer.test>"))
    at(desk, "2026-11-23 22:00")
    assert told(desk).count("mara: alerts") == 0, "held until the team works"
    at(desk, "2026-11-24 08:00")
    assert Counter(one for one in told(desk) if one.endswith("alerts")) == Counter(
        {"bogdan: alerts": 1, "clara: alerts": 1, "mara: alerts": 1, "boss: alerts": 1}
    )
    digest = desk.promise_to("mara@desk.test", "alerts")
    assert len(table(digest).splitlines()) == 5
    letters = desk.deliver()
    assert sum("mara" in letter["To"] for letter in letters) == 1
    assert "Overdue since Mon 23 Nov 14:00 CET: first answer" in next(body(letter) for letter in letters if "mara" in letter["To"])
    desk.assert_sound()


def test_a_held_alert_that_nobody_needs_any_more_is_left_out(desk: TestDesk) -> None:
    desk.feed(a_mail())
    address = desk.promise_to("bogdan@desk.test").reply_to
    at(desk, "2026-11-23 22:00")
    desk.feed(proven(a_mail("Off and on.", from_="bogdan@desk.test", to=address, message_id="<b@desk.test>")))
    desk.deliver()
    at(desk, "2026-11-24 08:00")
    assert not [letter for letter in desk.deliver() if "mara" in letter["To"]]


def test_a_level_may_be_told_at_night(desk: TestDesk) -> None:
    change(desk, sla="targets: {normal: {response: 4h, ladder: [{at: breach, tell: mara, in-hours: false}]}}\n")
    desk.feed(a_mail())
    at(desk, "2026-11-23 22:00")
    assert ["Overdue since" in body(letter) for letter in desk.deliver() if "mara" in letter["To"]] == [True]


def test_a_due_time_that_moves_later_brings_back_the_levels_that_are_not_reached(desk: TestDesk) -> None:
    change(desk, sla=SLA.replace("response: 4h", "response: 2h"))
    desk.feed(a_mail())
    at(desk, "2026-11-23 11:00")  # 50 % and the breach of two hours
    assert levels(desk) == Counter({"50%": 1, "1h before": 1, "overdue": 1})
    change(desk, sla=SLA.replace("response: 4h", "response: 3h"))
    at(desk, "2026-11-23 11:01")  # 50 % of three hours has passed; the end of them has not
    assert levels(desk)["50%"] == 1
    at(desk, "2026-11-23 12:00")
    assert levels(desk) == Counter({"50%": 1, "1h before": 1, "overdue": 2})
    change(desk, sla=SLA.replace("response: 4h", "response: 1h"))
    at(desk, "2026-11-23 12:01")
    assert levels(desk)["overdue"] == 2


def test_the_next_run_of_a_clock_has_all_levels_again(desk: TestDesk) -> None:
    change(desk, sla="targets: {normal: {next-response: 2h, ladder: [{at: 50%, tell: team}]}}\n")
    desk.feed(a_mail())
    address = desk.promise_to("bogdan@desk.test").reply_to
    customers = desk.promise_to("carol@customer.test").reply_to
    for number in range(2):
        answer = a_mail("Off and on.", from_="bogdan@desk.test", to=address, message_id=f"<b{number}@desk.test>")
        desk.feed(proven(answer))
        desk.pass_time(minutes=1)
        desk.feed(a_mail("Again!", to=customers, message_id=f"<c{number}@customer.test>"))
        desk.pass_time(hours=1)
        desk.app.jobs.sweep()
    assert levels(desk) == Counter({"50%": 2})


def test_a_role_that_is_misspelled_gets_its_suggestion() -> None:
    files = {f"rules/{name}": text for name, text in LADDER.items()}
    files["rules/sla.yaml"] = "targets: {normal: {response: 4h, ladder: [{at: breach, tell: [manager]}]}}\n"
    (problem,) = load(files).problems
    assert (problem.message, problem.hint) == ('unknown recipient of a level "manager"', 'did you mean "managers"?')
