"""A ticket goes round the world: it is with the region that works, and each hand-over happens once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.values import AssigneeChanged, TeamChanged
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import FOLLOW
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

WORLD = {
    **RULES,
    "teams.yaml": """
default: world
teams:
  world: {title: World, follow: [emea, americas, apac]}
  emea: {members: [ben, eva], hours: emea, unclaimed-after: never}
  americas: {members: [joe, jim], hours: americas, unclaimed-after: never}
  apac: {members: [kim], hours: apac, unclaimed-after: never}
  network: {members: [eva]}
agents:
  ben: {title: Ben Bauer, address: ben@desk.test}
  eva: {title: Eva Lindner, address: eva@desk.test}
  joe: {title: Joe Fox, address: joe@desk.test, absences: [{from: 2026-11-24, to: 2026-11-24, deputy: jim}]}
  jim: {title: Jim Day, address: jim@desk.test}
  kim: {title: Kim Park, address: kim@desk.test}
  mara: {title: Mara Lind, address: mara@desk.test, manager: true}
hours:
  emea: {zone: UTC, week: {mon-sun: "08:00-16:00"}}
  americas: {zone: UTC, week: {mon-sun: "16:00-24:00"}}
  apac: {zone: UTC, week: {mon-sun: "00:00-08:00"}}
""",
    "sla.yaml": "targets: {normal: {response: 4h}}\n",
    "routing/10-network.yaml": "[]\n",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TestDesk]:
    """Monday, 2026-11-23, 09:00 UTC: emea works from 8 to 16, then the americas, then apac."""
    with a_desk(tmp_path, rules=WORLD) as desk:
        yield desk


def at(desk: TestDesk, moment: str) -> int:
    desk.clock.time = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return desk.app.jobs.sweep()


def changes(desk: TestDesk, ticket: int = 1) -> list[Event]:
    with desk.app.store.read() as tx:
        events = tx.events.of_ticket(ticket)
    return [event for event in events if isinstance(event.what, (TeamChanged, AssigneeChanged))]


def command(desk: TestDesk, agent: str, line: str, number: int = 1) -> None:
    """The agent answers the desk's latest mail to them with this line."""
    address = desk.promise_to(f"{agent}@desk.test").reply_to
    desk.feed(proven(a_mail(line, from_=f"{agent}@desk.test", to=address, message_id=f"<{agent}{number}@desk.test>")))


def told(desk: TestDesk, event: str) -> list[str]:
    return [promise.recipient.partition("@")[0] for promise in desk.promises(event=event)]


def test_a_ticket_lands_with_the_region_that_works(world: TestDesk) -> None:
    world.feed(a_mail())

    assert (world.ticket().team, world.ticket().follow) == ("emea", "world")
    assert told(world, "new") == ["ben", "eva"]


def test_it_is_handed_over_at_the_end_of_the_day_once_and_by_the_clock(world: TestDesk) -> None:
    world.feed(a_mail())

    assert at(world, "2026-11-23 15:59") == 2  # warned of, and overdue: four hours by the clock of the whole world
    assert world.ticket().team == "emea"
    assert at(world, "2026-11-23 16:00") == 1
    assert at(world, "2026-11-23 16:00") == 0
    assert [(event.at, event.actor, event.what) for event in changes(world)] == [
        (world.clock.now(), Actor(kind=ActorKind.CLOCK, name="region"), TeamChanged(before="emea", after="americas"))
    ]
    assert told(world, "new") == ["ben", "eva", "joe", "jim"]
    world.assert_sound()


def test_somebodys_ticket_is_somebodys_in_each_region_and_comes_back_to_who_had_it(world: TestDesk) -> None:
    world.feed(a_mail())
    command(world, "eva", "#take")

    at(world, "2026-11-23 16:00")
    assert (world.ticket().team, world.ticket().assignee) == ("americas", "joe")
    at(world, "2026-11-24 00:00")
    assert (world.ticket().team, world.ticket().assignee) == ("apac", "kim")
    at(world, "2026-11-24 08:00")
    assert (world.ticket().team, world.ticket().assignee) == ("emea", "eva")
    at(world, "2026-11-24 16:00")
    assert (world.ticket().team, world.ticket().assignee) == ("americas", "jim")  # joe had it, and is away today
    assert told(world, "assigned") == ["joe", "kim", "eva", "jim"]
    world.assert_sound()


def test_two_sweepers_hand_over_once(world: TestDesk) -> None:
    for number in range(10):
        world.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>"))
    world.clock.time = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    sweepers = [Thread(target=world.app.jobs.sweep) for _ in range(4)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()

    assert [len(changes(world, ticket)) for ticket in range(1, 11)] == [1] * 10


def test_a_daemon_that_was_down_hands_over_to_who_works_when_it_is_back(world: TestDesk) -> None:
    world.feed(a_mail())

    at(world, "2026-11-24 03:00")

    assert world.ticket().team == "apac"
    assert len(changes(world)) == 1


def test_one_that_was_down_all_night_leaves_it_and_hands_it_over_in_the_evening(world: TestDesk) -> None:
    world.feed(a_mail())

    at(world, "2026-11-24 09:00")
    assert (world.ticket().team, changes(world)) == ("emea", [])
    at(world, "2026-11-24 16:00")
    assert world.ticket().team == "americas"


def test_what_is_closed_stays_and_goes_on_when_it_is_open_again(world: TestDesk) -> None:
    world.feed(a_mail())
    command(world, "eva", "#close")

    at(world, "2026-11-23 18:00")
    assert world.ticket().team == "emea"
    world.feed(a_mail("Again!", to=world.promise_to("carol@customer.test").reply_to, message_id="<2@customer.test>"))
    at(world, "2026-11-23 18:01")
    assert world.ticket().team == "americas"


def test_a_region_that_is_named_keeps_the_ticket_and_the_world_takes_it_on_again(world: TestDesk) -> None:
    world.feed(a_mail())
    command(world, "eva", "#team emea")

    at(world, "2026-11-23 20:00")
    assert (world.ticket().team, world.ticket().follow) == ("emea", "")
    command(world, "eva", "#team world", 2)
    assert (world.ticket().team, world.ticket().follow) == ("americas", "world")
    world.assert_sound()


def test_what_was_moved_to_a_team_outside_stays_there(world: TestDesk) -> None:
    world.feed(a_mail())
    command(world, "eva", "#team network")

    at(world, "2026-11-23 20:00")

    assert world.ticket().team == "network"


def test_promised_times_count_around_the_clock(world: TestDesk) -> None:
    """Four hours from 13:00 are over at 17:00, two hours after which emea would have come back from its night."""
    world.clock.time = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    world.feed(a_mail())

    at(world, "2026-11-23 16:59")
    assert told(world, "overdue") == []
    at(world, "2026-11-23 17:00")
    assert told(world, "overdue") == ["mara"]


def test_the_field_is_what_says_so(world: TestDesk) -> None:
    world.feed(a_mail())

    assert dict(world.ticket().fields)[FOLLOW] == "world"
