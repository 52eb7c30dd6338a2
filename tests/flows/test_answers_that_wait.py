"""An answer that waits before it goes: `send_after`, `#stop`, and what waits with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.cli.ticket_relations import done
from mailbridge.cli.tickets import headline
from mailbridge.jobs.clock_jump import after_step
from mailbridge.notifications.payloads.tickets import ApprovalAnswer
from mailbridge.tickets.command_types.escalation import StopSending
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.model import ApprovalKind
from tests.flows.test_agents_lines import BOGDAN, CAROL, CLARA, seen, writes
from tests.harness import RULES, TestDesk, a_config, a_desk, a_mail

MINUTE = timedelta(seconds=60)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, desk=replace(a_config(tmp_path).desk, send_after=MINUTE)) as made:
        made.feed(a_mail())
        yield made


def to_carol(desk: TestDesk) -> list[str]:
    """The answers that Carol got."""
    return [text for mail in desk.deliver() if CAROL in str(mail["To"]) and "It is" in (text := mail.as_string())]


def later(desk: TestDesk, seconds: int = 61) -> None:
    desk.pass_time(seconds=seconds)
    desk.app.jobs.sweep()


def test_an_answer_goes_when_its_time_has_come_with_what_waits_with_it(desk: TestDesk) -> None:
    writes(desk, "It is mended.\n\n#tag vpn\n#close")
    wrote = desk.clock.now()

    assert to_carol(desk) == []
    assert (desk.ticket().status, desk.ticket().tags) == ("new", ("vpn",)), "the status waits with the text, a tag does not"
    told = seen(desk, "commands")
    assert "Your text waits until" in told
    assert f"then it goes to {CAROL}" in told
    assert "#close waits and is done when your text goes" in told

    later(desk)
    (answer,) = to_carol(desk)
    assert "It is mended." in answer
    ticket = desk.ticket()
    assert (ticket.status, ticket.approvals) == ("closed", ())
    assert ticket.first_answered_at is not None
    assert ticket.first_answered_at > wrote, "the response counts when the mail goes"
    later(desk)
    assert len(to_carol(desk)) == 1
    assert [n.event for n in desk.promises() if n.recipient == BOGDAN] == ["new", "commands"], "one act, one mail"


@pytest.mark.parametrize(
    ("how", "answers"), [("#stop", ""), ("no", "commands"), ("#undo", ""), ("#stop MB-1", "new"), ("#oprește", ""), ("#стоп", "")]
)
def test_it_is_taken_back_with_its_text(desk: TestDesk, how: str, answers: str) -> None:
    writes(desk, "It is mended.\n\n#close")
    desk.pass_time(seconds=30)
    writes(desk, how, answers=answers)
    later(desk)

    assert to_carol(desk) == []
    told = seen(desk, "commands")
    assert "Your answer was taken back and did not go to the customer. This is its text: > It is mended." in told
    assert (desk.ticket().status, desk.ticket().approvals, desk.ticket().answered_at) == ("new", (), None)


def test_a_stop_that_comes_too_late_says_so(desk: TestDesk) -> None:
    writes(desk, "It is mended.")
    later(desk)
    writes(desk, "#stop")

    assert "it is too late: your answer is on its way to the customer" in seen(desk, "commands")
    assert len(to_carol(desk)) == 1


def test_where_nothing_waits_a_stop_says_so(desk: TestDesk) -> None:
    writes(desk, "#stop")

    assert "no answer of yours waits here" in seen(desk, "commands")


def test_nobody_stops_the_answer_of_a_colleague(desk: TestDesk) -> None:
    writes(desk, "It is mended.")
    writes(desk, "#stop", by=CLARA)
    later(desk)

    assert "no answer of yours waits here" in seen(desk, "commands", to=CLARA)
    assert len(to_carol(desk)) == 1


def test_a_yes_sends_it_at_once(desk: TestDesk) -> None:
    writes(desk, "It is mended.")
    writes(desk, "yes", answers="commands")

    assert len(to_carol(desk)) == 1
    later(desk)
    assert len(to_carol(desk)) == 1


def test_a_new_text_takes_the_place_of_the_one_that_is_stopped(desk: TestDesk) -> None:
    writes(desk, "It is mended.")
    writes(desk, "#stop\n\nIt is not mended yet.")
    later(desk)

    (answer,) = to_carol(desk)
    assert "It is not mended yet." in answer


def test_a_customers_mail_meanwhile_is_told_with_the_answer_that_waits(desk: TestDesk) -> None:
    receipt = desk.promise_to(CAROL)
    writes(desk, "It is mended.")
    desk.feed(a_mail("Wait, it works.", to=receipt.reply_to, in_reply_to=f"<{receipt.message_id}>", message_id="<two@customer.test>"))

    assert "The answer of Bogdan Ionescu waits until" in seen(desk, "customer_replied")
    writes(desk, "#stop", answers="customer_replied")
    later(desk)
    assert to_carol(desk) == []


def test_a_note_never_waits(desk: TestDesk) -> None:
    writes(desk, "#note\n\nHe is on holiday.")

    assert desk.ticket().approvals == ()


def test_a_first_mail_waits_too_and_its_ticket_waits_for_the_customer_after_it(desk: TestDesk) -> None:
    writes(desk, "#to dan@customer.test\n\nWe restart your gateway.", to="support@desk.test", subject="Maintenance")

    def to_dan() -> list[str]:
        return [mail.as_string() for mail in desk.deliver() if "dan@customer" in str(mail["To"])]

    assert to_dan() == []
    assert (desk.ticket(2).status, [one.kind for one in desk.ticket(2).approvals]) == ("new", [ApprovalKind.DELAY])
    assert "then it goes to dan@customer.test" in seen(desk, "commands")
    later(desk)
    (mail,) = to_dan()
    assert "We restart your gateway." in mail
    assert "Re: Maintenance" not in mail
    assert desk.ticket(2).status == "waiting"
    with desk.app.store.read() as tx:
        said = [event.what for event in tx.events.of_ticket(2) if isinstance(event.what, MessageAdded)]
    assert [one.to_customer for one in said] == [True]


def test_a_first_mail_that_is_stopped_leaves_an_open_ticket(desk: TestDesk) -> None:
    writes(desk, "#to dan@customer.test\n\nWe restart your gateway.", to="support@desk.test", subject="Maintenance")
    writes(desk, "#stop", answers="commands")
    later(desk)

    assert [mail for mail in desk.deliver() if "dan@customer" in str(mail["To"])] == []
    assert "We restart your gateway." in seen(desk, "commands")
    assert desk.ticket(2).status == "new"


def test_a_colleagues_answer_meanwhile_makes_the_desk_ask(desk: TestDesk) -> None:
    writes(desk, "It is mended.\n\n#close")
    desk.pass_time(seconds=1)
    writes(desk, "It is broken.", by=CLARA)
    writes(desk, "yes", by=CLARA, answers="commands")
    later(desk)

    assert len(to_carol(desk)) == 1
    assert desk.ticket().status == "open", "the status waits with the text"
    assert "a colleague has answered since" in seen(desk, "confirm")


def test_a_ticket_with_an_answer_that_waits_is_not_merged(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="Other", message_id="<o@customer.test>"))
    writes(desk, "It is mended.", to=desk.promises()[1].reply_to)
    writes(desk, "#merge MB-2", to=desk.promises()[1].reply_to)

    assert "an answer on the ticket waits before it goes" in seen(desk, "commands")


def test_an_answer_does_not_wait_for_a_clock_that_was_set_back(desk: TestDesk) -> None:
    writes(desk, "It is mended.")
    desk.clock.time -= timedelta(days=3)
    after_step(desk.app.store, timedelta(days=-3), desk.clock.now(), desk.app.faults.clock_set)
    later(desk, seconds=3_601)

    assert len(to_carol(desk)) == 1


def test_the_command_line_shows_and_stops_it(desk: TestDesk) -> None:
    writes(desk, "It is mended.")
    with desk.app.store.read() as tx:
        (row,) = [one for one in tx.inbox.list(None, 5) if one.reason]
    assert row.reason.startswith("its answer waits until 20")
    assert "answer of bogdan waits until 20" in headline(desk.ticket(), desk.app.config)
    done(desk.app, "MB-1", StopSending())
    later(desk)
    assert to_carol(desk) == []
    told = desk.promise_to(BOGDAN, "approval_decided").payload
    assert isinstance(told, ApprovalAnswer)
    assert (told.delayed, told.granted) == (True, False)


def test_a_team_may_say_otherwise(tmp_path: Path) -> None:
    teams = RULES["teams.yaml"].replace("title: Support,", "title: Support, send-after: 0s,")
    settings = replace(a_config(tmp_path).desk, send_after=MINUTE)
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": teams}, desk=settings) as desk:
        desk.feed(a_mail())
        writes(desk, "It is mended.")
        assert len(to_carol(desk)) == 1
