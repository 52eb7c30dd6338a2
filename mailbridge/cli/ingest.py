"""`mailbridge ingest`: takes one mail from standard input and commits it before exit code 0.  Made for the pipe of a mail server.

After exit code 75 (EX_TEMPFAIL) a mail server keeps the mail and tries again; after most other codes it bounces the mail.  Every failure
that is not caused by the mail itself therefore ends with 75: an unavailable store, an invalid configuration, an internal error.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from mailbridge.cli import exits
from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.queue import row_json
from mailbridge.cli.show import print_json
from mailbridge.errors import InUse, MailbridgeError, Permanent, Rejected
from mailbridge.store.inbox_rows import InboxRow, InboxState

MOMENT = 1.5  # seconds to wait for a running daemon, which polls every second, before this process does the work itself
PATIENCE = 120.0  # seconds that --json waits for the result; the mail is committed before that
ENDS = (InboxState.DONE, InboxState.QUARANTINED, InboxState.DROPPED)


class LaterPlease(click.UsageError):
    """A usage error with exit code 75: the mail server keeps the mail until its configuration is corrected."""

    exit_code = exits.TEMPORARY


class MailServersCommand(click.Command):
    """A command that ends with exit code 75 after every failure, except 65 for a mail that is refused."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise LaterPlease(error.format_message(), ctx=error.ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        from mailbridge.cli.main import report_error

        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except Exception as error:  # only `Rejected` may make the mail server bounce the mail
            report_error(error)
            return exits.REFUSED if isinstance(error, Rejected) else exits.TEMPORARY


@click.command(cls=MailServersCommand)
@desk_option
@json_option
@click.option("--from", "mail_from", metavar="ADDRESS", help="The envelope sender; <> or an empty string for the null sender.")
@click.option("--to", "rcpt_to", metavar="ADDRESS", multiple=True, help="The envelope recipient; may be repeated.")
def ingest(folder: Path, as_json: bool, mail_from: str | None, rcpt_to: tuple[str, ...]) -> None:
    """Take one mail from standard input.

    Exit code 0: it is stored safely.  75: it is not; try again later.  65: it is refused (empty, or over the size limit).
    With --json the command waits until the mail is processed, and prints the result.
    """
    if sys.stdin.isatty():
        raise click.UsageError("there is no mail on standard input: mailbridge ingest < mail.eml")
    with open_desk(folder) as desk:
        inbox_id = accepted(desk, mail_from, rcpt_to)
        if as_json:
            print_json(row_json(settled(desk, inbox_id), desk.config))


def accepted(desk: OpenDesk, mail_from: str | None, rcpt_to: tuple[str, ...]) -> int:
    """Commits the mail on standard input to the inbox and returns its id there."""
    from mailbridge.intake.files import read_pipe
    from mailbridge.intake.inbox import Inbox
    from mailbridge.message.envelope import Envelope, Source

    raw = read_pipe(sys.stdin.buffer, desk.config.limits.mail_size)
    sender = "" if mail_from == "<>" else mail_from
    envelope = Envelope(source=Source.PIPE, received_at=datetime.now(UTC), mail_from=sender, rcpt_to=rcpt_to)
    inbox = Inbox(desk.store, on_accepted=lambda: desk.store.wake("inbox"))
    try:
        return inbox.accept(raw, envelope)
    finally:
        inbox.close()


def settled(desk: OpenDesk, inbox_id: int) -> InboxRow:
    """Waits until the mail is processed, by the running daemon or by this process where none runs.  Returns its row.

    The mail is committed already.  An error is therefore only printed: with exit code 75 the mail server would send the mail again.
    """
    from mailbridge.cli.main import report_error

    found = waited(desk, inbox_id, MOMENT)
    if found.state in ENDS:
        return found
    try:
        with desk.store.instance_lock():
            work_off(desk, inbox_id)
    except InUse:
        return waited(desk, inbox_id, PATIENCE)  # a daemon has the lock of the SQLite database and is only busy
    except MailbridgeError as error:
        report_error(error)
    return row(desk, inbox_id)


def work_off(desk: OpenDesk, inbox_id: int) -> None:
    """Runs the worker until the mail is processed, at most PATIENCE seconds."""
    from mailbridge.daemon.app import App
    from mailbridge.ops import log

    log.configure(style=desk.config.log_format, level="warning")  # standard output is only for the result
    end = time.monotonic() + PATIENCE
    with App.open(desk.config) as app:
        while row(desk, inbox_id).state not in ENDS and time.monotonic() < end:
            if not app.worker.one_turn():
                time.sleep(0.05)


def waited(desk: OpenDesk, inbox_id: int, seconds: float) -> InboxRow:
    """The row of the mail, when it is processed or after `seconds`."""
    end = time.monotonic() + seconds
    while (found := row(desk, inbox_id)).state not in ENDS and time.monotonic() < end:
        time.sleep(0.02)
    return found


def row(desk: OpenDesk, inbox_id: int) -> InboxRow:
    with desk.store.read() as tx:
        found = tx.inbox.get(inbox_id)
    if found is None:
        raise Permanent(f"mail {inbox_id} is no longer in the inbox")
    return found
