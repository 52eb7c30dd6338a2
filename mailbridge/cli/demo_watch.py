"""Observes the demo's desk: reads its database, and the Maildir into which it delivers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailbridge.cli.demo_html import ShownMail
from mailbridge.cli.demo_samples import Ours, SampleOutcome, read_ours
from mailbridge.config.model import Config
from mailbridge.errors import Permanent
from mailbridge.ids import ticket_number
from mailbridge.notifications.model import OutboxState as Out
from mailbridge.notifications.model import Queued
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import InboxRow, InboxState
from mailbridge.store.mails import StoredMail
from mailbridge.tickets.model import Ticket

ENDS = (InboxState.DONE, InboxState.QUARANTINED, InboxState.DROPPED)
UNDER_WAY = (Out.QUEUED, Out.SENDING, Out.DOT)
PATIENCE = 60.0
GLANCE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One received mail with its results: ticket, explanation and notifications."""

    row: InboxRow
    ticket: Ticket | None
    mail: StoredMail | None
    explanation: Mapping[str, Any]
    mails: tuple[Queued, ...]
    seen: SampleOutcome
    due: str = ""  # the due times of a new ticket


class Watch:
    """Follows inbox and outbox.  `check` raises when the daemon has exited."""

    def __init__(self, store: Store, config: Config, check: Callable[[], None]) -> None:
        self._store, self._config, self._check = store, config, check
        self._inbox = self._outbox = 0

    def new_rows(self) -> list[InboxRow]:
        """Mails received after the last one that was followed to its end, oldest first."""
        with self._store.read() as tx:
            return [row for row in reversed(tx.inbox.list(limit=100)) if row.id > self._inbox]

    def effect_of(self, message_id: str) -> Effect:
        """Waits until the newest mail with this Message-ID is processed and our mails about it are sent.  Returns its results."""

        def found() -> InboxRow | None:
            return next((row for row in self.new_rows() if row.message_id == message_id), None)

        row = self._until(lambda: found() is not None, "the mail does not appear in the inbox") and found()
        if not row:
            raise Permanent("the mail does not appear in the inbox", message_id=message_id)
        return self.effect(row)

    def effect(self, row: InboxRow) -> Effect:
        """Waits until the mail in this row is processed and our mails about it are sent.  Returns its results."""
        self._until(lambda: self._row(row.id).state in ENDS, f"mail {row.id} is not processed in time")
        mails = self._mails()
        self._inbox = row.id
        return self._effect(self._row(row.id), mails)

    def other_mails(self) -> tuple[Queued, ...]:
        """Our mails since the last call that no received mail caused: alerts."""
        return self._mails()

    def ours(self, ticket: str, event: str) -> Ours:
        """Our mail about this ticket and event (`customer.received`), from the outgoing Maildir.  Raises Permanent where there is none."""
        with self._store.read() as tx:
            mails = [queued for queued in tx.outbox.list(limit=1000) if self._number(queued.notification.ticket) == ticket]
        for queued in mails:
            if name(queued) == event:
                return read_ours(self._caught(queued.notification.message_id))
        raise Permanent(f"there is no {event} about {ticket} to answer; there are: {', '.join(map(name, mails)) or 'none'}")

    def _caught(self, message_id: str) -> bytes:
        wanted = f"message-id: <{message_id.strip('<>')}>".encode().lower()
        for file in self._maildir():
            raw = file.read_bytes()
            head = raw.partition(b"\r\n\r\n")[0] if b"\r\n\r\n" in raw else raw.partition(b"\n\n")[0]
            if wanted in b" ".join(head.lower().split()):
                return raw
        raise Permanent("our mail is not in the outgoing Maildir", message_id=message_id)

    def _maildir(self) -> Iterator[Path]:
        folder = Path(self._config.outgoing.url.removeprefix("maildir:"))
        return (file for part in ("new", "cur") for file in sorted((folder / part).glob("*")))

    def _mails(self) -> tuple[Queued, ...]:
        """Our mails since the last call.  Waits until each of them is sent or failed."""

        def new() -> list[Queued]:
            with self._store.read() as tx:
                return [queued for queued in reversed(tx.outbox.list(limit=200)) if queued.id > self._outbox]

        self._until(lambda: all(queued.state not in UNDER_WAY for queued in new()), "our mails do not go out")
        mails = tuple(new())
        self._outbox = max([self._outbox, *(queued.id for queued in mails)])
        return mails

    def _effect(self, row: InboxRow, mails: tuple[Queued, ...]) -> Effect:
        with self._store.read() as tx:
            ticket = tx.tickets.get(row.ticket) if row.ticket else None
            mail = tx.mails.get(row.mail) if row.mail else None
            explanation: Mapping[str, Any] = (tx.mails.explanation(row.mail) if row.mail else None) or {}
        placed = explanation.get("placed", {})
        seen = SampleOutcome(
            outcome=row.outcome or row.state,
            ticket=self._number(row.ticket),
            kind=explanation.get("kind", {}).get("is", ""),
            language=mail.language if mail else "",
            team=ticket.team if ticket else "",
            priority=ticket.priority if ticket else "",
            status=ticket.status if ticket else "",
            assignee=ticket.assignee if ticket else "",
            placed=placed.get("reason", ""),
            follows=self._number(placed.get("follows")),
            rules=tuple(step["label"] for step in explanation.get("rules", {}).get("steps", ())),
            told=tuple(sorted(name(queued) for queued in mails if queued.state is Out.SENT)),
        )
        due = self._due(ticket) if ticket and seen.outcome == "ticket" else ""
        return Effect(row=row, ticket=ticket, mail=mail, explanation=explanation, mails=mails, seen=seen, due=due)

    def _due(self, ticket: Ticket) -> str:
        """`response by 14:30, resolution by Thu 18:00`, in local time, and the set of targets that a contract chose."""
        with self._store.read() as tx:
            clocks = [clock for clock in tx.clocks.of_ticket(ticket.id) if clock.deadline.step == "overdue"]
        times = ", ".join(f"{clock.deadline.promise} by {clock.deadline.due_at.astimezone():%a %H:%M}" for clock in clocks)
        return times + (f" ({ticket.sla})" if times and ticket.sla else "")

    def mails(self) -> list[ShownMail]:
        """All received and sent mails, sorted by time."""
        with self._store.read() as tx:
            rows = list(reversed(tx.inbox.list(limit=1000)))
            came = [(row.envelope.received_at, ShownMail(tx.blobs.get(row.sha256), False)) for row in rows]
            went = [queued for queued in tx.outbox.list(limit=1000) if queued.rendered and queued.sent_at]
        sent = [
            (queued.sent_at, ShownMail(queued.rendered, True, f"{name(queued)}")) for queued in went if queued.rendered and queued.sent_at
        ]
        return [shown for _, shown in sorted([*came, *sent], key=lambda pair: pair[0])]

    def _number(self, ticket: int | None) -> str:
        return ticket_number(self._config.desk.prefix, ticket) if ticket else ""

    def _row(self, id_: int) -> InboxRow:
        with self._store.read() as tx:
            row = tx.inbox.get(id_)
        if row is None:
            raise Permanent(f"mail {id_} is gone from the inbox")
        return row

    def _until(self, holds: Callable[[], bool], complaint: str) -> bool:
        """Returns True when `holds` does.  Raises Permanent after PATIENCE seconds or when the daemon has exited."""
        end = time.monotonic() + PATIENCE
        while not holds():
            self._check()
            if time.monotonic() > end:
                raise Permanent(complaint)
            time.sleep(GLANCE)
        return True


def name(queued: Queued) -> str:
    """The name of the mail's template, made of audience and event: `customer.received`."""
    return f"{queued.notification.audience}.{queued.notification.event}"
