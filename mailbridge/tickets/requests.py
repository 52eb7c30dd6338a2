"""Requests: commands that are executed together or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.tickets.actor import Actor
from mailbridge.tickets.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Commands for one ticket.  `words`: as they were typed, for display only; '' where they were not.  `actor`: the author, where it
    differs from the author of the other requests (a rule beside the customer)."""

    commands: tuple[Command, ...]
    words: str = ""
    actor: Actor | None = None


def each(commands: tuple[Command, ...] | list[Command], actor: Actor | None = None) -> list[Request]:
    """Each command as its own request: one that is refused does not affect the others."""
    return [Request(commands=(command,), actor=actor) for command in commands]
