"""What protects every page: headers, origin, cookies, sizes, methods, and pages that say what went wrong."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from starlette.types import ASGIApp

from mailbridge.config.model import WebSettings
from mailbridge.errors import StoreAway
from mailbridge.message.profiles import networks
from mailbridge.store.engine import Store
from mailbridge.web.protection import MOST_BODY
from mailbridge.web.requests import browser_name, client_address, is_own_request, local_path, masked, preferred_language
from tests.harness import TestDesk
from tests.web.browser import ORIGIN, Browser, pages_of
from tests.web.signed_in import sign_in

BOGDAN = "bogdan@desk.test"
OWN = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/sign-in/17-abc", "/t/../..", "/static/0/desk.css"])
def test_every_answer_has_the_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_files_that_come_along_are_kept_by_browsers(browser: Browser) -> None:
    addresses = re.findall(r'href="(/static/[^"]+)"', browser.get("/sign-in").text)

    assert len(addresses) == 2
    for address in addresses:
        found = browser.get(address)
        assert (found.status, found.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert browser.get(address.replace("/static/", "/static/0")).status == 404


def test_pages_have_no_inline_script_or_style_and_ask_nobody_else(browser: Browser) -> None:
    for path in ("/sign-in", "/sign-in/code", "/nothing"):
        text = browser.get(path).text
        assert re.findall(r"<script|<style|\sstyle=|\son\w+=|(?:src|href)=.(?:https?:)?//", text) == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
        {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8081"},
    ],
)
def test_another_site_cannot_send_a_form(desk: TestDesk, pages: ASGIApp, headers: dict[str, str]) -> None:
    browser = sign_in(desk, pages, BOGDAN)

    page = browser.post_as("/sign-out", headers)

    assert page.status == 403
    assert ORIGIN in page.words
    assert browser.get("/sessions").status == 200


@pytest.mark.parametrize("headers", [OWN, {"origin": ORIGIN}, {"sec-fetch-site": "same-origin"}])
def test_our_own_page_can(desk: TestDesk, pages: ASGIApp, headers: dict[str, str]) -> None:
    assert sign_in(desk, pages, BOGDAN).post_as("/sign-out", headers).status == 303


def test_cookies_with_https_have_the_host_prefix(desk: TestDesk) -> None:
    url = "https://desk.test"
    pages = pages_of(desk, WebSettings(listen=("127.0.0.1", 8080), public_url=url))
    browser = Browser(app=pages, origin=url)
    page = browser.post("/sign-in", address=BOGDAN)

    assert [line.partition("=")[0] for line in page.cookies] == ["__Host-mailbridge-sign-in"]
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(page.cookies[0].split("; "))
    assert "max-age" in page.headers["strict-transport-security"]


def test_cookies_by_http_on_this_machine_have_none(browser: Browser) -> None:
    page = browser.post("/sign-in", address=BOGDAN)

    assert page.cookies[0].startswith("mailbridge-sign-in=")
    assert "Secure" not in page.cookies[0]
    assert "HttpOnly" in page.cookies[0]


def test_a_field_of_ten_megabytes_is_refused_before_it_is_read(browser: Browser) -> None:
    headers = {**OWN, "content-type": "application/x-www-form-urlencoded", "content-length": str(10 << 20)}

    by_length = browser.send("POST", "/sign-in", headers, b"address=")
    counted = browser.send("POST", "/sign-in", {**headers, "content-length": ""}, b"address=" + b"x" * MOST_BODY)

    assert [by_length.status, counted.status] == [413, 413]
    assert "1024 kB" in by_length.words


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"address=a"),
        ("application/x-www-form-urlencoded", b"address=%ff%fe"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"no pairs"),
        ("application/x-www-form-urlencoded", urlencode([(f"f{n}", "x") for n in range(2000)]).encode()),
    ],
)
def test_what_is_no_form_is_said(browser: Browser, kind: str, body: bytes) -> None:
    assert browser.send("POST", "/sign-in", {**OWN, "content-type": kind}, body).status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_said(browser: Browser, method: str) -> None:
    page = browser.send(method, "/sign-in", OWN)

    assert (page.status, page.headers["allow"]) == (405, "HEAD, GET, POST")


def test_what_was_written_is_shown_where_the_session_was_lost(browser: Browser) -> None:
    page = browser.post("/sessions/end-others", text="A long <answer>.")

    assert page.status == 401
    assert "A long &lt;answer&gt;." in page.text


def test_a_database_that_is_away_is_said(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_store: Store) -> None:
        raise StoreAway("the store is away")

    browser.get("/sign-in")  # loads the rules
    monkeypatch.setattr(Store, "read", away)
    page = browser.get("/sign-in/17-abcdefghijklmnopqrstuvwxyz")

    assert (page.status, page.headers["retry-after"]) == (503, "60")


def test_a_database_that_was_never_there_is_said(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_store: Store) -> None:
        raise StoreAway("the store is away")

    monkeypatch.setattr(Store, "read", away)

    assert browser.get("/sign-in").status == 503


@pytest.mark.parametrize(
    ("language", "said"), [("ro-RO,en;q=0.5", "Conectare"), ("ru", "Войти"), ("de,en;q=0.1", "Sign in"), ("xx", "Sign in")]
)
def test_pages_speak_the_language_of_the_browser(browser: Browser, language: str, said: str) -> None:
    browser.headers["accept-language"] = language

    assert f"<h1>{said}</h1>" in browser.get("/sign-in").text


def test_too_many_requests_of_one_network_wait(pages: ASGIApp) -> None:
    statuses = [Browser(app=pages, peer="198.51.100.7").get("/static/0/none.css").status for _ in range(601)]

    assert (statuses[599], statuses[600]) == (404, 429)
    assert Browser(app=pages, peer="198.51.100.8").get("/sign-in").status == 200


# --- values of headers


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", "10.0.0.1", "203.0.113.5"),  # a stranger wrote the header
        ("127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.5", "203.0.113.5"),  # the browser wrote the first one
        ("127.0.0.1", "203.0.113.5, 10.1.2.3", "203.0.113.5"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "unknown", "unknown"),
    ],
)
def test_the_address_behind_proxies(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded, networks(("127.0.0.1", "10.0.0.0/8"))) == address


def test_a_request_without_origin_and_site_is_not_ours() -> None:
    assert not is_own_request({}, ORIGIN)


@pytest.mark.parametrize(
    ("accepted", "language"), [("", "en"), ("ru;q=0.2, ro;q=0.9", "ro"), ("ro;q=x, ru", "ru"), ("*", "en"), (",;q=,", "en")]
)
def test_the_preferred_language(accepted: str, language: str) -> None:
    assert preferred_language(accepted, ("en", "ro", "ru"), "en") == language


@pytest.mark.parametrize(
    ("path", "own"), [("/t/MB-1?x=1", "/t/MB-1?x=1"), ("", "/"), ("t", "/"), ("//x", "/"), ("/\\x", "/"), ("/a b", "/")]
)
def test_local_paths(path: str, own: str) -> None:
    assert local_path(path) == own


@pytest.mark.parametrize(
    ("address", "shown"), [("bogdan@d.test", "b•••n@d.test"), ("ion@d.test", "i•••@d.test"), ("a@d.test", "a•••@d.test")]
)
def test_masked_addresses(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_names_of_browsers() -> None:
    assert browser_name("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0) AppleWebKit/605.1 Version/26.0 Safari/604.1") == "Safari, iPhone"
    assert browser_name("curl/8") == ""
