"""Days, hours and refusals in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from mailbridge.delivery.render.bounces import bounce_kind
from mailbridge.delivery.render.render import guarded
from mailbridge.delivery.render.samples import sample_notification
from mailbridge.delivery.render.template_context import DeskView, TemplateContext, TicketView
from mailbridge.notifications.model import Audience
from mailbridge.organisation.opening_hours import OpenDays, OpeningHours, opening_hours
from mailbridge.sla.calendar import Calendar
from tests.compiled import SHIPPED

NOW = datetime(2026, 11, 23, 9, 48, tzinfo=UTC)  # Monday, 11:48 in Bucharest
NINE_TO_SIX = ((time(9), time(18)),)
OFFICE = Calendar(name="office", zone="Europe/Bucharest", hours=(*[NINE_TO_SIX] * 5, ((time(10), time(14)),), ()))
VIEW = TemplateContext(
    desk=DeskView(name="Acme Support", address="support@acme.example"),
    ticket=TicketView(number="MB-1", subject="Printer broken", opened_as="Printer broken", verified=True, answered=True),
    recipient_name="Ana Pop",
    now=NOW,
    zone="Europe/Bucharest",
    opening=opening_hours(OFFICE, NOW),
)


def text(view: TemplateContext, audience: Audience, event: str, language: str = "en") -> str:
    notification, seen = guarded(sample_notification(audience, event, language), view)
    worded = SHIPPED.render(notification, seen)
    return f"{worded.subject}\n{worded.text}"


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (datetime(2026, 11, 23, 11, 0, tzinfo=UTC), "answer due today 13:00, in 1 h 12 min"),
        (datetime(2026, 11, 23, 9, 28, tzinfo=UTC), "answer due today 11:28, 20 min ago"),
        (datetime(2026, 11, 24, 7, 0, tzinfo=UTC), "answer due tomorrow 09:00, in 21 h 12 min"),
        (datetime(2026, 11, 22, 22, 30, tzinfo=UTC), "answer due today 00:30, 11 h 18 min ago"),
        (datetime(2026, 11, 24, 12, 0, tzinfo=UTC), "answer due tomorrow 14:00 ·"),
        (datetime(2026, 11, 30, 7, 0, tzinfo=UTC), "answer due Mon 30 Nov 09:00 EET"),
    ],
)
def test_a_due_time_is_said_as_the_reader_counts(due: datetime, said: str) -> None:
    assert VIEW.ticket is not None
    view = replace(VIEW, ticket=replace(VIEW.ticket, answer_due=due, solve_due=datetime(2026, 12, 4, tzinfo=UTC)))

    assert said in text(view, Audience.AGENT, "new")


def test_days_with_the_same_hours_are_one_line() -> None:
    week = opening_hours(OFFICE, NOW)

    assert week.days == (OpenDays(first=0, last=4, hours="09:00–18:00"), OpenDays(first=5, last=5, hours="10:00–14:00"))
    assert week.opens_at is None
    assert opening_hours(OFFICE, datetime(2026, 11, 28, 20, 0, tzinfo=UTC)).opens_at == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
    assert opening_hours(Calendar(), NOW) == OpeningHours()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["about “Printer broken”", "Hello Ana Pop", "Mon–Fri 09:00–18:00; Sat 10:00–14:00 EET", "open again tomorrow 09:00"]),
        ("ro", ["mesajul despre „Printer broken”", "Ana Pop", "luni–vineri 09:00–18:00", "redeschidem mâine la 09:00"]),
        ("ru", ["по теме «Printer broken»", "Ana Pop", "пн–пт 09:00–18:00", "откроемся завтра в 09:00"]),
    ],
)
def test_a_receipt_says_what_it_is_about_and_when_somebody_is_there(language: str, said: list[str]) -> None:
    night = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
    shown = text(replace(VIEW, now=night, opening=opening_hours(OFFICE, night)), Audience.CUSTOMER, "received", language)

    assert [words for words in said if words not in shown] == []
    assert shown.count("MB-1") == 2  # once in the subject, once in the text


@pytest.mark.parametrize("language", ["en", "ro", "ru"])
def test_a_receipt_to_a_writer_whom_nothing_proves_has_the_hours_and_no_word_of_theirs(language: str) -> None:
    assert VIEW.ticket is not None
    shown = text(replace(VIEW, ticket=replace(VIEW.ticket, verified=False, answered=False)), Audience.CUSTOMER, "received", language)

    assert "09:00–18:00" in shown
    assert "Printer" not in shown
    assert "Ana" not in shown


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("550 5.1.1 no such user here", "no-mailbox"),
        ("5.1.1 smtp; 550 5.1.1 <ana@acme.example>: Recipient address rejected: User unknown in virtual mailbox table", "no-mailbox"),
        ("5.1.10 smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "no-mailbox"),
        ("5.2.2 smtp; 552 5.2.2 The recipient's inbox is out of storage space", "full"),
        ("452 4.2.2 The email account that you tried to reach is over quota", "full"),
        ("5.4.4 dns; Host or domain name not found. Name service error for name=acme.exmaple type=A", "no-domain"),
        ("550 5.7.26 This mail has been blocked because the sender is unauthenticated", "refused"),
        ("554 Message rejected", "refused"),
        ("4.4.7 Message expired: delivery time expired", "not-in-time"),
        ("5.3.4 message size exceeds fixed limit", "too-large"),
        ("template error: x is undefined", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_refusal_has_a_reason_in_words(reason: str, kind: str) -> None:
    assert bounce_kind(reason) == kind
    assert text(replace(VIEW, values={"failed_recipient": "a@x.test", "failed_what": "", "reason": reason}), Audience.AGENT, "bounced")


def test_every_reason_has_words_and_a_remedy() -> None:
    bounced = replace(VIEW, values={"failed_recipient": "ana@acme.example", "failed_what": "answered", "reason": "550 5.1.1 no such user"})
    shown = text(bounced, Audience.AGENT, "bounced")

    assert "There is no mailbox with this address. Check the spelling" in shown
    assert "The server said: 550 5.1.1 no such user" in shown
