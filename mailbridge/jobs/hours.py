"""Maintains the hour banks: records grants, expiry, carry-over and billing when they are due, and notifies when 80 %, 100 % or more of the
hours are used.

The job may run at any time and in any number of processes.  Keys of entries are unique, so each grant is recorded once, also after months
of downtime.  A notified level of a period is a row, so it is notified once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from mailbridge.customers.hour_terms import WhenEmpty
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.execution.hour_banks import today_of
from mailbridge.ids import ticket_number
from mailbridge.jobs.attempts import Item, alone
from mailbridge.notifications.events.hours import PEOPLE
from mailbridge.ops import crash
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.work import AlertHours, PauseForHours
from mailbridge.tickets.hours.burns import bank_for
from mailbridge.tickets.hours.ledger import LedgerEntry, live_burns
from mailbridge.tickets.hours.planning import LEVELS, HourBank, HoursLeft, banks_of, consequences, due_grants, hours_left
from mailbridge.tickets.hours.standing import standing
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each

log = logs.get("hours")

JOB = "hours"
PAUSE_JOB = "hours-pause"
STATE_KEY = "hours"
PAUSED_KEY = "hours-paused"
ACTOR = Actor(kind=ActorKind.CLOCK, name="hours")
BATCH = 100  # tickets


def keep_hours(store: Store, desk: Desk, now: datetime) -> int:
    """Records the entries that are due in the banks.  Returns their number.

    A bank is checked once a day, after a change of the rules, and after new entries.
    """
    banks = list(all_banks(desk))
    if not banks:
        return 0
    with store.read() as tx:
        if not _due(tx, banks, desk, now, tx.state.get(STATE_KEY)):
            return 0
    with store.write() as tx:
        before = tx.state.take(STATE_KEY, now)
        due = _due(tx, banks, desk, now, before)
        empty, made, failed = set(_empty_banks(before)) & {_name(bank) for bank in banks}, 0, list[HourBank]()
        for bank in due:
            kept = alone(tx, Item(job=JOB, key=_name(bank), about=f"hour bank {_name(bank)}"), now, partial(_keep, tx, bank, desk, now))
            if kept is None:
                failed.append(bank)
                continue
            entries, left = kept
            made += entries
            empty ^= {_name(bank)} & empty
            empty |= {_name(bank)} if left is not None and left.left <= 0 and _stops(bank, desk, now) else set()
        crash.point("hours.before_commit")
        tx.job_failures.forget_retried(JOB, now)
        tx.state.set(STATE_KEY, {**_looked(tx, banks, desk, now, before, failed), "empty": sorted(empty)}, now)
    if made:
        log.info("hours_recorded", entries=made, banks=len(due))
    return made


def all_banks(desk: Desk) -> Iterator[HourBank]:
    for customer in desk.policy.rules.customers.by_name.values():
        yield from banks_of(customer)


def _due(tx: Tx, banks: list[HourBank], desk: Desk, now: datetime, before: object) -> list[HourBank]:
    """The banks to check.  A bank that could not be kept waits for its next attempt."""
    looked = before if isinstance(before, dict) else {}
    waiting = tx.job_failures.waiting(JOB, now)
    days = looked.get("days", {}) if looked.get("rules") == desk.policy.version else {}
    changed = {(customer, bank) for customer, bank, _ in tx.hours.changed_after(int(looked.get("floor", 0)))}
    return [
        bank
        for bank in banks
        if _name(bank) not in waiting
        and ((bank.customer, bank.name) in changed or days.get(_name(bank)) != today_of(bank, desk, now).isoformat())
    ]


def _looked(
    tx: Tx, banks: list[HourBank], desk: Desk, now: datetime, before: object, failed: Collection[HourBank]
) -> dict[str, object]:
    """The state for the next run.  Entries of the last two runs are checked again: another process may commit a lower number later.

    A bank that failed, or that waits for its next attempt, has no day, so that it is checked then.
    """
    looked = before if isinstance(before, dict) else {}
    last = max((id for _, _, id in tx.hours.changed_after(int(looked.get("floor", 0)))), default=int(looked.get("last", 0)))
    undone = {_name(bank) for bank in failed} | tx.job_failures.waiting(JOB, now)
    days = {_name(bank): today_of(bank, desk, now).isoformat() for bank in banks if _name(bank) not in undone}
    return {"rules": desk.policy.version, "days": days, "floor": looked.get("last", 0), "last": last}


def _name(bank: HourBank) -> str:
    return f"{bank.customer}/{bank.name}"


def _keep(tx: Tx, bank: HourBank, desk: Desk, now: datetime) -> tuple[int, HoursLeft | None]:
    """Records the entries that are due in one bank; their number, and the state of the bank with them."""
    today = today_of(bank, desk, now)
    entries = tx.hours.of_bank(bank.customer, bank.name)
    grants = due_grants(bank, entries, today, now)
    entries += grants
    following = consequences(entries, today, now)
    made = tx.hours.add(bank.customer, bank.name, (*grants, *following))
    left = hours_left(standing(entries, today))
    if left is not None and left.level:
        _tell(tx, bank, left, _latest_ticket(tx, entries), desk, now)
    return made, left


def _tell(tx: Tx, bank: HourBank, left: HoursLeft, ticket: Ticket | None, desk: Desk, now: datetime) -> None:
    """Notifies the level on the ticket whose work was recorded last.  Lower levels are not notified any more.

    If no ticket has work in the bank, the next recorded work causes the notification.
    """
    if ticket is None:
        log.warning("hours_used_without_work", customer=bank.customer, bank=bank.name, level=left.level)
        return
    passed = LEVELS[: LEVELS.index(left.level) + 1]
    new = [level for level in passed if tx.hours.tell(bank.customer, bank.name, left.period, level, now)]
    if left.level not in new:
        return
    terms = bank.terms_on(today_of(bank, desk, now))
    tells = terms.tell_customer or (terms.when_empty is WhenEmpty.TELL_CUSTOMER and left.level != LEVELS[0])
    command = AlertHours(
        bank=bank.name,
        level=left.level,
        left=left.left // 60,
        granted=left.granted // 60,
        over=-(-left.over // 60),
        until=left.until,
        customer=(terms.contact or PEOPLE) if tells else "",
    )
    execute(tx, desk, ticket, each([command]), ACTOR, now, telling=Telling(in_working_hours=True))


def _latest_ticket(tx: Tx, entries: list[LedgerEntry]) -> Ticket | None:
    """The ticket with the latest work in the bank.  Reversed work does not count: its ticket may be another customer's now."""
    burns = [entry for entry in live_burns(entries) if entry.ticket is not None]
    number = max(burns, key=lambda entry: entry.at).ticket if burns else None
    return tx.tickets.surviving(number) if number is not None else None


def pause_clocks(store: Store, desk: Desk, now: datetime) -> int:
    """Pauses the clocks of open tickets whose bank is empty if the contract says so, and resumes others.  Returns the number of changes."""
    with store.read() as tx:
        empty, paused = _empty_banks(tx.state.get(STATE_KEY)), tx.state.get(PAUSED_KEY) or []
    if not empty and not paused:
        return 0
    changed, after = 0, 0
    while True:
        with store.read() as tx:
            numbers = tx.tickets.open_after(after, BATCH)
            waiting, retried = tx.job_failures.waiting(PAUSE_JOB, now), tx.job_failures.due(PAUSE_JOB, now, 1)
            tickets = [ticket for ticket in tx.tickets.get_many(numbers) if str(ticket.id) not in waiting]
            wrong = [ticket for ticket in tickets if _is_wrong(ticket, empty, desk, now)]
        changed += sum(_pause(store, ticket.id, empty, desk, now) for ticket in wrong)
        if len(numbers) < BATCH:
            break
        after = numbers[-1]
    if paused != empty or retried:
        with store.write() as tx:
            tx.job_failures.forget_retried(PAUSE_JOB, now)
            tx.state.set(PAUSED_KEY, empty, now)
    return changed


def _empty_banks(looked: object) -> list[str]:
    """The names of empty banks that pause clocks."""
    return list(looked.get("empty", ())) if isinstance(looked, dict) else []


def _stops(bank: HourBank, desk: Desk, now: datetime) -> bool:
    return bank.terms_on(today_of(bank, desk, now)).when_empty is WhenEmpty.PAUSE_CLOCK


def _empty_bank(ticket: Ticket, empty: Collection[str], desk: Desk, now: datetime) -> str:
    """The name of the ticket's bank if it is one of `empty` and pauses clocks; else ''."""
    found = bank_for(ticket, desk.policy.rules.customers, desk.organisation.day_of(now))
    return found.bank.name if found and _name(found.bank) in empty else ""


def _is_wrong(ticket: Ticket, empty: Collection[str], desk: Desk, now: datetime) -> bool:
    try:
        return ticket.empty_bank != _empty_bank(ticket, empty, desk, now)
    except Exception:  # the attempt to change the ticket raises the same, and is recorded for this ticket alone
        return True


def _pause(store: Store, number: int, empty: Collection[str], desk: Desk, now: datetime) -> bool:
    """Pauses or resumes the clocks of the ticket, in its own transaction; whether something changed."""
    item = Item(job=PAUSE_JOB, key=str(number), about=ticket_number(desk.config.desk.prefix, number))
    with store.write() as tx:
        return bool(alone(tx, item, now, partial(_set_pause, tx, number, empty, desk, now)))


def _set_pause(tx: Tx, number: int, empty: Collection[str], desk: Desk, now: datetime) -> bool:
    ticket = tx.tickets.get(number)
    if ticket is None or ticket.closed_at is not None:
        return False
    command = PauseForHours(bank=_empty_bank(ticket, empty, desk, now))
    done = execute(tx, desk, ticket, each([command]), ACTOR, now, telling=Telling(silent=True))
    return bool(done.decision.events)
