"""The table people read and the numbers scripts read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tests.conformance.checks import Verdict

# What issue 3 asks for, in per cent.
REACH = {
    "no crash, hang or memory": 100,
    "subject": 99,
    "addresses": 99,
    "date": 99,
    "message ids": 99,
    "text body": 97,
    "HTML body": 97,
    "HTML body as text": 97,
    "attachments": 97,
    "number of attachments": 97,
    "MIME leaves": 97,
    "reply_text": 92,
    "reply_text with white space": 85,
    "reply parts": 92,
    "spans restore the text": 100,
    "signature": 90,
    "is_forward": 90,
    "forwarded inner headers": 90,
    "is_bounce": 98,
    "bounced_addresses": 96,
    "number of bounced": 0,
    "hard or soft": 95,
    "automatic": 98,
    "human mail kept human": 100,
    "thread_groups": 95,
    "language": 95,
    "TNEF files": 100,
    "hostile within expect": 100,
    "control mails exact": 100,
}


def figures(verdicts: Iterable[Verdict]) -> dict[str, dict[str, int]]:
    """{column: {right, total}}, without what is scored apart."""
    found: dict[str, dict[str, int]] = {}
    for verdict in verdicts:
        if not verdict.apart:
            cell = found.setdefault(verdict.column, {"right": 0, "total": 0})
            cell["right"] += verdict.right
            cell["total"] += 1
    return {column: found[column] for column in sorted(found, key=place)}


def place(column: str) -> int:
    return list(REACH).index(column) if column in REACH else len(REACH)


def table(verdicts: list[Verdict], *, worst: int = 8, column: str = "") -> str:
    """Per column the figure, per suite where it is not whole, and the worst cases by name."""
    lines: list[str] = []
    for name, cell in figures(verdicts).items():
        if column and column not in name:
            continue
        of_column = [verdict for verdict in verdicts if verdict.column == name]
        lines.append(row(name, cell, of_column))
        lines.extend(f"    {suite}" for suite in suites(of_column))
        lines.extend(f"      - {v.case}: {v.detail}"[:420] for v in [v for v in of_column if not v.right and not v.apart][:worst])
    return "\n".join(lines)


def row(name: str, cell: dict[str, int], of_column: list[Verdict]) -> str:
    rate = 100 * cell["right"] / cell["total"] if cell["total"] else 100.0
    apart = [verdict for verdict in of_column if verdict.apart]
    beside = f"   apart {sum(v.right for v in apart)}/{len(apart)}" if apart else ""
    mark = "  " if rate >= REACH.get(name, 0) else "! "
    return f"{mark}{name:30} {cell['right']:5}/{cell['total']:<5} {rate:6.2f} %   reach {REACH.get(name, 0)} %{beside}"


def suites(of_column: list[Verdict]) -> list[str]:
    """Suites that are not whole."""
    cells: dict[str, list[bool]] = defaultdict(list)
    for verdict in of_column:
        if not verdict.apart:
            cells[verdict.suite].append(verdict.right)
    return [f"{suite:28} {sum(rights)}/{len(rights)}" for suite, rights in sorted(cells.items()) if not all(rights)]
