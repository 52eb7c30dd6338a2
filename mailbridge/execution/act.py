"""Commands that come by no mail: what a program or a person at the desk's own machine wants done to a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailbridge.agentmail.gather import gathered
from mailbridge.context import Desk
from mailbridge.desk.commands import Command
from mailbridge.desk.decide import Circumstances, Decision, decide_all
from mailbridge.desk.events import Actor
from mailbridge.desk.model import Ticket
from mailbridge.execution.settle import occasion, settle
from mailbridge.outbox.compose import notifications
from mailbridge.store.tx import Tx


def act(tx: Tx, desk: Desk, ticket: Ticket, commands: Sequence[Command], actor: Actor, now: datetime) -> Decision:
    """The commands are judged, and what comes of them is recorded and told in the open transaction."""
    about = Circumstances(actor=actor, now=now, organisation=desk.organisation, customers=desk.policy.rules.customers)
    asked, about = gathered(tx, desk, ticket, [(command, "") for command in commands], about)
    decision, each = decide_all(ticket, asked, about)
    refused = next((one for one in each if one.refused), None)
    if refused is not None:
        return refused
    told = notifications(decision.events, occasion(tx, decision.ticket or ticket, desk)) if decision.events else ()
    settle(tx, decision, told, desk, now)
    return decision
