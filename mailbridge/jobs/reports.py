"""Sends the reports of rules/reports.yaml to whom they are due.

The state row has by report and agent the last day for which one was decided, also if it was empty.  It is written in the transaction of the
mails, so neither a restart nor a second daemon causes a second mail.  Numbers are read before that transaction, and once for all readers
who get the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from mailbridge.customers.following import everybody_responsible
from mailbridge.errors import StoreAway
from mailbridge.execution.desk import Desk
from mailbridge.execution.report_files import as_csv
from mailbridge.execution.subscriptions import ended, stop_address
from mailbridge.execution.team_reports import Reader, customers_report, own_report, queue_report, week_report
from mailbridge.jobs.attempts import Item, failed
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.reports import Report, ReportKind
from mailbridge.notifications.recipients import Recipient
from mailbridge.ops import log as logs
from mailbridge.organisation.reports import DueReport, due_reports
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

log = logs.get("reports")
STATE_KEY = "reports"
EVENT = "team_report"

Told = Mapping[str, Mapping[str, str]]


def notify_reports(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the reports that are due and not empty.  Returns their number."""
    if not desk.organisation.reports:
        return 0
    with store.read() as tx:
        due = _due(tx, desk, now)
        if not due:
            return 0
        waiting = tx.job_failures.waiting(STATE_KEY, now)
        due = [one for one in due if _item(one).key not in waiting]
        reports, errors = _reports(tx, desk, due, now)
    with store.write() as tx:
        tx.job_failures.forget_retried(STATE_KEY, now)
        for item, why in errors.items():
            failed(tx, item, why, now)
        told: Told = tx.state.take(STATE_KEY, now) or {}
        still = {_key(one) for one in _due(tx, desk, now)}
        decided = [one for one in due if _key(one) in still and _key(one) in reports]
        sent = tx.outbox.add_many([_mail(one, reports[_key(one)], desk) for one in decided if not reports[_key(one)].is_empty], now)
        if sent:
            tx.wake("outbox")
        tx.state.set(STATE_KEY, _with(told, decided), now)
    return sent


def _due(tx: Tx, desk: Desk, now: datetime) -> list[DueReport]:
    told: Told = tx.state.get(STATE_KEY) or {}
    days = {(name, agent): date.fromisoformat(day) for name, agents in told.items() for agent, day in agents.items()}
    off = ended(tx)
    found = due_reports(desk.organisation, everybody_responsible(desk.policy.rules.customers), days, now)
    return [one for one in found if one.schedule.name not in off.get(one.agent.name, ())]


def _key(one: DueReport) -> tuple[str, str, date]:
    return one.schedule.name, one.agent.name, one.day


def _with(told: Told, decided: list[DueReport]) -> dict[str, Any]:
    new = {name: dict(agents) for name, agents in told.items()}
    for one in decided:
        new.setdefault(one.schedule.name, {})[one.agent.name] = one.day.isoformat()
    return new


def _reports(
    tx: Tx, desk: Desk, due: list[DueReport], now: datetime
) -> tuple[dict[tuple[str, str, date], Report], dict[Item, Exception]]:
    """The numbers of each, readers who see the same share one; and what failed."""
    known: dict[tuple[object, ...], Report] = {}
    found, errors = dict[tuple[str, str, date], Report](), dict[Item, Exception]()
    for one in due:
        rights = _rights(one, desk)
        try:
            found[_key(one)] = known[rights] = known[rights] if rights in known else _numbers(tx, desk, one, now)
        except StoreAway:
            raise
        except Exception as error:  # one report must not block the others
            log.exception("report_failed", report=one.schedule.name, agent=one.agent.name)
            errors[_item(one)] = error
    return found, errors


def _item(one: DueReport) -> Item:
    name, agent = one.schedule.name, one.agent.name
    return Item(job=STATE_KEY, key=f"{name} {agent}", about=f"report {name} of {agent}")


def _rights(one: DueReport, desk: Desk) -> tuple[object, ...]:
    """What the numbers depend on."""
    kind, reader, organisation = ReportKind(one.schedule.kind), Reader(agent=one.agent.name, zone=one.zone), desk.organisation
    if kind in (ReportKind.ME, ReportKind.CUSTOMERS):
        return kind, one.agent.name, one.first, one.last
    teams = [organisation.teams[name] for name in one.teams]
    seen = tuple((team.name, reader.sees(team, organisation), reader.leads(team, organisation)) for team in teams)
    return kind, seen, one.zone, one.first, one.last


def _numbers(tx: Tx, desk: Desk, one: DueReport, now: datetime) -> Report:
    reader = Reader(agent=one.agent.name, zone=one.zone)
    match ReportKind(one.schedule.kind):
        case ReportKind.WEEK:
            return week_report(tx, desk, one.teams, reader, one.first, one.last, now)
        case ReportKind.QUEUE:
            return queue_report(tx, desk, one.teams, reader, now)
        case ReportKind.ME:
            return own_report(tx, desk, one.agent.name, one.first, one.last, now, one.zone)
        case ReportKind.CUSTOMERS:
            return customers_report(tx, desk, reader, one.first, one.last, now)


def _mail(one: DueReport, report: Report, desk: Desk) -> Notification:
    agent, name = one.agent, one.schedule.name
    recipient = Recipient(address=agent.address, name=agent.title, language=agent.language)
    payload = replace(
        report, name=name, stop=stop_address(desk.signer, name, agent), csv=as_csv(report) if one.schedule.csv else ""
    )
    return agent_notification(recipient, EVENT, f"{name}:{agent.name}:{one.day}", payload, desk.config.desk.address)
