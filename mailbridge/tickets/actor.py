"""Who does something: the actor of a command and of an event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    RULE = "rule"
    CLOCK = "clock"
    ADMIN = "admin"  # the command line
    SYSTEM = "system"
    CONSULTANT = "consultant"  # an external person whom an escalation asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: the name of an agent or a rule, or the address of a customer."""

    kind: ActorKind
    name: str = ""


DESK = Actor(kind=ActorKind.SYSTEM, name="desk")
