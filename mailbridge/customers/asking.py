"""The policy of who may ask for help for a customer, and of what becomes of the request of anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

REMIND_AFTER, EXPIRES_AFTER = timedelta(hours=8), timedelta(hours=24)  # without a word about it


class WhoMayAsk(StrEnum):
    EVERYBODY = "everybody"
    DOMAIN = "domain"  # people of the customer's domains, and listed ones
    LISTED = "listed"  # the people in `people`, also those that were added beside the files


class Otherwise(StrEnum):
    """What becomes of a request of somebody who may not ask."""

    QUEUE = "queue"  # a person of the named team decides
    ASK_CONTACT = "ask-contact"  # the customer's contact is asked by mail
    REFUSE = "refuse"  # the writer gets a polite no


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The policy of a customer or of the desk."""

    who: WhoMayAsk = WhoMayAsk.EVERYBODY
    otherwise: Otherwise = Otherwise.QUEUE
    contact: str = ""  # address of the person who is asked
    queue: str = ""  # team; '' for the usual one
    remind_after: timedelta | None = REMIND_AFTER  # working time until the contact is reminded; None: never
    expires_after: timedelta = EXPIRES_AFTER  # working time until the team decides


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEntitled:
    """A request of somebody who may not ask: for which customer ('' for none), why not, and what becomes of it."""

    customer: str
    why: str
    asking: Asking
