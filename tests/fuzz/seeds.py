"""The mails that are mutated: our own samples, bodies of real clients' form, and one of every structure the reader opens."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

from tests.raw_mails import a_part, multipart, raw_mail

ROOT = Path(__file__).resolve().parents[2]

ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTART;TZID=Europe/Berlin:20261201T100000\r\n"
    "DURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:Visit\r\nORGANIZER;CN=Ana:mailto:ana@x.test\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Jo:mailto:jo@x.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
DSN = (
    "Reporting-MTA: dns; mx.x.test\r\nArrival-Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n\r\nFinal-Recipient: rfc822; jo@x.test\r\n"
    "Original-Recipient: rfc822;jo@x.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
)
ARF = "Feedback-Type: abuse\r\nUser-Agent: Loop/1.0\r\nVersion: 1\r\nOriginal-Mail-From: <desk@desk.test>\r\nSource-IP: 192.0.2.1\r\n"
MDN = "Reporting-UA: x.test; Mailer\r\nFinal-Recipient: rfc822;jo@x.test\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n"
UUENCODED = "See this.\r\n\r\nbegin 644 notes.txt\r\n#0V%T\r\n`\r\nend\r\n\r\nBye\r\n"
HTML = (
    '<html><body><p>Hello <b>you</b>,</p><div class="gmail_quote">On Mon, Ana wrote:<blockquote type="cite">It <i>hums</i>.'
    '<img src="cid:a@b"></blockquote></div><table><tr><td>1<td>2</table></body></html>'
)
RTF = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}It \'fc hums\par{\*\htmltag72 </p>}}"


def seeds() -> tuple[bytes, ...]:
    """All of them, always in the same order."""
    samples = sorted((ROOT / "mailbridge" / "cli" / "samples").glob("*.eml"))
    pairs = sorted(path for path in (ROOT / "tests" / "unit" / "reply" / "pairs").iterdir() if path.suffix != ".spans")
    return (*(path.read_bytes() for path in samples), *map(_body, pairs), *_structures())


def _body(path: Path) -> bytes:
    kind = "html" if path.suffix == ".html" else "plain"
    return raw_mail(path.read_bytes(), Content_Type=f"text/{kind}; charset=utf-8")


def _structures() -> list[bytes]:
    nested = raw_mail("Inner.\r\n", Subject="=?utf-8?b?w6RvwrU=?= inner")
    picture = a_part(_base64(b"\x89PNG\r\n\x1a\n" * 9), "image/png", Content_Transfer_Encoding="base64", Content_ID="<a@b>")
    named = a_part("x", "application/pdf", Content_Disposition="attachment; filename*0*=utf-8''%c3%a4; filename*1=b.pdf")
    winmail = a_part(_base64(_winmail()), 'application/ms-tnef; name="winmail.dat"', Content_Transfer_Encoding="base64")
    return [
        multipart("mixed", a_part("Hello\r\n-- \r\nJo"), picture, named),
        multipart("alternative", a_part("It hums.\r\n\r\n> before\r\n"), a_part(HTML, "text/html; charset=utf-8")),
        multipart("related", a_part(HTML, "text/html"), picture),
        multipart("mixed", a_part("See below"), a_part(nested, "message/rfc822"), a_part(nested, "message/global")),
        multipart("digest", nested, nested),
        multipart("report", a_part("Failed"), a_part(DSN, "message/delivery-status"), a_part(nested, "message/rfc822")),
        multipart("report", a_part("Abuse"), a_part(ARF, "message/feedback-report"), a_part(nested, "message/rfc822")),
        multipart("report", a_part("Read"), a_part(MDN, "message/disposition-notification")),
        multipart("mixed", a_part("Come"), a_part(ICS, "text/calendar; method=REQUEST")),
        multipart("mixed", a_part("A file"), winmail),
        multipart(
            "signed", a_part("Signed"), a_part(_base64(b"0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02\xa0\x80"), "application/pkcs7-signature")
        ),
        raw_mail(_base64(_cms(nested)), Content_Type="application/pkcs7-mime; smime-type=signed-data", Content_Transfer_Encoding="base64"),
        raw_mail(UUENCODED),
        raw_mail("Flowed \r\ntext \r\n> quoted \r\n> more\r\n", Content_Type="text/plain; format=flowed; delsp=yes"),
        raw_mail(
            "=48=65=6C=6C=6F=\r\n w=C3=B6rld\r\n", Content_Transfer_Encoding="quoted-printable", Content_Type="text/plain; charset=utf-8"
        ),
        raw_mail("<bold>rich</bold>\r\n", Content_Type="text/enriched"),
        raw_mail(b"\x1b$B%F%9%H\x1b(B\r\n", Content_Type="text/plain; charset=iso-2022-jp"),
        raw_mail("Привет\r\n".encode("koi8-r"), Content_Type="text/plain; charset=koi8-r", Subject="=?koi8-r?Q?=F0=D2=C9?="),
        raw_mail("你好\r\n".encode("gb18030"), Content_Type="text/plain; charset=gb2312"),
        raw_mail("x", From='"a, b" <a@b.test>, group: c@d.test;, <@r.test:e@[192.0.2.1]>', Date="Thu, 32 Foo 99999 25:61 -9999"),
        raw_mail("I am away.", Auto_Submitted="auto-replied", Subject="Out of office: Re: x", X_Autoreply="yes"),
        raw_mail("List", List_Id="<l.x.test>", Precedence="bulk", List_Unsubscribe="<mailto:l@x.test>"),
        raw_mail(
            "Hi", Authentication_Results="mx.desk.test; dmarc=pass (p=none) header.from=customer.test; spf=pass", Received="by mx.desk.test"
        ),
        raw_mail("From: Jo <jo@x.test>\r\nSent: Monday\r\nTo: x\r\nSubject: y\r\n\r\nBody\r\n", Subject="FW: y"),
        raw_mail("", Subject=None, From=None, Date=None),
        b"\n".join(raw_mail("Bare line feeds\r\n").split(b"\r\n")),
        b"From x Mon Nov 23 09:00:00 2026\n" + raw_mail("From an mbox"),
    ]


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def _winmail() -> bytes:
    """A winmail.dat with a name, and compressed rich text whose sizes are its own."""
    header = (len(RTF) + 12).to_bytes(4, "little") + len(RTF).to_bytes(4, "little") + b"MELA" + zlib.crc32(RTF).to_bytes(4, "little")
    rich = b"\x01\x00\x00\x00\x02\x01\x09\x10\x01\x00\x00\x00" + len(header + RTF).to_bytes(4, "little") + header + RTF
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(
        level + identity.to_bytes(4, "little") + len(data).to_bytes(4, "little") + data + (sum(data) & 0xFFFF).to_bytes(2, "little")
        for level, identity, data in ((b"\x01", 0x00069003, rich), (b"\x02", 0x00069002, bytes(14)), (b"\x02", 0x00018010, b"a.txt\x00"),
                                      (b"\x02", 0x0006800F, b"content"))
    )  # fmt: skip


def _cms(content: bytes) -> bytes:
    """Just enough of a signed-data envelope (RFC 5652) to be opened: content info, encapsulated content, no signers."""
    inner = _der(0x30, bytes.fromhex("06092a864886f70d010701") + _der(0xA0, _der(0x04, content)))
    signed = _der(0x30, b"\x02\x01\x01" + _der(0x31, b"") + inner + _der(0x31, b""))
    return _der(0x30, bytes.fromhex("06092a864886f70d010702") + _der(0xA0, signed))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content
