"""How long a customer's contact is waited for who was asked whether somebody may ask for help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactQuestion:
    """Working time of the ticket's team from the question: until the contact is reminded (None: never), and until the team decides."""

    remind_after: timedelta | None
    expires_after: timedelta
