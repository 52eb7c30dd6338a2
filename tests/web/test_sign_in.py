"""Sign-in by mail: what consumes a link, what does not, and what strangers learn."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from starlette.types import ASGIApp

from mailbridge.conversation.sign_in import code, link_token
from mailbridge.store.sign_ins import MOST_TRIES
from tests.harness import TestDesk
from tests.web.browser import Browser, pages_of
from tests.web.signed_in import code_in, link_in, mail_to, sign_in

BOGDAN = "bogdan@desk.test"


def asked(desk: TestDesk, browser: Browser, address: str = BOGDAN) -> str:
    """The text of the mail that came after the form was sent."""
    assert browser.post("/sign-in", address=address).location == "/sign-in/code"
    return mail_to(desk, address)


def test_the_button_of_the_link_signs_in_once(desk_of_both: TestDesk) -> None:
    pages = pages_of(desk_of_both)
    link = link_in(asked(desk_of_both, Browser(app=pages)))
    phone = Browser(app=pages)
    shown = phone.get(link)

    assert "b•••n@desk.test" in shown.words
    assert BOGDAN not in shown.words
    done = phone.post(link, nonce=shown.value("nonce"))
    assert (done.status, done.location) == (303, "/")
    assert phone.get("/sessions").status == 200

    other = Browser(app=pages)
    assert other.get(link).status == 410
    other.cookies["mailbridge-nonce"] = "x"
    again = other.post(link, nonce="x")
    assert again.status == 410
    assert 'action="/sign-in"' in again.text


def test_a_scanner_before_the_person_changes_nothing(desk: TestDesk, pages: ASGIApp) -> None:
    """Programs follow links with HEAD and GET, some run scripts and press nothing, some send the form without the cookie."""
    link = link_in(asked(desk, Browser(app=pages)))
    for method in ("HEAD", "GET", "GET"):
        scanner = Browser(app=pages)
        assert scanner.get(link, method=method).status == 200
        assert "mailbridge-session" not in scanner.cookies
    nonce = Browser(app=pages).get(link).value("nonce")
    pressed = Browser(app=pages).post(link, nonce=nonce)
    assert (pressed.status, pressed.cookies) == (400, ())

    person = Browser(app=pages)
    assert person.post(link, nonce=person.get(link).value("nonce")).status == 303


def test_a_link_works_for_fifteen_minutes(desk: TestDesk, browser: Browser) -> None:
    link = link_in(asked(desk, browser))
    nonce = browser.get(link).value("nonce")

    desk.pass_time(minutes=15)

    assert browser.get(link).status == 410
    assert browser.post(link, nonce=nonce).status == 410


def test_the_code_signs_in_the_browser_that_asked(desk_of_both: TestDesk) -> None:
    pages = pages_of(desk_of_both)
    desktop, other = Browser(app=pages), Browser(app=pages)
    digits = code_in(asked(desk_of_both, desktop))

    assert other.post("/sign-in/code", code=digits).status == 400  # no cookie of a request
    assert desktop.post("/sign-in/code", code=f"{digits[:3]} {digits[3:]}").location == "/"
    assert desktop.get("/sessions").status == 200
    assert desktop.post("/sign-in/code", code=digits).status == 400


def test_five_wrong_codes_end_the_request(desk: TestDesk, browser: Browser) -> None:
    digits = code_in(asked(desk, browser))
    wrong = f"{(int(digits) + 1) % 10**6:06}"

    assert [browser.post("/sign-in/code", code=wrong).status for _ in range(MOST_TRIES)] == [400] * MOST_TRIES
    assert browser.post("/sign-in/code", code=digits).status == 400


def test_the_answer_is_the_same_for_an_address_of_nobody(desk: TestDesk, pages: ASGIApp) -> None:
    """In words, and in what is done before the answer leaves: one row in one transaction."""
    known, unknown, customer = Browser(app=pages), Browser(app=pages), Browser(app=pages)
    desk.feed(b"From: carol@customer.test\r\nTo: support@desk.test\r\nSubject: Printer\r\n\r\nIt is broken.\r\n")
    answers = [
        (page.status, page.location, len(page.cookies[0]), one.follow(page).words)
        for one, address in ((known, BOGDAN), (unknown, "nobody@desk.test"), (customer, "carol@customer.test"))
        for page in [one.post("/sign-in", address=address)]
    ]

    assert answers[0] == answers[1] == answers[2]
    assert [n.recipient for n in desk.promises(event="sign_in")] == [BOGDAN]
    assert unknown.post("/sign-in/code", code="000000").status == 400


def test_neither_the_database_nor_the_outbox_has_the_link(desk: TestDesk, browser: Browser) -> None:
    """Also the mail as it was sent does not stay."""
    browser.post("/sign-in", address=BOGDAN)
    with desk.app.store.read() as tx:
        found = tx.sign_ins.get(1)
    assert found is not None
    key = desk.app.signer.keys[0]
    token, digits = link_token(key, 1, found.requested_at), code(key, 1, found.requested_at)
    session = sign_in(desk, browser.app, BOGDAN)
    secrets = (token, session.cookies["mailbridge-session"], browser.cookies["mailbridge-sign-in"].partition(".")[2])

    with sqlite3.connect(desk.app.store.path or "") as database:
        rows = [
            row
            for table in ("outbox", "sign_ins", "web_sessions", "events", "state")
            for row in database.execute(f"SELECT * FROM {table}")
        ]
        payloads = [row[0] for row in database.execute("SELECT payload FROM outbox")]
    assert len(rows) > 4
    assert [secret for secret in secrets for row in rows for cell in row if secret in str(cell)] == []
    assert [text for text in payloads if digits in text] == []


@pytest.mark.parametrize("typed", ["", "bogdan", "@desk.test", "x" * 400 + "@desk.test"])
def test_what_is_no_address_is_said(browser: Browser, typed: str) -> None:
    page = browser.post("/sign-in", address=typed)

    assert page.status == 400
    assert "no mail address" in page.words


def test_who_asks_too_often_waits(desk: TestDesk, pages: ASGIApp) -> None:
    statuses = [Browser(app=pages, peer=f"192.0.2.{n}").post("/sign-in", address=BOGDAN).status for n in range(7)]
    assert statuses == [303] * 5 + [429] * 2
    refused = Browser(app=pages, peer="192.0.2.9").post("/sign-in", address=BOGDAN)
    assert int(refused.headers["retry-after"]) > 0

    desk.pass_time(minutes=16)
    assert Browser(app=pages).post("/sign-in", address=BOGDAN).status == 303


def test_a_network_of_ipv6_counts_as_one(pages: ASGIApp) -> None:
    asked = [Browser(app=pages, peer=f"2001:db8::{n:x}").post("/sign-in", address=f"a{n}@x.test").status for n in range(1, 32)]

    assert asked == [303] * 30 + [429]
    assert Browser(app=pages, peer="2001:db8:0:1::1").post("/sign-in", address="a@x.test").status == 303


def test_the_page_that_was_asked_for_opens_after_the_sign_in(desk: TestDesk, browser: Browser) -> None:
    form = browser.follow(browser.get("/sessions"))
    browser.post("/sign-in", address=BOGDAN, back_to=form.value("back_to"))
    link = link_in(mail_to(desk, BOGDAN))

    assert browser.post(link, nonce=browser.get(link).value("nonce")).location == "/sessions"


@pytest.mark.parametrize("path", ["//evil.test/", "https://evil.test/", "/\\evil.test", "/a\r\nSet-Cookie: x=1", "javascript:alert(1)"])
def test_a_sign_in_leads_to_no_other_site(desk: TestDesk, browser: Browser, path: str) -> None:
    browser.post("/sign-in", address=BOGDAN, back_to=path)
    link = link_in(mail_to(desk, BOGDAN))

    assert browser.post(link, nonce=browser.get(link).value("nonce")).location == "/"


def test_the_mail_is_in_the_language_of_the_agent(desk: TestDesk, browser: Browser) -> None:
    rules = desk.app.config.folder / "rules" / "teams.yaml"
    rules.write_text(rules.read_text().replace("address: bogdan@desk.test}", "address: bogdan@desk.test, language: ro}"))
    desk.app.reload_files()

    text = asked(desk, browser)

    assert "Pe alt dispozitiv" in text


def test_sessions_end_by_idleness_and_by_age(desk: TestDesk, pages: ASGIApp) -> None:
    browser = sign_in(desk, pages, BOGDAN)
    desk.pass_time(hours=11)
    assert browser.get("/sessions").status == 200
    desk.pass_time(hours=12)
    assert browser.get("/sessions").location.startswith("/sign-in")

    busy = sign_in(desk, pages, BOGDAN)
    for _ in range(34):
        desk.pass_time(hours=10)
        last = busy.get("/sessions").status
    assert last == 303  # 340 hours are more than 14 days


def test_sessions_are_listed_and_ended(desk: TestDesk, pages: ASGIApp) -> None:
    laptop = sign_in(desk, pages, BOGDAN, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    phone = sign_in(desk, pages, BOGDAN, user_agent="Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36")
    shown = laptop.get("/sessions").words
    assert "Firefox, Linux this browser" in shown
    assert "Chrome, Android" in shown

    assert laptop.post("/sessions/2/end").status == 303
    assert phone.get("/sessions").status == 303

    clara = sign_in(desk, pages, "clara@desk.test")
    assert clara.post("/sessions/1/end").status == 404  # somebody else's
    assert laptop.get("/sessions").status == 200

    tablet = sign_in(desk, pages, BOGDAN)
    laptop.post("/sessions/end-others")
    assert (tablet.get("/sessions").status, laptop.get("/sessions").status) == (303, 200)

    laptop.post("/sign-out")
    assert laptop.get("/sessions").status == 303


def test_a_session_ends_when_the_agent_leaves(desk: TestDesk, pages: ASGIApp) -> None:
    browser = sign_in(desk, pages, BOGDAN)
    rules = desk.app.config.folder / "rules" / "teams.yaml"
    before = rules.read_text()
    rules.write_text(before.replace("address: bogdan@desk.test}", "address: bogdan@desk.test, active: false}"))
    desk.app.reload_files()

    assert browser.get("/sessions").status == 303
    assert browser.post("/sessions/end-others").status == 401


def test_the_mail_is_not_sent_for_ever(desk: TestDesk, browser: Browser) -> None:
    """Requests of a day ago are gone with the next one."""
    browser.post("/sign-in", address=BOGDAN)
    desk.clock.time += timedelta(days=2)
    browser.post("/sign-in", address=BOGDAN)

    with desk.app.store.read() as tx:
        assert tx.sign_ins.get(1) is None
        assert tx.sign_ins.get(2) is not None
