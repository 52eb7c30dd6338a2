"""Tickets merged, split, linked, taken back and erased by mail, on both databases; and mail that comes late."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.execute import execute
from mailbridge.execution.many import execute_on_many
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Audience, OutboxState
from mailbridge.store.clocks import ClockState as ClockState
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.relations import Merge, Undo
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request, each
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven, table

CAROL, DAVE, ERIN = "carol@customer.test", "dave@customer.test", "erin@other.test"


def two_tickets(desk: TestDesk, second: str = CAROL) -> None:
    desk.feed(a_mail("The printer is broken."))
    desk.pass_time(minutes=1)
    mail = a_mail("The printer hums.", from_=second, subject="Printer hums", message_id="<two@customer.test>")
    desk.feed(mail, mail_from=second)


def by_agent(desk: TestDesk, body: str, *, ticket: int = 1, agent: str = "bogdan", **headers: str) -> None:
    """An agent's mail to the address that the latest mail about this ticket told them to answer to."""
    sender = f"{agent}@desk.test"
    told = next(n for n in reversed(desk.promises()) if n.recipient == sender and n.ticket == ticket)
    desk.pass_time(seconds=1)
    fields = {"from_": sender, "to": told.reply_to, "subject": "Re", "message_id": f"<{agent}.{desk.clock.time.timestamp()}@desk.test>"}
    desk.feed(proven(a_mail(body, **(fields | headers))), mail_from=sender, rcpt_to=(told.reply_to,))


def by_mara(desk: TestDesk, body: str, ticket: int = 1) -> None:
    """A manager's mail; she is in no team and was told of nothing."""
    address = desk.app.signer.reply_address(ticket, "mara@desk.test", Purpose.AGENT)
    desk.pass_time(seconds=1)
    mail = a_mail(body, from_="mara@desk.test", to=address, message_id=f"<{desk.clock.time.timestamp()}@desk.test>")
    desk.feed(proven(mail), mail_from="mara@desk.test", rcpt_to=(address,))


def results(desk: TestDesk) -> str:
    return table(next(n for n in reversed(desk.promises()) if n.event == "commands"), "results")


def mails_on(desk: TestDesk, ticket: int) -> list[str]:
    """Texts of the customers' mails there."""
    with desk.app.store.read() as tx:
        return [mail.fresh.strip() for mail in tx.mails.of_ticket(ticket) if mail.sender.endswith(("customer.test", "other.test"))]


def tickets_of(desk: TestDesk, address: str) -> list[int]:
    """Where the table of participants finds them."""
    with desk.app.store.read() as tx:
        return sorted(ticket.id for ticket in tx.tickets.of_address(address))


def running(desk: TestDesk, ticket: int) -> set[str]:
    with desk.app.store.read() as tx:
        return {due.deadline.promise for due in tx.clocks.of_ticket(ticket) if due.state is ClockState.RUNNING}


def told(desk: TestDesk, event: str) -> list[tuple[str, int | None]]:
    return [(n.recipient, n.ticket) for n in desk.promises() if n.event == event]


def but_time(ticket: Ticket) -> dict[str, object]:
    names = set(Ticket.__slots__) - {"version", "updated_at"}
    return {name: getattr(ticket, name) for name in names}


# -- merge ------------------------------------------------------------------------------------------------------


def test_merge_by_mail_moves_mails_and_people_and_stops_the_clocks(desk: TestDesk) -> None:
    two_tickets(desk, DAVE)
    by_agent(desk, "#merge MB-2\n")
    by_agent(desk, "#yes\n")  # two people who are no known customer's
    assert desk.ticket(1).merged_into == 2
    assert (mails_on(desk, 1), mails_on(desk, 2)) == ([], ["The printer is broken.", "The printer hums."])
    assert tickets_of(desk, CAROL) == [1, 2]
    assert (running(desk, 1), bool(running(desk, 2))) == (set(), True)
    desk.assert_sound()


def by_reply_address(desk: TestDesk) -> dict[str, str]:
    return {"to": desk.promises(Audience.CUSTOMER, "received")[0].reply_to}


def by_message_id(desk: TestDesk) -> dict[str, str]:
    return {"in_reply_to": f"<{desk.promises(Audience.CUSTOMER, 'received')[0].message_id}>"}


def by_reference(desk: TestDesk) -> dict[str, str]:
    return {"references": "<one@customer.test>"}


def by_number(desk: TestDesk) -> dict[str, str]:
    return {"subject": "Re: [MB-1] Printer broken"}


CLUES = [by_reply_address, by_message_id, by_reference, by_number]


@pytest.mark.parametrize("clue", CLUES)
def test_late_reply_to_merged_ticket_lands_on_survivor(desk: TestDesk, clue: Callable[[TestDesk], dict[str, str]]) -> None:
    two_tickets(desk)
    by_agent(desk, "#merge MB-2\n")
    headers = {"message_id": "<late@customer.test>", "subject": "Hello"} | clue(desk)
    done = desk.feed(proven(a_mail("Is anybody there?", **headers), "customer.test"), rcpt_to=(headers.get("to", "support@desk.test"),))
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 2)
    with desk.app.store.read() as tx:
        placed = tx.mails.explanation(done.result.mail or 0)["placed"]
    assert placed["ticket"] == 2
    assert placed["merged"] == (None if clue is by_reference else 1)  # the mail it refers to is on the survivor itself
    desk.assert_sound()


@pytest.mark.parametrize("clue", CLUES)
def test_late_reply_finds_its_way_through_two_merges(desk: TestDesk, clue: Callable[[TestDesk], dict[str, str]]) -> None:
    two_tickets(desk)
    desk.feed(a_mail("Third", subject="Third", message_id="<three@customer.test>"))
    by_agent(desk, "#merge MB-2\n")
    by_agent(desk, "#merge MB-3\n", ticket=2)
    headers = {"message_id": "<late@customer.test>", "subject": "Hello"} | clue(desk)
    late = proven(a_mail("Late", **headers), "customer.test")
    assert desk.feed(late, rcpt_to=(headers.get("to", "support@desk.test"),)).result.ticket == 3


def test_agents_answer_from_the_merged_ticket_goes_to_everybody_of_the_survivor(desk: TestDesk) -> None:
    two_tickets(desk)
    by_agent(desk, "#merge MB-2\n")
    old = next(n for n in desk.promises() if n.recipient == "clara@desk.test" and n.ticket == 1)
    answer = proven(a_mail("We are on it.", from_="clara@desk.test", to=old.reply_to, message_id="<c@desk.test>"))
    desk.feed(answer, mail_from="clara@desk.test", rcpt_to=(old.reply_to,))
    assert told(desk, "answered") == [(CAROL, 2)]
    subjects = [mail["Subject"] for mail in desk.deliver() if mail["To"] and CAROL in mail["To"]]
    assert any("MB-2" in subject for subject in subjects)


def test_colleague_of_the_merged_tickets_requester_may_still_write(desk: TestDesk) -> None:
    """The survivor is another company's; the colleague knows the old number only."""
    two_tickets(desk, ERIN)
    by_agent(desk, "#merge MB-2\n")
    by_agent(desk, "#yes\n")
    assert desk.ticket(1).merged_into == 2
    mail = a_mail("Me too", from_=DAVE, subject="[MB-1]", message_id="<d@customer.test>")
    assert desk.feed(proven(mail, "customer.test"), mail_from=DAVE).result.ticket == 2


def test_stranger_with_the_old_number_stays_outside(desk: TestDesk) -> None:
    two_tickets(desk)
    by_agent(desk, "#merge MB-2\n")
    mail = a_mail("Let me in", from_="m@attacker.test", subject="[MB-1]", message_id="<m@attacker.test>")
    done = desk.feed(mail, mail_from="m@attacker.test")
    assert (done.result.ticket, desk.ticket(3).links) == (3, (("possible-follow-up", 2),))


def test_merge_across_customers_waits_for_a_yes(desk: TestDesk) -> None:
    two_tickets(desk, ERIN)
    by_agent(desk, "#merge MB-2\n")
    assert (desk.ticket(1).merged_into, len(desk.ticket(1).approvals)) == (None, 1)
    by_agent(desk, "#yes\n")
    assert (desk.ticket(1).merged_into, desk.ticket(1).approvals) == (2, ())
    desk.assert_sound()


def test_bounce_of_a_mail_of_the_merged_ticket_is_told_on_the_survivor(desk: TestDesk) -> None:
    two_tickets(desk)
    by_agent(desk, "#merge MB-2\n")
    sent = desk.promises(Audience.CUSTOMER, "received")[0]
    with desk.app.store.write() as tx:
        queued = next(q for q in tx.outbox.list() if q.notification.key == sent.key)
        desk.app.faults.undeliverable(tx, queued, "550 no such user")
    assert told(desk, "bounced")[-1][1] == 2


def test_merge_is_told_once_to_each_person_whom_it_concerns(desk: TestDesk) -> None:
    two_tickets(desk, DAVE)
    by_agent(desk, "#take\n", agent="clara")
    by_agent(desk, "#merge MB-2\n")
    by_agent(desk, "#yes\n")
    # Clara once, though she is of the survivor's team too; Carol, whose request ends, her new number; Dave, whose request goes on, nothing.
    assert set(told(desk, "merged")) == {("clara@desk.test", 1), (CAROL, 2)}
    assert not desk.promises(Audience.CUSTOMER, "closed")


def test_yes_to_a_question_about_the_merged_ticket_is_no_yes_on_the_survivor_and_no_answer_to_the_customer(desk: TestDesk) -> None:
    """Both tickets have something with the number 1 that waits for this agent."""
    two_tickets(desk, ERIN)
    desk.feed(a_mail("Third", subject="Third", from_=DAVE, message_id="<three@customer.test>"), mail_from=DAVE)
    by_agent(desk, "#merge MB-3\n")
    question = next(n for n in desk.promises() if n.event == "confirm" and n.ticket == 1)
    by_agent(desk, "#merge MB-3\n", ticket=2)
    by_mara(desk, "#merge MB-2\n")
    by_mara(desk, "#yes\n")
    assert desk.ticket(1).merged_into == 2
    by_agent(desk, "yes", in_reply_to=f"<{question.message_id}>", to=question.reply_to)
    assert desk.ticket(2).merged_into is None
    assert "nothing-to-approve" in results(desk)
    assert not desk.promises(Audience.CUSTOMER, "answered")


# -- split ------------------------------------------------------------------------------------------------------


def a_second_message(desk: TestDesk, text: str = "And the scanner smokes.") -> None:
    address = desk.promises(Audience.CUSTOMER, "received")[0].reply_to
    desk.feed(a_mail(text, to=address, message_id="<second@customer.test>", subject="Re: Printer broken"), rcpt_to=(address,))


def test_split_takes_the_message_that_is_answered(desk: TestDesk) -> None:
    desk.feed(a_mail("The printer is broken."))
    a_second_message(desk)
    a_third = desk.promise_to("bogdan@desk.test", "customer_replied")
    address = desk.promises(Audience.CUSTOMER, "received")[0].reply_to
    desk.feed(a_mail("Thank you!", to=address, message_id="<third@customer.test>"), rcpt_to=(address,))
    by_agent(desk, "#split The scanner\n", in_reply_to=f"<{a_third.message_id}>")
    new = desk.ticket(2)
    assert (new.subject, new.links) == ("The scanner", (("split-from", 1),))
    assert (mails_on(desk, 1), mails_on(desk, 2)) == (["The printer is broken.", "Thank you!"], ["And the scanner smokes."])
    assert new.requester is not None
    assert new.requester.address == CAROL
    desk.assert_sound()


def test_after_a_split_old_tokens_stay_and_the_message_itself_leads_to_the_new_ticket(desk: TestDesk) -> None:
    desk.feed(a_mail("The printer is broken."))
    a_second_message(desk)
    by_agent(desk, "#split\n")
    address = desk.promises(Audience.CUSTOMER, "received")[0].reply_to
    by_token = desk.feed(a_mail("Printer?", to=address, message_id="<4@customer.test>"), rcpt_to=(address,))
    colleague = a_mail("Scanner?", from_=DAVE, subject="x", message_id="<5@customer.test>", in_reply_to="<second@customer.test>")
    assert (by_token.result.ticket, desk.feed(proven(colleague, "customer.test"), mail_from=DAVE).result.ticket) == (1, 2)


def test_split_ticket_is_news_to_its_team_with_the_message_and_no_receipt_to_the_customer(desk: TestDesk) -> None:
    desk.feed(a_mail("The printer is broken."))
    a_second_message(desk)
    by_agent(desk, "#split\n")
    new = [n for n in desk.promises() if n.ticket == 2]
    assert {(n.event, n.recipient) for n in new} == {("new", "clara@desk.test"), ("split", CAROL)}
    sent = [mail for mail in desk.deliver() if isinstance(mail, EmailMessage) and str(mail["Subject"]).startswith("[MB-2]")]
    texts = [body.get_content() for mail in sent if (body := mail.get_body(("plain",)))]
    assert ["And the scanner smokes." in text for text in texts] == [True]


# -- undo -------------------------------------------------------------------------------------------------------


def everything(desk: TestDesk) -> object:
    tickets = {ticket.id: but_time(ticket) for ticket in desk.tickets()}
    mails = {number: mails_on(desk, number) for number in tickets}
    return tickets, mails, [tickets_of(desk, who) for who in (CAROL, DAVE, ERIN)], [running(desk, number) for number in tickets]


def test_undo_by_mail_takes_a_merge_back_exactly(desk: TestDesk) -> None:
    two_tickets(desk)
    before = everything(desk)
    by_agent(desk, "#merge MB-2\n#priority high\n")
    after = everything(desk)
    assert after != before
    by_agent(desk, "#undo\n")  # to the address of MB-1, which leads to MB-2 now
    assert everything(desk) == before
    by_agent(desk, "#undo\n")
    assert everything(desk) == after
    desk.assert_sound()


def test_undo_by_mail_takes_a_split_back(desk: TestDesk) -> None:
    desk.feed(a_mail("The printer is broken."))
    a_second_message(desk)
    before = (but_time(desk.ticket(1)), mails_on(desk, 1))
    by_agent(desk, "#split\n")
    by_agent(desk, "#undo\n")
    assert (but_time(desk.ticket(1)), mails_on(desk, 1)) == before
    assert desk.ticket(2).merged_into == 1
    mail = a_mail("And?", subject="[MB-2]", message_id="<6@customer.test>")
    assert desk.feed(proven(mail, "customer.test")).result.ticket == 1
    desk.assert_sound()


def test_late_undo_is_refused_with_the_reason(desk: TestDesk) -> None:
    desk.feed(a_mail())
    by_agent(desk, "#close\n")
    desk.pass_time(minutes=11)
    by_agent(desk, "#undo\n")
    assert desk.ticket().status == "closed"
    assert "undo-too-late" in results(desk)


def test_manager_takes_back_an_agents_doing_and_the_agent_hears_of_it(desk: TestDesk) -> None:
    desk.feed(a_mail())
    by_agent(desk, "#team network\n")
    by_mara(desk, "#undo\n")
    assert desk.ticket().team == "support"
    assert told(desk, "undone") == [("bogdan@desk.test", 1)]


# -- links and erasing ------------------------------------------------------------------------------------------


def test_link_by_mail_stands_on_both(desk: TestDesk) -> None:
    two_tickets(desk)
    by_agent(desk, "#link blocks MB-2\n")
    assert (desk.ticket(1).links, desk.ticket(2).links) == ((("blocks", 2),), (("blocked-by", 1),))


def test_erasing_asks_first_and_then_leaves_no_word_anywhere(desk: TestDesk) -> None:
    desk.feed(a_mail("My password is hunter2."))
    desk.deliver()
    with desk.app.store.read() as tx:
        raw = tx.mails.of_ticket(1)[0].sha256
    by_mara(desk, "#erase\n")
    assert mails_on(desk, 1) == ["My password is hunter2."]
    by_mara(desk, "#yes\n")
    with desk.app.store.read() as tx:
        assert [(m.text, m.fresh, m.html, m.subject, m.sha256) for m in tx.mails.of_ticket(1)] == [("", "", "", "", "")] * 3
        assert not tx.blobs.has(raw)
        assert tx.search.find("hunter2") == []
        assert all(b"hunter2" not in (queued.rendered or b"") for queued in tx.outbox.list(limit=1000))
        assert not [q for q in tx.outbox.list(OutboxState.QUEUED) if q.notification.mail == 1]
    desk.deliver()
    desk.assert_sound()


@pytest.mark.parametrize("tells", ["received, merged, split", "received"])
def test_customers_hear_of_merges_and_splits_where_the_team_wants_it(tmp_path: Path, tells: str) -> None:
    wanted = "merged" in tells
    teams = RULES["teams.yaml"].replace("managers: [mara]}", f"managers: [mara], tells: [{tells}]}}", 1)
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": teams}) as desk:
        two_tickets(desk, DAVE)
        by_agent(desk, "#merge MB-2\n")
        by_agent(desk, "#yes\n")
        merged = desk.promises(Audience.CUSTOMER, "merged")
        assert [(n.recipient, n.ticket, dict(n.values)["other"]) for n in merged] == ([(CAROL, 2, "MB-1")] if wanted else [])
        by_agent(desk, "#split\n", ticket=2)
        assert [n.ticket for n in desk.promises(Audience.CUSTOMER, "split")] == ([3] if wanted else [])
        desk.deliver()


def test_several_tickets_that_one_mail_merged_are_all_taken_back_from_any_of_them(desk: TestDesk) -> None:
    for number in (1, 2, 3):
        desk.feed(a_mail(subject=f"Printer {number}", message_id=f"<p{number}@customer.test>"))
    bogdan = Actor(kind=ActorKind.AGENT, name="bogdan")
    with desk.app.store.write() as tx:
        execute_on_many(tx, desk.app.desk(), (1, 2), Request(commands=(Merge(into=3),)), bogdan, desk.clock.now())
    assert desk.ticket(3).absorbed == (1, 2)

    with desk.app.store.write() as tx:
        one = tx.tickets.get(1)
        assert one is not None
        execute(tx, desk.app.desk(), one, each([Undo()]), Actor(kind=ActorKind.ADMIN), desk.clock.now())

    assert [desk.ticket(number).merged_into for number in (1, 2)] == [None, None]
    assert desk.ticket(3).absorbed == ()
    desk.assert_sound()
