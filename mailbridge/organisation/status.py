"""A state of a ticket, as `rules/statuses.yaml` describes it.  Values only; `organisation.transitions` knows what they mean for a desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

HIDDEN = "hidden"  # as `shown`: the customer hears nothing of this status


class Mover(StrEnum):
    """Which agents may move a ticket into a status."""

    AGENT = "agent"  # whoever may work on it
    MEMBER = "member"  # somebody of the ticket's team
    MANAGER = "manager"  # a manager of the ticket's team or of the desk


class Awaited(StrEnum):
    """Whose turn it is while a ticket waits."""

    CUSTOMER = "customer"
    OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A state of a ticket.  `open` false ends the work; `waiting` true stops the clocks (a customer's mail wakes the ticket)."""

    name: str
    title: str
    open: bool = True
    waiting: bool = False
    others: bool = False  # it waits for somebody else than the customer, who is asked for nothing
    titles: Mapping[str, str] = field(default_factory=dict)  # by language, where they differ
    shown: str = ""  # what customers read instead of the title; HIDDEN: they hear nothing of it
    shown_titles: Mapping[str, str] = field(default_factory=dict)
    next: tuple[str, ...] | None = None  # where agents may move it from here; None: anywhere
    may: Mover = Mover.AGENT
    closes_after: timedelta | None = None  # so long after it came here without a word of the customer it is closed

    def title_in(self, language: str) -> str:
        """How agents who read that language call it."""
        return self.titles.get(language.partition("-")[0], self.title)

    def shown_in(self, language: str) -> str:
        """How customers read it; '' where they do not see it."""
        if self.shown == HIDDEN:
            return ""
        if self.shown or self.shown_titles:
            return self.shown_titles.get(language.partition("-")[0], self.shown)
        return self.title_in(language)
