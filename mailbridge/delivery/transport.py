"""What it means to hand over one mail for one recipient: five outcomes, and nothing between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The other side has taken it: 2xx after the final dot, or the file is in its place."""

    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """It was certainly not taken, and may be later.  `code` 0: no reply, a fault on the way.

    `away` says that nothing about this mail caused it: the server is not there, busy, or does not let us in.
    """

    code: int = 0
    reply: str = ""
    away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It was certainly not taken, and never will be.  `code` 0: we know without asking."""

    code: int = 0
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The final dot may have been seen, and no reply came: the outcome is unknown (RFC 5321 4.5.3.2.6, RFC 1047)."""

    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """It was not handed over, on purpose: the desk is in shadow mode."""


Outcome = Delivered | Deferred | Refused | Unknown | Withheld


class Transport(Protocol):
    """Hands mails to a server, one at a time; belongs to one thread."""

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: Callable[[], None]) -> Outcome:
        """Hands over one mail.  `before_dot` is called once, when everything but the final dot is with the server.

        What it raises (LeaseLost) comes out here, and nothing was delivered then."""
        ...

    def close(self) -> None:
        """Says goodbye; the next send starts anew."""
        ...
