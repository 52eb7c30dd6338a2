"""`mailbridge ingest`: one mail on standard input, durable before exit 0.  Made for a mail server's pipe.

Exit 75 makes the mail server keep the mail and ask again, so everything ends in 75 that is not this mail's own fault: the store
away, a broken configuration, a mistake of ours.  A mail server bounces on most other codes, and nobody's mail shall bounce
because we could not read a file.
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

MOMENT = 1.5  # seconds a running daemon gets before this process does the work itself; it looks once a second
PATIENCE = 120.0  # seconds --json waits in all; the mail is safe long before
ENDS = (InboxState.DONE, InboxState.QUARANTINED, InboxState.DROPPED)


class LaterPlease(click.UsageError):
    """A slip in the mail server's configuration: it keeps the mail until somebody corrects it."""

    exit_code = exits.TEMPORARY


class MailServersCommand(click.Command):
    """A command whose every failure is temporary, but for the mails we mean to refuse."""

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
        except Exception as error:  # nothing may bounce a mail but our own refusal
            report_error(error)
            return exits.REFUSED if isinstance(error, Rejected) else exits.TEMPORARY


@click.command(cls=MailServersCommand)
@desk_option
@json_option
@click.option("--from", "mail_from", metavar="ADDRESS", help="The envelope's sender; <> or an empty text for the null sender.")
@click.option("--to", "rcpt_to", metavar="ADDRESS", multiple=True, help="The envelope's recipient; may be repeated.")
def ingest(folder: Path, as_json: bool, mail_from: str | None, rcpt_to: tuple[str, ...]) -> None:
    """Take one mail from standard input.

    Exit code 0: it is stored safely.  75: it is not, send it again later.  65: it is refused (empty, or over the size limit).
    With --json the command waits until the mail was processed, and prints what became of it.
    """
    if sys.stdin.isatty():
        raise click.UsageError("there is no mail on standard input: mailbridge ingest < mail.eml")
    with open_desk(folder) as desk:
        inbox_id = accepted(desk, mail_from, rcpt_to)
        if as_json:
            print_json(row_json(settled(desk, inbox_id), desk.config))


def accepted(desk: OpenDesk, mail_from: str | None, rcpt_to: tuple[str, ...]) -> int:
    """The inbox id of the mail on standard input, which is durable now."""
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
    """The mail's row once something became of it: by the running daemon, or by this process where none runs.

    The mail is safe whatever happens here, so what goes wrong now is told and leaves the exit code alone: 75 would bring it again.
    """
    from mailbridge.cli.main import report_error

    found = waited(desk, inbox_id, MOMENT)
    if found.state in ENDS:
        return found
    try:
        with desk.store.instance_lock():
            work_off(desk, inbox_id)
    except InUse:
        return waited(desk, inbox_id, PATIENCE)  # a daemon holds the SQLite desk; it is only busy
    except MailbridgeError as error:
        report_error(error)
    return row(desk, inbox_id)


def work_off(desk: OpenDesk, inbox_id: int) -> None:
    """Turns of the pipeline until the mail came to an end."""
    from mailbridge.app import App
    from mailbridge.ops import log

    log.configure(style=desk.config.log_format, level="warning")  # standard output is for the outcome alone
    end = time.monotonic() + PATIENCE
    with App.open(desk.config) as app:
        while row(desk, inbox_id).state not in ENDS and time.monotonic() < end:
            if not app.worker.one_turn():
                time.sleep(0.05)


def waited(desk: OpenDesk, inbox_id: int, seconds: float) -> InboxRow:
    """The row when it came to an end, or after so many seconds."""
    end = time.monotonic() + seconds
    while (found := row(desk, inbox_id)).state not in ENDS and time.monotonic() < end:
        time.sleep(0.02)
    return found


def row(desk: OpenDesk, inbox_id: int) -> InboxRow:
    with desk.store.read() as tx:
        found = tx.inbox.get(inbox_id)
    if found is None:
        raise Permanent(f"mail {inbox_id} is not in the inbox any more")
    return found
