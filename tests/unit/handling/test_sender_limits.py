"""Caps from counts alone: the edges, and who a mailbox is."""

from __future__ import annotations

import pytest

from mailbridge.config.model import LimitSettings
from mailbridge.handling.sender_limits import is_told, judged, owner_of
from mailbridge.store.openings import Opened

LIMITS = LimitSettings(bytes_per_sender_hour=1000)
SENDER, VERIFIED, FORM = "unproven:a@x.test", "verified:a@x.test", "form:www@desk.test"


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("Ana+lists@X.Test", "ana@x.test"),
        ("a.n.a+b@gmail.com", "ana@gmail.com"),
        ("A.na@googlemail.com", "ana@gmail.com"),
        ("a.n.a@x.test", "a.n.a@x.test"),
        ("+only@x.test", "+only@x.test"),
        ('"an\\a"@x.test', "ana@x.test"),
        ('"ana"@x.test', "ana@x.test"),
        ("ana@\uff58.test", "ana@x.test"),
        ("ana@x\u00ad.test", "ana@x.test"),
        ("ana@b\u00fccher.test", "ana@xn--bcher-kva.test"),
        ("", "@"),
    ],
)
def test_an_owner_is_a_mailbox_whatever_its_spelling(address: str, owner: str) -> None:
    assert owner_of(address) == owner


def test_the_tenth_ticket_opens_and_the_next_mail_is_grouped() -> None:
    assert judged(SENDER, "", Opened(tickets=9, row=4, ticket=40), Opened(), 1, LIMITS).onto == (0, 0)
    assert judged(SENDER, "", Opened(tickets=10, row=4, ticket=40), Opened(), 1, LIMITS).onto == (4, 40)


def test_a_proven_sender_is_never_grouped_and_gets_ten_receipts() -> None:
    allowed = judged(VERIFIED, "", Opened(tickets=999, receipts=9), Opened(), 1 << 40, LIMITS)
    assert (allowed.onto, allowed.no_receipt, allowed.over_quota) == ((0, 0), "", False)
    assert judged(VERIFIED, "", Opened(receipts=10), Opened(), 1, LIMITS).no_receipt


def test_an_unproven_sender_gets_one_receipt() -> None:
    assert not judged(SENDER, "", Opened(), Opened(), 1, LIMITS).no_receipt
    assert judged(SENDER, "", Opened(tickets=1, receipts=1), Opened(), 1, LIMITS).no_receipt


def test_a_form_is_grouped_far_above_what_visitors_bring() -> None:
    assert judged(SENDER, FORM, Opened(), Opened(tickets=299, row=1, ticket=7), 1, LIMITS).onto == (0, 0)
    assert judged(SENDER, FORM, Opened(), Opened(tickets=300, row=1, ticket=7), 1, LIMITS).onto == (1, 7)


def test_bytes_have_a_quota_but_one_big_mail_alone_is_no_flood() -> None:
    assert not judged(SENDER, "", Opened(), Opened(), 5000, LIMITS).over_quota
    assert not judged(SENDER, "", Opened(bytes=400), Opened(), 600, LIMITS).over_quota
    assert judged(SENDER, "", Opened(bytes=400), Opened(), 601, LIMITS).over_quota


def test_agents_hear_of_a_flood_ever_more_seldom_and_always_again() -> None:
    assert [n for n in range(1, 3000) if is_told(n)] == [1, 20, 200, 2000]
