from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.config.model import LimitSettings
from mailbridge.notifications.limits import HOUR, Earlier, Postponed, Suppressed, limited
from mailbridge.notifications.model import Audience, Notification

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RECEIPT = Notification(ticket=1, audience=Audience.CUSTOMER, event="received", recipient="ana@acme.example", key="1")
LIMITS = LimitSettings(
    acks_per_sender_hour=1, acks_per_verified_hour=1, mails_per_recipient_hour=20, mails_per_recipient_day=100, automatic_per_hour=500
)


def verdict(
    notification: Notification = RECEIPT, *, now: datetime = AT, suspended: str | None = None, **earlier: int
) -> Suppressed | Postponed | None:
    return limited(notification, Earlier(**earlier), LIMITS, promised_at=AT, now=now, suspended=suspended)


def test_the_first_mail_goes() -> None:
    assert verdict() is None


@pytest.mark.parametrize(
    ("count", "limit"), [("receipts_hour", 1), ("recipient_hour", 20), ("recipient_day", 100), ("everybody_hour", 500)]
)
def test_each_cap_lets_the_last_one_through_and_stops_the_next(count: str, limit: int) -> None:
    assert verdict(**{count: limit - 1}) is None
    stopped = verdict(**{count: limit})
    assert isinstance(stopped, Postponed if count == "everybody_hour" else Suppressed)
    assert str(limit) in stopped.reason


def test_an_address_that_nobody_has_proven_gets_fewer() -> None:
    closed = replace(RECEIPT, event="closed")
    assert verdict(closed, recipient_hour=LIMITS.mails_per_unproven_hour) is None
    assert limited(closed, Earlier(unproven=True, recipient_hour=4), LIMITS, promised_at=AT, now=AT) is None
    assert isinstance(limited(closed, Earlier(unproven=True, recipient_hour=5), LIMITS, promised_at=AT, now=AT), Suppressed)


def test_the_cap_on_receipts_is_for_receipts() -> None:
    assert verdict(replace(RECEIPT, event="closed"), receipts_hour=5) is None


def test_what_was_held_goes_an_hour_after_it_was_promised() -> None:
    held = verdict(everybody_hour=500)
    assert isinstance(held, Postponed)
    assert held.until == AT + HOUR
    assert isinstance(verdict(now=AT + HOUR - timedelta(seconds=1), everybody_hour=500), Postponed)
    assert verdict(now=held.until, everybody_hour=500) is None


def test_a_suspended_address_gets_nothing_automatic_and_the_reason_is_kept() -> None:
    stopped = verdict(suspended="550 no such user")
    assert isinstance(stopped, Suppressed)
    assert "550 no such user" in stopped.reason


FREE = [replace(RECEIPT, automatic=False), *(replace(RECEIPT, audience=a) for a in Audience if a is not Audience.CUSTOMER)]


@pytest.mark.parametrize("free", FREE)
def test_agents_words_and_agents_news_are_never_stopped(free: Notification) -> None:
    assert verdict(free, suspended="x", receipts_hour=9, recipient_hour=99, recipient_day=999, everybody_hour=9999) is None
