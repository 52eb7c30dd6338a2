"""What people wish for themselves by mail or command line: quiet hours, digests, absences, saved lists, blocked senders.

Wishes are kept in the database and laid over the values of the files.  What a file says of an absence is never taken away.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum


class WishKind(StrEnum):
    QUIET = "quiet"  # an agent's quiet hours
    DIGEST = "digest"  # how often the morning digest comes
    AWAY = "away"  # an absence beside those of teams.yaml
    LIST = "list"  # a saved list
    BLOCK = "block"  # a sender whose mail is held for review
    SPAM = "spam"  # the same, because a ticket was marked as spam
    LEFT = "left"  # an agent who left: inactive, and away for good
    OPT_OUT = "opt-out"  # a customer who gets only what they asked for


OF_SENDERS = (WishKind.BLOCK, WishKind.SPAM)
EVENINGS = "evenings"
DAILY, WEEKLY, OFF = "daily", "weekly", "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class WishId:
    """`person`: an agent's name or a customer's address, '' for the desk.  `name`: of a list, or the blocked address or @domain."""

    kind: WishKind
    person: str = ""
    name: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """As the database has it."""
        return str(self.kind), self.person, self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One wish: its values, who made it and when."""

    id: WishId
    values: tuple[tuple[str, str], ...]
    by: str = ""
    at: datetime | None = None

    def value(self, key: str) -> str:
        return dict(self.values).get(key, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When an agent wants no mail.  `start`, `end`: by the agent's clock, each day; both None: outside of the working hours."""

    start: time | None = None
    end: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """All wishes of the desk, by id."""

    all: Mapping[WishId, Wish] = field(default_factory=dict)

    def of(self, person: str) -> tuple[Wish, ...]:
        """The wishes of an agent or a customer."""
        return tuple(wish for id, wish in self.all.items() if id.person == person and person)

    def senders(self) -> tuple[Wish, ...]:
        """Everything that is blocked, or held because of spam."""
        return tuple(wish for id, wish in self.all.items() if id.kind in OF_SENDERS)

    def blocked(self, address: str, *, proven: bool = False) -> Wish | None:
        """The wish because of which mail of this sender is held: of the address, or of its domain or one above it.

        `proven`: the mail is of this sender indeed; it is not held because of spam in the same name of which that was not known.
        """
        if not self.all or "@" not in address:
            return None
        key = address.lower()
        labels = key.rpartition("@")[2].split(".")
        names = (key, *(f"@{'.'.join(labels[n:])}" for n in range(len(labels))))
        found = (self.all.get(WishId(kind=kind, name=name)) for name in names for kind in OF_SENDERS)
        return next((wish for wish in found if wish is not None and not (proven and wish.value(PROVEN) == "no")), None)

    def opted_out(self, address: str) -> bool:
        """Whether the customer wants only what they asked for."""
        return WishId(kind=WishKind.OPT_OUT, person=address.lower()) in self.all

    def saved_list(self, agent: str, name: str) -> Wish | None:
        return self.all.get(WishId(kind=WishKind.LIST, person=agent, name=name))


NO_WISHES = Wishes()


def quiet_hours(wish: Wish) -> QuietHours:
    if wish.value("when") == EVENINGS:
        return QuietHours()
    return QuietHours(start=time.fromisoformat(wish.value("from")), end=time.fromisoformat(wish.value("to")))


def first_and_last(wish: Wish) -> tuple[date, date]:
    """The days of an absence."""
    return date.fromisoformat(wish.value("from")), date.fromisoformat(wish.value("to"))


def by_person(wishes: Iterable[Wish]) -> Mapping[str, list[Wish]]:
    found: dict[str, list[Wish]] = {}
    for wish in wishes:
        found.setdefault(wish.id.person, []).append(wish)
    return found


PROVEN = "proven"  # the key of a value: "no" where nothing proved the sender of the spam
BLOCKED = "blocked: "  # the beginning of the reason of mails that are held because of their sender


def held_by(reason: str) -> tuple[str, str, str]:
    """Of the reason of such a mail: the address or @domain, who blocked it, and the subject of the mail."""
    name, _, rest = reason.removeprefix(BLOCKED).partition(", by ")
    by, _, subject = rest.partition(": ")
    return name, by, subject
