"""`mailbridge report team`, `queue`, `agent` and `customers`: the numbers of the reports by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mailbridge.cli.show import print_json, print_table, safe

if TYPE_CHECKING:
    from mailbridge.notifications.payloads.reports import Report, ReportRow


def print_report(report: Report, as_json: bool, as_csv: bool) -> None:
    """Prints it as JSON, as CSV, or as a table for each part."""
    from mailbridge.execution import report_files

    if as_json:
        print_json(_values(report))
    elif as_csv:
        click.echo(report_files.as_csv(report), nl=False)
    else:
        _print_tables(report)


def _values(report: Report) -> dict[str, object]:
    totals = {"came": report.came, "closed": report.closed, "open": report.open}
    head = {"report": str(report.kind), "who": report.who, "first": report.first.isoformat(), "last": report.last.isoformat()}
    return {**head, **totals, "rows": [_row(row) for row in report.rows]}


def _row(row: ReportRow) -> dict[str, object]:
    numbers = {"number": row.number, "other": row.other}
    return {"section": str(row.section), "label": row.label, **numbers, "reason": row.reason, "detail": row.detail}


def _print_tables(report: Report) -> None:
    from mailbridge.notifications.payloads.reports import ReportKind, ReportSection

    headers = {
        ReportSection.VOLUME: ("DAY", "NEW", "CLOSED"),
        ReportSection.TARGETS: ("TARGET", "MET", "OF"),
        ReportSection.BREACHES: ("TICKET", "MINUTES LATE", "", "WHY", "SUBJECT"),
        ReportSection.TEAMS: ("TEAM", "OPEN", "LATE"),
        ReportSection.AGENTS: ("AGENT", "OPEN", "LATE"),
        ReportSection.HOURS: ("AGENT", "MINUTES", "CHARGED"),
        ReportSection.RATINGS: ("TEAM", "RATINGS", "LOW", "", "AVERAGE"),
        ReportSection.CUSTOMERS: ("CUSTOMER", "OPEN", "NEW", "", "HOURS LEFT"),
        ReportSection.SENDERS: ("SENDER", "NEW"),
        ReportSection.RULES: ("RULE", "TICKETS"),
    }
    days = "" if report.kind is ReportKind.QUEUE else f", {report.first} to {report.last}: {report.came} new, {report.closed} closed"
    click.echo(f"{safe(report.who)}{days}, {report.open} open")
    for section in dict.fromkeys(row.section for row in report.rows):
        columns = headers[section]
        cells = [
            (row.label or "nobody", row.number, "-" if row.other is None else row.other, row.reason, row.detail)
            for row in report.rows
            if row.section is section
        ]
        shown = [number for number, column in enumerate(columns) if column]
        click.echo("")
        print_table([columns[number] for number in shown], [[row[number] for number in shown] for row in cells], empty="nothing")
