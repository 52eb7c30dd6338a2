"""The whole reading: dates, fingerprints, and that no bytes at all make it fail."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbridge.message.dates import read_date
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.message.parse import parse
from tests.examples import examples
from tests.raw_mails import a_part, multipart, raw_mail, read_mail


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0100", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("23 Nov 26 09:00 GMT", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 04:00:00 EST", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("Tue, 23 Nov 2026 09:00:00 +0000", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),  # it was a Monday
        ("Mon, 23 Nov 2026 09:00:00 +0000 (a (nested) comment)", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("23 Nov 26 09:00:00 PM +0000", datetime(2026, 11, 23, 21, 0, tzinfo=UTC)),
        ("Mo., 23 Nov. 2026 10:00:00 +0100 (MEZ)", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 10:00:00 GMT+0100", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("23 Nov 2026 09:00:00 UT +0200", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 09:00:00 +0000Received: from x", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("2026-11-23T10:00:00+01:00", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("Mon Nov 23 09:00:00 2026", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("Mon, 30 Feb 2026 10:00:00 +0000", None),
        ("Mon, 23 Nov 2026 25:00:00 +0000", None),
        ("Mon, 23 Nov 10000 10:00:00 +0000", None),
        ("Mon, 23 Nov 2026 10:00:00 +9999", None),
        ("Mon, 1 Jan 0001 00:00:00 +2359", None),
        ("(" * 50_000, None),
        ("9" * 50_000, None),
    ],
)
def test_date_is_the_moment_that_was_meant_or_none(written: str, moment: datetime | None) -> None:
    assert read_date(written)[0] == moment


def test_odd_date_is_told() -> None:
    assert "date: empty" in read_mail(raw_mail(Date="")).defects
    assert [defect for defect in read_mail(raw_mail(Date="yesterday")).defects if defect.startswith("date: ")]
    assert not [defect for defect in read_mail(raw_mail()).defects if defect.startswith("date: ")]


def test_usual_mail_has_no_defects() -> None:
    message = read_mail(raw_mail())
    assert message.defects == ()
    assert (message.subject, message.message_id, message.text) == ("Printer on fire", "one@customer.test", "It burns.\n")
    assert message.date == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_null_sender_is_told_from_no_return_path() -> None:
    assert read_mail(raw_mail(Return_Path="<>")).return_path == ""
    assert read_mail(raw_mail(Return_Path="<carol@customer.test>")).return_path == "carol@customer.test"
    assert read_mail(raw_mail()).return_path is None


def test_repeated_fields_are_told_and_the_first_is_read() -> None:
    message = read_mail(b"Subject: one\r\nSubject: two\r\n\r\nx")
    assert message.subject == "one"
    assert "2 subject fields" in message.defects


def fingerprint_of(raw: bytes) -> str:
    return read_mail(raw).fingerprint


def test_copies_by_different_ways_have_one_fingerprint() -> None:
    raw = raw_mail("It burns.\r\n\r\n")
    way = b"Return-Path: <carol@customer.test>\r\nReceived: from a by b\r\nX-Spam-Score: 1\r\nDKIM-Signature: v=1\r\n"
    assert fingerprint_of(way + raw) == fingerprint_of(raw)
    assert fingerprint_of(raw.replace(b"\r\n", b"\n")) == fingerprint_of(raw)
    assert fingerprint_of(raw.rstrip()) == fingerprint_of(raw)


def test_copies_without_a_message_id_have_one_fingerprint_whatever_servers_wrote() -> None:
    raw = raw_mail(Message_ID=None)
    assert fingerprint_of(
        b"Received: from a by b\r\nAuthentication-Results: mx; dmarc=pass\r\nDelivered-To: x@y\r\n" + raw
    ) == fingerprint_of(raw)


@pytest.mark.parametrize(
    "other",
    [
        raw_mail("something else"),
        raw_mail(From="mallory@attacker.test"),
        raw_mail(Subject="Other"),
        raw_mail(Message_ID="<two@customer.test>"),
    ],
)
def test_mail_that_only_shares_the_rest_is_another(other: bytes) -> None:
    assert fingerprint_of(other) != fingerprint_of(raw_mail())


@pytest.mark.parametrize("field", [{"Date": "Mon, 23 Nov 2026 09:00:01 +0000"}, {"To": "other@desk.test"}, {"X_Ticket": "7"}])
def test_twins_without_a_message_id_differ_where_their_senders_differ(field: dict[str, str]) -> None:
    assert fingerprint_of(raw_mail(Message_ID=None, **field)) != fingerprint_of(raw_mail(Message_ID=None))


def test_fingerprint_does_not_depend_on_how_the_body_falls_into_pieces() -> None:
    body = b"0123456789abcd\r\n" * 70_000
    assert fingerprint_of(raw_mail(body)) == fingerprint_of(raw_mail(body).replace(b"\r\n", b"\n"))
    assert fingerprint_of(raw_mail(body + b"\r\n" * 2_000_000)) == fingerprint_of(raw_mail(body))


def words_of(message: Message) -> list[str]:
    people = message.from_ + message.to + message.cc + message.reply_to
    return [
        message.subject,
        message.message_id,
        *message.references,
        *message.in_reply_to,
        *message.defects,
        *(word for header in message.headers for word in header),
        *(word for one in people for word in (one.name, one.address, one.group or "")),
        *(word for one in message.attachments for word in (one.name, one.original_name, one.content_type, one.content_id)),
    ]


def check(raw: bytes) -> None:
    message = parse(raw, ReadingPolicy())
    for word in words_of(message):
        assert not [char for char in word if ord(char) < 32 or 0x7F <= ord(char) < 0xA0], word
        assert word.encode("utf-8")[:0] == b""
    for text in (message.text, message.html, message.safe_html, *(part.text or "" for part in message.parts)):
        assert "\0" not in text
        assert text.encode("utf-8")[:0] == b""
    assert message.size == len(raw)
    assert len(message.fingerprint) == 64
    assert len(message.defects) <= 100


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=2000))
@example(b"")
@example(b"\n")
@example(b"\r")
@example(b":")
@example(b" ")
@example(b"\0")
@example(b"\xff\xfe")
@example(b"From")
@example(b"--")
@example(b"Content-Type: multipart/mixed; boundary=\n\n--\n--")
@example(b"Content-Type: message/rfc822\n\n")
@example(b"Content-Type: text/html; charset=utf-7\n\n+2AA-")
@example(b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22")
@example(b"Content-Type: application/pkcs7-mime\n\n0\x80")
def test_any_bytes_give_a_message(raw: bytes) -> None:
    check(raw)


SEEDS = (
    raw_mail(),
    raw_mail(
        "=?\r\n", Subject=b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", From='"Jones, Carol" (x) <carol@customer.test>'
    ),
    multipart(
        "alternative", a_part("plain =C3=BC", Content_Transfer_Encoding="quoted-printable"), a_part("<p>rich <b>x</b></p>", "text/html")
    ),
    multipart(
        "mixed", a_part("x"), a_part("aGVsbG8=", "application/pdf; name*0*=utf-8''a%20; name*1=b.pdf", Content_Transfer_Encoding="base64")
    ),
    multipart("mixed", a_part("begin 644 a\r\n#0V%T\r\n`\r\nend"), a_part(raw_mail("inner"), "message/rfc822")),
    raw_mail("a \r\nb\r\n> c \r\n> d", Content_Type="text/plain; format=flowed; delsp=yes; charset=shift_jis"),
)


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_any_mutation_of_a_mail_gives_a_message(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(150):
        check(mutated(SEEDS[seed], chance))


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """The mail with a few bytes changed, taken out, doubled or moved."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        at, size = chance.randrange(len(data)), chance.randint(1, 40)
        match chance.randrange(5):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size] * chance.randint(1, 20)
            case 3:
                data[at:at] = chance.choice([b"\0", b"\r", b"\n\n", b'"', b"(", b"<", b"=?", b"\xff\xfe", b"--edge", b"\x1b$B", b"%"])
            case 4:
                data[at:at] = data[: chance.randrange(len(data))][-size:]
        if not data:
            return b""
    return bytes(data)
