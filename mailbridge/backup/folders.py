"""Atomic creation of folders and files: they are written under a temporary name, synced, and then renamed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailbridge.errors import InUse
from mailbridge.ops.private import FOLDER, new_private_file, private_folder

PARTIAL = ".partial-"
_LOCK = ".mailbridge-backup.lock"
_PIECE = 1 << 20


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Creates the folder, locks it for writing backups while the block runs, and removes partial backups of killed processes.

    Raises InUse where another process holds the lock.
    """
    private_folder(folder)
    with (folder / _LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InUse("another backup is being written there", folder=folder) from error
        for left in folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        yield


def new_partial(folder: Path, name: str) -> Path:
    """Creates an empty folder with a temporary name that only its owner can access.  `finish` renames it."""
    partial = folder / f"{PARTIAL}{name}"
    partial.mkdir(mode=FOLDER)
    return partial


def finish(partial: Path, final: Path) -> None:
    """Syncs the folder, renames it to `final` and syncs the rename, so that both survive a power failure."""
    sync_tree(partial)
    partial.rename(final)
    sync_folder(final.parent)


def remove(folder: Path) -> None:
    """Removes the folder.  It is renamed first, so that a killed removal leaves a partial folder and no damaged backup."""
    partial = folder.with_name(f"{PARTIAL}{folder.name}")
    folder.rename(partial)
    shutil.rmtree(partial)


def write(path: Path, content: bytes) -> None:
    """Creates the file, which only its owner can read, and its missing parent folders."""
    _private_parents(path)
    with new_private_file(path) as file:
        file.write(content)


def replace(path: Path, content: bytes) -> None:
    """Replaces the file atomically and syncs it.  After a crash it has either the old or the new content."""
    partial = path.with_name(f"{PARTIAL}{path.name}")
    partial.unlink(missing_ok=True)
    write(partial, content)
    sync(partial)
    partial.replace(path)
    sync_folder(path.parent)


def copy(source: Path, target: Path) -> None:
    """Copies the content into a new file that only its owner can read.  Missing parent folders are created."""
    _private_parents(target)
    with source.open("rb") as read, new_private_file(target) as file:
        shutil.copyfileobj(read, file, _PIECE)


def _private_parents(path: Path) -> None:
    """Creates the missing parents as private folders.  Path.mkdir(parents=True) applies its mode to the last folder only."""
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=FOLDER)


def sha256(path: Path) -> str:
    """The SHA-256 of the file's content in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[str]:
    """Every file below the folder, as paths relative to it with /."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def sync_tree(folder: Path) -> None:
    """Syncs the folder and everything below it to the disk (fsync(2))."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def sync_folder(folder: Path) -> None:
    sync(folder)


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
