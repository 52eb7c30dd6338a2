"""Header blocks: lines, encoded words, parameters, ids, and what is not a header at all."""

from __future__ import annotations

import time

import pytest

from mailbridge.message.header_text import decode_words, shown_name
from mailbridge.message.header_values import message_id, message_ids, typed
from mailbridge.message.headers import read_block
from mailbridge.message.structure import read_tree
from tests.raw_mails import raw_mail, read_mail


def subject_of(raw: bytes) -> str:
    return read_mail(raw_mail(Subject=raw)).subject


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-8859-1?Q?a?= =?iso-8859-1?Q?b?=", "ab"),
        (b"=?utf-8?b?44GC?= =?utf-8?q?=E3=81?= =?utf-8?q?=84?= ok", "あい ok"),  # a character cut in two by its mailer
        (b"=?utf-8*en?q?hello?=", "hello"),
        (b"=?utf-8?q?with space=21?=", "with space!"),
        (b"=?utf-8?q?what?why?=", "what?why"),
        (b"=?utf-8?b?cGFkZGluZw?=", "padding"),
        (b"=?gb2312?b?xOO6ww==?=", "你好"),
        (b"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?nonsense?q?plain?=", "plain"),
        (b"Re: =?utf-8?q?x?= y", "Re: x y"),
        (b"=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
    ],
)
def test_subject_is_what_its_sender_wrote(written: bytes, read: str) -> None:
    assert subject_of(written) == read


def test_folded_subject_is_one_line() -> None:
    assert subject_of(b"a long\r\n subject\r\n\tgoes on") == "a long subject goes on"


@pytest.mark.parametrize("escape", [b"=0D=0ABcc: all@customer.test", b"=0A", b"=00", b"=1B[2J", b"=E2=80=A8", b"=C2=85"])
def test_encoded_controls_never_reach_the_subject(escape: bytes) -> None:
    found = subject_of(b"=?utf-8?q?Hello" + escape + b"?=")
    assert found.startswith("Hello")
    assert found.isprintable()


def test_lone_surrogate_from_a_codec_is_replaced() -> None:
    found = subject_of(b"=?utf-7?q?+2AA-x?=")
    assert found.encode("utf-8")


def test_names_lose_marks_that_turn_or_hide_text() -> None:
    assert shown_name("evil\u202egnp\u200b.exe") == "evilgnp.exe"


def test_field_before_the_first_name_counts_as_a_field() -> None:
    # espoofer's leading space: one program sees a From there, the other does not
    tree = read_tree(b" From: agent@desk.test\r\nFrom: mallory@attacker.test\r\n\r\nx")
    assert len(tree.fields("from")) == 2
    assert "first header field begins with a space" in tree.defects


def test_folded_field_name_counts_as_that_field() -> None:
    tree = read_tree(b"From: mallory@attacker.test\r\nFrom\r\n : agent@desk.test\r\n\r\nx")
    assert len(tree.fields("from")) == 2
    assert "header field name is folded" in tree.defects


def test_junk_line_between_fields_is_skipped() -> None:
    tree = read_tree(b"Received: from a\nby b with SMTP\nSubject: still there\n\nbody")
    assert tree.get("subject") == "still there"
    assert tree.leaves[0].content == b"body"


def test_body_without_an_empty_line_before_it_is_the_body() -> None:
    tree = read_tree(b"Subject: s\nGood day,\n\nI want to report a fire.\n")
    assert tree.get("subject") == "s"
    assert tree.leaves[0].content.startswith(b"Good day,")


def test_mbox_line_is_no_field() -> None:
    tree = read_tree(b"From carol@customer.test Mon Nov 23 09:00:00 2026\nSubject: s\n\nx")
    assert [field.key for field in tree.headers] == ["subject"]


def test_our_own_marks_on_incoming_mail_are_dropped() -> None:
    message = read_mail(raw_mail(X_Mailbridge_Loop="trust me", X_Other="kept"))
    assert "x-other" in [name.lower() for name, _ in message.headers]
    assert not [name for name, _ in message.headers if name.lower().startswith("x-mailbridge-")]


def test_fields_beyond_the_thousandth_are_told_not_read() -> None:
    block = read_block(b"".join(b"X-%d: y\r\n" % number for number in range(1001)) + b"\r\nbody")
    assert len(block.fields) == 1000
    assert block.defects == ("more than 1000 header fields",)


def test_thousand_fields_are_all_read() -> None:
    block = read_block(b"".join(b"X-%d: y\r\n" % number for number in range(1000)) + b"\r\nbody")
    assert len(block.fields) == 1000
    assert block.defects == ()


def test_huge_field_is_cut_and_the_next_one_still_read() -> None:
    tree = read_tree(b"X-Big: " + b"a" * 100_000 + b"\r\nSubject: after\r\n\r\nx")
    assert tree.get("subject") == "after"
    assert set(tree.get("x-big") or "") == {"a"}
    assert "header field X-Big cut at 64 kB" in tree.defects


def test_header_block_beyond_a_megabyte_is_cut_and_the_body_still_found() -> None:
    tree = read_tree(b"Subject: s\r\n" + b"X-Fill: aaaaaaaaaaaaaaaa\r\n" * 80_000 + b"\r\nthe body")
    assert tree.leaves[0].content == b"the body"
    assert "header block cut at 1 MB" in tree.defects


@pytest.mark.parametrize(
    ("raw", "value", "params"),
    [
        (b"text/plain; charset=utf-8; format=flowed", "text/plain", {"charset": "utf-8", "format": "flowed"}),
        (b"TEXT/HTML", "text/html", {}),
        (b'attachment; filename="a;b.txt"', "attachment", {"filename": "a;b.txt"}),
        (b"attachment; filename=my file.txt", "attachment", {"filename": "my file.txt"}),
        (b'attachment; filename="a\\"b.txt"', "attachment", {"filename": 'a"b.txt'}),
        (b"attachment; filename*=utf-8''na%C3%AFve.txt", "attachment", {"filename": "naïve.txt"}),
        (b"attachment; filename*0*=utf-8''na%C3; filename*1*=%AFve; filename*2=.txt", "attachment", {"filename": "naïve.txt"}),
        (b"attachment; filename*1=b; filename*0=a", "attachment", {"filename": "ab"}),
        (b"attachment; filename=\"plain.txt\"; filename*=utf-8''better.txt", "attachment", {"filename": "better.txt"}),
        (b'attachment; filename="=?utf-8?b?w7wudHh0?="', "attachment", {"filename": "ü.txt"}),
        (b"attachment; filename*0=a; filename*2=c", "attachment", {"filename": "a"}),
        (b"text/plain; charset=a; charset=b", "text/plain", {"charset": "a"}),
        (b"name=lonely.txt", "", {"name": "lonely.txt"}),
        (b"text/plain (a comment); charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b";;;", "", {}),
        (b"", "", {}),
    ],
)
def test_typed_field_is_read_as_mail_clients_do(raw: bytes, value: str, params: dict[str, str]) -> None:
    found = typed(raw)
    assert (found.value, dict(found.params)) == (value, params)


@pytest.mark.parametrize(
    "raw",
    [b"text/plain" + b";" * 60_000, b"text/plain; " + b" " * 60_000, b'text/plain; a="' + b"\\" * 60_000, b"a " * 30_000, b"a=" * 30_000],
)
def test_monstrous_parameters_take_no_time(raw: bytes) -> None:
    begin = time.process_time()
    typed(raw)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("text", ["=?x?q?" * 10_000, "=?utf-8?q?a?= " * 5_000, "=?" * 30_000, "=?utf-8?b?" + "A" * 60_000])
def test_monstrous_encoded_words_take_no_time(text: str) -> None:
    begin = time.process_time()
    decode_words(text)
    assert time.process_time() - begin < 2


def test_ids_come_without_brackets_once_each_in_order() -> None:
    assert message_ids("<a@x>\r\n <b@x> junk <a@x>") == ("a@x", "b@x")


def test_ids_without_brackets_are_still_ids() -> None:
    assert message_ids("a@x b@x") == ("a@x", "b@x")
    assert message_id(" bare@x ") == "bare@x"
    assert message_id("<>") == ""


def test_references_of_all_fields_count() -> None:
    raw = b"References:\r\nReferences: <first@x>\r\nReferences: <second@x> <first@x>\r\nIn-Reply-To: <a@x>\r\nIn-Reply-To: <b@x>\r\n\r\nx"
    message = read_mail(raw)
    assert message.references == ("first@x", "second@x")
    assert message.in_reply_to == ("a@x", "b@x")
    assert message.defects == ("2 in-reply-to fields", "3 references fields")


def test_of_repeated_fields_the_first_that_says_something_counts_and_recipients_of_all_do() -> None:
    raw = (
        b"From: [????]\r\nFrom: Bob <bob@x.test>\r\nSubject:\r\nSubject: Printer\r\nMessage-ID:\r\nMessage-ID: <one@x.test>\r\n"
        b"To: a@desk.test\r\nTo: b@desk.test, A@desk.test\r\n\r\nx"
    )
    message = read_mail(raw)
    assert [one.address for one in message.from_] == ["bob@x.test"]
    assert (message.subject, message.message_id) == ("Printer", "one@x.test")
    assert [one.address for one in message.to] == ["a@desk.test", "b@desk.test"]
    assert (message.sender.answer_to, message.sender.strict) == ("bob@x.test", False)
