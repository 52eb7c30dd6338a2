"""The cells of a row, as templates unpack it."""

from __future__ import annotations

from mailbridge.notifications.payloads.agents import ResultRow
from mailbridge.notifications.payloads.model import TableRow, fields_of
from mailbridge.notifications.payloads.template_values import shown


def cells(row: TableRow) -> list[object]:
    """A row as templates unpack it: `for number, address, subject in values.rows | rows(3)`."""
    if isinstance(row, ResultRow):
        detail = f"{row.reason}|{row.detail}" if row.detail or row.outcome == "refused" else row.reason
        return [row.written, row.outcome, detail, row.suggestion, row.happened, row.number]
    return [shown(getattr(row, one.name), ", ") for one in fields_of(type(row))]
