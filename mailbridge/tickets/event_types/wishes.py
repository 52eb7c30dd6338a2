"""Events about who wants to hear of a ticket, what the customer thinks of it, and that it is spam."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.tickets.event_types.stored import StoredEvent, stored_event


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerSet:
    """The agent follows the ticket from now on, or no longer."""

    agent: str
    follows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteSet:
    """The agent muted the ticket, or hears of it again."""

    agent: str
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSpam:
    """`sender`: the address whose later mails are held for review; '' where the ticket has no requester outside."""

    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingAsked:
    """The requester was asked to rate the ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRated:
    """The requester rated the ticket, from 1 to 5.  `before`: the earlier grade.  `team`, `agent`: whose work was rated."""

    author: str
    grade: int
    team: str
    agent: str = ""
    before: int | None = None


WishEvent = FollowerSet | MuteSet | MarkedSpam | RatingAsked | TicketRated

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("follower_set", "FollowerSet", FollowerSet),
    stored_event("mute_set", "MuteSet", MuteSet),
    stored_event("marked_spam", "MarkedSpam", MarkedSpam),
    stored_event("rating_asked", "RatingAsked", RatingAsked),
    stored_event("ticket_rated", "TicketRated", TicketRated),
)
