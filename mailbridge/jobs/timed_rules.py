"""Rules by time: checks all open tickets, one slice in each transaction, and executes the actions of the rules.

A rule acts at most once on a ticket while its condition stays true; a row of the clocks records that.  If a later pass finds the condition
false, the rule is armed again.  It then acts again only if a person or a mail has changed the ticket since.  The state row has the start of
each rule's last pass, and the progress of a pass, so that a restart resumes and only one of several processes works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.execution.timed_rules import Looked, look
from mailbridge.execution.webhooks import queue_rule_calls
from mailbridge.ids import ticket_number
from mailbridge.jobs.attempts import Attempt, Item, alone, run_batch, together
from mailbridge.ops import log as logs
from mailbridge.rules.commands import commands
from mailbridge.rules.rule_set import RuleSet
from mailbridge.store.engine import Store
from mailbridge.store.job_failures import JobFailure
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.escalation import RaiseAlert
from mailbridge.tickets.deadlines import RULE
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each

log = logs.get("rules")

STATE_KEY = "timed-rules"
AUTOMATIC = (ActorKind.RULE, ActorKind.CLOCK)
SLICE = 100  # tickets in one transaction


def run_timed_rules(store: Store, desk: Desk, now: datetime) -> int:
    """Runs the rules by time that are due on all open tickets, slice by slice.  Returns how often they acted.

    If a rule raises on a ticket, it is tried again there later, and the other rules and tickets go on.
    """
    with store.read() as tx:
        wanted, again = _wanted(tx.state.get(STATE_KEY), desk, now), tx.job_failures.due(STATE_KEY, now, SLICE)
    acted = sum(_retry(store, desk, one, now) for one in again)
    while wanted:
        done = run_batch(store, lambda tx, attempt: _next(tx, attempt, desk, now))
        if done is None:
            break
        acted += done
    return acted


def _retry(store: Store, desk: Desk, failure: JobFailure, now: datetime) -> int:
    """Tries a rule again on a ticket where it raised; how often it acted."""
    number, _, name = failure.item.partition("/")
    with store.write() as tx:
        rules = [one for one in desk.policy.timed if one.rules[0].rule.name == name]
        tickets = [ticket for ticket in tx.tickets.get_many([int(number)]) if ticket.closed_at is None]
        if not rules or not tickets:
            tx.job_failures.forget(STATE_KEY, failure.item)
        return _look_at(tx, alone, desk, rules, tickets, now)


def _next(tx: Tx, attempt: Attempt, desk: Desk, now: datetime) -> int | None:
    """How often the rules acted in the next slice; None if no rule is due."""
    state = tx.state.take(STATE_KEY, now)
    rules = _wanted(state, desk, now)
    if not rules:
        return None
    after, done = _slice(tx, attempt, desk, rules, now, _after(state, rules))
    tx.state.set(STATE_KEY, _progress(state, desk, rules, now, after), now)
    return done


def _wanted(state: Any, desk: Desk, now: datetime) -> list[RuleSet]:
    """The rules of the unfinished pass, else those that are due."""
    began: dict[str, str] = (state or {}).get("began", {})
    looking = (state or {}).get("looking", [])
    timed = [one for one in desk.policy.timed if one.rules[0].rule.every is not None]
    unfinished = [one for one in timed if one.rules[0].rule.name in looking]
    return unfinished or [one for one in timed if _is_due(one, began, now)]


def _is_due(one: RuleSet, began: dict[str, str], now: datetime) -> bool:
    rule = one.rules[0].rule
    last = began.get(rule.name)
    return rule.every is not None and (last is None or datetime.fromisoformat(last) + rule.every <= now)


def _after(state: Any, rules: Sequence[RuleSet]) -> int:
    names = [one.rules[0].rule.name for one in rules]
    return int(state["after"]) if state and state.get("looking") and set(names) <= set(state["looking"]) else 0


def _progress(state: Any, desk: Desk, rules: Sequence[RuleSet], now: datetime, after: int | None) -> dict[str, Any]:
    """The state after a slice.  `after` None: all tickets were checked.  Removed rules are dropped."""
    known = {one.rules[0].rule.name for one in desk.policy.timed}
    names = [one.rules[0].rule.name for one in rules]
    before = {name: at for name, at in (state or {}).get("began", {}).items() if name in known}
    began = before if state and state.get("looking") else {**before, **dict.fromkeys(names, now.isoformat())}
    return {"began": began, "looking": [] if after is None else names, "after": after or 0}


def _slice(
    tx: Tx, attempt: Attempt, desk: Desk, rules: Sequence[RuleSet], now: datetime, after: int
) -> tuple[int | None, int]:
    """Checks one slice; the ticket number after which the next one begins (None: no ticket is left), and how often the rules acted."""
    ids = tx.tickets.open_after(after, SLICE)
    tickets = sorted(tx.tickets.get_many(ids), key=lambda ticket: ticket.id)
    done = _look_at(tx, attempt, desk, rules, tickets, now)
    return (ids[-1] if len(ids) == SLICE else None), done


def _look_at(tx: Tx, attempt: Attempt, desk: Desk, rules: Sequence[RuleSet], tickets: Sequence[Ticket], now: datetime) -> int:
    """Runs the rules on the tickets.  Returns how often they acted.

    All are looked at together as long as nothing raises, else each rule on each ticket alone.
    """
    acted = tx.clocks.acted([ticket.id for ticket in tickets])
    if attempt is together:
        return _look(tx, desk, rules, tickets, acted, now)
    waiting, done = tx.job_failures.waiting(STATE_KEY, now), 0
    for ticket, one in product(tickets, rules):
        item = _item(ticket, one, desk)
        if item.key not in waiting:
            found = attempt(tx, item, now, partial(_look, tx, desk, [one], [ticket], acted, now))
            done += found or 0
            if found is not None:
                tx.job_failures.forget(item.job, item.key)
    return done


def _item(ticket: Ticket, one: RuleSet, desk: Desk) -> Item:
    name = one.rules[0].rule.name
    about = f'rule "{name}" on {ticket_number(desk.config.desk.prefix, ticket.id)}'
    return Item(job=STATE_KEY, key=f"{ticket.id}/{name}", about=about)


def _look(
    tx: Tx, desk: Desk, rules: Sequence[RuleSet], tickets: Sequence[Ticket], acted: Mapping[tuple[int, str], bool], now: datetime
) -> int:
    done = 0
    for one in list(look(tx, desk.policy, rules, tickets, now)):
        key = (one.ticket.id, one.rule.name)
        is_armed = acted.get(key)  # None: it has never acted on this ticket
        if one.verdict is None and is_armed is False:
            tx.clocks.re_arm(*key)
        elif one.verdict is not None and (is_armed is None or (is_armed and _changed_since(tx, one))):
            _act(tx, desk, one, now)
            done += 1
    return done


def _changed_since(tx: Tx, found: Looked) -> bool:
    """Whether a person or a mail changed the ticket since the rule last acted on it.

    Other rules and clocks do not count: two rules that undo each other would act for ever.
    """
    events = tx.events.of_ticket(found.ticket.id)
    last = max((number for number, event in enumerate(events) if _is_act_of(event, found.rule.name)), default=-1)
    return any(event.actor.kind not in AUTOMATIC for event in events[last + 1 :])


def _is_act_of(event: Event, rule: str) -> bool:
    return isinstance(event.what, AlertRaised) and event.actor.kind is ActorKind.RULE and event.what.alert == rule


def _act(tx: Tx, desk: Desk, found: Looked, now: datetime) -> None:
    """Executes the actions of the rule, with the rule as their author."""
    ticket, verdict, rule = tx.tickets.get(found.ticket.id), found.verdict, found.rule
    if ticket is None or verdict is None:
        return
    tx.clocks.act(ticket.id, rule.name, now)
    said = RaiseAlert(promise=RULE, alert=rule.name, due_at=now, tell=verdict.notify, why=found.why)
    actor = Actor(kind=ActorKind.RULE, name=rule.name)
    asked = each((said, *(command for command, _ in commands(verdict))))
    executed = execute(tx, desk, ticket, asked, actor, now, telling=Telling(in_working_hours=True))
    if verdict.webhook and executed.decision.ticket is not None:
        queue_rule_calls(tx, executed.decision.ticket, verdict, why=found.why, prefix=desk.config.desk.prefix, now=now)
    log.info("rule_acted", rule=rule.name, ticket=ticket.id)
