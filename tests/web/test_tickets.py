"""The inbox and a ticket: what agents read, what they do, and what a page refuses."""

from __future__ import annotations

import re

import pytest
from starlette.types import ASGIApp

from mailbridge.tickets.event_types.mails import MessageAdded
from tests.harness import TestDesk, a_mail
from tests.web.browser import Browser, Page
from tests.web.signed_in import sign_in

BOGDAN = "bogdan@desk.test"
HTML = (
    b"From: Carol Jones <carol@customer.test>\r\nTo: support@desk.test\r\nSubject: Printer <b>broken</b>\r\n"
    b"Message-ID: <h@customer.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n"
    b"<p>It does <b>not</b> print.</p><img src=https://spy.test/a.png><script>alert(1)</script>\r\n"
    b'--x\r\nContent-Type: text/html; name="a.html"\r\nContent-Disposition: attachment; filename="a.html"\r\n\r\n'
    b"<script>evil()</script>\r\n--x--\r\n"
)


@pytest.fixture
def bogdan(desk: TestDesk, pages: ASGIApp) -> Browser:
    desk.feed(a_mail())
    return sign_in(desk, pages, BOGDAN)


def send(browser: Browser, text: str, *, kind: str = "answer", path: str = "/t/MB-1", version: str = "") -> Page:
    """The form of the ticket, as the page has it."""
    return browser.post(path, text=text, kind=kind, version=version or browser.get(path).value("version"))


# --- the inbox


def test_the_lists_are_those_of_mails(desk: TestDesk, bogdan: Browser) -> None:
    assert "MB-1 Printer broken" in bogdan.get("/?list=unclaimed").words
    assert "Nothing here." in bogdan.get("/").words

    send(bogdan, "#take")

    assert "MB-1 Printer broken" in bogdan.get("/").words
    assert "Your tickets 1" in bogdan.get("/").words
    assert "Nothing here." in bogdan.get("/?list=unclaimed").words


def test_filters_stand_in_the_address(desk: TestDesk, bogdan: Browser) -> None:
    desk.feed(a_mail(subject="vpn is slow", message_id="<two@customer.test>"))
    page = bogdan.get("/?list=team&priority=normal&sort=new")

    assert "MB-1" in page.words
    assert "MB-2" not in page.words
    assert '<option value="normal" selected>' in page.text
    assert bogdan.get("/?list=nonsense&team=none&priority=x&sort=y&page=-1&status=%00").status == 200


def test_a_search_finds_words_and_numbers(desk: TestDesk, bogdan: Browser) -> None:
    assert "MB-1" in bogdan.get("/?q=printer").words
    assert bogdan.get("/?q=MB-1").location == "/t/MB-1"
    assert bogdan.get("/?q=1").location == "/t/MB-1"


# --- reading a ticket


def test_a_ticket_shows_what_was_written_and_whether_its_sender_is_proven(desk: TestDesk, bogdan: Browser) -> None:
    words = bogdan.get("/t/MB-1").words

    assert "It does not work." in words
    assert "Sender NOT verified: carol@customer.test" in words
    assert "MB-1/1" in words
    assert bogdan.get("/t/mb-1").location == "/t/MB-1"


def test_html_of_a_mail_is_in_a_frame_without_scripts(desk: TestDesk, pages: ASGIApp) -> None:
    desk.feed(HTML)
    page = sign_in(desk, pages, BOGDAN).get("/t/MB-1")
    frame = re.search(r'<iframe sandbox title="[^"]*" srcdoc="([^"]*)"></iframe>', page.text)

    assert frame
    assert "default-src &#39;none&#39;" in frame[1]
    assert "<script" not in page.text
    assert "spy.test" not in page.text.replace(frame[1], "")
    assert "Printer &lt;b&gt;broken&lt;/b&gt;" in page.text


def test_files_are_saved_and_never_shown(desk: TestDesk, pages: ASGIApp) -> None:
    desk.feed(HTML)
    browser = sign_in(desk, pages, BOGDAN)
    addresses = re.findall(r'href="(/t/MB-1/(?:files|mails)/\d+)"', browser.get("/t/MB-1").text)

    assert len(addresses) == 2
    for address in addresses:
        found = browser.get(address)
        assert (found.status, found.headers["content-type"]) == (200, "application/octet-stream")
        assert found.headers["content-disposition"].startswith("attachment;")
        assert found.headers["x-content-type-options"] == "nosniff"
    assert b"Message-ID: <h@customer.test>" in browser.get(addresses[1]).body


def test_a_file_of_another_ticket_is_missing(desk: TestDesk, pages: ASGIApp) -> None:
    desk.feed(a_mail())
    desk.feed(HTML)
    browser = sign_in(desk, pages, BOGDAN)
    file, raw = re.findall(r'href="/t/MB-2/((?:files|mails)/\d+)"', browser.get("/t/MB-2").text)

    assert [browser.get(f"/t/MB-1/{name}").status for name in (file, raw, "files/999", "mails/x")] == [404] * 4


# --- writing


def test_an_answer_goes_to_the_customer_as_that_of_a_mail_does(desk: TestDesk, bogdan: Browser) -> None:
    done = send(bogdan, "Please switch it off and on.\r\n\r\n#status waiting")

    assert done.location == "/t/MB-1?done=sent"
    mail = next(mail for mail in desk.deliver() if "carol@customer.test" in str(mail["To"]) and "switch it off" in str(mail))
    assert str(mail["From"]).startswith('"Bogdan Ionescu via') or "Bogdan Ionescu" in str(mail["From"])
    assert (desk.ticket().status, desk.ticket().assignee) == ("waiting", "bogdan")
    page = bogdan.follow(done).words
    assert "Your text was sent." in page
    assert "Please switch it off and on." in page


def test_a_note_stays_with_colleagues(desk: TestDesk, bogdan: Browser) -> None:
    assert send(bogdan, "She is angry.", kind="note").location == "/t/MB-1?done=noted"
    assert send(bogdan, "#note\nAnd right.").location == "/t/MB-1?done=noted"

    assert [mail for mail in desk.deliver() if "carol" in str(mail["To"]) and ("angry" in str(mail) or "right" in str(mail))] == []
    assert "She is angry." in bogdan.get("/t/MB-1").words


def test_a_line_that_is_not_understood_stops_all_of_it(desk: TestDesk, bogdan: Browser) -> None:
    page = send(bogdan, "Solved, I think.\n\n#sttaus waiting")

    assert page.status == 400
    assert "#status" in page.words
    assert "Solved, I think." in page.text
    with desk.app.store.read() as tx:
        assert sum(isinstance(event.what, MessageAdded) for event in tx.events.of_ticket(1)) == 1


@pytest.mark.parametrize("text", ["", "   ", "#list mine"])
def test_what_a_page_does_not_do_is_said(bogdan: Browser, text: str) -> None:
    page = send(bogdan, text)

    assert page.status == 400
    assert "role=\"alert\"" in page.text


def test_a_stale_form_is_shown_and_nothing_is_overwritten(desk: TestDesk, pages: ASGIApp, bogdan: Browser) -> None:
    """A colleague was quicker; the same form sent twice counts once."""
    clara = sign_in(desk, pages, "clara@desk.test")
    seen = clara.get("/t/MB-1").value("version")
    send(bogdan, "I take care of it.")

    page = send(clara, "I take care of it, too.", version=seen)
    assert page.status == 409
    assert "The ticket changed while you wrote." in page.words
    assert "I take care of it, too." in page.text
    assert send(clara, "I take care of it, too.", version=page.value("version")).status == 303

    version = bogdan.get("/t/MB-1").value("version")
    assert [send(bogdan, "Once.", version=version).status for _ in range(2)] == [303, 409]


def test_undo_takes_back_what_the_page_did(desk: TestDesk, bogdan: Browser) -> None:
    send(bogdan, "#priority high")
    assert desk.ticket().priority == "high"

    assert send(bogdan, "#undo").status == 303
    assert desk.ticket().priority == "normal"


def test_a_page_has_the_words_of_its_reader(desk: TestDesk, pages: ASGIApp) -> None:
    rules = desk.app.config.folder / "rules" / "teams.yaml"
    rules.write_text(rules.read_text().replace("address: bogdan@desk.test}", "address: bogdan@desk.test, language: ru}"))
    desk.app.reload_files()
    desk.feed(a_mail())
    browser = sign_in(desk, pages, BOGDAN)

    page = browser.get("/t/MB-1")

    assert "Только коллеги" in page.words
    assert re.findall(r"\b(?:Send|Write|Customer|Undo|Take)\b", page.words) == []
    assert send(browser, "#take").status == 303
