"""The files of a mail: their names, and what is inside winmail.dat, S/MIME and invitations."""

from __future__ import annotations

import base64
import struct
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.message import calendar, rtf, smime, tnef
from mailbridge.message.attachments import safe_name
from mailbridge.message.inline_images import SMALL, small_inline
from tests.raw_mails import a_part, multipart, raw_mail, read_mail


def test_attachment_is_told_by_name_type_size_and_hash() -> None:
    part = a_part(base64.encodebytes(b"%PDF"), 'application/pdf; name="bill.pdf"', Content_Transfer_Encoding="base64", Content_ID="<b@x>")
    (file,) = read_mail(multipart("mixed", a_part("see"), part)).attachments
    assert (file.part, file.name, file.content_type, file.size, file.content) == ("2", "bill.pdf", "application/pdf", 4, b"%PDF")
    assert (file.sha256, file.content_id, file.disposition) == (sha256(b"%PDF").hexdigest(), "b@x", "attachment")


def test_inline_image_says_so() -> None:
    part = a_part("GIF", "image/gif", Content_Disposition="inline; filename=logo.gif", Content_ID="<logo@x>")
    (file,) = read_mail(multipart("related", a_part('<img src="cid:logo@x">', "text/html"), part)).attachments
    assert (file.name, file.disposition, file.content_id) == ("logo.gif", "inline", "logo@x")


def test_disposition_names_the_file_before_the_type_does() -> None:
    part = a_part("x", 'application/pdf; name="b.pdf"', Content_Disposition='attachment; filename="a.pdf"')
    assert read_mail(multipart("mixed", a_part("x"), part)).attachments[0].name == "a.pdf"


def test_name_with_question_marks_for_letters_gives_way_to_the_one_with_letters() -> None:
    part = a_part("x", 'application/pdf; name="=?utf-8?b?0YTQsNC50Ls=?=.pdf"', Content_Disposition='attachment; filename="????.pdf"')
    assert read_mail(multipart("mixed", a_part("x"), part)).attachments[0].name == "файл.pdf"


def test_names_are_made_up_alike_at_every_reading() -> None:
    raw = multipart(
        "mixed", a_part("x"), a_part("i", "image/png"), a_part("Subject: old fire\r\n\r\n", "message/rfc822"), a_part("?", "x/y")
    )
    assert [one.name for one in read_mail(raw).attachments] == ["part-2.png", "old fire.eml", "file"]
    assert read_mail(raw) == read_mail(raw)


def test_report_is_called_what_it_calls_itself() -> None:
    part = a_part("Status: 4.0.0", "message/delivery-status", Content_Description="Delivery report")
    assert read_mail(multipart("report", a_part("x"), part)).attachments[0].name == "Delivery report.txt"


@pytest.mark.parametrize(
    ("said", "safe"),
    [
        ("bill.pdf", "bill.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\bills\\bill.pdf", "bill.pdf"),
        ("/etc/passwd", "passwd"),
        ("a\r\nb.txt", "a__b.txt"),
        ("a\0b.txt", "ab.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        (".htaccess", "_htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("-rf", "_rf"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ('a"<b>|?*:c', "a__b_____c"),
        ("trailing. . ", "trailing"),
        ("..", ""),
        ("/", ""),
        ("", ""),
        ("naïve 日本.pdf", "naïve 日本.pdf"),
    ],
)
def test_shown_name_misleads_nobody(said: str, safe: str) -> None:
    assert safe_name(said) == safe


def test_long_names_keep_their_extension() -> None:
    assert safe_name("x" * 500 + ".pdf") == "x" * 196 + ".pdf"
    assert len(safe_name("x" * 500)) == 200
    assert safe_name("x" * 196 + ".pdf") == "x" * 196 + ".pdf"


@given(st.text(max_size=300))
def test_shown_name_is_always_one_harmless_component(said: str) -> None:
    safe = safe_name(said)
    assert len(safe) <= 200
    assert not set(safe) & set('/\\<>:"|?*\0\r\n')
    assert not safe.startswith((".", "-"))
    assert safe_name(safe) == safe


def test_original_name_is_kept_on_one_line() -> None:
    part = a_part("x", "application/pdf", Content_Disposition="attachment; filename*=utf-8''..%2Fa%0D%0Ab.pdf")
    (file,) = read_mail(multipart("mixed", a_part("x"), part)).attachments
    assert (file.original_name, file.name) == ("../a  b.pdf", "a__b.pdf")


def test_content_id_is_one_line_without_brackets() -> None:
    part = a_part("x", "image/png", Content_ID="<logo\x16@x\r\n y>")
    assert read_mail(multipart("related", a_part("x", "text/html"), part)).attachments[0].content_id == "logo @x y"


# --- winmail.dat


def attribute(number: int, data: bytes, level: int = 2) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def counted(number: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*found: bytes) -> bytes:
    return struct.pack("<I", len(found)) + b"".join(found)


def a_winmail(*attributes: bytes) -> bytes:
    return tnef.SIGNATURE + b"\x01\x00" + b"".join(attributes)


ONE_FILE = (
    attribute(0x69002, b"\0" * 14),
    attribute(0x18010, b"SHORT~1.TXT\0"),
    attribute(0x6800F, b"content"),
    attribute(0x69005, properties(counted(0x3707, 0x1F, "größer.txt\0".encode("utf-16-le")), counted(0x370E, 0x1E, b"text/plain\0"))),
)


def with_winmail(content: bytes, *before: bytes) -> bytes:
    part = a_part(base64.encodebytes(content), 'application/ms-tnef; name="winmail.dat"', Content_Transfer_Encoding="base64")
    return multipart("mixed", *before, part)


def test_files_in_winmail_are_taken_out() -> None:
    message = read_mail(with_winmail(a_winmail(*ONE_FILE), a_part("see file")))
    winmail, file = message.attachments
    assert winmail.name == "winmail.dat"
    assert (file.name, file.content, file.content_type, file.inside) == ("größer.txt", b"content", "text/plain", winmail.part)


def test_body_in_winmail_is_the_body_where_there_is_no_other() -> None:
    body = attribute(0x69003, properties(counted(0x1000, 0x1F, "Grüße\0".encode("utf-16-le"))), level=1)
    assert read_mail(with_winmail(a_winmail(body))).text == "Grüße"
    assert read_mail(with_winmail(a_winmail(body), a_part("the other"))).text == "the other"


def test_rich_body_in_winmail_is_told_as_text() -> None:
    body = attribute(0x69003, properties(counted(0x1013, 0x102, b"<p>rich</p>")), level=1)
    message = read_mail(with_winmail(a_winmail(body)))
    assert (message.text.strip(), message.html) == ("rich", "<p>rich</p>")


def test_cut_winmail_gives_what_came_and_is_told() -> None:
    message = read_mail(with_winmail(a_winmail(*ONE_FILE, attribute(0x69002, b"x" * 30))[:-20], a_part("x")))
    assert [one.name for one in message.attachments] == ["winmail.dat", "größer.txt"]
    assert "part 2: winmail.dat is broken" in message.defects


@given(st.binary(max_size=300))
def test_any_winmail_is_read(noise: bytes) -> None:
    tnef.read(tnef.SIGNATURE + noise)
    tnef.read(a_winmail(attribute(0x69005, noise), attribute(0x69003, noise)))


def test_winmail_that_promises_much_takes_no_time() -> None:
    many = struct.pack("<IHHI", 1 << 31, 0x101E, 0x3001, 1 << 31) + b"\0" * 4_000_000
    begin = time.process_time()
    assert not tnef.read(a_winmail(attribute(0x69005, many))).complete
    assert time.process_time() - begin < 3


def test_rich_text_that_waits_for_its_code_page_takes_no_time() -> None:
    begin = time.process_time()
    rtf.to_text(rb"\'e4" * 200_000)
    assert time.process_time() - begin < 6


def test_rich_text_is_told_without_its_layout() -> None:
    rich = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard Gr\'fc\'dfe\par \u8364?5 {\b bold}\tab x\par}"
    assert rtf.to_text(rich) == "Grüße\n€5 bold\tx"


def test_stored_rich_text_is_unwrapped() -> None:
    stored = struct.pack("<II4sI", 20, 8, b"MELA", 0) + rb"{\rtf1 x}"
    assert rtf.decompress(stored) == rb"{\rtf1 x"


def test_packed_rich_text_is_unpacked() -> None:
    # the example of MS-OXRTFCP 3.1.1
    packed = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
    assert rtf.decompress(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@given(st.binary(max_size=200))
def test_any_rich_text_is_read(noise: bytes) -> None:
    rtf.decompress(struct.pack("<II4sI", len(noise), 5000, b"LZFu", 0) + noise)
    rtf.to_text(noise)


# --- S/MIME


def sealed(content: bytes, *options: pkcs7.PKCS7Options) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "carol")])
    day = datetime(2026, 11, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), day, day + timedelta(days=9))
    signer = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(built.sign(key, hashes.SHA256()), key, hashes.SHA256())
    return signer.sign(serialization.Encoding.DER, list(options))


def test_mail_inside_an_opaque_signature_is_read() -> None:
    inner = multipart("mixed", a_part("signed text"), a_part("x", "application/pdf; name=a.pdf"))
    envelope = sealed(inner, pkcs7.PKCS7Options.Binary)
    message = read_mail(raw_mail(base64.encodebytes(envelope), Content_Type="application/pkcs7-mime", Content_Transfer_Encoding="base64"))
    assert message.text == "signed text"
    assert [(one.part, one.name) for one in message.attachments] == [("1", "part-1.p7m"), ("1.2", "a.pdf")]


@pytest.mark.parametrize(
    "content_type", ['application/octet-stream; name="smime.p7m"', "application/octet-stream", "application/x-pkcs7-signed"]
)
def test_mail_inside_an_opaque_signature_is_read_whatever_its_type_is_called(content_type: str) -> None:
    envelope = base64.encodebytes(sealed(a_part("signed text"), pkcs7.PKCS7Options.Binary))
    message = read_mail(raw_mail(envelope, Content_Type=content_type, Content_Transfer_Encoding="base64"))
    assert (message.text, len(message.attachments), message.defects) == ("signed text", 1, ())


@pytest.mark.parametrize("content", [b"%PDF-1.4 a contract", b'<?xml version="1.0"?><invoice/>'])
def test_a_signed_document_is_a_file_and_no_text(content: bytes) -> None:
    envelope = base64.encodebytes(sealed(content, pkcs7.PKCS7Options.Binary)).decode()
    part = a_part(envelope, 'application/pkcs7-mime; name="invoice.xml.p7m"', Content_Transfer_Encoding="base64")
    message = read_mail(multipart("mixed", a_part("See the invoice."), part))
    assert (message.text, [one.name for one in message.attachments]) == ("See the invoice.", ["invoice.xml.p7m"])


def test_encrypted_mail_of_no_type_stays_shut_and_is_told() -> None:
    envelope = base64.encodebytes(b"\x30\x0d\x06\x09" + bytes.fromhex("2a864886f70d010703") + b"\xa0\x00")
    part = 'application/octet-stream; name="smime.p7m"'
    message = read_mail(raw_mail(envelope, Content_Type=part, Content_Transfer_Encoding="base64"))
    assert (message.text, message.defects) == ("", ("encrypted",))


def test_signed_octets_in_pieces_of_unknown_length_are_joined() -> None:
    octets = b"\x24\x80\x04\x03abc\x04\x03def\x00\x00"
    inner = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010701") + b"\xa0\x80" + octets + b"\x00\x00\x00\x00"
    signed = b"\x30\x80\x02\x01\x01\x31\x00" + inner + b"\x31\x00\x00\x00"
    outer = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702") + b"\xa0\x80" + signed + b"\x00\x00\x00\x00"
    assert smime.opened(outer) == (smime.Cms.SIGNED, b"abcdef")


def test_encrypted_envelope_stays_shut_and_is_told() -> None:
    envelope = b"\x30\x0d\x06\x09" + bytes.fromhex("2a864886f70d010703") + b"\xa0\x00"
    message = read_mail(raw_mail(base64.encodebytes(envelope), Content_Type="application/pkcs7-mime", Content_Transfer_Encoding="base64"))
    assert "encrypted" in message.defects
    assert len(message.attachments) == 1


@given(st.binary(max_size=120))
def test_any_envelope_is_opened_or_not(noise: bytes) -> None:
    smime.opened(noise)
    smime.opened(b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702") + b"\xa0\x80\x30\x80" + noise)


# --- invitations

INVITATION = b"""BEGIN:VCALENDAR\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:1@customer.test\r
SUMMARY:Repair visit\r
DTSTART;TZID=Europe/Berlin:20261124T100000\r
DTEND;TZID=Europe/Berlin:20261124T113000\r
LOCATION:Hall 4\r
ORGANIZER;CN=Carol Jones:mailto:carol@customer.test\r
ATTENDEE;PARTSTAT=ACCEPTED:mailto:support@desk.test\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_invitation_is_told_in_words() -> None:
    assert calendar.summary(INVITATION).splitlines() == [
        "Method: REQUEST",
        "Title: Repair visit",
        "When: 2026-11-24 10:00 Europe/Berlin - 2026-11-24 11:30 Europe/Berlin",
        "Where: Hall 4",
        "Organizer: Carol Jones <carol@customer.test>",
        "Attendees: support@desk.test (accepted)",
    ]
    assert calendar.method(INVITATION) == "REQUEST"


def test_mail_that_is_only_an_invitation_says_what_it_invites_to() -> None:
    message = read_mail(raw_mail(INVITATION, Content_Type="text/calendar; method=REQUEST"))
    assert "Title: Repair visit" in message.text
    assert [one.content_type for one in message.attachments] == ["text/calendar"]


@pytest.mark.parametrize(
    "broken", [b"", b"hello", b"BEGIN:VCALENDAR\r\nnonsense", INVITATION[:120], INVITATION.replace(b"T100000", b"T99")]
)
def test_broken_invitation_is_no_failure(broken: bytes) -> None:
    assert isinstance(calendar.summary(broken), str)


# containers that cannot be opened


@pytest.mark.parametrize("content_type", ['multipart/mixed; boundary="other"', "multipart/mixed", 'multipart/alternative; boundary=""'])
def test_a_container_that_cannot_be_opened_is_shown_as_text_and_kept_whole(content_type: str) -> None:
    content = "--edge\r\n\r\nIt hums.\r\n--edge--\r\n"
    message = read_mail(raw_mail(content, Content_Type=content_type))

    assert "It hums." in message.text
    [file] = message.attachments
    assert (file.name, file.content_type, file.content) == ("unopened-parts.txt", content_type.split(";")[0], content.encode())


def test_one_inside_another_is_kept_too() -> None:
    inner = a_part("no parts here", 'multipart/mixed; boundary="other"')
    message = read_mail(multipart("mixed", a_part("Hello"), inner))

    assert [(file.part, file.name, file.content) for file in message.attachments] == [("2", "unopened-parts.txt", b"no parts here")]


def test_a_container_that_holds_nothing_is_no_file() -> None:
    message = read_mail(multipart("mixed", a_part("Hello"), a_part("  \r\n", 'multipart/mixed; boundary="other"')))

    assert message.attachments == ()
    assert read_mail(raw_mail("", Content_Type="multipart/mixed; boundary=edge")).attachments == ()


# invitations


@pytest.mark.parametrize("kind", ["text/calendar; method=REQUEST", 'application/octet-stream; name="VISIT.ICS"', "application/ics"])
def test_an_invitation_is_summarised_whatever_it_is_called(kind: str) -> None:
    ics = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T100000Z\r\nSUMMARY:Visit\r\n"
        "ATTENDEE;PARTSTAT=DECLINED:mailto:jo@x.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    [file] = read_mail(multipart("mixed", a_part("Sorry"), a_part(ics, kind))).attachments

    assert file.summary.splitlines() == ["Method: REPLY", "Title: Visit", "When: 2026-12-01 10:00 UTC", "Attendees: jo@x.test (declined)"]


def test_another_file_has_no_summary() -> None:
    [file] = read_mail(multipart("mixed", a_part("x"), a_part("BEGIN:VCALENDAR", "application/pdf"))).attachments

    assert file.summary == ""


# pictures that may belong to a signature


@pytest.mark.parametrize(
    ("part", "small"),
    [
        (a_part("png", "image/png", Content_ID="<Logo@1>"), True),
        (a_part("png", "image/png", Content_Disposition="inline; filename=a.png"), True),
        (a_part("png", "image/png", Content_ID="<other@1>"), False),
        (a_part("png", "image/png", Content_Disposition="attachment; filename=a.png"), False),
        (a_part("pdf", "application/pdf", Content_ID="<logo@1>"), False),
        (a_part("x" * (SMALL - 1), "image/png", Content_ID="<logo@1>"), True),
        (a_part("x" * SMALL, "image/png", Content_ID="<logo@1>"), False),
    ],
)
def test_a_small_picture_in_the_text_may_belong_to_the_signature(part: bytes, small: bool) -> None:
    message = read_mail(multipart("related", a_part('<p>Hi<img src="CID:logo@1">', "text/html"), part))

    assert (small_inline(message) == message.attachments) is small
