"""Whether a mail may go now.  Pure.

Caps hold automatic mail to customers, against loops and against being made a weapon (RELIABILITY: abuse limits).  What an agent wrote goes
out, and what tells agents of work goes out, but to an agent who may not see the ticket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.model import Agent, Organisation
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import sees

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECEIPT = "received"


class Caps(Protocol):
    """`config.Limits` has them."""

    @property
    def acks_per_sender_hour(self) -> int: ...
    @property
    def acks_per_verified_hour(self) -> int: ...
    @property
    def mails_per_unproven_hour(self) -> int: ...
    @property
    def mails_per_recipient_hour(self) -> int: ...
    @property
    def mails_per_recipient_day(self) -> int: ...
    @property
    def automatic_per_hour(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Automatic mails that were promised before this one: receipts, all to this recipient in an hour and a day, all to any customer."""

    unproven: bool = False  # nobody has proven that the address is its owner's
    receipts_hour: int = 0
    recipient_hour: int = 0
    recipient_day: int = 0
    everybody_hour: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """It never goes out."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """It goes out later, by itself."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepBack:
    """It waits until an admin releases it."""

    reason: str


# Whoever is asked for a yes was named for that by the desk, and has to see what it is about; so has who asked, and whose work is planned.
_NAMED = frozenset({"approval", "approval_reminded", "confirm", "approval_decided", "approval_expired", "planned"})


def hidden(notification: Notification, ticket: Ticket | None, organisation: Organisation) -> Suppressed | None:
    """The guard of visibility: a mail to an agent about a ticket that the agent may not see does not go out.

    It is looked at when the mail is about to go, because every mail comes past there, whoever composed it, and because the ticket may have
    been given to another team since.  Agents who are customers of the ticket get what customers get.
    """
    if ticket is None or notification.audience is Audience.CUSTOMER or notification.event in _NAMED:
        return None
    key = notification.recipient.lower()
    agent = next((one for one in organisation.agents.values() if key in _addresses(one)), None)
    if agent is None or sees(agent.name, ticket, organisation):
        return None
    return Suppressed(reason=f"agent {agent.name} may not see tickets of team {ticket.team}")


def _addresses(agent: Agent) -> frozenset[str]:
    return frozenset(address.lower() for address in (agent.address, *agent.addresses))


RECEIPTS = (RECEIPT, "received_together")


def counted(notification: Notification) -> bool:
    """Whether caps concern this mail at all."""
    return notification.automatic and notification.audience is Audience.CUSTOMER


def limited(
    notification: Notification, earlier: Earlier, caps: Caps, *, promised_at: datetime, now: datetime, suspended: str | None = None
) -> Suppressed | Postponed | None:
    """None: it may go.  `suspended` says why this address gets nothing at present.

    Beyond the hourly limit for the whole desk mail is held until an hour after it was promised: a flood thins out to one round an hour,
    a busy morning is late but complete.
    """
    if not counted(notification):
        return None
    if suspended is not None:
        return Suppressed(reason=f"the address gets no automatic mail: {suspended}")
    hourly = min(caps.mails_per_recipient_hour, caps.mails_per_unproven_hour) if earlier.unproven else caps.mails_per_recipient_hour
    counts = [
        (earlier.recipient_hour, hourly, "automatic mails to this address within an hour"),
        (earlier.recipient_day, caps.mails_per_recipient_day, "automatic mails to this address within a day"),
    ]
    if notification.event == RECEIPT:
        # `handling.sender_limits` counts receipts by the sender when it decides on each; this is the last wall.
        most = max(caps.acks_per_sender_hour, caps.acks_per_verified_hour)
        counts.insert(0, (earlier.receipts_hour, most, "receipts to this address within an hour"))
    for number, limit, what in counts:
        if number >= limit:
            return Suppressed(reason=f"{number} {what}, the limit is {limit}")
    if earlier.everybody_hour >= caps.automatic_per_hour and now < promised_at + HOUR:
        return Postponed(
            until=promised_at + HOUR, reason=f"{caps.automatic_per_hour} automatic mails to customers within an hour, the limit"
        )
    return None
