"""What a contract says of its hour bank: the key `hours` of a contract in customers.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Cycle(StrEnum):
    """How often a bank gets its hours."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        match self:
            case Cycle.MONTH:
                return 1
            case Cycle.QUARTER:
                return 3
            case Cycle.YEAR:
                return 12


class CycleStart(StrEnum):
    """Which day an interval begins on."""

    CALENDAR = "calendar"  # the first of a month, of a quarter, of a year
    CONTRACT = "contract"  # the day of the month on which the contract began


class Overdraft(StrEnum):
    """What becomes of work beyond the granted hours when their interval ends."""

    BILLED = "billed"  # it is written off in the bank, for an invoice; the next interval begins with all its hours
    DEDUCTED = "deducted"  # the next hours pay for it


class WhenEmpty(StrEnum):
    """What happens to work once the bank is empty."""

    GO_ON = "go-on"
    ASK_MANAGER = "ask-manager"  # a manager approves each activity before it is recorded
    TELL_CUSTOMER = "tell-customer"
    PAUSE_CLOCK = "pause-clock"  # the SLA clocks of the tickets stand until there are hours again


class StatementEvery(StrEnum):
    """How often the statement of the bank is sent by itself."""

    MONTHLY = "monthly"  # on the first working day of a month, for the month before


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a minute costs, in percent; None: it costs a minute.  Of several that apply the largest counts."""

    after_hours: int | None = None
    travel: int | None = None
    urgent: int | None = None
    types: Mapping[str, int] = field(default_factory=dict)  # by type of request


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaidBlock:
    """Hours that were bought once.  `since`: the first day on which they may be used; `expires`: the last one."""

    name: str
    minutes: int
    since: date
    expires: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HourTerms:
    """The bank of a contract.  `bank`: the name under which several contracts of the customer share one; '': it is the contract's own.

    `carry_over`: how many unused minutes go into the next interval, None: all of them.  `cap`: how much the bank holds at most when an
    interval begins, the new hours included; None: no limit.  `since`: first day of the bank, where that is not the contract's.
    `travel`: whether travel takes hours, None: as work.yaml says.  `approve_over`: longer activities need a manager's approval.
    """

    bank: str = ""
    every: Cycle | None = None
    starts: CycleStart = CycleStart.CALENDAR
    grant: int = 0  # minutes of an interval
    carry_over: int | None = 0
    cap: int | None = None
    overdraft: Overdraft = Overdraft.BILLED
    since: date | None = None
    blocks: tuple[PrepaidBlock, ...] = ()
    weights: Weights = field(default_factory=Weights)
    travel: bool | None = None
    approve_over: int | None = None  # minutes
    when_empty: WhenEmpty = WhenEmpty.GO_ON
    tell_customer: bool = False
    contact: str = ""  # who hears of the hours at the customer's; '': who asked on the ticket
    statement: StatementEvery | None = None  # None: it is not sent by itself
