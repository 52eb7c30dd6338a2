"""`mailbridge import`: mails that lie in files become mails of the desk, durable before they are counted."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.options import OpenDesk, desk_option, open_desk
from mailbridge.cli.show import safe

if TYPE_CHECKING:
    from mailbridge.intake.inbox import Inbox

UNDER_WAY = 200  # mails handed over and not yet committed


@dataclass
class Tally:
    """What came of an import so far."""

    taken: int = 0
    failures: list[str] = field(default_factory=list)


@click.command("import")
@desk_option
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def import_(folder: Path, paths: tuple[Path, ...]) -> int:
    """Take mails from PATH: .eml files, folders of them, Maildirs, mboxes.

    Nothing is changed where they lie.  Importing the same mails again makes no second ticket.  The running desk works them
    off; without one they wait for `mailbridge run`.
    """
    with open_desk(folder) as desk:
        tally = take_all(desk, paths)
        desk.store.wake("inbox")
    click.echo(f"{tally.taken} mail{'' if tally.taken == 1 else 's'} taken" + (f", {len(tally.failures)} not:" if tally.failures else ""))
    for failure in tally.failures:
        click.echo(f"  {safe(failure)}", err=True)
    return exits.MISTAKES if tally.failures else exits.OK


def take_all(desk: OpenDesk, paths: tuple[Path, ...]) -> Tally:
    from mailbridge.intake.inbox import Inbox

    tally = Tally()
    inbox = Inbox(desk.store)
    length = sum(size_of(path) for path in paths)
    try:
        with click.progressbar(length=length, label="taking", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            for path in paths:
                take(desk, inbox, path, tally, bar.update)
    finally:
        inbox.close()
    return tally


def take(desk: OpenDesk, inbox: Inbox, path: Path, tally: Tally, advance: Callable[[int], object]) -> None:
    """The mails of one path are durable, or named among the failures."""
    from mailbridge.errors import Rejected
    from mailbridge.intake.envelope import Envelope, Source
    from mailbridge.intake.files import read_path

    limit = desk.config.limits.mail_size
    waiting: deque[Future[int]] = deque()
    try:
        for mail in read_path(path, 1 << 40):
            advance(len(mail.raw))
            if len(mail.raw) > limit:
                tally.failures.append(f"{mail.name}: {len(mail.raw)} bytes, the limit is {limit} (limits.mail_size)")
                continue
            if not mail.raw.strip():
                tally.failures.append(f"{mail.name}: there is no mail in it")
                continue
            envelope = Envelope(source=Source.IMPORT, received_at=datetime.now(UTC))
            waiting.append(inbox.submit(mail.raw, envelope, patience=60))
            if len(waiting) >= UNDER_WAY:
                settle(waiting, tally)
    except (OSError, Rejected) as error:
        tally.failures.append(f"{path}: {getattr(error, 'strerror', None) or error}; what stands behind it was not read")
    finally:
        while waiting:
            settle(waiting, tally)


def settle(waiting: deque[Future[int]], tally: Tally) -> None:
    """The oldest is committed; raises StoreAway where it is not, and the import stops there."""
    waiting.popleft().result()
    tally.taken += 1


def size_of(path: Path) -> int:
    """Bytes of all files of a path, for the progress bar."""
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in files_below(path))


def files_below(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            if file.is_file():
                yield file
