"""Floods: what one sender or form may bring, on the real store of both databases.  Time is the test's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailbridge.config.model import LimitSettings
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Audience, Notification
from tests.harness import TestDesk, a_mail, proven

CAROL = "carol@customer.test"


@pytest.fixture
def usual(desk: TestDesk) -> TestDesk:
    """The desk with the limits that we ship."""
    desk.app.config = replace(desk.app.config, limits=LimitSettings())
    return desk


def flood(desk: TestDesk, count: int, *, verdict: str = "", first: int = 0, **headers: str) -> list[MailOutcome]:
    """`count` mails, one a second."""
    outcomes = []
    for number in range(first, first + count):
        desk.pass_time(seconds=1)
        fields = {"subject": f"Request {number}", "message_id": f"<{number}@customer.test>"} | headers
        raw = a_mail(f"It is about {number}.", **fields)
        outcomes.append(desk.feed(proven(raw, domain="customer.test", verdict=verdict) if verdict else raw).result.outcome)
    return outcomes


def test_sixty_mails_of_one_unproven_sender_in_a_minute(usual: TestDesk) -> None:
    spellings = ["carol@customer.test", "Carol+a@customer.test", "CAROL+b@Customer.test"]
    outcomes = [outcome for n in range(20) for outcome in flood(usual, 3, first=3 * n, from_=spellings[n % 3])]
    assert (outcomes.count(MailOutcome.TICKET), outcomes.count(MailOutcome.APPEND)) == (10, 50)
    with usual.app.store.read() as tx:
        assert len(tx.mails.of_ticket(10)) == 51
    assert len(usual.promises(event="received")) == 1
    for agent in ("bogdan@desk.test", "clara@desk.test"):
        assert len([n for n in usual.promises() if n.recipient == agent]) == 12
    assert [n.event for n in usual.promises(Audience.ADMIN)] == ["flood"]
    text = "\n".join(str(mail) for mail in usual.deliver())
    assert "mailbridge tickets show MB-10" in text
    assert "20 so far" in text
    usual.assert_sound()
    usual.pass_time(hours=1, seconds=1)
    assert flood(usual, 1, first=100) == [MailOutcome.TICKET]


def test_a_proven_customer_gets_a_number_for_each_request(usual: TestDesk) -> None:
    assert flood(usual, 13, verdict="pass") == [MailOutcome.TICKET] * 13
    usual.pass_time(minutes=5)
    usual.app.jobs.sweep()
    usual.deliver()
    assert len([mail for mail in usual.sent() if mail["To"] == "Carol Jones <carol@customer.test>"]) == 2
    (others,) = usual.promises(event="received_together")
    assert len(others.payload.rows) == 9  # type: ignore[union-attr]  # the first had a mail of its own, ten an hour is the limit


def test_a_sender_whose_verdict_is_fail_gets_no_receipt(usual: TestDesk) -> None:
    assert flood(usual, 2, verdict="fail") == [MailOutcome.TICKET] * 2
    assert usual.promises(event="received") == []


def test_a_forger_does_not_use_up_what_the_proven_owner_may(usual: TestDesk) -> None:
    flood(usual, 12, verdict="fail")
    assert flood(usual, 1, first=50, verdict="pass") == [MailOutcome.TICKET]
    assert len(usual.promises(event="received")) == 1


def test_fifteen_visitors_of_a_form_are_fifteen_requesters_with_fifteen_receipts(usual: TestDesk) -> None:
    for number in range(15):
        visitor = f"Visitor {number} <v{number}@visitor.test>"
        form = flood(usual, 1, first=number, from_="Website <support@desk.test>", reply_to=visitor)
        assert form == [MailOutcome.TICKET]
        usual.pass_time(seconds=2)
    assert [n.recipient for n in usual.promises(event="received")] == [f"v{number}@visitor.test" for number in range(15)]


def test_a_form_is_capped_by_its_visitor_and_far_above_by_itself(desk: TestDesk) -> None:
    desk.app.config = replace(desk.app.config, limits=LimitSettings(tickets_per_sender_hour=2, tickets_per_form_hour=4))
    outcomes = flood(desk, 3, from_="www@desk.test", reply_to="a@visitor.test")
    assert outcomes == [MailOutcome.TICKET, MailOutcome.TICKET, MailOutcome.APPEND]
    others = [flood(desk, 1, first=10 + n, from_="www@desk.test", reply_to=f"b{n}@visitor.test")[0] for n in range(3)]
    assert others == [MailOutcome.TICKET, MailOutcome.TICKET, MailOutcome.APPEND]


def test_mail_over_the_byte_quota_is_kept_aside_and_the_admins_hear_of_it_once_an_hour(desk: TestDesk) -> None:
    desk.app.config = replace(desk.app.config, limits=LimitSettings(bytes_per_sender_hour=1 << 20))
    big = "x" * 70 + "\n"
    for number in range(4):
        raw = a_mail(big * 9000, message_id=f"<{number}@customer.test>", subject=f"Big {number}")
        outcome = desk.feed(raw).result.outcome
        assert outcome is (MailOutcome.TICKET if number == 0 else MailOutcome.QUARANTINED)
    assert [n.event for n in desk.promises(Audience.ADMIN)] == ["quarantined"]


def test_agents_are_not_capped(usual: TestDesk) -> None:
    for number in range(12):
        raw = proven(a_mail(f"Do {number}", from_="bogdan@desk.test", subject=f"Own {number}", message_id=f"<{number}@desk.test>"))
        assert usual.feed(raw, mail_from="bogdan@desk.test").result.outcome is MailOutcome.TICKET


def answers(desk: TestDesk, count: int, *, verdict: str = "", first: int = 100) -> None:
    to = desk.promise_to(CAROL, "received").reply_to
    assert to
    flood(desk, count, verdict=verdict, first=first, to=to, subject="Re: Printer broken")


def told_to(desk: TestDesk, agent: str, event: str) -> list[Notification]:
    return [one for one in desk.promises(event=event) if one.recipient == agent]


def test_sixty_answers_of_an_unproven_sender_are_on_the_ticket_and_told_in_twelve_mails(usual: TestDesk) -> None:
    flood(usual, 1)
    answers(usual, 60)
    assert len(usual.tickets()) == 1
    with usual.app.store.read() as tx:
        assert len(tx.mails.of_ticket(1)) == 61
    told = [n for n in usual.promises() if n.recipient == "bogdan@desk.test" and n.event != "new"]
    assert len(told) == 12
    assert [n.event for n in usual.promises(Audience.ADMIN)] == ["flood"]
    usual.assert_sound()
    usual.pass_time(hours=1, seconds=1)
    answers(usual, 1, first=300)
    assert len([n for n in usual.promises() if n.recipient == "bogdan@desk.test" and n.event != "new"]) == 13


def test_a_proven_customer_s_answers_are_all_told_and_bundled_in_a_burst(usual: TestDesk) -> None:
    flood(usual, 1, verdict="pass")
    answers(usual, 40, verdict="pass")
    assert len(told_to(usual, "bogdan@desk.test", "customer_replied")) == 40
    sent = [mail for mail in usual.deliver() if "bogdan" in str(mail["To"])]
    assert len(sent) <= usual.app.config.limits.agent_mails_at_once + 1
    assert usual.promises(Audience.ADMIN) == []


def test_a_forger_s_answers_do_not_silence_the_proven_customer(usual: TestDesk) -> None:
    flood(usual, 1, verdict="pass")
    answers(usual, 15)
    before = len(told_to(usual, "bogdan@desk.test", "customer_replied"))
    answers(usual, 1, verdict="pass", first=300)
    assert len(told_to(usual, "bogdan@desk.test", "customer_replied")) == before + 1


def test_automatic_mails_to_an_address_that_nobody_proved_are_few_an_hour(desk: TestDesk) -> None:
    """The cap by address, below that of receipts by sender."""
    limits = LimitSettings(mails_per_unproven_hour=2, acks_per_sender_hour=9, receipts_together_minutes=0)
    desk.app.config = replace(desk.app.config, limits=limits)
    flood(desk, 4)
    flood(desk, 4, verdict="pass", first=20, from_="Dora <dora@customer.test>")
    desk.deliver()
    to = [str(mail["To"]) for mail in desk.sent()]
    assert sum("carol@" in one for one in to) == 2
    assert sum("dora@" in one for one in to) == 4
    with desk.app.store.read() as tx:
        errors = [one.error for one in tx.outbox.list(limit=100) if one.notification.recipient == CAROL and one.error]
    assert len(errors) == 2
    assert all("automatic mails to this address within an hour" in one for one in errors)


def test_a_forger_does_not_use_up_what_the_sites_own_form_may_bring(desk: TestDesk) -> None:
    """Mails in the form's name that fail DMARC once made real visitors' mails join theirs, unheard."""
    desk.app.config = replace(desk.app.config, limits=LimitSettings(tickets_per_form_hour=3))
    for number in range(4):
        fields = {"from_": "wordpress@desk.test", "reply_to": f"v{number}@attacker.test", "message_id": f"<f{number}@attacker.test>"}
        last = desk.feed(proven(a_mail(**fields), verdict="fail"), mail_from="x@attacker.test")
    assert last.result.outcome is MailOutcome.APPEND
    visitor = a_mail("Help!", from_="wordpress@desk.test", reply_to="vera@visitor.test", message_id="<real@desk.test>")
    assert desk.feed(proven(visitor), mail_from="wordpress@desk.test").result.outcome is MailOutcome.TICKET
    assert desk.promise_to("vera@visitor.test", "received")


def test_mail_that_fails_dmarc_is_put_on_no_ticket_of_mail_that_does_not(usual: TestDesk) -> None:
    """Grouped with the owner's tickets, a forger's words once were on the owner's latest ticket without any token."""
    assert flood(usual, 9, verdict="fail") == [MailOutcome.TICKET] * 9
    assert flood(usual, 1, first=20) == [MailOutcome.TICKET]
    assert flood(usual, 3, first=30, verdict="fail") == [MailOutcome.TICKET, MailOutcome.APPEND, MailOutcome.APPEND]
    assert flood(usual, 1, first=40) == [MailOutcome.TICKET]
    with usual.app.store.read() as tx:
        assert len(tx.mails.of_ticket(10)) == 1
        assert len(tx.mails.of_ticket(11)) == 3
