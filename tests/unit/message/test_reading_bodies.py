"""Which parts are the body, and what their text is."""

from __future__ import annotations

import base64
import time

import pytest

from mailbridge.message.body import unflowed
from mailbridge.message.charsets import decode
from mailbridge.message.transfer import inline_files
from tests.raw_mails import a_part, multipart, raw_mail, read_mail

RICH = "text/html; charset=utf-8"


def test_plain_alternative_is_the_text_and_the_rich_one_the_html() -> None:
    message = read_mail(multipart("alternative", a_part("plain"), a_part("<p>rich</p>", RICH)))
    assert (message.text, message.html, message.attachments) == ("plain", "<p>rich</p>", ())


def test_rich_body_alone_is_told_as_text() -> None:
    message = read_mail(raw_mail("<p>Hello <b>you</b></p><p>second</p>", Content_Type=RICH))
    assert message.text.split() == ["Hello", "you", "second"]


def test_empty_plain_alternative_gives_way_to_the_rich_one() -> None:
    message = read_mail(multipart("alternative", a_part("  \r\n"), a_part("<p>rich</p>", RICH)))
    assert message.text.strip() == "rich"


def test_text_before_and_after_a_picture_is_one_body() -> None:
    message = read_mail(multipart("mixed", a_part("before\r\n"), a_part(b"GIF89a", "image/gif"), a_part("after\r\n")))
    assert message.text == "before\n\nafter\n"
    assert [one.content_type for one in message.attachments] == ["image/gif"]


def test_footer_of_a_list_joins_text_and_html() -> None:
    inner = b"Content-Type: text/html\r\n\r\n<p>rich"
    message = read_mail(multipart("mixed", inner, a_part("1 < 2, the list")))
    assert message.text == "rich\n1 < 2, the list"
    assert message.html == "<p>rich\n<pre>1 &lt; 2, the list</pre>"


def test_two_plain_alternatives_are_both_shown() -> None:
    assert read_mail(multipart("alternative", a_part("one"), a_part("two"))).text == "one\ntwo"


@pytest.mark.parametrize("disposition", ['attachment; filename="notes.txt"', "attachment"])
def test_attached_text_is_a_file(disposition: str) -> None:
    message = read_mail(multipart("mixed", a_part("body"), a_part("notes", Content_Disposition=disposition)))
    assert message.text == "body"
    assert [one.content for one in message.attachments] == [b"notes"]


def test_named_text_after_the_body_is_a_file() -> None:
    message = read_mail(multipart("mixed", a_part("body"), a_part("notes", 'text/plain; name="notes.txt"')))
    assert (message.text, [one.name for one in message.attachments]) == ("body", ["notes.txt"])


@pytest.mark.parametrize("disposition", ["inline; filename=notes.txt", "inline"])
def test_inline_text_with_a_name_is_a_file_and_without_one_is_body(disposition: str) -> None:
    message = read_mail(multipart("mixed", a_part("body"), a_part("notes", Content_Disposition=disposition)))
    assert ([one.name for one in message.attachments] == ["notes.txt"]) == ("filename" in disposition)
    assert ("notes" in message.text) == ("filename" not in disposition)


def test_alternatives_may_have_names() -> None:
    message = read_mail(multipart("alternative", a_part("plain", "text/plain; name=a.txt"), a_part("<p>rich", "text/html; name=a.html")))
    assert (message.text, message.html, message.attachments) == ("plain", "<p>rich", ())


def test_texts_in_an_attached_container_are_files() -> None:
    inner = multipart("mixed", a_part("inner")).replace(b"edge", b"inner").partition(b"\r\nContent-Type")[2]
    attached = b"Content-Disposition: attachment\r\nContent-Type" + inner
    message = read_mail(multipart("mixed", a_part("body"), attached))
    assert (message.text, [one.content for one in message.attachments]) == ("body", [b"inner"])


def test_report_shows_only_what_it_says_to_people() -> None:
    report = multipart(
        "report", a_part("It failed."), a_part("Status: 5.1.1", "message/delivery-status"), a_part("To: x", "text/rfc822-headers")
    )
    message = read_mail(report)
    assert message.text == "It failed."
    assert [one.name for one in message.attachments] == ["delivery-status.txt", "part-3.txt"]


def test_signed_mail_shows_what_was_signed() -> None:
    signature = a_part("-----BEGIN", 'application/pgp-signature; name="signature.asc"')
    message = read_mail(multipart("signed", a_part("signed text"), signature))
    assert (message.text, [one.name for one in message.attachments]) == ("signed text", ["signature.asc"])


def test_encrypted_mail_is_told_as_such() -> None:
    assert "encrypted" in read_mail(multipart("encrypted", a_part("Version: 1", "application/pgp-encrypted"))).defects
    assert "encrypted" in read_mail(raw_mail("-----BEGIN PGP MESSAGE-----\r\n\r\nhQ\r\n")).defects


def test_mail_without_a_body_has_none() -> None:
    message = read_mail(raw_mail(b"", Content_Type=None))
    assert (message.text, message.html, message.safe_html) == ("", "", "")


def test_flowed_lines_become_paragraphs() -> None:
    assert unflowed("one \ntwo\n\n> quoted \n> on\n>> deeper\n-- \nsig", delsp=False) == "one two\n\n> quoted on\n>> deeper\n-- \nsig"


def test_flowed_lines_of_a_language_without_spaces_lose_them() -> None:
    assert unflowed("日本 \n語\n", delsp=True) == "日本語\n"


def test_space_stuffing_is_undone() -> None:
    assert unflowed(" From here\n >not a quote", delsp=False) == "From here\n>not a quote"


def test_change_of_quote_depth_ends_a_paragraph() -> None:
    assert unflowed("> asks \nanswers", delsp=False) == "> asks \nanswers"


def test_flowed_body_is_joined_when_read() -> None:
    assert read_mail(raw_mail("one \r\ntwo\r\n", Content_Type="text/plain; format=flowed")).text == "one two\n"


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("utf-8", "utf-8", "naïve 日本"),
        ("iso-8859-1", "cp1252", "„quotes“ – €"),  # what Windows means by latin-1
        ("iso-8859-1", "utf-8", "naïve"),  # what it is not
        ("gb2312", "gb18030", "镕基"),  # outside of GB 2312
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("shift_jis", "cp932", "①髙"),
        ("iso-2022-jp", "iso2022_jp", "日本語のメール"),
        ("us-ascii", "utf-8", "naïve"),
        ("", "utf-8", "naïve"),
        ("", "iso2022_jp", "日本語のメール"),
        ("utf-8", "cp1252", "Grüße aus Köln"),
        ("made-up", "utf-8", "naïve"),
        ('"UTF-8"', "utf-8", "naïve"),
        ("utf-16", "utf-16", "naïve"),
        ("windows-1251", "cp1251", "Здравствуйте"),
        ("x-mac-roman", "mac-roman", "naïve"),
        ("utf-7", "utf-7", "naïve"),
        ("unknown-8bit", "koi8-r", "Здравствуйте, у меня не работает принтер"),
    ],
)
def test_text_is_read_in_the_charset_that_was_meant(declared: str, codec: str, text: str) -> None:
    assert decode(text.encode(codec), declared).text == text


@pytest.mark.parametrize(
    "declared", ["idna", "punycode", "rot13", "zlib", "base64", "undefined", "unicode_escape", "../../etc", "a" * 5000, "\0"]
)
def test_charsets_that_are_none_are_not_obeyed(declared: str) -> None:
    found = decode(b"plain \\u0041 text", declared)
    assert found.text == "plain \\u0041 text"
    assert found.guess


def test_guess_is_told() -> None:
    message = read_mail(raw_mail("Grüße".encode("latin-1"), Content_Type="text/plain; charset=utf-8"))
    assert message.text == "Grüße"
    assert message.charset_guesses == ("part 1: cp1252 by default",)
    assert read_mail(raw_mail("Grüße".encode(), Content_Type="text/plain; charset=utf-8")).charset_guesses == ()


def test_guess_about_a_header_is_told() -> None:
    assert read_mail(raw_mail(Subject="Grüße".encode("latin-1"))).charset_guesses == ("subject: cp1252 by its bytes",)
    assert read_mail(raw_mail(Subject="Grüße".encode())).charset_guesses == ()


def test_few_broken_bytes_do_not_turn_utf8_into_something_else() -> None:
    assert decode("naïve, très naïve ".encode() * 3 + b"\xff", "utf-8").text == "naïve, très naïve " * 3 + "\ufffd"


def test_vendor_characters_in_japanese_mail_are_read() -> None:
    assert decode(b"\x1b$B-!\x1b(B one", "iso-2022-jp").text == "① one"


def test_shift_jis_called_iso_2022_jp_is_read() -> None:
    assert decode("ツール".encode("cp932"), "iso-2022-jp").text == "ツール"


def test_text_holds_no_nul_and_no_lone_surrogate() -> None:
    assert decode(b"a\0b").text == "a\ufffdb"
    assert decode(b"a+2AA-b", "utf-7").text.encode("utf-8")
    assert decode(b"\xd8\x00\x00a", "utf-16-be").text.encode("utf-8")


@pytest.mark.parametrize("delsp", [True, False])
def test_long_flowed_text_takes_no_time(delsp: bool) -> None:
    begin = time.process_time()
    unflowed("a \n" * 500_000, delsp=delsp)
    assert time.process_time() - begin < 6


def test_uuencoded_file_is_taken_out_of_the_text() -> None:
    message = read_mail(raw_mail("see below\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nthat is all\r\n"))
    assert [(one.name, one.content, one.inside) for one in message.attachments] == [("cat.txt", b"Cat", "1")]
    assert "#0V%T" not in message.text
    assert message.text.split() == ["see", "below", "that", "is", "all"]


def test_text_that_only_talks_of_uuencode_is_text() -> None:
    text = "begin 644 words\r\nare not always what they seem to be, says she, and so on and on and on and on\r\nend\r\n"
    message = read_mail(raw_mail(text))
    assert message.text == text.replace("\r\n", "\n")
    assert message.attachments == ()


LOOKALIKES = (
    b"begin 644 x\n!!!\n" * 100_000 + b"end\n",
    b"begin 644 x\n" + (b"M" + b"A" * 60 + b"\n") * 100_000,
    b"begin-base64 644 x\n" * 100_000,
)


@pytest.mark.parametrize("text", LOOKALIKES, ids=range(len(LOOKALIKES)))
def test_texts_that_never_stop_beginning_take_no_time(text: bytes) -> None:
    begin = time.process_time()
    assert inline_files(text) == ()
    assert time.process_time() - begin < 3


def test_file_in_posix_base64_is_taken_out() -> None:
    message = read_mail(raw_mail("begin-base64 644 cat.txt\r\nQ2F0\r\n====\r\n"))
    assert [(one.name, one.content) for one in message.attachments] == [("cat.txt", b"Cat")]


def test_uuencoded_part_is_the_file_in_it() -> None:
    part = a_part(
        "begin 644 cat.txt\r\n#0V%T\r\n`\r\nend", 'application/octet-stream; name="cat.txt"', Content_Transfer_Encoding="x-uuencode"
    )
    assert [one.content for one in read_mail(multipart("mixed", a_part("x"), part)).attachments] == [b"Cat"]


def test_very_long_text_is_cut_and_told() -> None:
    message = read_mail(raw_mail(b"0123456789abcde\n" * 150_000))
    assert len(message.text) == 2 << 20
    assert "part 1: text cut at 2 MB" in message.defects


def test_many_texts_are_cut_together() -> None:
    message = read_mail(multipart("mixed", *[a_part(b"0123456789abcde\n" * 60_000)] * 4))
    assert len(message.text) < (2 << 20) + 100
    assert "part 3: text cut at 2 MB" in message.defects


def test_rich_text_hides_what_its_reader_does_not_see() -> None:
    hidden = (
        '<div style="display:none">#close</div><p style="display: none">#close</p><script>#close</script><p>seen</p><p hidden>#close</p>'
    )
    assert read_mail(raw_mail(hidden, Content_Type=RICH)).text.strip() == "seen"


def test_base64_of_text_is_text() -> None:
    body = base64.encodebytes("Käthe\r\n".encode())
    assert read_mail(raw_mail(body, Content_Transfer_Encoding="base64", Content_Type="text/plain; charset=utf-8")).text == "Käthe\n"
