"""Sends the statement of an hour bank on the first working day of a month, for the month before, if the contract says `statement: monthly`.

The state row has by bank the last month that was decided, also if there was nothing to send.  It is written in the transaction of the
mails, so neither a restart nor a second daemon causes a second mail.  Months missed by a downtime come in one mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from mailbridge.customers.model import Customer
from mailbridge.execution.desk import Desk
from mailbridge.execution.hour_banks import calendar_of, today_of
from mailbridge.execution.hour_statements import recipient_of, statement_mail
from mailbridge.jobs.attempts import Item, alone
from mailbridge.notifications.model import Notification
from mailbridge.sla.calendar import next_open
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.hours.planning import HourBank, banks_of
from mailbridge.tickets.hours.statement import of_months, statement

STATE_KEY = "statements"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """A bank in this month.  `before`: the first day of the month before.  `opens`: when the first working day of this month begins."""

    customer: Customer
    bank: HourBank
    today: date
    before: date
    opens: datetime

    @property
    def key(self) -> str:
        return f"{self.bank.customer}/{self.bank.name}"

    @property
    def last_day(self) -> date:
        """The last day of the month before."""
        return self.today.replace(day=1) - _DAY


def send_statements(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the statements that are due and not empty.  Returns their number."""
    turns = _turns(desk, now)
    with store.read() as tx:
        if _decided(turns, tx.state.get(STATE_KEY) or {}, now) == (tx.state.get(STATE_KEY) or {}):
            return 0
    with store.write() as tx:
        known: Mapping[str, str] = tx.state.take(STATE_KEY, now) or {}
        state, mails = _decided(turns, known, now), list[Notification]()
        waiting = tx.job_failures.waiting(STATE_KEY, now)
        for turn in turns:
            since = known.get(turn.key, "")
            if not since or state[turn.key] == since:
                continue
            made = None if turn.key in waiting else alone(tx, _item(turn), now, partial(_mails, tx, turn, since, desk, now))
            if made is None:
                state[turn.key] = since
            mails += made or ()
        sent = tx.outbox.add_many(mails, now) if mails else 0
        if sent:
            tx.wake("outbox")
        tx.job_failures.forget_retried(STATE_KEY, now)
        tx.state.set(STATE_KEY, state, now)
    return sent


def _turns(desk: Desk, now: datetime) -> list[_Turn]:
    every = ((customer, bank) for customer in desk.policy.rules.customers.by_name.values() for bank in banks_of(customer))
    wanted = ((customer, bank) for customer, bank in every if any(one.hours and one.hours.statement for one in bank.contracts))
    turns = (_turn(customer, bank, desk, now) for customer, bank in wanted)
    return [one for one in turns if one.bank.terms_on(one.last_day).statement]


def _turn(customer: Customer, bank: HourBank, desk: Desk, now: datetime) -> _Turn:
    today = today_of(bank, desk, now)
    first = today.replace(day=1)
    team = desk.organisation.teams[desk.organisation.default_team]
    calendar = calendar_of(bank, desk.organisation) or team.calendar
    opens = next_open(datetime.combine(first, time.min, ZoneInfo(calendar.zone)), calendar)
    return _Turn(customer=customer, bank=bank, today=today, before=(first - _DAY).replace(day=1), opens=opens)


def _decided(turns: list[_Turn], known: Mapping[str, str], now: datetime) -> dict[str, str]:
    """By bank the last month that is decided once everything that is due now has been sent.

    A bank that is new here begins with the next first working day: a statement that was switched on later in the month sends nothing.
    """
    return {one.key: _after(one, known.get(one.key, ""), now) for one in turns}


def _after(turn: _Turn, known: str, now: datetime) -> str:
    reached = f"{turn.before:%Y-%m}"
    if known:
        return max(known, reached) if now >= turn.opens else known
    return reached if now >= turn.opens else f"{turn.before - _DAY:%Y-%m}"


def _item(turn: _Turn) -> Item:
    return Item(job=STATE_KEY, key=turn.key, about=f"statement of the hour bank {turn.key}")


def _mails(tx: Tx, turn: _Turn, since: str, desk: Desk, now: datetime) -> tuple[Notification, ...]:
    """The mail about the months after `since`; none if nothing happened in them."""
    entries = tx.hours.of_bank(turn.bank.customer, turn.bank.name)
    found = statement(turn.bank, entries, turn.today, now)
    begin = (date.fromisoformat(f"{since}-01") + timedelta(days=31)).replace(day=1)
    months = of_months(found, begin, turn.before)
    if not months:
        return ()
    customers, settings = desk.policy.rules.customers, desk.config.desk
    recipient = recipient_of(turn.bank, turn.last_day, customers, desk.organisation, settings.language, now)
    name = turn.customer.title or turn.customer.name
    return (statement_mail(found, months, name, recipient, f"{turn.before:%Y-%m}", settings.address),)
