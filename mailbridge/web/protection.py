"""What every answer has and no request may do: security headers, and the size of a body."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY = 1 << 20  # bytes of a form

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
# `same-origin` and not `no-referrer`: with that one browsers send "Origin: null" with our own forms (Fetch, 3.2.5).
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}
_SECURE_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class BodyTooBig(Exception):
    """The body is longer than MOST_BODY; the rest was not read."""


class Headers:
    """Adds the headers to every answer, also to those that Starlette makes itself.  What a page says of caches stays."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app = app
        self._headers = {**HEADERS, **(_SECURE_ONLY if is_secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, protected)


async def read_body(request: Request) -> bytes:
    """The body.  Raises BodyTooBig: by Content-Length before a byte is read, else as soon as the bytes are too many."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:18]) > MOST_BODY:
        raise BodyTooBig
    pieces, size = list[bytes](), 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BODY:
            raise BodyTooBig
        pieces.append(piece)
    return b"".join(pieces)
