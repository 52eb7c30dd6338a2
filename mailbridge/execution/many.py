"""Executes one request on several tickets: a line that names them, or a selection in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import USUAL, Telling, execute, write
from mailbridge.execution.load_context import NO_MAIL, Cause, load_context
from mailbridge.ids import ticket_number
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.escalation import Approve, Reject
from mailbridge.tickets.decide import hold
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.handlers.risks import MANY
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import may
from mailbridge.tickets.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class OnOne:
    """The result of the request on one of its tickets, under the number that was named."""

    number: int
    decision: Decision


def execute_on_many(
    tx: Tx,
    desk: Desk,
    numbers: Sequence[int],
    request: Request,
    actor: Actor,
    now: datetime,
    *,
    keeper: int | None = None,
    doubt: str = "",
    cause: Cause = NO_MAIL,
    telling: Telling = USUAL,
) -> list[OnOne]:
    """Executes the request on each of the tickets.  Where they are more than `ApprovalPolicy.many`, an agent has to confirm first.

    The approval is kept on `keeper`, the ticket that the agent looks at, else on the first of the tickets; never on one where the agent has
    no permission.  Tickets that do not exist, or where the agent may not do it, are refused at once and are no part of the approval.
    `doubt`: the key of a reason to ask for few tickets, too.  `telling` is for `keeper`: notifications about the other tickets quote no
    mail.
    """
    found = {number: tx.tickets.surviving(number) for number in numbers}
    refused = {number: _refusal(number, ticket, request, actor, desk) for number, ticket in found.items()}
    allowed = [ticket for number, ticket in found.items() if ticket is not None and refused[number] is None]
    why = doubt or (MANY if len(allowed) > desk.organisation.approval_policy.many else "")
    if allowed and why and _asks(request, actor):
        at = _keeper(tx, keeper, allowed, request, actor, desk)
        meant = [number for number in numbers if refused[number] is None]
        held = _held(tx, desk, at, request, why, meant, actor, now, cause, telling if at.id == keeper else replace(telling, mail=None))
        return [OnOne(number=number, decision=one) for number in numbers if (one := refused[number]) is not None] + [
            OnOne(number=at.id, decision=held)
        ]
    done: list[OnOne] = []
    for number in numbers:
        ticket = tx.tickets.surviving(number)  # after the changes of the one before
        if ticket is None or (refused[number] is not None):
            done.append(OnOne(number=number, decision=refused[number] or Decision(ticket=None, refused="unknown-ticket")))
            continue
        told = telling if ticket.id == keeper else replace(telling, mail=None)
        executed = execute(tx, desk, ticket, [request], actor, now, cause=cause, telling=told)
        done.append(OnOne(number=number, decision=executed.each[0]))
    return done


def _asks(request: Request, actor: Actor) -> bool:
    """Whether so many tickets need a confirmation.  An approval command never does."""
    return actor.kind is ActorKind.AGENT and not all(isinstance(command, Approve | Reject) for command in request.commands)


def _refusal(number: int, ticket: Ticket | None, request: Request, actor: Actor, desk: Desk) -> Decision | None:
    """Why the request is refused on the ticket; None where it is not."""
    if ticket is None:
        return Decision(ticket=None, refused="unknown-ticket", detail=ticket_number(desk.config.desk.prefix, number))
    reasons = (may(actor, command, ticket, desk.organisation) for command in request.commands)
    reason = next((reason for reason in reasons if reason), "")
    return Decision(ticket=ticket, refused=reason) if reason else None


def _keeper(tx: Tx, keeper: int | None, allowed: Sequence[Ticket], request: Request, actor: Actor, desk: Desk) -> Ticket:
    """The ticket that keeps the approval, in its current state."""
    looked_at = tx.tickets.get(keeper) if keeper is not None else None
    if looked_at is not None and _refusal(looked_at.id, looked_at, request, actor, desk) is None:
        return looked_at
    return allowed[0]


def _held(
    tx: Tx,
    desk: Desk,
    at: Ticket,
    request: Request,
    why: str,
    numbers: Sequence[int],
    actor: Actor,
    now: datetime,
    cause: Cause,
    telling: Telling,
) -> Decision:
    _, about = load_context(tx, desk, at, [], actor, now, cause)
    decision = hold(at, request, why, () if [at.id] == numbers else numbers, about)
    write(tx, desk, decision, now, telling)
    return decision
