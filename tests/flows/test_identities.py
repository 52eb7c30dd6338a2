"""Mails to customers come from the identity that the customer wrote to, and answers to it come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.config.model import DeskSettings, Identity, Mailbox
from mailbridge.handling.outcome import MailOutcome
from mailbridge.message.envelope import Envelope, Source
from tests.harness import TestDesk, a_config, a_desk, a_mail, proven

SALES = Identity(address="sales@brand.test", name="Brand Sales", signature="Brand Sales\n+40 232 1", language="ro", team="network")
BILLS = Identity(address="bills@desk.test", name="Acme Bills")


def settings(folder: Path, *identities: Identity) -> DeskSettings:
    return replace(a_config(folder).desk, identities=identities)


def to_carol(desk: TestDesk) -> list[str]:
    return [str(mail["From"]) for mail in desk.deliver() if "carol" in str(mail["To"])]


def answer(desk: TestDesk, text: str = "Clean the sensor.") -> None:
    """Whoever has the ticket answers it."""
    told = next(n for n in reversed(desk.promises()) if n.recipient in ("clara@desk.test", "bogdan@desk.test"))
    headers = {"from_": told.recipient, "to": told.reply_to, "subject": "Re: Printer broken", "in_reply_to": f"<{told.message_id}>"}
    raw = proven(a_mail(text, message_id=f"<a{len(desk.promises())}@desk.test>", **headers))
    assert desk.feed(raw, mail_from=told.recipient, rcpt_to=(told.reply_to,)).result.outcome is MailOutcome.APPEND


def test_what_the_customer_wrote_to_answers(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES, BILLS)) as desk:
        desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
        answer(desk)

        assert to_carol(desk) == ["Brand Sales <sales@brand.test>", "Clara Weiss via Brand Sales <sales@brand.test>"]
        assert desk.ticket().identity == "sales@brand.test"
        assert desk.ticket().team == "network"
        receipt, answered = [mail for mail in desk.sent() if "carol" in str(mail["To"])]
        for mail in (receipt, answered):
            assert str(mail["Reply-To"]).startswith("sales+mb1.c.")
            assert str(mail["Reply-To"]).endswith("@brand.test")
            assert str(mail["Message-ID"]).endswith("@brand.test>")
            assert "Brand Sales\n+40 232 1" in mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert str(answered["In-Reply-To"]) == "<one@customer.test>"


def test_agents_read_mails_of_the_desk(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES)) as desk:
        desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
        mails = [mail for mail in desk.deliver() if "clara" in str(mail["To"])]

        assert mails
        assert {str(mail["From"].addresses[0].addr_spec) for mail in mails} == {"support@desk.test"}
        assert all(str(mail["Reply-To"]).startswith("support+mb1.a") for mail in mails)


def test_an_answer_to_the_identity_comes_back_to_its_ticket(tmp_path: Path) -> None:
    """By the signed address alone: no reference, another subject."""
    with a_desk(tmp_path, desk=settings(tmp_path, SALES)) as desk:
        desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
        reply_to = desk.promise_to("carol@customer.test").reply_to
        raw = a_mail("It prints again.", to=reply_to, subject="Hello", message_id="<two@customer.test>")

        done = desk.feed(raw, rcpt_to=(reply_to,))

        assert (done.result.outcome, done.result.ticket) == (MailOutcome.APPEND, 1)


def test_an_answer_is_known_by_its_reference_alone(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES)) as desk:
        desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
        ours = desk.promise_to("carol@customer.test").message_id
        raw = a_mail("It prints again.", to="sales@brand.test", subject="Hello", message_id="<two@customer.test>", in_reply_to=f"<{ours}>")

        assert desk.feed(raw, rcpt_to=("sales@brand.test",)).result.ticket == 1
        assert len(desk.tickets()) == 1


def test_the_ticket_keeps_what_the_customer_wrote_to_when_it_moves(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES, BILLS)) as desk:
        desk.feed(a_mail(to="bills@desk.test", subject="vpn"), rcpt_to=("bills@desk.test",))
        answer(desk, "We look.\n\n#team support")

        assert desk.ticket().team == "support"
        assert all("bills@desk.test" in sender for sender in to_carol(desk))
        assert len(to_carol(desk)) == 2


def test_the_teams_identity_answers_where_the_customer_wrote_to_none(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES)) as desk:
        desk.feed(a_mail(subject="vpn is slow"))
        desk.feed(a_mail(subject="Printer", message_id="<two@customer.test>"))
        desk.pass_time(minutes=6)
        desk.app.jobs.sweep()

        senders = to_carol(desk)

        assert any("sales@brand.test" in sender for sender in senders)
        assert any("support@desk.test" in sender for sender in senders), "two brands are not told in one mail"
        assert desk.ticket(1).identity == desk.ticket(2).identity == ""


@pytest.mark.parametrize(
    ("headers", "rcpt_to", "decides"),
    [
        ({"to": "support@desk.test, sales@brand.test, bills@desk.test"}, ("bills@desk.test",), "sales@brand.test"),
        ({"to": "support@desk.test", "cc": "Bills <BILLS@desk.test>"}, ("sales@brand.test",), "bills@desk.test"),
        ({"to": "list@customer.test"}, ("bills+x@desk.test",), "bills@desk.test"),
        ({"to": "list@customer.test", "delivered_to": "sales@brand.test"}, ("someone@desk.test",), "sales@brand.test"),
        ({"to": "support@desk.test"}, ("support@desk.test",), ""),
    ],
)
def test_which_address_decides(tmp_path: Path, headers: dict[str, str], rcpt_to: tuple[str, ...], decides: str) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES, BILLS)) as desk:
        desk.feed(a_mail(**headers), rcpt_to=rcpt_to)

        assert desk.ticket().identity == decides


def test_a_blind_copy_is_decided_by_the_mailbox(tmp_path: Path) -> None:
    box = Mailbox(name="brand", host="imap.test", user="sales@brand.test")
    with a_desk(tmp_path, desk=settings(tmp_path, SALES), mailboxes=(box,)) as desk:
        envelope = Envelope(source=Source.IMAP, received_at=desk.clock.now(), account="brand", folder="INBOX", uidvalidity=1, uid=1)
        desk.app.inbox.accept(a_mail(to="undisclosed@customer.test"), envelope)
        desk.work()

        assert desk.ticket().identity == "sales@brand.test"


def test_mail_of_an_identity_to_an_identity_makes_no_loop(tmp_path: Path) -> None:
    """Our own receipt comes back, as a redirect to another address of the desk would send it."""
    with a_desk(tmp_path, desk=settings(tmp_path, SALES, BILLS)) as desk:
        desk.feed(a_mail(to="sales@brand.test"), rcpt_to=("sales@brand.test",))
        receipt = next(mail for mail in desk.deliver() if "carol" in str(mail["To"]))
        before = len(desk.sent())

        done = desk.feed(receipt.as_bytes(), mail_from="sales@brand.test", rcpt_to=("bills@desk.test",))

        assert done.result.outcome not in (MailOutcome.TICKET, MailOutcome.APPEND)
        assert len(desk.deliver()) == before


def test_an_identity_is_nobody_whom_a_copy_could_go_to(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES, BILLS)) as desk:
        desk.feed(proven(a_mail(to="sales@brand.test", cc="bills@desk.test"), domain="customer.test"), rcpt_to=("sales@brand.test",))

        assert [one.address for one in desk.ticket().participants] == ["carol@customer.test"]


def test_a_deleted_identity_leaves_the_desks_own_address(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, BILLS)) as desk:
        desk.feed(a_mail(to="bills@desk.test"), rcpt_to=("bills@desk.test",))
        assert desk.ticket().identity == "bills@desk.test"
    with a_desk(tmp_path) as desk:
        desk.pass_time(minutes=1)

        assert to_carol(desk) == ["Acme Support <support@desk.test>"]


def test_receipts_of_two_brands_are_two_mails(tmp_path: Path) -> None:
    with a_desk(tmp_path, desk=settings(tmp_path, SALES, BILLS)) as desk:
        for number, to in enumerate(("sales@brand.test", "bills@desk.test", "bills@desk.test", "sales@brand.test"), 1):
            desk.feed(proven(a_mail(to=to, message_id=f"<{number}@customer.test>"), domain="customer.test"), rcpt_to=(to,))
        desk.app.jobs.sweep(desk.pass_time(minutes=6) + timedelta(0))

        senders = to_carol(desk)

        assert sum("sales@brand.test" in one for one in senders) == 2
        assert sum("bills@desk.test" in one for one in senders) == 1
