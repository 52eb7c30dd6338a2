"""What somebody asks for at once: commands that are done as a whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.tickets.commands import Command
from mailbridge.tickets.events import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Commands for one ticket.  `words`: as somebody typed them, only for showing; '' where nobody did.  `actor`: who asks, where that is
    somebody else than who asks for the other requests of the same execution (a rule beside the customer)."""

    commands: tuple[Command, ...]
    words: str = ""
    actor: Actor | None = None


def each(commands: tuple[Command, ...] | list[Command], actor: Actor | None = None) -> list[Request]:
    """Each command as a request of its own: one that is refused leaves the others alone."""
    return [Request(commands=(command,), actor=actor) for command in commands]
