"""An agent passes a customer's mail on: whichever program did it, the ticket is the customer's, with their words and their time (IN10)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest

from mailbridge.handling.outcome import MailOutcome
from mailbridge.tickets.model import Role
from tests.harness import TestDesk, a_mail, proven

WORDS = "The label printer in the hall prints every label twice since Friday."
AT = datetime(2026, 11, 23, 8, 10, tzinfo=UTC)

INLINE = {
    "gmail": ("Fwd: Labels", "---------- Forwarded message ---------\nFrom: Carol Jones <carol@customer.test>\n"
              "Date: Mon, Nov 23, 2026 at 8:10 AM\nSubject: Labels\nTo: Bogdan <bogdan@desk.test>\n\n\n"),
    "gmail in german": ("Fwd: Labels", "---------- Weitergeleitete Nachricht ---------\nVon: Carol Jones <carol@customer.test>\n"
                        "Datum: Mo., 23. Nov. 2026 um 08:10 Uhr\nBetreff: Labels\nAn: Bogdan <bogdan@desk.test>\n\n\n"),
    "outlook": ("FW: Labels", "From: Carol Jones <carol@customer.test>\nSent: Monday, November 23, 2026 8:10 AM\n"
                "To: Bogdan <bogdan@desk.test>\nSubject: Labels\n\n"),
    "outlook in german": ("WG: Labels", "Von: Carol Jones <carol@customer.test>\nGesendet: Montag, 23. November 2026 08:10\n"
                          "An: Bogdan <bogdan@desk.test>\nBetreff: Labels\n\n"),
    "outlook in french": ("TR: Labels", "De : Carol Jones <carol@customer.test>\nEnvoyé : lundi 23 novembre 2026 08:10\n"
                          "À : Bogdan <bogdan@desk.test>\nObjet : Labels\n\n"),
    "outlook in romanian": ("FW: Labels", "De la: Carol Jones <carol@customer.test>\nTrimis: luni, 23 noiembrie 2026 08:10\n"
                            "Către: Bogdan <bogdan@desk.test>\nSubiect: Labels\n\n"),
    "outlook in russian": ("FW: Labels", "От: Carol Jones <carol@customer.test>\nОтправлено: 23 ноября 2026 г. 8:10\n"
                           "Кому: Bogdan <bogdan@desk.test>\nТема: Labels\n\n"),
    "outlook of old": ("FW: Labels", "-----Original Message-----\nFrom: Carol Jones [mailto:carol@customer.test]\n"
                       "Sent: Monday, November 23, 2026 8:10 AM\nTo: Bogdan\nSubject: Labels\n\n"),
    "apple mail": ("Fwd: Labels", "Begin forwarded message:\n\nFrom: Carol Jones <carol@customer.test>\nSubject: Labels\n"
                   "Date: 23 November 2026 at 08:10:00 GMT\nTo: Bogdan <bogdan@desk.test>\n\n"),
    "iphone in german": ("Fwd: Labels", "Anfang der weitergeleiteten Nachricht:\n\nVon: Carol Jones <carol@customer.test>\n"
                         "Datum: 23. November 2026 um 08:10:00 GMT\nAn: Bogdan <bogdan@desk.test>\nBetreff: Labels\n\n"),
    "thunderbird": ("Fwd: Labels", "-------- Forwarded Message --------\nSubject: Labels\nDate: Mon, 23 Nov 2026 08:10:00 +0000\n"
                    "From: Carol Jones <carol@customer.test>\nTo: Bogdan <bogdan@desk.test>\n\n"),
}  # fmt: skip


def passes_on(desk: TestDesk, raw: bytes) -> None:
    done = desk.feed(proven(raw), mail_from="bogdan@desk.test")
    assert (done.result.outcome, done.result.ticket) == (MailOutcome.TICKET, 1)


@pytest.mark.parametrize("program", INLINE)
def test_mail_passed_on_is_the_writers_own(program: str, desk: TestDesk) -> None:
    subject, head = INLINE[program]
    passes_on(desk, a_mail(f"He waits for a call.\n\n{head}{WORDS}\n", from_="Bogdan <bogdan@desk.test>", subject=subject))

    ticket = desk.ticket()
    with desk.app.store.read() as tx:
        first, note = tx.mails.of_ticket(1)
    assert ticket.requester is not None
    assert (ticket.requester.address, ticket.requester.name, ticket.subject) == ("carol@customer.test", "Carol Jones", "Labels")
    assert first.fresh == WORDS
    assert (note.fresh, note.internal) == ("He waits for a call.", True)
    assert ticket.created_at == AT
    assert sorted((n.recipient, n.event) for n in desk.promises()) == [
        ("bogdan@desk.test", "commands"),
        ("carol@customer.test", "received"),
        ("clara@desk.test", "new"),
    ]
    desk.assert_sound()


@pytest.mark.parametrize("name", ["Labels.eml", "forwarded message", ""])
def test_mail_passed_on_as_a_file_is_opened(name: str, desk: TestDesk) -> None:
    """Thunderbird and Outlook pass on whole mails as message/rfc822."""
    inner = EmailMessage(policy=default)
    inner["From"] = "Carol Jones <carol@customer.test>"
    inner["To"] = "Bogdan <bogdan@desk.test>"
    inner["Cc"] = "dana@other.test"
    inner["Subject"] = "Labels"
    inner["Date"] = "Mon, 23 Nov 2026 08:10:00 +0000"
    inner["Message-ID"] = "<labels@customer.test>"
    inner.set_content(WORDS)
    outer = EmailMessage(policy=default.clone(linesep="\r\n"))
    outer["From"] = "Bogdan <bogdan@desk.test>"
    outer["To"] = "support@desk.test"
    outer["Subject"] = "Fwd: Labels"
    outer["Message-ID"] = "<passed@desk.test>"
    outer.set_content("#priority high\n")
    outer.add_attachment(inner, **({"filename": name} if name else {}))

    passes_on(desk, outer.as_bytes())

    ticket = desk.ticket()
    people = [(p.address, p.role) for p in ticket.participants]
    assert people == [("carol@customer.test", Role.REQUESTER), ("dana@other.test", Role.MENTIONED)]
    assert (ticket.priority, ticket.created_at) == ("high", AT)
    late = a_mail("And now three times.", in_reply_to="<labels@customer.test>", subject="Re: Labels", message_id="<l2@customer.test>")
    assert desk.feed(proven(late, "customer.test")).result.ticket == 1


def test_customer_who_passes_something_on_is_the_one_who_asks(desk: TestDesk) -> None:
    head = INLINE["gmail"][1].replace("carol@customer.test", "dana@other.test")
    desk.feed(a_mail(f"What does she want?\n\n{head}{WORDS}\n", subject="Fwd: Labels"))
    requester = desk.ticket().requester
    assert requester is not None
    assert requester.address == "carol@customer.test"


def test_forged_agent_cannot_open_a_ticket_for_somebody_else(desk: TestDesk) -> None:
    raw = a_mail(f"x\n\n{INLINE['gmail'][1]}{WORDS}\n", from_="Bogdan <bogdan@desk.test>", subject="Fwd: Labels")
    done = desk.feed(proven(raw, verdict="fail"), mail_from="mallory@attacker.test")
    assert done.result.outcome is MailOutcome.HELD
    assert desk.tickets() == []
    assert [n.event for n in desk.promises() if n.recipient == "carol@customer.test"] == []


def test_last_years_mail_counts_from_today(desk: TestDesk) -> None:
    head = INLINE["thunderbird"][1].replace("2026", "2024")
    passes_on(desk, a_mail(f"{head}{WORDS}\n", from_="Bogdan <bogdan@desk.test>", subject="Fwd: Labels"))
    assert desk.ticket().created_at == desk.clock.now()


def test_colleagues_mail_that_is_passed_on_is_nobodys_request(desk: TestDesk) -> None:
    """The original writer is an agent: nobody asks on behalf of those, so the one who passed it on is asked."""
    head = INLINE["gmail"][1].replace("carol@customer.test", "clara@desk.test")
    passes_on(desk, a_mail(f"{head}{WORDS}\n", from_="Bogdan <bogdan@desk.test>", subject="Fwd: Labels"))
    assert dict(desk.promise_to("bogdan@desk.test", "commands").values)["unsure"] == "yes"
