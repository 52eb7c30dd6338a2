"""The report of shadow mode: what would have happened, and where another help desk groups mails in another way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbridge.conversation.foreign_numbers import foreign_number
from mailbridge.store.shadow import ShadowMail, ShadowTicket
from mailbridge.store.tx import Tx

DUE = "due"  # the step of a clock at which its target is missed


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedMail:
    """A mail whose subject has a number of the other desk."""

    mail: ShadowMail
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadDifference:
    """Mails that one desk has on one ticket, and the other on several.

    `number` is set where the other desk joined what we split, `ticket` where we joined what it split.
    """

    mails: tuple[NumberedMail, ...]
    number: str = ""
    ticket: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """What the desk would have done since `since`.  `differences`: in the order of the first mail."""

    since: datetime
    mails: tuple[ShadowMail, ...]
    tickets: tuple[ShadowTicket, ...]
    letters: Mapping[str, int]
    calls: int
    numbered: int
    differences: tuple[ThreadDifference, ...]

    @property
    def outcomes(self) -> Mapping[str, int]:
        return Counter(mail.outcome for mail in self.mails)

    @property
    def believed(self) -> Mapping[bool, int]:
        """How many mails that reached a ticket have a sender who is proven, and how many have not."""
        return Counter(mail.believed for mail in self.mails if mail.ticket is not None and not mail.sent)

    @property
    def not_acknowledged(self) -> Mapping[str, int]:
        """How many new tickets would have got no acknowledgement, by reason."""
        return Counter(mail.not_acknowledged for mail in self.mails if mail.not_acknowledged)

    @property
    def dropped(self) -> tuple[ShadowMail, ...]:
        """The mails that opened no ticket and went on none, without those that the other desk sent."""
        return tuple(mail for mail in self.mails if mail.ticket is None and mail.outcome != "duplicate" and mail.handler != "other_desk")

    @property
    def sent_by_others(self) -> int:
        return sum(mail.handler == "other_desk" for mail in self.mails)


def shadow_report(tx: Tx, since: datetime, number_of: Callable[[str], str] = foreign_number) -> ShadowReport:
    """`number_of` finds the number of the other desk in a subject."""
    found = tuple(tx.shadow.mails(since))
    numbered = [NumberedMail(mail=mail, number=number) for mail in found if mail.ticket is not None and (number := number_of(mail.subject))]
    return ShadowReport(
        since=since,
        mails=found,
        tickets=tuple(tx.shadow.tickets(since, DUE)),
        letters=tx.shadow.letters(since),
        calls=tx.shadow.calls(since),
        numbered=len(numbered),
        differences=tuple(differences(numbered)),
    )


def differences(numbered: Sequence[NumberedMail]) -> list[ThreadDifference]:
    """Where the two desks group these mails in different ways.  Pure."""
    by_number: dict[str, list[NumberedMail]] = {}
    by_ticket: dict[int | None, list[NumberedMail]] = {}
    for one in numbered:
        by_number.setdefault(one.number, []).append(one)
        by_ticket.setdefault(one.mail.ticket, []).append(one)
    split = [ThreadDifference(number=number, mails=tuple(group)) for number, group in by_number.items() if _tickets(group) > 1]
    joined = [
        ThreadDifference(ticket=ticket, mails=tuple(group)) for ticket, group in by_ticket.items() if len({one.number for one in group}) > 1
    ]
    return sorted([*split, *joined], key=lambda difference: difference.mails[0].mail.id)


def _tickets(group: Iterable[NumberedMail]) -> int:
    return len({one.mail.ticket for one in group})
