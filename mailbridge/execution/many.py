"""One request for several tickets at once: a line that names them, a selection in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import USUAL, Telling, execute, write
from mailbridge.execution.load_context import NO_MAIL, Cause, load_context
from mailbridge.ids import ticket_number
from mailbridge.store.tx import Tx
from mailbridge.tickets.commands import Approve, Reject
from mailbridge.tickets.decide import Decision, hold
from mailbridge.tickets.events import Actor, ActorKind
from mailbridge.tickets.handlers.risks import MANY
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import may
from mailbridge.tickets.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class OnOne:
    """What came of the request on one of its tickets, under the number that was named."""

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
    """The request is done on each of the tickets; more than `Consent.many` of an agent's wait for the agent's own yes first.

    The question is kept on `keeper`, the ticket that the agent looks at, else on the first of those that are meant; never on one that the
    agent may not work on.  Tickets that are not there, or where the agent may not do it, are refused at once and no part of the question.
    `doubt`: the key of why it is asked however few they are.  `telling` is for `keeper`: what is told of another ticket carries no mail.
    """
    found = {number: tx.tickets.surviving(number) for number in numbers}
    refused = {number: _refusal(number, ticket, request, actor, desk) for number, ticket in found.items()}
    allowed = [ticket for number, ticket in found.items() if ticket is not None and refused[number] is None]
    why = doubt or (MANY if len(allowed) > desk.organisation.consent.many else "")
    if allowed and why and _asks(request, actor):
        at = _keeper(tx, keeper, allowed, request, actor, desk)
        meant = [number for number in numbers if refused[number] is None]
        held = _held(tx, desk, at, request, why, meant, actor, now, cause, telling if at.id == keeper else replace(telling, mail=None))
        return [OnOne(number=number, decision=one) for number in numbers if (one := refused[number]) is not None] + [
            OnOne(number=at.id, decision=held)
        ]
    done: list[OnOne] = []
    for number in numbers:
        ticket = tx.tickets.surviving(number)  # as the one before left it
        if ticket is None or (refused[number] is not None):
            done.append(OnOne(number=number, decision=refused[number] or Decision(ticket=None, refused="unknown-ticket")))
            continue
        told = telling if ticket.id == keeper else replace(telling, mail=None)
        executed = execute(tx, desk, ticket, [request], actor, now, cause=cause, telling=told)
        done.append(OnOne(number=number, decision=executed.each[0]))
    return done


def _asks(request: Request, actor: Actor) -> bool:
    """Whether so many tickets need an own yes; an answer to a question is one."""
    return actor.kind is ActorKind.AGENT and not all(isinstance(command, Approve | Reject) for command in request.commands)


def _refusal(number: int, ticket: Ticket | None, request: Request, actor: Actor, desk: Desk) -> Decision | None:
    """Why nothing of the request may be done on the ticket; None where it may."""
    if ticket is None:
        return Decision(ticket=None, refused="unknown-ticket", detail=ticket_number(desk.config.desk.prefix, number))
    reasons = (may(actor, command, ticket, desk.organisation) for command in request.commands)
    reason = next((reason for reason in reasons if reason), "")
    return Decision(ticket=ticket, refused=reason) if reason else None


def _keeper(tx: Tx, keeper: int | None, allowed: Sequence[Ticket], request: Request, actor: Actor, desk: Desk) -> Ticket:
    """The ticket on which the question is kept, as it is now."""
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
