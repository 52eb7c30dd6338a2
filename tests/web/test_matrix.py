"""Every route in every role: who gets a page, who is sent to sign in, who is refused.

The matrix is made from the table of routes.  A route that has no row in `EXPECTED` fails, so nobody adds a page without saying who may
open it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_urlsafe

import pytest
from starlette.types import ASGIApp

from mailbridge.web.cookies import hashed
from mailbridge.web.routes import ROUTES
from tests.harness import RULES, TestDesk, a_desk, a_mail
from tests.web.browser import SETTINGS, Browser, Page, pages_of

TEAMS = """
teams:
  support: {title: Support, members: [bogdan], managers: [mara], outsiders: nothing}
  network: {title: Network, members: [clara]}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test}
  olga: {title: Olga Pop, address: olga@desk.test, role: observer}
  mara: {title: Mara Lind, address: mara@desk.test, role: manager}
  gone: {title: Gone Long, address: gone@desk.test, active: false}
default: support
"""
# Role -> whose name stands in the session; '' for no session.  MB-1 is carol's, on the team support, which hides its tickets from other
# teams.  MB-2 is carol's, too, on the team network.
ROLES = {
    "nobody": "",
    "stranger": "eve@evil.test",
    "customer": "carol@customer.test",
    "colleague": "jo@customer.test",
    "agent of the team": "bogdan",
    "agent of another team": "clara",
    "observer": "olga",
    "manager": "mara",
    "administrator": "admin@desk.test",
    "agent who left": "gone",
}
AGENTS = ("agent of the team", "agent of another team", "observer", "manager")
SIGNED_IN = {role: role in AGENTS for role in ROLES}


def agents(page: int, otherwise: int) -> dict[str, int]:
    """Agents get `page`, everybody else `otherwise`."""
    return {role: page if SIGNED_IN[role] else otherwise for role in ROLES}


def of_hidden_ticket(page: int, otherwise: int) -> dict[str, int]:
    """Who sees MB-1 gets `page`, other agents the same as for a ticket that is not there."""
    sees = ("agent of the team", "manager")
    return {role: page if role in sees else 404 if SIGNED_IN[role] else otherwise for role in ROLES}


def everybody(status: int) -> dict[str, int]:
    return dict.fromkeys(ROLES, status)


# (method, path of the route) -> (what is asked, role -> status)
EXPECTED: Mapping[tuple[str, str], tuple[str, Mapping[str, int]]] = {
    ("GET", "/static/{hash}/{name}"): ("/static/0/desk.css", everybody(404)),
    ("GET", "/sign-in"): ("/sign-in", agents(303, 200)),
    ("POST", "/sign-in"): ("/sign-in", everybody(400)),
    ("GET", "/sign-in/code"): ("/sign-in/code", everybody(200)),
    ("POST", "/sign-in/code"): ("/sign-in/code", everybody(400)),
    ("GET", "/sign-in/{token}"): ("/sign-in/1-abcdefghijklmnopqrstuvwxyz", everybody(410)),
    ("POST", "/sign-in/{token}"): ("/sign-in/1-abcdefghijklmnopqrstuvwxyz", everybody(400)),
    ("POST", "/sign-out"): ("/sign-out", everybody(303)),
    ("GET", "/"): ("/", agents(200, 303)),
    ("GET", "/t/{ticket}"): ("/t/MB-1", of_hidden_ticket(200, 303)),
    ("POST", "/t/{ticket}"): ("/t/MB-1", of_hidden_ticket(409, 401)),
    ("GET", "/t/{ticket}/files/{file}"): ("/t/MB-1/files/1", of_hidden_ticket(200, 303)),
    ("GET", "/t/{ticket}/mails/{mail}"): ("/t/MB-1/mails/1", of_hidden_ticket(200, 303)),
    ("GET", "/sessions"): ("/sessions", agents(200, 303)),
    ("POST", "/sessions/end-others"): ("/sessions/end-others", agents(303, 401)),
    ("POST", "/sessions/{number}/end"): ("/sessions/999/end", agents(404, 401)),
}


WITH_FILE = (
    b"From: carol@customer.test\r\nTo: support@desk.test\r\nSubject: Printer\r\nMessage-ID: <1@customer.test>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nIt is broken.\r\n"
    b'--x\r\nContent-Type: application/pdf; name="log.pdf"\r\n\r\nx\r\n--x--\r\n'
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDesk]:
    folder: Path = tmp_path_factory.mktemp("matrix")
    with a_desk(folder, rules={**RULES, "teams.yaml": TEAMS}, web=SETTINGS) as desk:
        desk.feed(WITH_FILE)
        desk.feed(a_mail(subject="vpn", message_id="<two@customer.test>"))
        yield desk


@pytest.fixture(scope="module")
def pages(desk: TestDesk) -> ASGIApp:
    return pages_of(desk)


def in_role(desk: TestDesk, pages: ASGIApp, role: str) -> Browser:
    """A browser with a session of this role's name, also where nobody could have got one."""
    browser, secret = Browser(app=pages, peer=f"192.0.2.{list(ROLES).index(role)}"), token_urlsafe(32)
    if ROLES[role]:
        with desk.app.store.write() as tx:
            tx.web_sessions.start(hashed(secret), ROLES[role], "", desk.clock.now())
        browser.cookies["mailbridge-session"] = secret
    return browser


def ask(browser: Browser, method: str, path: str) -> Page:
    return browser.get(path) if method == "GET" else browser.post(path)


def test_every_route_is_in_the_matrix() -> None:
    assert {(method, route.path) for route in ROUTES for method in route.pages} == set(EXPECTED)


@pytest.mark.parametrize("role", ROLES)
def test_every_route_in_this_role(desk: TestDesk, pages: ASGIApp, role: str) -> None:
    given = {(method, path): ask(in_role(desk, pages, role), method, asked).status for (method, path), (asked, _) in EXPECTED.items()}

    assert given == {row: expected[role] for row, (_, expected) in EXPECTED.items()}


@pytest.mark.parametrize("role", AGENTS)
def test_a_ticket_of_an_open_team_in_this_role(desk: TestDesk, pages: ASGIApp, role: str) -> None:
    """All agents read it; who may not work on it gets no button for that and is refused."""
    browser = in_role(desk, pages, role)
    page = browser.get("/t/MB-2")

    assert page.status == 200
    assert ('value="answer"' in page.text) is (role != "observer")
    sent = browser.post("/t/MB-2", text="#priority low", version=page.value("version"))
    assert sent.status == (200 if role == "observer" else 303)


@pytest.mark.parametrize("role", AGENTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_missing_and_what_is_forbidden_are_one(desk: TestDesk, pages: ASGIApp, role: str, method: str) -> None:
    browser = in_role(desk, pages, role)
    missing = ask(browser, method, "/t/MB-999")
    forbidden = ask(in_role(desk, pages, "agent of another team"), method, "/t/MB-1")

    assert (missing.status, missing.words.replace("MB-999", "MB-1")) == (404, forbidden.words)


@pytest.mark.parametrize("role", ROLES)
def test_no_route_takes_a_form_of_another_site(desk: TestDesk, pages: ASGIApp, role: str) -> None:
    browser = in_role(desk, pages, role)
    foreign = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    posts = [asked for (method, _), (asked, _) in EXPECTED.items() if method == "POST"]

    assert {path: browser.post_as(path, foreign).status for path in posts} == dict.fromkeys(posts, 403)
