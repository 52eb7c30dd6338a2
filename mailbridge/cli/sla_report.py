"""`mailbridge sla report` and `sla whatif`: SLA targets of past tickets, met and missed, under the rules of now or under others.

Both only read.  Every target is computed from the history of its ticket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.cli.show import print_json, print_table
from mailbridge.cli.target_names import target_name
from mailbridge.errors import ConfigError
from mailbridge.sla.segments import TargetKind

if TYPE_CHECKING:
    from mailbridge.organisation.model import Organisation
    from mailbridge.rules.policy import Policy
    from mailbridge.sla.day_sources import DaySources
    from mailbridge.sla.history import ClockHistory
    from mailbridge.sla.tally import Tally
    from mailbridge.sla.why import Outcome
    from mailbridge.store.engine import Store
    from mailbridge.tickets.model import Ticket

SLA_FILE = "rules/sla.yaml"
BATCH = 200  # tickets that are loaded at a time
Past = tuple["Ticket", "ClockHistory"]


def report(store: Store, policy: Policy, since: datetime, by: str, as_json: bool) -> None:
    """Prints how many targets were met and missed, by target and by team, customer or type."""
    from mailbridge.sla.tally import tallied

    now = datetime.now(UTC)
    found = tallied(
        ((_group(ticket, policy, by), promise), outcome)
        for ticket, history in pasts(store, since)
        for promise, outcome in outcomes(ticket, history, policy.organisation, now)
    )
    if as_json:
        print_json([{by: key[0], "clock": key[1], **_values(tally)} for key, tally in found.items()])
        return
    rows = [
        (key[0] or "-", target_name(TargetKind(key[1])), tally.kept, tally.broken, tally.open, _percent(tally))
        for key, tally in found.items()
    ]
    print_table((by, "target", "met", "missed", "open", "missed %"), rows, empty="no targets in that time")


def whatif(store: Store, policy: Policy, file: Path, since: datetime, as_json: bool) -> None:
    """Prints the targets of past tickets under the current rules beside those under the sla.yaml of `file`."""
    from mailbridge.cli.policy import sources_in
    from mailbridge.sla.tally import Tally, tallied

    now = datetime.now(UTC)
    other = with_targets(policy, file, sources_in(store, now))
    before, after = list[tuple[tuple[str, ...], "Outcome"]](), list[tuple[tuple[str, ...], "Outcome"]]()
    for ticket, history in pasts(store, since):
        before += [((promise,), outcome) for promise, outcome in outcomes(ticket, history, policy.organisation, now)]
        as_if = replace(history, finished=())  # finished runs have the old targets, so all runs are computed again
        after += [((promise,), outcome) for promise, outcome in outcomes(ticket, as_if, other.organisation, now)]
    was, will = tallied(before), tallied(after)
    keys = sorted({*was, *will})
    if as_json:
        print_json([{"clock": key[0], "now": _values(was.get(key, Tally())), "then": _values(will.get(key, Tally()))} for key in keys])
        return
    rows = [(target_name(TargetKind(key[0])), *_compared(was.get(key, Tally()), will.get(key, Tally()))) for key in keys]
    print_table(("target", "met", "missed", "missed %", "met then", "missed then", "then %"), rows, empty="no targets in that time")


def with_targets(policy: Policy, file: Path, sources: DaySources) -> Policy:
    """The policy with the targets of this file instead of its own.  Raises ConfigError."""
    from mailbridge.rules.load import load

    texts: Mapping[str, str] = {**policy.texts, SLA_FILE: file.read_text(encoding="utf-8")}
    loaded = load(texts, sources=sources)
    if loaded.policy is None:
        problems = (replace(one, file=str(file.resolve())) if one.file == SLA_FILE else one for one in loaded.problems)
        raise ConfigError(tuple(sorted(problems)))
    return loaded.policy


def pasts(store: Store, since: datetime) -> Iterator[Past]:
    """Yields each ticket opened since `since` that has a target, newest first, with its clock history."""
    from mailbridge.execution.clock_histories import clock_histories
    from mailbridge.tickets.model import IMPORTED

    offset = 0
    while True:
        with store.read() as tx:
            tickets = tx.tickets.find(limit=BATCH, offset=offset)
            wanted = [one for one in tickets if one.created_at >= since and one.channel != IMPORTED and one.merged_into is None]
            histories = clock_histories(tx, [ticket.id for ticket in wanted])
        yield from ((ticket, histories[ticket.id]) for ticket in wanted if ticket.id in histories)
        if len(tickets) < BATCH or tickets[-1].created_at < since:
            return
        offset += BATCH


def outcomes(ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime) -> Iterator[tuple[str, Outcome]]:
    """Yields the outcome of each target of the ticket.

    A target that was still open when the ticket was solved is missed if it was overdue then.  Otherwise it is left out.
    """
    from mailbridge.sla.why import Outcome, why
    from mailbridge.tickets.deadlines import promised_runs

    for run in promised_runs(ticket, history, organisation):
        outcome = why(run, history.solved_at or now).outcome
        if run.segment.end is not None or history.solved_at is None:
            yield run.segment.promise.value, outcome
        elif outcome is Outcome.OVERDUE:
            yield run.segment.promise.value, Outcome.BROKEN


def _group(ticket: Ticket, policy: Policy, by: str) -> str:
    if by == "team":
        return ticket.team
    if by == "type":
        return ticket.type
    customer = policy.rules.customers.of(ticket.requester.address) if ticket.requester else None
    return customer.name if customer else ""


def _values(tally: Tally) -> dict[str, object]:
    """The tally as JSON.  `kept`, `broken` and `broken_share` are the names of earlier releases."""
    now = {"met": tally.kept, "missed": tally.broken, "open": tally.open, "missed_share": tally.rate}
    return {**now, "kept": tally.kept, "broken": tally.broken, "broken_share": tally.rate}


def _compared(was: Tally, will: Tally) -> tuple[object, ...]:
    return was.kept, was.broken, _percent(was), will.kept, will.broken, _percent(will)


def _percent(tally: Tally) -> str:
    return "-" if tally.rate is None else f"{tally.rate:.1%}"
