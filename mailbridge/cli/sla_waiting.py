"""`mailbridge sla waiting`: how long customers wait for the first answer, and how well that was estimated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailbridge.cli.show import print_json, print_table

if TYPE_CHECKING:
    from mailbridge.organisation.model import Organisation
    from mailbridge.sla.waiting import Backtest
    from mailbridge.store.engine import Store


def print_waiting(store: Store, organisation: Organisation, as_json: bool) -> None:
    """Prints the time for each group of tickets, measured now."""
    from mailbridge.execution.waiting import calendars_of
    from mailbridge.sla.waiting import ANY_TYPE, SPAN, said, waiting_times

    now, calendars = datetime.now(UTC), calendars_of(organisation)
    with store.read() as tx:
        measured = waiting_times(tx.waits.since(now - SPAN), calendars, now)
    found = [(key, minutes, said(minutes, calendars[key[0]])) for key, minutes in sorted(measured.groups.items())]
    if as_json:
        groups = [
            {
                "team": team,
                "type": None if type == ANY_TYPE else type,
                "priority": priority,
                "minutes": minutes,
                "said": {"count": words.count, "unit": words.unit, "working": words.working},
            }
            for (team, type, priority), minutes, words in found
        ]
        print_json({"groups": groups, "behind": sorted(measured.behind)})
        return
    rows = [
        (team, "any" if type == ANY_TYPE else type or "-", priority, minutes, f"{words.count} {words.unit}", _yes(team in measured.behind))
        for (team, type, priority), minutes, words in found
    ]
    headers = ("team", "type", "priority", "minutes", "said", "behind")
    print_table(headers, rows, empty="too few tickets of the last 30 days were answered; acknowledgements say no waiting time")


def print_backtest(store: Store, organisation: Organisation, since: datetime, as_json: bool) -> None:
    """Prints, by team, how many of the tickets since then were answered within the time that would have been said to them."""
    from mailbridge.execution.waiting import calendars_of
    from mailbridge.sla.waiting import SPAN, backtest

    with store.read() as tx:
        waits = list(tx.waits.since(since - SPAN))
    found = backtest(waits, calendars_of(organisation), since, datetime.now(UTC))
    if as_json:
        print_json([_values(team, one) for team, one in sorted(found.items())])
        return
    rows = [(team, one.tickets, one.said, _percent(one.share), _percent(one.share_said), one.behind) for team, one in sorted(found.items())]
    headers = ("team", "tickets", "told", "within", "within as said", "behind")
    print_table(headers, rows, empty="no customer opened a ticket in that time")


def _values(team: str, one: Backtest) -> dict[str, object]:
    counts = {"tickets": one.tickets, "told": one.said, "within": one.within, "within_as_said": one.within_said, "behind": one.behind}
    return {"team": team, **counts, "share": one.share, "share_as_said": one.share_said}


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "-"
