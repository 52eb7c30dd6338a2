"""The outcome of an agent's lines as the payload of `agent.commands`.  Pure; no sentence is made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from mailbridge.ids import ticket_number
from mailbridge.mail_commands.model import CommandLine
from mailbridge.notifications.payloads.agents import CommandResults, ResultRow
from mailbridge.notifications.summary import Viewer, summaries
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.command_types.escalation import Approve, Reject
from mailbridge.tickets.command_types.relations import Erase, Undo
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.escalation import ApprovalRequested, Escalated
from mailbridge.tickets.event_types.mails import TicketOpened
from mailbridge.tickets.event_types.relations import Linked, MergedFrom, MergedInto
from mailbridge.tickets.event_types.values import AssigneeChanged, StatusChanged, TeamChanged
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Approval, ApprovalKind

NOBODY = Viewer(organisation=Organisation())
_FOR_GOOD = (Approve, Reject, Undo, Erase)


class LineStatus(StrEnum):
    """The outcomes that templates word (`outcomes` in `delivery.render.words`)."""

    DONE = "done"
    SAME = "same"  # it was so already
    ASKS_YOU = "asks-you"  # waits for the writer's own yes
    ASKS_OTHERS = "asks-others"
    WAITS = "waits"  # with the answer, until that goes
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ARGUMENT_MISSING = "argument-missing"
    ARGUMENT_UNKNOWN = "argument-unknown"
    ARGUMENT_UNCLEAR = "argument-unclear"
    AMBIGUOUS = "ambiguous"
    NEITHER = "neither-yes-nor-no"
    NO_TEXT = "no-text"  # a line about the mail's text, which has none
    PASSED_ON = "passed-on"  # #public above a mail that is passed on
    NEW_MAIL_ONLY = "new-mail-only"  # #to on a ticket
    MAIL_ONLY = "mail-only"  # a question to the desk, or a new ticket, on a page
    OWN_ADDRESS = "own-address"  # #to an address of the desk
    OTHER_WAY = "other-way"  # #note and #public in one mail
    HIDDEN = "hidden"  # in one of the two bodies of the mail only
    QUOTED = "quoted"  # it stands so in a mail of somebody else, in a quote or in a later part of the mail
    NO_CUSTOMER = "no-customer"  # a text for the customer, in a mail that goes to none
    OWN_REQUEST = "own-request"  # #public, #note, #encrypt in a mail that opens the agent's own ticket
    SENT_BY_YOU = "sent-by-you"  # such a line in a mail that the agent's own program sent to the customer
    NO_TICKET = "no-ticket"  # the line is for a ticket, and the mail is on none
    LEFT_OVER = "left-over"  # text beside questions, which makes no ticket
    ANSWERED = "answered"  # a question: its answer is a mail of its own


def command_results(
    outcomes: Sequence[tuple[CommandLine, Decision | None]],
    *,
    sent_to: Sequence[str] = (),
    noted: bool = False,
    to: Viewer = NOBODY,
    undo: int = 0,
    waits_until: datetime | None = None,
    returned: str = "",
) -> CommandResults:
    """One row a line and ticket.  `sent_to` got the text, or gets it at `waits_until`.
    `returned`: the text of an answer that was taken back.  `noted`: it became an internal note.  `undo`: minutes in which it can be
    undone."""
    undoable = any(decision is not None and _can_be_undone(line, decision) for line, decision in outcomes)
    return CommandResults(
        results=tuple(_row(line, decision, to) for line, decision in outcomes),
        sent_to=tuple(sent_to),
        noted=noted,
        waits_until=waits_until,
        returned=returned,
        undo=undo if undo and undoable else None,
    )


def _row(line: CommandLine, decision: Decision | None, to: Viewer) -> ResultRow:
    written = _clean(line.text)
    if line.problem:
        reason, suggestion = _clean(line.detail), _clean(line.nearest)
        return ResultRow(
            written=written, outcome=LineStatus(line.problem), reason=reason, detail=_clean(line.about), suggestion=suggestion
        )
    if decision is None:
        return ResultRow(written=written, outcome=LineStatus.ANSWERED if line.question else LineStatus.DONE)
    number = decision.ticket.id if decision.ticket else None
    on = ticket_number(to.prefix, number) if number and number != to.ticket else ""
    if decision.refused:
        nearest = f"{line.text.split()[0]} {decision.nearest}" if decision.nearest and line.text else ""
        return ResultRow(
            written=written,
            outcome=LineStatus.REFUSED,
            reason=decision.refused,
            detail=_clean(decision.detail),
            suggestion=_clean(nearest),
            number=on,
        )
    held = _held(decision)
    if held is not None and held.approval.kind is ApprovalKind.DELAY:
        return ResultRow(written=written, outcome=LineStatus.WAITS)
    if held is not None:
        asks = LineStatus.ASKS_YOU if held.approval.kind is ApprovalKind.CONFIRMATION else LineStatus.ASKS_OTHERS
        asked = summaries((event for event in decision.events if event.what is held), to)
        others = tuple(replace(one, key="asked") for one in asked)
        suggestion = _clean(f"#approve {on} {held.approval.id}")
        return ResultRow(written=written, outcome=asks, reason=held.why, suggestion=suggestion, happened=others, number=on)
    events = [*decision.events, *(event for change in decision.elsewhere for event in change.events)]
    happened = summaries(_short(events), replace(to, ticket=number if on else to.ticket))
    return ResultRow(written=written, outcome=LineStatus.DONE if events else LineStatus.SAME, happened=happened, number=on)


def _held(decision: Decision) -> ApprovalRequested | None:
    asked = [event.what for event in decision.events if isinstance(event.what, ApprovalRequested)]
    return asked[0] if len(asked) == len(decision.events) and asked else None


def held(decision: Decision) -> Approval | None:
    """What waits for a yes because of this line, where the line waits."""
    asked = _held(decision)
    return asked.approval if asked else None


def _short(events: Sequence[Event]) -> list[Event]:
    """The events that say what was done, without those that only follow: a new ticket's own, the end of one that was merged, and
    that whoever it was escalated to has it."""
    born = {event.ticket for event in events if isinstance(event.what, TicketOpened)}
    ended = {event.ticket for event in events if isinstance(event.what, MergedInto)}
    went = {event.what.to for event in events if isinstance(event.what, Escalated)}
    return [event for event in events if not _follows(event, born, ended, went)][:20]


def _follows(event: Event, born: set[int], ended: set[int], went: set[str]) -> bool:
    match event.what:
        case AssigneeChanged(after=to) | TeamChanged(after=to):
            return event.ticket in born or to in went
        case Linked(ticket=other):
            return event.ticket in born or other in born
        case StatusChanged():
            return event.ticket in born | ended
        case MergedFrom(ticket=other):
            return other in ended
    return event.ticket in born


def _can_be_undone(line: CommandLine, decision: Decision) -> bool:
    commands: tuple[Command, ...] = line.commands
    return bool(decision.events) and _held(decision) is None and not any(isinstance(command, _FOR_GOOD) for command in commands)


def _clean(cell: str) -> str:
    return " ".join(cell.split())
