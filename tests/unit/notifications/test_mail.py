from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.delivery.render.mail import Unwritable, build, deliverable, needs_utf8
from mailbridge.delivery.render.render import Worded
from mailbridge.message.model import Attachment
from mailbridge.notifications.model import Audience, Notification
from tests.examples import examples

NOW = datetime(2026, 11, 21, 20, 0, 5, tzinfo=UTC)
NOTIFICATION = Notification(
    ticket=1, audience=Audience.CUSTOMER, event="received", recipient="ana@acme.example", name="Ana Pop", key="1.1.customer.received",
    message_id="mb1.c.k7.q2@desk.example", reply_to="support+mb1.c.q2@desk.example", in_reply_to="one@acme.example",
    references=("zero@acme.example", "one@acme.example"),
)  # fmt: skip
WORDED = Worded(subject="Re: Printer [MB-1]", text="Hello,\n\nit works.\n", html="<p>Hello,</p><p>it works.</p>")


def built(worded: Worded = WORDED, attachments: tuple[Attachment, ...] = (), **changes: object) -> bytes:
    notification = replace(NOTIFICATION, **changes)  # type: ignore[arg-type]
    return build(
        worded, notification, sender_address="support@desk.example", desk_name="Desk", date=NOW, attachments=attachments, loop_mark="m4rk"
    )


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def a_file(content: bytes = b"\x00\x01data", name: str = "panel.jpg", **more: str) -> Attachment:
    values = {"content_type": "image/jpeg"} | more
    return Attachment(part="2", name=name, size=len(content), sha256=sha256(content).hexdigest(), content=content, **values)  # type: ignore[arg-type]


def leaves(message: Message) -> list[Message]:
    return [part for part in message.walk() if not part.is_multipart()]


def test_an_acknowledgement_says_what_it_is_and_how_to_answer_it() -> None:
    message = read(built())
    assert {name: str(message[name]) for name in message if name != "Content-Type"} == {
        "From": "Desk <support@desk.example>",
        "To": "Ana Pop <ana@acme.example>",
        "Subject": "Re: Printer [MB-1]",
        "Date": "Sat, 21 Nov 2026 20:00:05 +0000",
        "Message-ID": "<mb1.c.k7.q2@desk.example>",
        "Reply-To": "support+mb1.c.q2@desk.example",
        "In-Reply-To": "<one@acme.example>",
        "References": "<zero@acme.example> <one@acme.example>",
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
        "X-Mailbridge-Loop": "m4rk",
        "MIME-Version": "1.0",
    }
    assert message.get_content_type() == "multipart/alternative"


def test_a_clocks_alert_is_generated_and_answers_nothing() -> None:
    assert read(built(event="overdue", audience=Audience.MANAGER))["Auto-Submitted"] == "auto-generated"


def test_an_agents_own_words_are_no_robots() -> None:
    message = read(built(event="answered", automatic=False, from_name="Bogdan at Desk"))
    assert message["Auto-Submitted"] is None
    assert message["X-Auto-Response-Suppress"] is None
    assert str(message["From"]) == "Bogdan at Desk <support@desk.example>"
    assert message["X-Mailbridge-Loop"] == "m4rk"


def test_the_same_notification_is_written_the_same_twice() -> None:
    assert built(attachments=(a_file(),)) == built(attachments=(a_file(),))


@pytest.mark.parametrize("length", [20, 100, 300, 900])
def test_long_foreign_message_ids_stay_whole(length: int) -> None:
    # given ids as Exchange makes them, longer than a line
    ids = tuple("x" * length + f"{n}@exchange.example" for n in range(5))
    raw = built(in_reply_to=ids[4], references=ids)
    # then no id is cut, encoded or folded inside
    unfolded = raw.replace(b"\r\n ", b" ")
    assert b"In-Reply-To: <" + ids[4].encode() + b">\r\n" in unfolded
    found = next(line for line in unfolded.split(b"\r\n") if line.startswith(b"References: ")).removeprefix(b"References: ").decode()
    kept = [f"<{one}>" for one in ids]
    assert found.split(" ")[0] == kept[0]
    assert set(found.split(" ")) <= set(kept)
    assert len(found) <= 1_500
    assert found.endswith(kept[-1]) or length == 900


def test_a_foreign_id_that_is_none_is_left_out() -> None:
    message = read(built(in_reply_to="a b@c", references=("ok@x", "<evil@x>\r\nBcc: victim@x", "", "ünïcode@x")))
    assert message["In-Reply-To"] is None
    assert message["References"] == "<ok@x>"


def test_many_references_keep_the_first_and_the_last() -> None:
    ids = tuple(f"{n}@x" for n in range(500))
    kept = str(read(built(references=ids, in_reply_to=ids[-1]))["References"]).split()
    assert len(kept) == 20
    assert (kept[0], kept[-1]) == ("<0@x>", "<499@x>")


@pytest.mark.parametrize(
    "address",
    [
        "", "ana", "ana@", "@acme.example", "a b@acme.example", "ana@acme.example\r\nBcc: x@y.example",
        "ana@acme.example>\r\nRCPT TO:<x@y.example",
        "<ana@acme.example>", "ana@acme..example", "ana@-acme.example", ".ana@acme.example", "a..b@acme.example", '"a b"@acme.example',
        "ana@[127.0.0.1]", "ana@acme.example,bob@acme.example", "a@b@c.example", "ana@acme.example\x00", "ana\u2028@acme.example",
        "a" * 65 + "@acme.example", "a@" + "b" * 64 + ".example", "ana@acme.example ", "=?utf-8?q?a?=@acme.example\n",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Unwritable):
        built(recipient=address)


@pytest.mark.parametrize(
    ("address", "sent", "utf8"),
    [
        ("ana.pop+x@acme.example", "ana.pop+x@acme.example", False),
        ("ana@bücher.example", "ana@xn--bcher-kva.example", False),
        ("ană@acme.example", "ană@acme.example", True),
        ("ana@straße.example", "ana@straße.example", True),  # IDNA 2003 would make another domain of it
        ("a@localhost", "a@localhost", False),
    ],
)
def test_addresses_go_out_as_smtp_takes_them(address: str, sent: str, utf8: bool) -> None:
    assert deliverable(address) == sent
    assert needs_utf8(sent) is utf8
    assert f"<{sent}>".encode() in built(recipient=address)


def test_a_letter_beyond_ascii_in_the_text_is_kept() -> None:
    text = "Bună ziua,\n\nPrinterul „LF-2231” nu merge.\n"
    part = leaves(read(built(Worded(subject="x", text=text))))[0]
    assert part.get_payload(decode=True) == text.replace("\n", "\r\n").encode()


TEXTS = ["x" * 5000, "Привет " * 500, ".\n..\n.x\n", "--=_a" * 3, "a\r\nb\rc\n", "trailing \t\n  \n", "From me\n", "", "=20\n"]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_through_whole_in_short_lines(text: str) -> None:
    raw = built(Worded(subject="x", text=text, html=f"<p>{text}</p>"), attachments=(a_file(),))
    found = leaves(read(raw))[0].get_payload(decode=True)
    assert isinstance(found, bytes)
    assert found.decode().splitlines() == (text.replace("\r\n", "\n").replace("\r", "\n").splitlines() or [""])
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert raw.isascii()


def test_files_come_through_whole_with_their_names() -> None:
    files = (a_file(name="фото принтера.jpg"), a_file(b"", name='a"b\\c.txt', content_type="text/plain"), a_file(name="x" * 400 + ".pdf"))
    parts = leaves(read(built(attachments=files)))[2:]
    assert [part.get_payload(decode=True) for part in parts] == [file.content for file in files]
    assert [part.get_filename() for part in parts] == ["фото принтера.jpg", 'a"bc.txt', "x" * 196 + ".pdf"]
    assert all(part.get_content_disposition() == "attachment" for part in parts)


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", "nonsense", "text/plain\r\nBcc: x@y.example", "text/html; x=y"])
def test_odd_types_of_files_become_plain_files(kind: str) -> None:
    part = leaves(read(built(attachments=(a_file(content_type=kind),))))[-1]
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_payload(decode=True) == a_file().content


def test_pictures_inside_the_text_stay_with_the_html() -> None:
    picture = a_file(disposition="inline", content_id="logo@x")
    message = read(built(Worded(subject="x", text="x", html='<img src="cid:logo@x">'), attachments=(picture, a_file(name="b.jpg"))))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/jpeg", "image/jpeg",
    ]  # fmt: skip
    assert leaves(message)[2]["Content-ID"] == "<logo@x>"


def test_a_mail_without_a_message_id_of_ours_is_not_written() -> None:
    with pytest.raises(Unwritable, match="Message-ID"):
        built(message_id="")


BREAKERS = "\r\n\0\x1b\u2028\u2029\x85\u202e\"\\<>@,;:()=?_. "
ATTACKS = ["x\r\nBcc: victim@x.example", "=?utf-8?q?a=0D=0ABcc:_x?=", "=?x?=", "a <b@c.example>", "A, P", "x\n y", "a" * 2000, "é" * 400]
nasty = st.text(st.characters(codec="utf-8") | st.sampled_from(BREAKERS), max_size=120) | st.sampled_from(ATTACKS)
FIELDS = {
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress",
    "X-Mailbridge-Loop", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip


def shown(text: str, limit: int) -> str:
    hidden = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
    return " ".join(re.sub(hidden, " ", text).split())[:limit].strip()


@settings(max_examples=examples(400), deadline=None)
@given(subject=nasty, name=nasty, from_name=nasty, reference=nasty, mark=nasty)
def test_no_value_can_say_anything_but_itself(subject: str, name: str, from_name: str, reference: str, mark: str) -> None:
    # when any words at all are put into every field that may hold words
    raw = build(
        Worded(subject=subject or "x", text=name),
        replace(NOTIFICATION, name=name, from_name=from_name, references=(reference,), in_reply_to=reference),
        sender_address="support@desk.example", desk_name="Desk", date=NOW, loop_mark=mark,
    )  # fmt: skip
    # then a parser finds the fields that were meant, once each, and the people that were meant
    message = email.message_from_bytes(raw)
    assert set(message.keys()) <= FIELDS
    assert len(message.keys()) == len(set(message.keys()))
    assert str(message["To"]).replace("\r\n", "").endswith("ana@acme.example" if not shown(name, 64) else " <ana@acme.example>")
    assert str(message["From"]).replace("\r\n", "").endswith(" <support@desk.example>")
    assert str(make_header(decode_header(str(message["Subject"] or "").replace("\r\n", "")))) == shown(subject or "x", 500)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
