"""`mailbridge import`: takes mails from files into the inbox.  A mail is counted after its commit."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.mail_files import MailFile, mails_in
from mailbridge.cli.options import OpenDesk, desk_option, open_desk
from mailbridge.cli.show import safe

if TYPE_CHECKING:
    from mailbridge.intake.inbox import Inbox

UNDER_WAY = 200  # mails submitted and not yet committed
TOLD_EVERY = 1000  # mails between two lines of progress, where there is no progress bar
HEAD_BYTES = 64 << 10  # bytes at the beginning of a mail in which its Date field is searched
OLDEST = datetime(1971, 1, 2, tzinfo=UTC)  # a machine whose clock was never set writes 1970


@dataclass
class Tally:
    """The result of an import so far.  `taken`: mails committed.  `known`: how many of them the desk had before, byte by byte.
    `failures`: a line for each mail that was not taken."""

    taken: int = 0
    known: int = 0
    failures: list[str] = field(default_factory=list)


@click.command("import")
@desk_option
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def import_(folder: Path, paths: tuple[Path, ...]) -> int:
    """Import mails from PATH: .eml files, folders of them, Maildirs, mboxes.

    The source is not changed.  Importing the same mails again opens no second ticket.  Mails are imported in the order of their
    dates and keep them.  Nobody is notified, and no SLA targets apply to their tickets.  A running desk processes them; otherwise they
    wait for `mailbridge run`.
    """
    with open_desk(folder) as desk:
        tally = take_all(desk, paths)
        desk.store.wake("inbox")
    one = "a copy of a mail that is here: it opens" if tally.known == 1 else "copies of mails that are here: they open"
    copies = f", {tally.known} of them {one} no second ticket" if tally.known else ""
    click.echo(
        f"{tally.taken} mail{'' if tally.taken == 1 else 's'} imported{copies}"
        + (f", {len(tally.failures)} not imported:" if tally.failures else "")
    )
    for failure in tally.failures:
        click.echo(f"  {safe(failure)}", err=True)
    return exits.MISTAKES if tally.failures else exits.OK


def take_all(desk: OpenDesk, paths: tuple[Path, ...]) -> Tally:
    """Takes all mails of the paths.  Each is committed, or named in `failures`, when this returns."""
    from mailbridge.intake.inbox import Inbox

    tally = Tally()
    files = by_date(mails_in(paths))
    inbox = Inbox(desk.store)
    waiting: deque[Future[int]] = deque()
    try:
        with click.progressbar(length=len(files), label="taking", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            for number, (came, file) in enumerate(files, start=1):
                take(desk, inbox, file, came, waiting, tally)
                bar.update(1)
                if number % TOLD_EVERY == 0 and not sys.stderr.isatty():
                    click.echo(f"{number} of {len(files)} mails read", err=True)
        while waiting:
            await_oldest(waiting, tally)
    finally:
        inbox.close()
    return tally


def by_date(files: Sequence[MailFile]) -> list[tuple[datetime, MailFile]]:
    """Each mail with its time of receipt, oldest first, so that a reply follows the mail that it replies to, across all folders."""
    now = datetime.now(UTC)
    return sorted(((came_at(file, now), file) for file in files), key=lambda dated: dated[0])


def came_at(file: MailFile, now: datetime) -> datetime:
    """The time of the Date field (RFC 5322 3.6.1), or the time when the file was modified; never later than `now`."""
    from mailbridge.message.dates import read_date
    from mailbridge.message.header_text import decode_value
    from mailbridge.message.headers import header_block, mail_fields

    try:
        header = header_block(file.head(HEAD_BYTES))
        changed = datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
    except OSError:
        return now  # `take` reports the error
    told = next((field for field in mail_fields(header) if field.key == "date"), None)
    written = read_date(decode_value(told.raw))[0] if told is not None else None
    found = written if written is not None and OLDEST < written <= now else changed
    return min(found, now)


def take(desk: OpenDesk, inbox: Inbox, file: MailFile, came: datetime, waiting: deque[Future[int]], tally: Tally) -> None:
    """Submits the mail to the inbox, or adds it to the failures."""
    from mailbridge.message.envelope import Envelope, Source

    limit = desk.config.limits.mail_size
    try:
        size = file.path.stat().st_size if file.end is None else file.end - file.start
        if size > limit:
            tally.failures.append(f"{file.name}: {size} bytes, the limit is {limit} (limits.mail_size)")
            return
        raw = file.read()
    except OSError as error:
        tally.failures.append(f"{file.name}: {error.strerror}")
        return
    if not raw.strip():
        tally.failures.append(f"{file.name}: it contains no mail")
        return
    with desk.store.read() as tx:
        tally.known += tx.blobs.has(sha256(raw).hexdigest())
    envelope = Envelope(source=Source.IMPORT, received_at=came)
    waiting.append(inbox.submit(raw, envelope, patience=60))
    if len(waiting) >= UNDER_WAY:
        await_oldest(waiting, tally)


def await_oldest(waiting: deque[Future[int]], tally: Tally) -> None:
    """Waits for the commit of the oldest submitted mail.  Raises StoreAway where it fails, which ends the import."""
    waiting.popleft().result()
    tally.taken += 1
