"""The notifications to the administrators, and on tickets, of what goes wrong in the process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailbridge.clock import Clock
from mailbridge.config.model import Config, OAuth
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import execute
from mailbridge.handling.grouped import OVER_QUOTA
from mailbridge.jobs.reload import BrokenRules
from mailbridge.jobs.spam_review import is_reviewed
from mailbridge.message.encryption import NOT_ENCRYPTED
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.model import Notification, Queued
from mailbridge.notifications.payloads.admins import Breaker, ClockSet, FirstConnect, Quarantined, RefusedLogin, RulesBroken
from mailbridge.notifications.payloads.model import Payload
from mailbridge.rules.policy import Policy
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import ReportFailure
from mailbridge.tickets.requests import each


class FaultNotices:
    """Each method is called by the part that noticed the fault.  `desk_of_files`: the desk of the moment (`App.desk_of_files`)."""

    def __init__(self, store: Store, config: Config, clock: Clock, desk_of_files: Callable[[], Desk]) -> None:
        self._store, self._config, self._clock = store, config, clock
        self._desk_of_files = desk_of_files

    def rules_broke(self, broken: BrokenRules, kept: Policy) -> None:
        problems = "\n".join(f"{p.file}:{p.line}:{p.column}: {p.message}" for p in broken.problems)
        self._notify_admins("rules_broken", broken.fingerprint[:16], RulesBroken(problems=problems, version=kept.version))

    def quarantined(self, inbox: int, reason: str) -> None:
        if is_reviewed(reason):
            return
        with self._store.read() as tx:
            row = tx.inbox.get(inbox)
        sender = (row.envelope.mail_from if row else "") or ""
        # At most one notification an hour about a flood above the byte quota.
        key = f"quota{self._clock.now():%Y%m%d%H}" if reason == OVER_QUOTA else str(inbox)
        self._notify_admins("quarantined", key, Quarantined(inbox=inbox, reason=reason, sender=sender))

    def undeliverable(self, tx: Tx, queued: Queued, reason: str) -> None:
        """Records on the ticket that a notification was not delivered, and notifies the people in charge, no other participants."""
        notification, desk, now = queued.notification, self._desk_of_files().at(tx), self._clock.now()
        ticket = tx.tickets.surviving(notification.ticket) if notification.ticket else None
        if ticket is None:
            return
        waits = reason.startswith(NOT_ENCRYPTED)  # it is not given up
        command = ReportFailure(recipient=notification.recipient, what=notification.event, reason=reason, waits=waits)
        execute(tx, desk, ticket, each([command]), Actor(kind=ActorKind.SYSTEM, name="outbox"), now)

    def login_paused(self, tx: Tx, account: OAuth, grant: Grant) -> None:
        """Notifies the admins once that a login was refused too often."""
        moment = grant.paused_at or self._clock.now()
        boxes = [box.name for box in self._config.mailboxes if box.oauth == account.name]
        sends = any(server.oauth == account.name for server in self._config.outgoing_servers)
        stopped = ", ".join([*boxes, *(["outgoing mail"] if sends else [])])
        refused = RefusedLogin(login=account.name, stopped=stopped, fault=grant.fault, reason=grant.refusal)
        tx.outbox.add_many(self._notifications("login_refused", f"{account.name}{moment:%Y%m%d%H%M%S}", refused), self._clock.now())
        tx.wake("outbox")

    def automatic_stopped(self, tx: Tx, _queued: Queued, until: datetime) -> None:
        """Notifies the admins once an hour that automatic mail is stopped."""
        limit = self._config.limits.automatic_per_hour
        breaker = Breaker(count=limit, limit=limit, until=until)
        tx.outbox.add_many(self._notifications("breaker", until.strftime("%Y%m%d%H"), breaker), self._clock.now())

    def first_connect(self, tx: Tx, mailbox: str, folder: str, older: int, taken: int) -> None:
        """Notifies the admins of the content of a folder at its first opening, in the transaction that stores it."""
        opened = FirstConnect(mailbox=mailbox, folder=folder, older=older, taken=taken or None)
        tx.outbox.add_many(self._notifications("first_connect", f"{mailbox}/{folder}", opened), self._clock.now())
        tx.wake("outbox")

    def clock_set(self, tx: Tx, before: datetime, after: datetime) -> None:
        """Notifies the admins that the clock of the machine was set."""
        said = ClockSet(before=before, after=after)
        tx.outbox.add_many(self._notifications("clock_set", f"{after:%Y%m%d%H%M%S}", said), after)

    def _notifications(self, event: str, key: str, payload: Payload) -> tuple[Notification, ...]:
        desk = self._config.desk
        return admin_notifications(desk.admins, event, key, payload, desk.address, desk.language)

    def _notify_admins(self, event: str, key: str, payload: Payload) -> None:
        with self._store.write() as tx:
            tx.outbox.add_many(self._notifications(event, key, payload), self._clock.now())
            tx.wake("outbox")
