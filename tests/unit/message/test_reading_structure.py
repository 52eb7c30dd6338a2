"""Containers and leaves: where parts begin and end, and how much of a bomb is read."""

from __future__ import annotations

import time

from mailbridge.message.structure import read_tree
from tests.raw_mails import a_part, multipart, raw_mail, read_mail


def shape(raw: bytes) -> list[tuple[str, str, bytes]]:
    return [(leaf.path, leaf.content_type, leaf.content) for leaf in read_tree(raw).leaves]


def test_single_part_has_path_one() -> None:
    assert shape(raw_mail("hello\r\n")) == [("1", "text/plain", b"hello\r\n")]


def test_nested_parts_are_numbered_as_imap_does() -> None:
    inner = multipart("alternative", a_part("plain"), a_part("<p>rich", "text/html")).replace(b"edge", b"inner")
    raw = multipart("mixed", inner, a_part("last"))
    assert shape(raw) == [("1.1", "text/plain", b"plain"), ("1.2", "text/html", b"<p>rich"), ("2", "text/plain", b"last")]
    assert [node.path for node in read_tree(raw).containers] == ["", "1"]


def test_line_break_before_a_boundary_is_not_content() -> None:
    assert shape(multipart("mixed", a_part("a\r\n"), a_part("b")))[0][2] == b"a\r\n"
    assert shape(multipart("mixed", a_part("a\r\n"), a_part("b")).replace(b"\r\n", b"\n"))[0][2] == b"a\n"


def test_boundary_in_the_middle_of_a_line_is_text() -> None:
    assert shape(multipart("mixed", a_part("see --edge\r\nand --edge--"))) == [("1", "text/plain", b"see --edge\r\nand --edge--")]


def test_boundary_that_begins_like_another_is_another() -> None:
    raw = raw_mail(
        b"--a\r\nContent-Type: multipart/mixed; boundary=a-b\r\n\r\n--a-b\r\n\r\ninner\r\n--a-b--\r\n--a--\r\n",
        Content_Type="multipart/mixed; boundary=a",
    )
    assert shape(raw) == [("1.1", "text/plain", b"inner")]


def test_unclosed_container_keeps_its_last_part() -> None:
    raw = raw_mail("--edge\r\n\r\nfirst\r\n--edge\r\n\r\nsecond", Content_Type="multipart/mixed; boundary=edge")
    assert [content for _, _, content in shape(raw)] == [b"first", b"second"]
    assert "multipart is not closed" in read_tree(raw).defects


def test_container_without_its_boundary_shows_its_text() -> None:
    message = read_mail(raw_mail("please help\r\n", Content_Type="multipart/mixed; boundary=never"))
    assert message.text == "please help\n"
    assert message.parts == ()
    assert "boundary never comes" in message.defects


def test_digest_holds_messages() -> None:
    raw = multipart("digest", b"\r\nSubject: one\r\n\r\nfirst")
    assert shape(raw) == [("1", "message/rfc822", b"Subject: one\r\n\r\nfirst")]


def test_nested_message_is_one_leaf_with_its_exact_bytes_and_its_parts_are_listed() -> None:
    inner = multipart("mixed", a_part("deep")).replace(b"edge", b"inner")
    message = read_mail(multipart("mixed", a_part("outer"), a_part(inner, "message/rfc822")))
    assert [one.content for one in message.attachments] == [inner]
    assert message.attachments[0].is_message
    assert [part.path for part in message.parts] == ["1", "2", "2.1"]
    assert message.text == "outer"


def test_encoded_nested_message_is_opened() -> None:
    import base64

    inner = base64.encodebytes(raw_mail("deep")).decode()
    message = read_mail(multipart("mixed", a_part("outer"), a_part(inner, "message/rfc822", Content_Transfer_Encoding="base64")))
    assert [part.path for part in message.parts] == ["1", "2", "2.1"]


def test_bare_carriage_returns_end_lines_where_nothing_else_does() -> None:
    tree = read_tree(raw_mail("hello").replace(b"\r\n", b"\r"))
    assert tree.get("subject") == "Printer on fire"
    assert tree.leaves[0].content == b"hello"


def test_quoted_printable_and_base64_are_undone() -> None:
    assert shape(raw_mail("a=C3=BC=\r\nb", Content_Transfer_Encoding="Quoted-Printable"))[0][2] == "aüb".encode()
    assert shape(raw_mail("aGVs\r\nbG8=\r\n-- footer of a list", Content_Transfer_Encoding="base64"))[0][2] == b"hello"


def test_base64_with_a_missing_end_keeps_what_came() -> None:
    tree = read_tree(raw_mail("aGVsbG8", Content_Transfer_Encoding="base64"))
    assert tree.leaves[0].content == b"hello"
    assert "part 1: broken base64" in tree.defects


def test_text_that_is_wrongly_called_base64_stays_readable() -> None:
    assert read_mail(raw_mail("Why? Because.\r\n", Content_Transfer_Encoding="base64")).text == "Why? Because.\n"


def test_parts_beyond_the_thousandth_are_told_not_read() -> None:
    tree = read_tree(multipart("mixed", *[a_part("x")] * 1001))
    assert len(tree.leaves) == 1000
    assert "more than 1000 parts" in tree.defects


def test_thousand_parts_are_all_read() -> None:
    assert len(read_tree(multipart("mixed", *[a_part("x")] * 999)).leaves) == 999
    assert "more than 1000 parts" not in read_tree(multipart("mixed", *[a_part("x")] * 999)).defects


def nested(depth: int) -> bytes:
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth))
    return b"Subject: s\r\n" + levels + b"\r\nbottom"


def test_containers_are_followed_a_hundred_deep_and_no_further() -> None:
    assert read_tree(nested(100)).leaves[0].content == b"bottom"
    assert "bottom" in read_mail(nested(5000)).text
    assert len(read_tree(nested(5000)).containers) == 100


def test_lookalike_boundaries_in_every_container_take_no_time() -> None:
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%s\r\n\r\n--b%s\r\n" % (b"1" * n, b"1" * n) for n in range(99))
    begin = time.process_time()
    read_tree(levels + b"\r\n" + (b"--b" + b"1" * 99 + b" nearly\r\n") * 100_000)
    assert time.process_time() - begin < 5


def test_messages_in_messages_are_opened_within_bounds() -> None:
    message = read_mail(b"Content-Type: message/rfc822\r\n\r\n" * 1000 + b"x")
    assert len(message.parts) <= 22
