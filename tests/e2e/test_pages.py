"""Sign-in in a real browser, by the link of the real mail, after a mail scanner has followed it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from mailbridge.config.model import WebSettings
from mailbridge.daemon import app as apps
from mailbridge.web.server import WebServer
from tests.harness import TestDesk, a_desk
from tests.web.chromium import chromium
from tests.web.signed_in import mail_to

BOGDAN = "bogdan@desk.test"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[TestDesk, WebServer]]:
    settings = WebSettings(listen=("127.0.0.1", port := free_port()), public_url=f"http://127.0.0.1:{port}")
    with a_desk(tmp_path, web=settings) as desk:
        server = apps.App.pages(desk.app)
        try:
            yield desk, server
        finally:
            server.close()


def test_a_person_signs_in_without_scripts_after_a_scanner(served: tuple[TestDesk, WebServer]) -> None:
    """The scanner asks with HEAD and GET and opens the link in a browser of its own with scripts; the person has scripts switched off."""
    desk, server = served
    home = f"http://127.0.0.1:{server.port}"
    with chromium() as person:
        person.scripts(on=False)
        person.open(home)
        assert person.address == f"{home}/sign-in"
        person.type("#address", BOGDAN)
        person.press("main form button")
        assert "Look into your mail" in person.words

        link = next(word for word in mail_to(desk, BOGDAN).split() if word.startswith(f"{home}/sign-in/"))
        for method in ("HEAD", "GET"):
            with urlopen(Request(link, method=method)) as answer:
                assert answer.status == 200
        with chromium() as scanner:
            scanner.open(link)
            scanner.open(home)
            assert scanner.address == f"{home}/sign-in"

        person.open(link)
        assert "b•••n@desk.test" in person.words
        person.press("main form button")
        person.open(f"{home}/sessions")
        assert "Bogdan Ionescu" in person.words
        assert "this browser" in person.words

        person.open(link)
        assert "does not work any more" in person.words
        assert {url.partition("/sign-in")[0].partition("/static")[0].rstrip("/") for url in person.asked} <= {home, f"{home}/sessions"}
        assert [said for said in person.complaints if "410" not in said] == []
