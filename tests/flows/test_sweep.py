"""Promised moments are told once, in working time, however late the sweep and however many sweepers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

OFFICE = {
    **RULES,
    "teams.yaml": """
teams:
  support:
    title: Support
    members: [bogdan]
    managers: [mara]
    unclaimed-after: 2h
    hours: office
hours:
  office: {zone: Europe/Berlin, week: {mon-fri: "09:00-17:00"}, holidays: {dates: [2026-11-25]}}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test}
  mara: {title: Mara Lind, address: mara@desk.test, manager: true}
default: support
""",
    "routing/10-network.yaml": "[]\n",
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[TestDesk]:
    """A desk that works Monday to Friday from nine to five in Berlin, but not on Wednesday, 25 November 2026."""
    with a_desk(tmp_path, rules=OFFICE) as desk:
        yield desk


def alerts(desk: TestDesk) -> Counter[str]:
    names = (f"{n.audience}.{n.event}:{dict(n.values)['promise']}" for n in desk.promises() if "due_at" in dict(n.values))
    return Counter(names)


def at(desk: TestDesk, moment: str) -> int:
    desk.clock.time = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return desk.app.jobs.sweep()


def test_each_moment_is_told_at_its_time_and_once(office: TestDesk) -> None:
    office.feed(a_mail())  # Monday 09:00 UTC, 10:00 in Berlin; four hours to answer, two to take it
    assert at(office, "2026-11-23 10:59") == 0
    assert at(office, "2026-11-23 11:00") == 1
    assert at(office, "2026-11-23 12:00") == 1
    assert at(office, "2026-11-23 13:00") == 1
    assert at(office, "2026-11-23 13:01") == 0
    assert alerts(office) == Counter({"manager.unclaimed:claim": 1, "agent.warning:response": 1, "manager.overdue:response": 1})
    office.assert_sound()


def test_time_off_does_not_count(office: TestDesk) -> None:
    """Opened on Tuesday at 16:00 in Berlin: one hour is left that day, Wednesday is a holiday, three hours come on Thursday."""
    office.clock.time = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    office.feed(a_mail())
    at(office, "2026-11-26 10:59")
    assert "manager.overdue:response" not in alerts(office)
    at(office, "2026-11-26 11:00")
    assert alerts(office)["manager.overdue:response"] == 1


def test_answer_stops_the_clock_of_the_answer(office: TestDesk) -> None:
    office.feed(a_mail())
    address = office.promise_to("bogdan@desk.test").reply_to
    office.feed(proven(a_mail("Off and on.", from_="bogdan@desk.test", to=address, message_id="<b@desk.test>")))
    at(office, "2026-11-23 16:00")
    assert alerts(office) == Counter()


def test_waiting_for_the_customer_stops_all_clocks_and_their_mail_starts_them_again(office: TestDesk) -> None:
    office.feed(a_mail())
    address = office.promise_to("bogdan@desk.test").reply_to
    customers = office.promise_to("carol@customer.test").reply_to
    office.clock.time = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    office.feed(proven(a_mail("#status waiting", from_="bogdan@desk.test", to=address, message_id="<b@desk.test>")))
    at(office, "2026-11-23 15:00")
    assert alerts(office) == Counter()
    office.feed(a_mail("Here is more.", to=customers, message_id="<2@customer.test>"))
    # One hour was used before; three are left from 16:00 in Berlin on: one today, two tomorrow.
    at(office, "2026-11-24 09:59")
    assert "manager.overdue:response" not in alerts(office)
    at(office, "2026-11-24 10:00")
    assert alerts(office)["manager.overdue:response"] == 1


def test_missed_while_down_is_told_once_and_held_until_the_desk_opens(office: TestDesk) -> None:
    office.feed(a_mail())
    office.deliver()
    at(office, "2026-11-23 22:00")
    at(office, "2026-11-23 22:05")
    assert alerts(office)["manager.overdue:response"] == 1
    sent = len(office.sent())
    assert len(office.deliver()) == sent
    at(office, "2026-11-24 07:59")
    assert len(office.deliver()) == sent
    at(office, "2026-11-24 08:00")
    assert len(office.deliver()) > sent


def test_two_sweepers_tell_it_once(office: TestDesk) -> None:
    for number in range(10):
        office.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>"))
    office.clock.time = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    sweepers = [Thread(target=office.app.jobs.sweep) for _ in range(4)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    assert alerts(office)["manager.unclaimed:claim"] == 10


def test_reopened_ticket_owes_only_what_is_left(office: TestDesk) -> None:
    office.feed(a_mail())
    address = office.promise_to("bogdan@desk.test").reply_to
    office.clock.time = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    office.feed(proven(a_mail("#close", from_="bogdan@desk.test", to=address, message_id="<b@desk.test>")))
    assert at(office, "2026-12-31 12:00") == 0
    office.clock.time = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
    office.feed(a_mail("Again!", to=office.promise_to("carol@customer.test").reply_to, message_id="<2@customer.test>"))
    at(office, "2027-01-04 11:59")
    assert "manager.overdue:response" not in alerts(office)
    at(office, "2027-01-04 12:00")
    assert alerts(office)["manager.overdue:response"] == 1
