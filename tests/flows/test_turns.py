"""Turns are fair in the whole desk: through the pipeline, and with several workers at once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import Event, Thread

import pytest

from mailbridge.execution.assignment import next_agent
from tests.harness import RULES, TestDesk, a_desk, a_mail

ROUND = {**RULES, "routing/10-network.yaml": "- {name: turns, when: {kind: human}, then: {assignee: {by: round-robin}}}\n"}
AWAY = {
    **ROUND,
    "teams.yaml": RULES["teams.yaml"].replace(
        "clara@desk.test}", "clara@desk.test, absences: [{from: 2026-11-23, to: 2026-11-23, deputy: mara}]}"
    ),
}


def test_each_mail_goes_to_the_next_agent(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=ROUND) as desk:
        for number in range(5):
            desk.feed(a_mail(message_id=f"<{number}@customer.test>"))

        assert [ticket.assignee for ticket in desk.tickets()] == ["bogdan", "clara", "bogdan", "clara", "bogdan"]


def test_the_deputy_gets_the_turns_and_the_mails_of_somebody_who_is_away(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=AWAY) as desk:
        for number in range(2):
            desk.feed(a_mail(message_id=f"<{number}@customer.test>"))
        assert [ticket.assignee for ticket in desk.tickets()] == ["bogdan", "mara"]
        assert {promise.recipient for promise in desk.promises(event="new")} == {"bogdan@desk.test", "mara@desk.test"}

        desk.pass_time(days=1)
        desk.feed(a_mail(message_id="<later@customer.test>"))
        assert desk.tickets()[-1].assignee == "bogdan"  # whose turn comes after mara's, who sat in clara's place


NAMED = "- {name: hers, when: {kind: human}, then: {assignee: clara}}\n"
ON_REPLIES = "- {name: turns, when: {kind: human, reply: true}, then: {assignee: {by: round-robin}}}\n"


def test_a_deputy_gets_what_a_rule_gives_to_somebody_who_is_away(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules={**AWAY, "routing/10-network.yaml": NAMED}) as desk:
        desk.feed(a_mail())
        assert desk.ticket().assignee == "mara"

        desk.pass_time(days=1)
        desk.feed(a_mail(message_id="<later@customer.test>"))
        assert desk.ticket(2).assignee == "clara"


def test_a_rule_for_replies_gives_a_turn_once_and_no_later_reply_moves_it_on(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules={**ROUND, "routing/10-network.yaml": ON_REPLIES}) as desk:
        desk.feed(a_mail())
        assert desk.ticket().assignee == ""
        for number in range(2):
            address = desk.promise_to("carol@customer.test").reply_to
            desk.feed(a_mail("And more.", to=address, message_id=f"<more{number}@customer.test>"))
            assert desk.ticket().assignee == "bogdan"
        desk.assert_sound()


def test_workers_at_once_never_give_the_same_turn_twice(desk: TestDesk) -> None:
    """Each holds the turn for a while before it commits; on PostgreSQL the others wait for it."""
    taken: list[str] = []
    organisation = desk.app.desk().organisation

    def work() -> None:
        for _ in range(15):
            with desk.app.store.write() as tx:
                taken.append(next_agent(tx, "support", "round-robin", organisation, now=desk.clock.now()))

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Counter(taken) == {"bogdan": 30, "clara": 30}


def test_a_worker_waits_for_a_turn_that_another_has_not_committed_yet(desk: TestDesk) -> None:
    taken: list[str] = []
    organisation = desk.app.desk().organisation
    done = Event()

    def second() -> None:
        with desk.app.store.write() as tx:
            taken.append(next_agent(tx, "support", "round-robin", organisation, now=desk.clock.now()))
        done.set()

    worker = Thread(target=second)
    with desk.app.store.write() as tx:
        taken.append(next_agent(tx, "support", "round-robin", organisation, now=desk.clock.now()))
        worker.start()
        assert not done.wait(0.5)
    worker.join()

    assert taken == ["bogdan", "clara"]


@pytest.mark.parametrize("by", ["round-robin", "least-loaded", "follow-the-sun"])
def test_a_team_that_is_gone_keeps_its_tickets(tmp_path: Path, by: str) -> None:
    with a_desk(tmp_path) as desk:
        organisation = desk.app.desk().organisation
        with desk.app.store.write() as tx:
            assert next_agent(tx, "gone", by, organisation, now=desk.clock.now()) == ""
