"""What a page returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie to set.  `value` '': the browser deletes it.  `seconds` None: until the browser is closed."""

    name: str
    value: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """Status, body and cookies.  `after`: the number of a sign-in request whose mail is sent after the answer has left."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[Cookie, ...] = ()
    after: int | None = None


def redirect(path: str, *cookies: Cookie) -> PageAnswer:
    """303: the browser gets the path with GET."""
    return PageAnswer(status=303, headers={"Location": path}, cookies=cookies)
