"""Who was told of what happened on a ticket, and who was not, from what the store has: the outbox, the calls, and the reasons beside the
events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from mailbridge.cli.show import when
from mailbridge.execution.bundling import TOLD
from mailbridge.notifications.model import OutboxState, Queued
from mailbridge.notifications.untold import NotTold, Untold
from mailbridge.notifications.webhook_model import CallState, QueuedCall
from mailbridge.rules.flow import word
from mailbridge.store.tables.outgoing import COLLECTED, DIGEST, FOR_RELEASE, QUIET, SHADOWED
from mailbridge.store.tx import Tx
from mailbridge.tickets.events import Event

BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyLine:
    """One person and one event.  `how` says what became of it, `by` the entry of notifications.yaml, the rule, or BUILT_IN."""

    told: bool
    recipient: str
    audience: str
    event: str
    channel: str
    how: str
    by: str
    at: datetime
    trace: str = ""  # of a mail: its id in the log and in `mailbridge trace`


@dataclass(slots=True, kw_only=True)
class Act:
    """What happened at one moment, and who was told and not told of it."""

    at: datetime
    events: list[Event] = field(default_factory=list)
    lines: list[NotifyLine] = field(default_factory=list)


def acts_of(tx: Tx, ticket: int) -> list[Act]:
    """Everything of this ticket, oldest first."""
    acts: list[Act] = []
    by_number: dict[int, Act] = {}
    for number, event in enumerate(tx.events.of_ticket(ticket), start=1):
        if not acts or (acts[-1].at, acts[-1].events[-1].mail) != (event.at, event.mail):
            acts.append(Act(at=event.at))
        acts[-1].events.append(event)
        by_number[number] = acts[-1]
    outgoing = tx.outbox.of_ticket(ticket)
    for one in outgoing:
        _of(one.created_at, _number(one, ticket), by_number, acts).lines.append(_of_mail(one, outgoing))
    for untold in tx.events.untold(ticket):
        act = by_number[untold.number]
        act.lines.append(_of_untold(untold, act.at))
    for call in tx.webhooks.of_ticket(ticket):
        _of(call.created_at, None, by_number, acts).lines.append(_of_call(call))
    return [act for act in acts if act.lines]


def _of(at: datetime, number: int | None, by_number: dict[int, Act], acts: list[Act]) -> Act:
    """The act that a mail or a call is about; the latest before it, where it does not name one."""
    if number in by_number:
        return by_number[number]
    return next((act for act in reversed(acts) if act.at <= at), acts[0])


def _number(one: Queued, ticket: int) -> int | None:
    """The number of the event that made the mail, from its key: "<ticket>.<number>.<kind>"."""
    start, _, rest = one.notification.key.partition(".")
    number = rest.partition(".")[0]
    return int(number) if start == str(ticket) and number.isdigit() else None


def _of_mail(one: Queued, outgoing: Sequence[Queued]) -> NotifyLine:
    notification = one.notification
    told, how = _state(one, outgoing)
    return NotifyLine(
        told=told,
        recipient=notification.recipient,
        audience=notification.audience,
        event=notification.event,
        channel="mail",
        how=how,
        by=notification.why or BUILT_IN,
        at=one.created_at,
        trace=one.trace,
    )


def _state(one: Queued, outgoing: Sequence[Queued]) -> tuple[bool, str]:
    """Whether the person is told, and what became of the mail."""
    match one.state:
        case OutboxState.SENT:
            return True, f"sent {when(one.sent_at)}"
        case OutboxState.SUPPRESSED if one.error.startswith(TOLD):
            key = one.error.removeprefix(TOLD)
            other = next((mail.notification.event for mail in outgoing if mail.notification.key == key), "")
            return True, f"in another mail{f' ({word(other)})' if other else ', with other tickets'}"
        case OutboxState.SUPPRESSED | OutboxState.FAILED:
            return False, f"not sent: {one.error}"
        case OutboxState.HELD if one.error == SHADOWED:
            return False, "written and not sent: the desk is in shadow mode"
        case OutboxState.HELD if one.next_at is not None and one.next_at >= FOR_RELEASE:
            return False, "waits for an administrator: mailbridge release"
        case OutboxState.HELD:
            return True, f"waits until {when(one.next_at)}{_why_held(one.error)}"
        case OutboxState.DEFERRED:
            return True, f"tried again {when(one.next_at)}: {one.error}"
        case OutboxState.QUEUED if one.next_at is not None and one.next_at > one.created_at:
            return True, f"waits until {when(one.next_at)}"
    return True, "queued" if one.state is OutboxState.QUEUED else "on its way"


def _why_held(error: str) -> str:
    kind = {QUIET: "quiet", DIGEST: "digest"}.get(error, "")
    return f" ({kind})" if kind and error.startswith(COLLECTED) else ", to be told with others"


def _of_untold(one: NotTold, at: datetime) -> NotifyLine:
    by = one.detail if one.reason is Untold.OFF else BUILT_IN
    return NotifyLine(
        told=False, recipient=one.recipient, audience=one.audience, event=one.event, channel="mail", how=reason_of(one), by=by, at=at
    )


def reason_of(one: NotTold) -> str:
    """Why somebody was not told, in words."""
    match one.reason:
        case Untold.OWN:
            return "own doing"
        case Untold.OFF:
            return f"switched off by {one.detail}"
        case Untold.NOT_ANSWERABLE:
            return f"no automatic answer{f': {one.detail}' if one.detail else ''}"
        case Untold.MERGED:
            return f"in another mail ({word(one.detail)})"
        case Untold.ABSENT:
            return f"absent until {one.detail}"
        case Untold.OFF_DUTY:
            return "off duty"
        case Untold.OURS:
            return "an address of the desk"
        case Untold.REACHED:
            return "the agent's own mail went there"
        case Untold.MUTED:
            return f"muted {one.detail}"


def _of_call(one: QueuedCall) -> NotifyLine:
    states = {CallState.DONE: f"called {when(one.done_at)}", CallState.FAILED: f"failed: {one.answer}"}
    return NotifyLine(
        told=one.state is not CallState.FAILED,
        recipient=urlsplit(one.call.url).hostname or "",
        audience="channel",
        event=one.call.event,
        channel="webhook",
        how=states.get(one.state, str(one.state)),
        by=f'"{one.call.rule}"',
        at=one.created_at,
    )


def of_mail(acts: Iterable[Act], mail: int) -> Iterator[NotifyLine]:
    """The lines of the acts that this mail caused."""
    for act in acts:
        if any(event.mail == mail for event in act.events):
            yield from act.lines
