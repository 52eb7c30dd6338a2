"""`mailbridge audit`: what became of every mail, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbridge.cli import exits
from mailbridge.cli.options import desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.doctor.audit_model import AuditReport, FolderCount

MOST_LISTED = 200


@click.command()
@desk_option
@json_option
@click.option("--look-only", is_flag=True, help="Hand nothing over: what is missing is listed, and not fetched again.")
@click.option("--withdraw", "withdrawn", metavar="ID", multiple=True, help="Give up a missing mail for good; may be repeated.")
@click.option("--reason", default="withdrawn by an operator", show_default=True, help="Why it is given up, for the record.")
def audit(folder: Path, as_json: bool, look_only: bool, withdrawn: tuple[str, ...], reason: str) -> int:
    """Compare every mail that came with what became of it.

    Lists what is missing, and has it fetched again where that is possible.  Works while the daemon runs.  Exit code 1 if a mail is missing
    or a folder cannot be compared.
    """
    from mailbridge.daemon.app import App
    from mailbridge.doctor.audit import audit as compare
    from mailbridge.doctor.audit import withdraw

    with open_desk(folder) as desk:
        app = App(desk.config)
        try:
            now = datetime.now(UTC)
            report = compare(desk.store, desk.config, app.logins.named, now, repair=not (look_only or withdrawn))
            if withdrawn:
                if unknown := withdraw(desk.store, report, withdrawn, reason, now):
                    raise Permanent(f"no missing mail has the id {unknown[0]}; mailbridge audit lists them")
                report = compare(desk.store, desk.config, app.logins.named, now, repair=not look_only)
        finally:
            app.close()
        if not look_only:
            desk.store.wake("inbox")
    if as_json:
        print_json(_json(report))
    else:
        _print(report)
    return exits.OK if report.is_sound else exits.MISTAKES


def _json(report: AuditReport) -> dict[str, Any]:
    return {
        "ok": report.is_sound,
        "at": report.at,
        "outcomes": report.outcomes,
        "missing": [asdict(one) for one in report.missing],
        "faults": report.faults,
        "sources": [asdict(one) for one in report.sources],
        "folders": [asdict(one) for one in report.folders],
        "erased": report.erased,
    }


def _print(report: AuditReport) -> None:
    from mailbridge.doctor.audit_model import lane_name

    rows = [
        [
            lane_name((one.source, one.account, one.folder)),
            one.accepted,
            ", ".join(f"{count} {outcome}" for outcome, count in one.outcomes.items()) or "-",
            one.in_progress,
            one.missing,
        ]
        for one in report.sources
    ]
    print_table(["SOURCE", "ACCEPTED", "OUTCOMES", "IN PROGRESS", "MISSING"], rows, empty="no mail was accepted yet")
    for folder in report.folders:
        click.echo(safe(f"{folder.account}/{folder.folder}: {', '.join(_counts(folder))}"))
    if report.erased:
        click.echo(f"{len(report.erased)} mails have their outcome, and their content was erased")
    for fault in report.faults:
        click.echo(safe(f"not compared: {fault}"))
    for missing in report.missing[:MOST_LISTED]:
        named = f", Message-ID {missing.message_id}" if missing.message_id else ""
        subject = f", {missing.subject}" if missing.subject else ""
        click.echo(safe(f"missing  {missing.id}{named}{subject}: {missing.why}; {missing.repair or 'it cannot be had again'}"))
    if len(report.missing) > MOST_LISTED:
        click.echo(f"and {len(report.missing) - MOST_LISTED} more: --json lists all")
    if report.is_sound:
        click.echo("nothing is missing")


def _counts(folder: FolderCount) -> Iterator[str]:
    """What is on the server, and what is not any more."""
    if folder.fault:
        yield folder.fault
        return
    yield f"{folder.on_server} on the server"
    yield f"{folder.fetched} fetched"
    if folder.older:
        yield f"{folder.older} from before the desk"
    if folder.waiting:
        yield f"{folder.waiting} to be fetched"
    if folder.removed_by_us:
        yield f"{folder.removed_by_us} moved or deleted by the desk"
    if folder.removed_by_others:
        told = "" if folder.told is None else f" ({folder.told} confirmed by the server)"
        yield f"{folder.removed_by_others} removed by others{told}"
    if folder.never_seen:
        yield f"{folder.never_seen} UIDs that nobody saw"
    if folder.missing:
        yield f"{folder.missing} missing"
