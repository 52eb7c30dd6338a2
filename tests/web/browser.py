"""A browser without a network: it asks the ASGI application, keeps cookies, and sends the headers that browsers send with forms."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp

from mailbridge.config.model import WebSettings
from mailbridge.web.application import application
from mailbridge.web.pages import Pages
from mailbridge.web.rate_limits import RateLimits
from mailbridge.web.visit import Site
from tests.harness import TestDesk

ORIGIN = "http://127.0.0.1:8080"
SETTINGS = WebSettings(listen=("127.0.0.1", 8080), public_url=ORIGIN)


def pages_of(desk: TestDesk, settings: WebSettings = SETTINGS) -> ASGIApp:
    """The pages of the desk."""
    app = desk.app
    site = Site(
        store=app.store,
        desk=app.desk_of_files,
        clock=desk.clock,
        settings=settings,
        pages=Pages(app.config.templates_folder),
        limits=RateLimits(lambda: desk.clock.now().timestamp()),
    )
    return application(site)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer.  Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def words(self) -> str:
        """What a person reads."""
        without = re.sub(r"<(head|script|style)\b.*?</\1>|<[^>]*>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(without).split())

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    def value(self, name: str) -> str:
        """The value of the first field with this name."""
        found = re.search(rf'name="{re.escape(name)}"[^>]*?value="([^"]*)"', self.text)
        assert found, f"there is no field {name}: {self.words}"
        return unescape(found[1])


@dataclass(slots=True, kw_only=True)
class Browser:
    """A person's browser; `origin` is where its pages come from."""

    app: ASGIApp
    origin: str = ORIGIN
    peer: str = "127.0.0.1"
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, method: str = "GET") -> Page:
        return self.send(method, path, {"sec-fetch-site": "none"})

    def post(self, path: str, **fields: str) -> Page:
        """A form of this desk's own page."""
        return self.post_as(path, {"origin": self.origin, "sec-fetch-site": "same-origin"}, **fields)

    def post_as(self, path: str, headers: Mapping[str, str], **fields: str) -> Page:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, {**kind, **headers}, urlencode(fields).encode())

    def follow(self, page: Page) -> Page:
        """Where a redirect leads, by GET."""
        while page.status == 303:
            page = self.get(page.location)
        return page

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Page:
        given = {"host": urlsplit(self.origin).netloc, **self.headers, **headers}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body:
            given.setdefault("content-length", str(len(body)))
        page = asyncio.run(self._asked(method, path, given, body))
        for line in page.cookies:
            self._keep(line)
        return page

    def _keep(self, line: str) -> None:
        name, _, value = line.partition(";")[0].partition("=")
        if value and "Max-Age=0" not in line:
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)

    async def _asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Page:
        where = urlsplit(path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": urlsplit(self.origin).scheme,
            "path": where.path,
            "raw_path": where.path.encode(),
            "query_string": where.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
            "client": (self.peer, 40_000),
            "server": ("127.0.0.1", 8080),
        }
        sent, given = list[dict[str, Any]](), [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return given.pop(0) if given else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(message for message in sent if message["type"] == "http.response.start")
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        return Page(
            status=start["status"],
            headers={name: value for name, value in pairs if name != "set-cookie"},
            cookies=tuple(value for name, value in pairs if name == "set-cookie"),
            body=b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body"),
        )
