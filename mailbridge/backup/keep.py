"""Retention of backups: lists those in a folder and removes those that [backup] does not keep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from mailbridge.backup import folders, manifest
from mailbridge.config.model import Keep
from mailbridge.errors import Permanent
from mailbridge.ops import crash

_NAME = re.compile(r"(\d{8}T\d{6}Z)(?:-\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBackup:
    """A backup in a folder.  `at`: when it was made, in UTC.  `verified`: it was restored, and the rows were the same."""

    folder: Path
    at: datetime
    verified: bool


def backups(folder: Path) -> list[KeptBackup]:
    """All complete backups in the folder, newest first.  Anything else in the folder is ignored."""
    found = [(path, name) for path in folder.iterdir() if (name := _NAME.fullmatch(path.name)) and (path / manifest.FILE).is_file()]
    kept = [KeptBackup(folder=path, at=_moment(name.group(1)), verified=(path / manifest.PROOF).is_file()) for path, name in found]
    return sorted(kept, key=lambda one: (one.at, one.folder.name), reverse=True)


def _moment(name: str) -> datetime:
    return datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def latest(folder: Path) -> Path:
    """`folder` where it is a backup itself or does not exist, else the newest backup in it.  Raises Permanent where it holds none."""
    if (folder / manifest.FILE).is_file() or not folder.is_dir():
        return folder
    found = backups(folder)
    if not found:
        raise Permanent("there is no backup", folder=folder)
    return found[0].folder


def to_remove(found: Sequence[KeptBackup], keep: Keep) -> list[KeptBackup]:
    """The backups that are not kept.  `found`: backups, newest first.

    The newest backup and the newest verified one are always kept.  `keep` says for how many days, weeks (ISO 8601) and months the newest
    backup of each is kept; periods without a backup do not count.
    """
    staying = {id(one) for one in found[:1]}
    staying |= {id(one) for one in [one for one in found if one.verified][:1]}
    staying |= {id(one) for one in _newest_of(found, lambda day: day, keep.daily)}
    staying |= {id(one) for one in _newest_of(found, lambda day: day.isocalendar()[:2], keep.weekly)}
    staying |= {id(one) for one in _newest_of(found, lambda day: (day.year, day.month), keep.monthly)}
    return [one for one in found if id(one) not in staying]


def _newest_of(found: Sequence[KeptBackup], span: Callable[[date], object], most: int) -> list[KeptBackup]:
    newest: dict[object, KeptBackup] = {}
    for one in found:
        newest.setdefault(span(one.at.date()), one)
    return list(newest.values())[:most]


def prune(folder: Path, keep: Keep) -> list[Path]:
    """Removes the backups that `keep` does not keep and returns their folders.  Raises InUse while another backup is written."""
    with folders.alone_in(folder):
        gone = to_remove(backups(folder), keep)
        for one in gone:
            crash.point("backup.before_prune")
            folders.remove(one.folder)
    return [one.folder for one in gone]


def mark_verified(folder: Path, at: datetime, program: str) -> bool:
    """Writes into the backup that it was verified.  Returns False where the folder cannot be written."""
    try:
        folders.replace(folder / manifest.PROOF, json.dumps({"at": at.isoformat(), "program": program}).encode() + b"\n")
    except OSError:
        return False
    return True
