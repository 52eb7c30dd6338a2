"""Evaluates rules by time on tickets: which of them hold, and what they would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbridge.execution.clock_histories import clock_histories
from mailbridge.notifications.summary import length
from mailbridge.rules.compile import kinds_of
from mailbridge.rules.fact_values import BY_TIME
from mailbridge.rules.facts import Facts
from mailbridge.rules.match import run
from mailbridge.rules.policy import Policy
from mailbridge.rules.rule_set import RuleSet
from mailbridge.rules.tree import Rule
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import IMPORTED, Ticket
from mailbridge.tickets.times import ticket_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A rule looked at a ticket.  `verdict` None: its condition does not hold.  `why`: what it found, for people."""

    ticket: Ticket
    rule: Rule
    verdict: Verdict | None
    why: str = ""


def look(tx: Tx, policy: Policy, rules: Sequence[RuleSet], tickets: Sequence[Ticket], now: datetime) -> Iterator[Looked]:
    """Each of the rules on each of the tickets, the tickets in order.  Imported tickets, which nobody works on, are left out."""
    histories = clock_histories(tx, [ticket.id for ticket in tickets])
    load = tx.tickets.team_load() if any("load" in one.asks for one in rules) else {}
    for ticket in tickets:
        history = histories.get(ticket.id)
        if history is None or ticket.channel == IMPORTED:
            continue
        times = ticket_times(ticket, history, policy.organisation, now)
        facts = Facts(
            now=now, reply=True, ticket=ticket, organisation=policy.organisation, times=times, team_load=load
        )
        for one in rules:
            yield _looked(replace(one, customers=policy.rules.customers), facts, ticket, times)


def _looked(rules: RuleSet, facts: Facts, ticket: Ticket, times: Mapping[str, float]) -> Looked:
    rule, verdict = rules.rules[0].rule, run(rules, facts)
    if rule.name not in verdict.rules:
        return Looked(ticket=ticket, rule=rule, verdict=None)
    return Looked(ticket=ticket, rule=rule, verdict=verdict, why=_why(rule, times))


def _why(rule: Rule, times: Mapping[str, float]) -> str:
    """The times that the rule asks for, as they are: "untouched 75 h, waiting 40 h"."""
    said = [(kind, times[kind]) for kind in sorted(kinds_of(rule.when) & BY_TIME) if kind in times]
    return ", ".join(f"{kind} {_length(seconds)}" for kind, seconds in said) or "its condition holds"


def _length(seconds: float) -> str:
    minutes = int(abs(seconds) // 60)
    return f"{length(minutes)} ago" if seconds < 0 else length(minutes)
