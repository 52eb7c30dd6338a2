"""The transport of a desk in shadow mode: it knows no server, so nothing can leave."""

from __future__ import annotations

from collections.abc import Callable

from mailbridge.delivery.transport import Outcome, Withheld


class ShadowTransport:
    """Withholds every mail."""

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: Callable[[], None]) -> Outcome:
        """Withheld, always; `before_dot` is never called."""
        return Withheld()

    def close(self) -> None:
        """There is no connection."""
