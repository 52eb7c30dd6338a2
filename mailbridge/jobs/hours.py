"""Keeps the hour banks: the hours of each interval and block that begins, and what expires, is carried over or is billed when one ends.

The job may run at any time and in any number of processes.  Keys of entries are unique, so each grant is made once, also after months in
which nothing ran.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.hour_banks import today_of
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.hours.planning import HourBank, banks_of, consequences, due_grants

log = logs.get("hours")

STATE_KEY = "hours"


def keep_hours(store: Store, desk: Desk, now: datetime) -> int:
    """Records what the banks are due; how many entries.

    A bank is looked at once a day, after a change of the rules, and after new entries.
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
        made = sum(_keep(tx, bank, desk, now) for bank in due)
        tx.state.set(STATE_KEY, _looked(tx, banks, desk, now, before), now)
    if made:
        log.info("hours_recorded", entries=made, banks=len(due))
    return made


def all_banks(desk: Desk) -> Iterator[HourBank]:
    for customer in desk.policy.rules.customers.by_name.values():
        yield from banks_of(customer)


def _due(tx: Tx, banks: list[HourBank], desk: Desk, now: datetime, before: object) -> list[HourBank]:
    """The banks to look at."""
    looked = before if isinstance(before, dict) else {}
    days = looked.get("days", {}) if looked.get("rules") == desk.policy.version else {}
    changed = {(customer, bank) for customer, bank, _ in tx.hours.changed_after(int(looked.get("floor", 0)))}
    return [
        bank
        for bank in banks
        if (bank.customer, bank.name) in changed or days.get(f"{bank.customer}/{bank.name}") != today_of(bank, desk, now).isoformat()
    ]


def _looked(tx: Tx, banks: list[HourBank], desk: Desk, now: datetime, before: object) -> dict[str, object]:
    """What the next run knows.  Entries of the last two runs are looked at again: another process may commit an earlier number later."""
    looked = before if isinstance(before, dict) else {}
    last = max((id for _, _, id in tx.hours.changed_after(int(looked.get("floor", 0)))), default=int(looked.get("last", 0)))
    days = {f"{bank.customer}/{bank.name}": today_of(bank, desk, now).isoformat() for bank in banks}
    return {"rules": desk.policy.version, "days": days, "floor": looked.get("last", 0), "last": last}


def _keep(tx: Tx, bank: HourBank, desk: Desk, now: datetime) -> int:
    today = today_of(bank, desk, now)
    entries = tx.hours.of_bank(bank.customer, bank.name)
    grants = due_grants(bank, entries, today, now)
    entries += grants
    following = consequences(entries, today, now)
    return tx.hours.add(bank.customer, bank.name, (*grants, *following))
