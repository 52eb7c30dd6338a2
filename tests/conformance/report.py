"""The table people read and the numbers scripts read: the columns of issue 3, each made of one or more measures."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tests.conformance.checks import Verdict

Figures = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table, what it has to reach in per cent, and the measures it is the sum of."""

    name: str
    reach: float
    measures: tuple[str, ...]


TABLE = (
    Column("no crash, hang (> 2 s) or memory > 256 MB", 100, ("no crash, hang or memory",)),
    Column("subject, addresses, date, message ids", 99, ("subject", "addresses", "date", "message ids")),
    Column("text body; HTML-only body as text", 97, ("text body", "HTML body", "HTML body as text")),
    Column("attachments; MIME leaves", 97, ("attachments", "number of attachments", "MIME leaves")),
    Column("reply_text", 92, ("reply_text",)),
    Column("reply_text with white space", 85, ("reply_text with white space",)),
    Column("reply parts", 92, ("reply parts",)),
    Column("what was cut can be restored", 100, ("spans restore the text",)),
    Column("signature, is_forward, inner headers", 90, ("signature", "is_forward", "forwarded inner headers")),
    Column("is_bounce", 98, ("is_bounce",)),
    Column("bounced_addresses", 96, ("bounced_addresses",)),
    Column("hard or soft", 95, ("hard or soft",)),
    Column("number of bounced (not asked for)", 0, ("number of bounced",)),
    Column("automatic mail, loops, feedback reports", 98, ("automatic",)),
    Column("no human mail taken for a robot", 100, ("human mail kept human",)),
    Column("thread_groups", 95, ("thread_groups",)),
    Column("language", 95, ("language",)),
    Column("TNEF files", 100, ("TNEF files",)),
    Column("hostile within expect", 100, ("hostile within expect",)),
    Column("control mails exact", 100, ("control mails exact",)),
)


def columns(verdicts: Iterable[Verdict]) -> Figures:
    """{column: {right, total}} for the columns something was stated of, without what is scored apart."""
    found = measures(verdicts)
    cells = {column.name: [found[measure] for measure in column.measures if measure in found] for column in TABLE}
    return {name: summed(parts) for name, parts in cells.items() if parts}


def measures(verdicts: Iterable[Verdict]) -> Figures:
    """The same, measure by measure."""
    found: Figures = {}
    for verdict in verdicts:
        if not verdict.apart:
            cell = found.setdefault(verdict.column, {"right": 0, "total": 0})
            cell["right"] += verdict.right
            cell["total"] += 1
    return found


def summed(cells: list[dict[str, int]]) -> dict[str, int]:
    return {key: sum(cell[key] for cell in cells) for key in ("right", "total")}


def missed(verdicts: Iterable[Verdict]) -> list[str]:
    """The columns below what they have to reach."""
    reach = {column.name: column.reach for column in TABLE}
    return [name for name, cell in columns(verdicts).items() if rate(cell) < reach[name]]


def rate(cell: dict[str, int]) -> float:
    return 100 * cell["right"] / cell["total"] if cell["total"] else 100.0


def table(verdicts: list[Verdict], *, worst: int = 8, only: str = "") -> str:
    """Per column its figure and measures, the suites that are not whole, and the worst cases by name."""
    figures = columns(verdicts)
    lines: list[str] = []
    for column in TABLE:
        if column.name in figures and (not only or any(only in name for name in (column.name, *column.measures))):
            own = [verdict for verdict in verdicts if verdict.column in column.measures]
            lines += [headline(column, figures[column.name], own), *parts(column, own), *suites(own), *worst_of(own, worst)]
    return "\n".join(lines)


def headline(column: Column, cell: dict[str, int], own: list[Verdict]) -> str:
    apart = [verdict for verdict in own if verdict.apart]
    beside = f"   apart {sum(v.right for v in apart)}/{len(apart)}" if apart else ""
    mark = " " if rate(cell) >= column.reach else "!"
    asked = f"reach {column.reach:g} %" if column.reach else ""
    return f"{mark} {column.name:42} {cell['right']:5}/{cell['total']:<5} {rate(cell):6.2f} %   {asked}{beside}"


def parts(column: Column, own: list[Verdict]) -> list[str]:
    """The measures of a column that has several."""
    if len(column.measures) == 1:
        return []
    return [f"      {name:38} {cell['right']:5}/{cell['total']:<5} {rate(cell):6.2f} %" for name, cell in measures(own).items()]


def suites(own: list[Verdict]) -> list[str]:
    """A line for each suite that is not whole, and one for all that are."""
    cells: dict[str, list[bool]] = defaultdict(list)
    for verdict in own:
        if not verdict.apart:
            cells[verdict.suite].append(verdict.right)
    broken = [f"    in {suite:37} {sum(rights):5}/{len(rights)}" for suite, rights in sorted(cells.items()) if not all(rights)]
    whole = ", ".join(f"{suite} {len(rights)}" for suite, rights in sorted(cells.items()) if all(rights))
    rest = f"whole in {whole}" if whole else ""
    return [*broken, *textwrap.wrap(rest, 120, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)]


def worst_of(own: list[Verdict], limit: int) -> list[str]:
    wrong = [verdict for verdict in own if not verdict.right and not verdict.apart]
    return [f"      - {verdict.case}: {verdict.detail}"[:420] for verdict in wrong[:limit]]
