"""Unclaimed and silent tickets: managers hear of them, bundled, and again each working day until somebody acts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.organisation.playbooks import TASK_CHANNEL
from mailbridge.tickets.event_types.escalation import AlertRaised
from tests.builders import NOW
from tests.flows.test_playbooks import FILES as PLAYBOOKS
from tests.flows.test_sweep import OFFICE, at
from tests.harness import TestDesk, a_desk, a_mail, proven, table

TEAMS = OFFICE["teams.yaml"].replace("unclaimed-after: 2h", "unclaimed-after: 2h\n    silent-after: 2d").replace("[mara]", "[mara, boss]")
RULES = {
    **OFFICE,
    "teams.yaml": TEAMS.replace("agents:", "agents:\n  boss: {title: Ion Boss, address: boss@desk.test, manager: true}"),
    "sla.yaml": "targets: {normal: {resolution: 30d}}\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    """It works Monday to Friday from nine to five in Berlin, but not on Wednesday, 25 November 2026."""
    with a_desk(tmp_path, rules=RULES) as made:
        yield made


def alerts(desk: TestDesk, ticket: int = 1) -> Counter[str]:
    with desk.app.store.read() as tx:
        events = tx.events.of_ticket(ticket)
    return Counter(event.what.alert for event in events if isinstance(event.what, AlertRaised))


def to_manager(desk: TestDesk, who: str = "mara") -> list[str]:
    return [letter["Subject"] for letter in desk.deliver() if who in letter["To"]]


def act(desk: TestDesk, line: str, number: int = 1) -> None:
    address = desk.promise_to("bogdan@desk.test", "new").reply_to
    desk.feed(proven(a_mail(line, from_="bogdan@desk.test", to=address, message_id=f"<a{number}@desk.test>")))


def test_thirty_tickets_of_an_hour_are_two_mails_for_each_manager(desk: TestDesk) -> None:
    for number in range(30):
        desk.clock.time = NOW + number * timedelta(minutes=2)
        desk.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>", from_=f"c{number}@c{number}.test"))
    subjects: dict[str, list[str]] = {"mara": [], "boss": []}
    for minute in range(0, 130):
        desk.clock.time = NOW + timedelta(hours=2, minutes=minute)
        desk.app.jobs.sweep()
    for letter in desk.deliver():
        for who, heard in subjects.items():
            heard += [letter["Subject"]] if who in letter["To"] else []
    assert {who: len(heard) for who, heard in subjects.items()} == {"mara": 2, "boss": 2}
    assert sorted(subjects["mara"])[0] == "Acme Support: 29 tickets need attention"
    digest = desk.promise_to("mara@desk.test", "alerts")
    assert len(table(digest).splitlines()) == 29
    desk.assert_sound()


def test_thirty_tickets_of_a_moment_are_one_mail(desk: TestDesk) -> None:
    for number in range(30):
        desk.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>", from_=f"c{number}@c{number}.test"))
    at(desk, "2026-11-23 11:00")
    assert to_manager(desk) == ["Acme Support: 30 tickets need attention"]


def test_an_urgent_ticket_does_not_wait_for_the_hour(desk: TestDesk) -> None:
    desk.feed(a_mail("1", message_id="<1@customer.test>"))
    desk.pass_time(minutes=10)
    desk.feed(a_mail("2", message_id="<2@customer.test>", from_="c2@c2.test"))
    act(desk, "#priority urgent")
    address = [one.reply_to for one in desk.promises() if one.event == "new" and one.recipient == "bogdan@desk.test"][-1]
    desk.feed(proven(a_mail("#priority urgent", from_="bogdan@desk.test", to=address, message_id="<u@desk.test>")))
    at(desk, "2026-11-23 11:00")
    assert len(to_manager(desk)) == 1
    at(desk, "2026-11-23 11:10")
    assert len(to_manager(desk)) == 2


def test_managers_are_reminded_each_working_day_until_somebody_acts(desk: TestDesk) -> None:
    desk.feed(a_mail())
    at(desk, "2026-11-23 11:00")
    assert len(to_manager(desk)) == 1
    for moment, count in (
        ("2026-11-24 07:59", 1),
        ("2026-11-24 08:00", 2),
        ("2026-11-24 16:00", 2),
        ("2026-11-25 12:00", 2),  # a holiday
        ("2026-11-26 08:00", 3),
        ("2026-11-27 08:00", 4),
        ("2026-11-29 12:00", 4),  # a Sunday
        ("2026-11-30 08:00", 5),
    ):
        at(desk, moment)
        assert alerts(desk)["unclaimed"] == count, moment
    address = [one.reply_to for one in desk.promises() if one.event == "unclaimed" and one.recipient == "mara@desk.test"][-1]
    desk.feed(proven(a_mail("#take", from_="mara@desk.test", to=address, message_id="<take@desk.test>")))
    at(desk, "2026-12-04 12:00")
    assert alerts(desk)["unclaimed"] == 5
    desk.assert_sound()


def test_after_a_downtime_of_days_there_is_one_reminder_and_no_row_is_left_over(desk: TestDesk) -> None:
    desk.feed(a_mail())
    at(desk, "2026-11-27 12:00")
    assert alerts(desk)["unclaimed"] == 1
    at(desk, "2026-12-03 12:00")
    assert alerts(desk)["unclaimed"] == 2
    at(desk, "2026-12-03 12:05")
    assert alerts(desk)["unclaimed"] == 2
    at(desk, "2026-12-04 08:00")
    assert alerts(desk)["unclaimed"] == 3


def test_while_it_waits_for_the_customer_nobody_is_reminded(desk: TestDesk) -> None:
    desk.feed(a_mail())
    at(desk, "2026-11-23 11:00")
    act(desk, "#status waiting")
    at(desk, "2026-11-26 12:00")
    assert alerts(desk)["unclaimed"] == 1


def test_a_ticket_that_nobody_touches_is_told_and_reminded(desk: TestDesk) -> None:
    desk.feed(a_mail())
    act(desk, "#take")
    at(desk, "2026-11-26 08:59")  # two days of eight hours from Monday at ten, without the holiday
    assert alerts(desk) == Counter()
    at(desk, "2026-11-26 09:00")
    assert alerts(desk) == Counter({"silent": 1})
    at(desk, "2026-11-27 08:00")
    assert alerts(desk) == Counter({"silent": 2})
    act(desk, "#note Waiting for a part.", 2)
    at(desk, "2026-11-30 08:00")
    assert alerts(desk) == Counter({"silent": 2})
    at(desk, "2026-12-01 10:00")
    assert alerts(desk) == Counter({"silent": 3})


def test_a_snoozed_ticket_is_not_silent(desk: TestDesk) -> None:
    desk.feed(a_mail())
    act(desk, "#take")
    act(desk, "#snooze 10d", 2)
    at(desk, "2026-12-02 12:00")
    assert alerts(desk)["silent"] == 0


def test_tasks_of_a_playbook_alert_nobody_on_the_same_day(tmp_path: Path) -> None:
    files = {**PLAYBOOKS, "teams.yaml": PLAYBOOKS["teams.yaml"].replace("managers: [mara]", "managers: [mara], unclaimed-after: 1h")}
    with a_desk(tmp_path, rules=files) as desk:
        desk.feed(a_mail(subject="A new colleague on Monday"))
        desk.pass_time(hours=7, minutes=59)
        desk.app.jobs.sweep()
        tasks = [ticket.id for ticket in desk.tickets() if ticket.channel == TASK_CHANNEL]
        assert tasks
        assert [alerts(desk, task)["unclaimed"] for task in tasks] == [0] * len(tasks)
        desk.pass_time(minutes=1)
        desk.app.jobs.sweep()
        assert sum(alerts(desk, task)["unclaimed"] for task in tasks) >= 1
