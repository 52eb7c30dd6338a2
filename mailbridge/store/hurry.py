"""The end of the process, as the connections to PostgreSQL see it."""

from __future__ import annotations

from threading import Event


class Hurry(Event):
    """Set when the process ends.  `in_vain`: a wait for the server ended without an answer since then, so nobody waits for it again."""

    def __init__(self) -> None:
        super().__init__()
        self.in_vain = False
