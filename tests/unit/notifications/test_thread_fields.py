"""Thread-Index as [MS-OXOMSG] 2.2.1.3 describes it, and mails in threads."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from mailbridge.delivery.render.thread_fields import thread_fields, thread_index
from tests.threads import threads

OPENED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OUTLOOKS = "AdtZr0mQh1k5n2p4Qm2dUeVvW3lq8A=="


def test_an_index_of_ours_begins_with_the_time_and_is_shared_by_the_thread() -> None:
    first = b64decode(thread_index("", "a@customer.test", OPENED, OPENED + timedelta(minutes=1)))
    second = b64decode(thread_index("", "a@customer.test", OPENED, OPENED + timedelta(days=3)))

    assert first[:22] == second[:22] != b64decode(thread_index("", "b@customer.test", OPENED, OPENED))[:22]
    assert len(first) == len(second) == 27
    began = int.from_bytes(first[:6] + b"\0\0", "big") // 10
    assert abs(datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=began) - OPENED) < timedelta(milliseconds=7)


@pytest.mark.parametrize("passed", [timedelta(minutes=1), timedelta(days=3), timedelta(days=900)])
def test_a_block_says_how_long_after_the_beginning(passed: timedelta) -> None:
    block = int.from_bytes(b64decode(thread_index("", "a@customer.test", OPENED, OPENED + passed))[22:26], "big")
    shift, steps = (23, block & 0x7FFFFFFF) if block >> 31 else (18, block)

    assert abs(timedelta(microseconds=(steps << shift) // 10) - passed) < timedelta(seconds=2)


def test_the_index_of_the_customer_s_mail_goes_on() -> None:
    assert b64decode(thread_index(OUTLOOKS, "a@x", OPENED, OPENED))[:22] == b64decode(OUTLOOKS)


@pytest.mark.parametrize("broken", ["", "AdtZ", "no base64 at all!", b64encode(b"\x02" * 22).decode(), b64encode(b"\x01" * 24).decode()])
def test_what_is_no_index_is_not_continued(broken: str) -> None:
    assert thread_index(broken, "a@x", OPENED, OPENED) == thread_index("", "a@x", OPENED, OPENED)


def test_an_index_does_not_grow_for_ever() -> None:
    long = b64encode(b"\x01" * (22 + 5 * 400)).decode()

    assert len(b64decode(thread_index(long, "a@x", OPENED, OPENED))) == 22 + 5 * 21


def test_the_fields_of_a_mail_are_read_from_its_header_alone() -> None:
    raw = f"Subject: x\r\nThread-Topic: Printer\r\n broken\r\nThread-Index: {OUTLOOKS}\r\n\r\nThread-Topic: of the body\r\n".encode()
    found = thread_fields(raw)

    assert (found.topic, found.index) == ("Printer broken", OUTLOOKS)
    assert thread_fields(b"\r\n\r\nThread-Topic: body").topic == ""


@pytest.mark.timeout(20)
@pytest.mark.parametrize("hostile", [b"Content-Type: text/plain" + b";" * 200_000, b"Thread-Topic: " + b"=?utf-8?q?a?= " * 15_000])
def test_a_hostile_header_takes_no_long_time(hostile: bytes) -> None:
    """With the whole header parsed, these took minutes."""
    assert thread_fields(hostile + f"\r\nThread-Index: {OUTLOOKS}\r\n\r\n".encode()).index == OUTLOOKS


@pytest.mark.parametrize("written", ["Thread-Index: {}", "THREAD-INDEX:{}", "thread-index: {}", "Thread-Index:\r\n {}"])
def test_an_index_is_found_however_it_is_written(written: str) -> None:
    for end in ("\r\n", "\n"):
        raw = f"Subject: x\r\n Thread-Index: folded\r\n{written.format(OUTLOOKS)}\r\nTo: a@b\r\n\r\n".replace("\r\n", end)
        assert thread_fields(raw.encode()).index == OUTLOOKS


def a_mail(id: str, *references: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Message-ID"] = f"<{id}>"
    if references:
        mail["References"] = " ".join(f"<{reference}>" for reference in references)
    return mail


def test_mails_that_share_a_root_nobody_has_are_one_thread() -> None:
    one, two, other = a_mail("1@x", "root@x"), a_mail("2@x", "root@x", "9@x"), a_mail("3@x", "elsewhere@x")

    assert sorted(len(thread) for thread in threads([one, two, other])) == [1, 2]
