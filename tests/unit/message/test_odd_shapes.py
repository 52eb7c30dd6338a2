"""Mails as programs really write them: whatever is wrong with the form, the words and the files are found."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.message.alternatives import is_blank
from mailbridge.message.dates import shown_date
from mailbridge.message.encryption import looks_encrypted
from mailbridge.message.enriched import to_text
from mailbridge.message.file_types import extension_of
from tests.raw_mails import a_part, multipart, raw_mail, read_mail

HTML = "<html><body><p>The press LF-9 has stopped.</p><p>It shows error 17.</p></body></html>"
SHOWN = "The press LF-9 has stopped.\n\nIt shows error 17."


def both(plain: str | bytes, rich: str = HTML, *more: bytes) -> bytes:
    return multipart("alternative", a_part(plain), a_part(rich, "text/html; charset=utf-8"), *more)


# --- the plain half of a mail


@pytest.mark.parametrize(
    "plain",
    [
        "",
        " \r\n\t\r\n",
        "\u00a0\r\n\u00a0",
        "\u200b\u200c\u200d\ufeff",
        "\u034f \u00ad\u034f \u00ad",
        "\u2800\u3164\u00ad",
        "Your mail program does not support HTML messages.",
        "This message is in HTML format. Please use another program to read it.",
        "Ihr E-Mail-Programm kann leider keine HTML-Nachrichten anzeigen.",
        "Votre messagerie ne prend pas en charge le format HTML.",
        "Ваша программа не умеет показывать HTML.",
        "メールがHTML形式のため表示できません。",
        "To see this page in your browser go to https://mail.customer.test/v/1",
        "https://mail.customer.test/v/1",
    ],
)
def test_a_plain_half_that_says_nothing_gives_way_to_the_html(plain: str) -> None:
    message = read_mail(both(plain))
    assert message.text == SHOWN
    assert message.attachments == ()


@pytest.mark.parametrize(
    ("plain", "rich"),
    [
        ("Please look at https://shop.test/7, it is wrong.", "<p>Please look at <a href='https://shop.test/7'>it</a>, it is wrong.</p>"),
        ("The HTML page of our shop is broken.", "<p>The <b>HTML</b> page of our shop is broken.</p>"),
        ("See http://a.test/1", "<p>ok</p>"),
        ("My browser shows nothing.", "<style>p{}</style>"),
        ("My browser is old, and this is a long story. " * 20, "<p>Something else altogether stands here.</p>"),
    ],
)  # fmt: skip
def test_a_plain_half_that_says_something_stays(plain: str, rich: str) -> None:
    assert read_mail(both(plain, rich)).text.strip() == plain.strip()


def test_letters_with_marks_are_not_blank() -> None:
    assert not is_blank("\u0645\u064e")
    assert not is_blank("\u200e.")
    assert is_blank("\u200e\u200f")


def test_enriched_text_beside_plain_text_is_said_once() -> None:
    mail = multipart("alternative", a_part("Plain words."), a_part("<bold>Plain</bold> words.", "text/enriched"))
    assert (read_mail(mail).text, read_mail(mail).attachments) == ("Plain words.", ())


def test_enriched_text_alone_is_read_as_its_words() -> None:
    words = "<bold>Hello</bold>\nthere,\n\n<color><param>red</param>if a << b</color> then\n<nofill>x\ny</nofill>"
    assert to_text(words, "text/enriched") == "Hello there,\nif a < b then x\ny"
    assert to_text("<bold>Hello</bold>\nthere<nl>a <lt> b<comment>no</comment>", "text/richtext") == "Hello there\na < b"
    assert read_mail(raw_mail("<bold>It burns.</bold>\r\n", Content_Type="text/enriched")).text.strip() == "It burns."


# --- fields that are encoded or named oddly


def test_a_type_written_as_one_encoded_word_is_a_file_with_its_name() -> None:
    encoded = "=?utf-8?q?application/octet-stream=3B_?=\r\n =?utf-8?q?_name=3D=22Auftrag_K=C3=B6ln.pdf=22?="
    disposition = "=?utf-8?q?attachment=3B_filename=3D=22Auftrag_K=C3=B6ln.pdf=22?="
    part = a_part("QUFBQQ==", encoded, Content_Disposition=disposition, Content_Transfer_Encoding="=?utf-8?q?base64?=")
    message = read_mail(multipart("mixed", a_part("See the file."), part))
    assert message.text == "See the file."
    [file] = message.attachments
    assert (file.name, file.content_type, file.content) == ("Auftrag Köln.pdf", "application/octet-stream", b"AAAA")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?UTF-8?B?Grüße aus Köln?=", "Grüße aus Köln"),
        ("Re: =?UTF-8?B?Grüße?= =?UTF-8?B?w7bDpA==?=", "Re: Grüßeöä"),
        ("=?koi8-r?B?Привет?=", "Привет"),
    ],
)
def test_words_called_base64_that_are_the_text_itself_are_read(written: str, read: str) -> None:
    assert read_mail(raw_mail(Subject=written)).subject == read
    assert read_mail(raw_mail(From=f'"{written}" <carol@customer.test>')).from_[0].name == read


@pytest.mark.parametrize(("content_type", "kept"), [("pdf", "scan.pdf"), ("unknown", "scan.bin"), ("", "a.pdf")])
def test_a_named_part_of_no_known_type_is_a_file(content_type: str, kept: str) -> None:
    part = a_part(b"\x00\x01\xfe", f'{content_type}; name="{kept}"')
    message = read_mail(multipart("mixed", a_part("See the file."), part))
    assert message.text == "See the file."
    assert [(one.name, one.content_type, one.content) for one in message.attachments] == [
        (kept, "application/octet-stream", b"\x00\x01\xfe")
    ]
    alone = read_mail(raw_mail(b"\x00\x01\xfe", Content_Type=f'{content_type}; name="{kept}"'))
    assert (alone.text, [one.name for one in alone.attachments]) == ("", [kept])


def test_a_text_of_no_known_type_is_a_text() -> None:
    assert read_mail(raw_mail("It burns.\r\n", Content_Type="unknown")).text == "It burns.\n"


# --- transfer encodings


@pytest.mark.parametrize(
    "name",
    ["quoted-printable", "Quoted-Printable,", "quoted/printable", "quoted_printable", '"quoted-printable"', "quoted-printable; x=y",
     "qp", "utf-8", "x-none"],
)  # fmt: skip
def test_quoted_printable_is_undone_whatever_it_is_called(name: str) -> None:
    raw = raw_mail("Gr=C3=BC=C3=9Fe =\r\n1 =3D 1\r\n", Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding=name)
    assert read_mail(raw).text == "Grüße 1 = 1\n"


@pytest.mark.parametrize("name", ["base64", "base64;", "Base-64", "b64", "utf-8"])
def test_base64_is_undone_whatever_it_is_called(name: str) -> None:
    words = base64.encodebytes("Die Presse läuft nicht, bitte kommen Sie.".encode())
    raw = raw_mail(words, Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding=name)
    assert read_mail(raw).text == "Die Presse läuft nicht, bitte kommen Sie."


def test_plain_words_under_an_unknown_encoding_stay() -> None:
    for words in ("a = b and c =D0\r\n", "Please come soon\r\n", "abcd efgh\r\n"):
        message = read_mail(raw_mail(words, Content_Transfer_Encoding="utf-8"))
        assert message.text == words.replace("\r\n", "\n")
        assert message.defects == ("part 1: unknown transfer encoding",)


# --- boundaries


def test_words_behind_a_boundary_do_not_hide_the_parts() -> None:
    body = b"--B trailing words\r\n" + a_part("Hello") + b"\r\n--B and more\r\n" + a_part("x", "application/pdf") + b"\r\n--B-- the end\r\n"
    message = read_mail(raw_mail(body, Content_Type="multipart/mixed; boundary=B"))
    assert (message.text, [one.content for one in message.attachments], message.defects) == ("Hello", [b"x"], ())


def test_words_behind_the_last_boundary_alone_are_no_text() -> None:
    body = b"--B\r\n" + a_part("Hello") + b"\r\n--B-- sent by a scanner\r\n"
    assert read_mail(raw_mail(body, Content_Type="multipart/mixed; boundary=B")).text == "Hello"


@pytest.mark.parametrize("field", ['multipart/mixed; boundary="OTHER"', "multipart/mixed"])
def test_a_wrong_or_missing_boundary_is_found_by_the_parts(field: str) -> None:
    body = b"--B 1\r\n" + a_part("Hello") + b"\r\n--B 1\r\n" + a_part("x", "application/pdf") + b"\r\n--B 1--\r\n"
    message = read_mail(raw_mail(body, Content_Type=field))
    assert (message.text, [one.content for one in message.attachments]) == ("Hello", [b"x"])
    assert message.defects in {("boundary never comes",), ("multipart without a boundary",)}


def test_a_text_with_a_rule_line_is_no_container() -> None:
    message = read_mail(raw_mail("--\r\nCarol\r\n", Content_Type="multipart/mixed; boundary=B"))
    assert message.text == "--\nCarol\n"


# --- headers


@pytest.mark.parametrize("junk", ["---- Original email message ----", "Forwarded by the web form\r\non the page Contact", "<html>"])
@pytest.mark.parametrize("trace", ["", "Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0000\r\nReturn-Path: <carol@customer.test>\r\n"])
def test_lines_above_the_header_do_not_hide_it(junk: str, trace: str) -> None:
    message = read_mail(f"{trace}{junk}\r\n".encode() + raw_mail("My form.\r\n"))
    assert (message.sender.address, message.subject, message.text) == ("carol@customer.test", "Printer on fire", "My form.\n")


def test_empty_lines_above_the_header_do_not_hide_it() -> None:
    message = read_mail(b"\r\n\r\n" + raw_mail("My form.\r\n"))
    assert (message.sender.address, message.subject, message.text) == ("carol@customer.test", "Printer on fire", "My form.\n")
    assert message.fingerprint == read_mail(raw_mail("My form.\r\n")).fingerprint


def test_a_body_without_a_header_stays_a_body() -> None:
    assert read_mail(b"\r\nIt burns.\r\n").text == "It burns.\n"
    quoted = "---- Original message ----\r\nFrom: a@x.test\r\nSubject: x\r\n"
    assert read_mail(raw_mail(quoted)).text == quoted.replace("\r\n", "\n")
    part = read_mail(multipart("mixed", a_part("Hello"), "---- Original message ----\r\nFrom: a@x.test\r\nSubject: x\r\n"))
    assert "Original message" in part.text


# --- charsets


def test_undeclared_short_text_is_read_in_the_charset_of_the_header() -> None:
    latin = raw_mail("äöüß und so\r\n".encode("cp1252"), Subject="=?iso-8859-1?Q?Gr=FC=DFe?=")
    assert read_mail(latin).text == "äöüß und so\n"
    polish = raw_mail("Żółw śpi\r\n".encode("iso8859-2"), Subject="=?iso-8859-2?Q?=AF=F3=B3w?=")
    assert read_mail(polish).text == "Żółw śpi\n"
    russian = raw_mail("ЭЮЯ\r\n".encode("koi8-r"), Subject="=?koi8-r?B?8NLJ18XU?=")
    assert read_mail(russian).text == "ЭЮЯ\n"


def test_an_undeclared_page_is_read_in_the_charset_it_names_itself() -> None:
    for meta in ('<meta charset="iso-8859-2">', '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=iso-8859-2">'):
        page = f"<html><head>{meta}</head><body>Żółw śpi</body></html>".encode("iso8859-2")
        assert read_mail(raw_mail(page, Content_Type="text/html", Subject="=?koi8-r?B?8NLJ18XU?=")).text == "Żółw śpi"
    declared = '<meta charset="koi8-r"><p>für</p>'.encode("cp1252")
    assert read_mail(raw_mail(declared, Content_Type="text/html; charset=cp1252")).text == "für"


def test_undeclared_western_letters_inside_words_are_western() -> None:
    for words in ("Die Tür geht nicht auf", "Le téléphone est cassé", "Grüße"):
        assert read_mail(raw_mail(words.encode("cp1252") + b"\r\n")).text.strip() == words


def test_undeclared_cyrillic_stays_cyrillic() -> None:
    words = "Принтер HP LaserJet P1102w не печатает, ошибка Error 49"
    assert read_mail(raw_mail(words.encode("cp1251") + b"\r\n")).text.strip() == words


# --- bytes that are a text


def test_a_text_that_is_called_bytes_is_the_text() -> None:
    words = base64.encodebytes("Kérem ellenőrizzék a gépet".encode())
    message = read_mail(raw_mail(words, Content_Type="application/octet-stream", Content_Transfer_Encoding="base64"))
    assert (message.text, message.attachments) == ("Kérem ellenőrizzék a gépet", ())


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"%PDF-1.4\x00\x01", {"Content_Type": "application/octet-stream"}),
        (b"a text file", {"Content_Type": 'application/octet-stream; name="a.txt"'}),
        (b"a text file", {"Content_Type": "application/octet-stream", "Content_Disposition": "attachment"}),
        (b"", {"Content_Type": "application/octet-stream"}),
    ],
)
def test_bytes_that_are_a_file_stay_a_file(content: bytes, fields: dict[str, str]) -> None:
    message = read_mail(raw_mail(content, **fields))
    assert (message.text, [one.content for one in message.attachments]) == ("", [content])


# --- names


@pytest.mark.parametrize(
    ("content_type", "content", "extension"),
    [
        ("video/quicktime", b"", "mov"), ("audio/mpeg", b"", "mp3"), ("image/heic", b"", "heic"), ("video/mp4", b"", "mp4"),
        ("audio/x-wav", b"", "wav"), ("image/x-png", b"", "png"), ("application/msword", b"", "doc"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"", "docx"),
        ("application/octet-stream", b"%PDF-1", "pdf"),
        ("application/octet-stream", b"???", ""), ("application/x-strange", b"", ""), ("image/vnd.strange.thing", b"", ""),
    ],
)  # fmt: skip
def test_a_file_without_a_name_gets_the_extension_of_its_type(content_type: str, content: bytes, extension: str) -> None:
    assert extension_of(content_type, content) == extension


def test_nameless_files_of_a_mail_are_told_apart() -> None:
    files = [a_part("AAAA", kind, Content_Transfer_Encoding="base64") for kind in ("video/quicktime", "audio/mpeg")]
    assert [one.name for one in read_mail(multipart("mixed", a_part("See"), *files)).attachments] == ["part-2.mov", "part-3.mp3"]


# --- encrypted mail

P7M = ("application/pkcs7-mime", "smime.p7m")


@pytest.mark.parametrize(
    ("text", "files", "encrypted"),
    [
        ("", [P7M], True),
        ("", [("application/octet-stream", "smime.p7m")], True),
        ("", [("application/pgp-encrypted", "file"), ("application/octet-stream", "encrypted.asc")], True),
        ("Hello\n-----BEGIN PGP MESSAGE-----\nabc", [], True),
        ("The signed text.", [P7M], False),
        ("", [P7M, ("application/pdf", "signed.pdf")], False),
        ("", [("application/pdf", "a.pdf")], False),
        ("", [], False),
    ],
)
def test_a_mail_without_a_key_to_it_is_told(text: str, files: list[tuple[str, str]], encrypted: bool) -> None:
    assert looks_encrypted(text, files) is encrypted


# --- direction


TURNED = "invoice \u202efdp.exe\u202c and \u2067more\u2069"
STRAIGHT = "invoice fdp.exe and more"


def test_no_text_is_shown_in_another_order_than_it_is_written() -> None:
    message = read_mail(raw_mail(TURNED, Subject=TURNED, From=f"{TURNED} <carol@customer.test>", Content_Type="text/plain; charset=utf-8"))
    assert (message.subject, message.text, message.sender.name) == (STRAIGHT, STRAIGHT, STRAIGHT)
    rich = read_mail(raw_mail(f"<p>{TURNED} &#8238;x&#x202C; &#82380;</p>", Content_Type="text/html; charset=utf-8"))
    assert rich.text == f"{STRAIGHT} x {chr(82380)}"
    assert not {"\u202e", "\u2067"} & {*rich.html, *rich.safe_html}


def test_marks_that_persian_and_hebrew_need_stay() -> None:
    words = "می\u200cخواهم \u200f(א)"
    assert read_mail(raw_mail(words, Content_Type="text/plain; charset=utf-8")).text == words


# --- dates that cannot be true

CAME = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (CAME - timedelta(hours=1), True),
        (CAME - timedelta(days=20), True),
        (CAME + timedelta(hours=14), True),
        (CAME + timedelta(days=2), False),
        (CAME.replace(year=2234), False),
        (CAME - timedelta(days=31), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_date_far_from_when_the_mail_came_is_not_shown(written: datetime, shown: bool) -> None:
    assert shown_date(written, CAME) == (written if shown else None)


def test_archives_may_be_old_but_not_from_the_future_or_before_mail() -> None:
    written = datetime(2003, 5, 6, tzinfo=UTC)
    assert shown_date(written, CAME, old=True) == written
    assert shown_date(CAME.replace(year=2234), CAME, old=True) is None
    assert shown_date(datetime(1970, 1, 1, tzinfo=UTC), CAME, old=True) is None
    assert shown_date(None, CAME) is None


# --- invitations


def test_an_invitation_beside_blank_texts_is_the_text() -> None:
    lines = ("METHOD:REQUEST", "BEGIN:VEVENT", "SUMMARY:Exchange", "DESCRIPTION:Bring the part for LF-9.", "END:VEVENT")
    calendar = "\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""))
    message = read_mail(both("\u00a0\r\n", "<html><body><p>&nbsp;</p></body></html>", a_part(calendar, "text/calendar; method=REQUEST")))
    assert message.text == "Method: REQUEST\nTitle: Exchange\nDescription: Bring the part for LF-9."
    pictures = read_mail(both("", "<p><img src='cid:a'></p>", a_part(calendar, "text/calendar; method=REQUEST")))
    assert "cid:a" in pictures.html
