"""A report as CSV (RFC 4180), for spreadsheets."""

from __future__ import annotations

import csv
import io

from mailbridge.notifications.payloads.reports import Report

COLUMNS = ("section", "label", "number", "other", "reason", "detail")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate with a cell that begins so


def as_csv(report: Report) -> str:
    """One line for each row, with the names of the columns first."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for total in ("came", "closed", "open"):
        writer.writerow(("total", total, getattr(report, total), "", "", ""))
    for row in report.rows:
        other = "" if row.other is None else row.other
        writer.writerow((row.section.value, _inert(row.label), row.number, other, row.reason, _inert(row.detail)))
    return out.getvalue()


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
