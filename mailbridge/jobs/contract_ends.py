"""Notifies the responsible agent and the managers once 60, 30 and 7 days before a contract ends.

The state row has by contract its last day and the notified threshold.  It is written in the transaction of the mails.  A recipient gets
one mail for all contracts of a day, in the working hours of the default team.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from mailbridge.customers.contract_ends import ContractEnd, contract_ends
from mailbridge.execution.desk import Desk
from mailbridge.jobs.attempts import Item, alone
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.agents import ContractEnds, ContractRow
from mailbridge.notifications.recipients import Recipient, managers_of, named
from mailbridge.organisation.model import Organisation
from mailbridge.sla.calendar import next_open
from mailbridge.store.engine import Store

STATE_KEY = "contract-ends"
EVENT = "contract_ends"


def notify_contract_ends(store: Store, desk: Desk, now: datetime) -> int:
    """Notifies the contracts that reached a threshold since the last run.  Returns the number of mails."""
    found = list(contract_ends(desk.policy.rules.customers, desk.organisation.day_of(now)))
    with store.read() as tx:
        if _told(found) == (tx.state.get(STATE_KEY) or {}):
            return 0
    with store.write() as tx:
        known: Mapping[str, Any] = tx.state.take(STATE_KEY, now) or {}
        waiting = tx.job_failures.waiting(STATE_KEY, now)
        due = [one for one in found if one.key not in waiting and _is_due(one, known.get(one.key))]
        heard = {one.key: alone(tx, _item(one), now, partial(_heard, one, desk.organisation, now)) for one in due}
        undone = {one.key for one in found if one.key in waiting or heard.get(one.key, ()) is None}
        mails = list(_notifications(((one, heard[one.key] or ()) for one in due), desk))
        told = tx.outbox.add_many(mails, now, not_before=_opening(desk.organisation, now))
        if told:
            tx.wake("outbox")
        tx.job_failures.forget_retried(STATE_KEY, now)
        state = {key: known.get(key) if key in undone else value for key, value in _told(found).items()}
        tx.state.set(STATE_KEY, {key: value for key, value in state.items() if value is not None}, now)
    return told


def _item(end: ContractEnd) -> Item:
    return Item(job=STATE_KEY, key=end.key, about=f"end of the contract {end.key}")


def _told(found: Sequence[ContractEnd]) -> dict[str, Any]:
    return {one.key: [one.until.isoformat(), one.threshold] for one in found}


def _is_due(end: ContractEnd, known: Any) -> bool:
    """Whether this threshold for this last day was not notified yet."""
    return known is None or known[0] != end.until.isoformat() or end.threshold < known[1]


def _notifications(due: Iterable[tuple[ContractEnd, Sequence[Recipient]]], desk: Desk) -> Iterator[Notification]:
    by_person: dict[str, tuple[Recipient, list[ContractEnd]]] = {}
    for end, people in due:
        for one in people:
            _, ends = by_person.setdefault(one.address.lower(), (one, []))
            if end not in ends:
                ends.append(end)
    for recipient, ends in by_person.values():
        key = ",".join(f"{one.key}:{one.until:%Y%m%d}:{one.threshold}" for one in ends)
        yield agent_notification(recipient, EVENT, key, ContractEnds(rows=tuple(map(_row, ends))), desk.config.desk.address)


def _heard(end: ContractEnd, organisation: Organisation, now: datetime) -> tuple[Recipient, ...]:
    """The recipients: the responsible agent, and the managers of the contract's team, else of the default team."""
    team = organisation.teams.get(end.team) or organisation.teams[organisation.default_team]
    return (*named((end.responsible,), organisation, now), *managers_of(team, organisation, now))


def _row(end: ContractEnd) -> ContractRow:
    return ContractRow(
        customer=end.customer.title, contract=end.contract.name, until=end.until, days=end.days, responsible=end.responsible
    )


def _opening(organisation: Organisation, now: datetime) -> datetime:
    team = organisation.teams.get(organisation.default_team)
    return next_open(now, team.calendar) if team else now
