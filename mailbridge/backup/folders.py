"""Folders that are there whole or not at all: made under a name that is no backup's, and renamed when all of it is on the disk."""

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
    """The folder is there, this process alone writes backups into it, and what a killed one left half made is gone.  Raises InUse."""
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
    """An empty folder of its owner's alone, to be renamed by `finish`."""
    partial = folder / f"{PARTIAL}{name}"
    partial.mkdir(mode=FOLDER)
    return partial


def finish(partial: Path, final: Path) -> None:
    """The folder has its name, also after a power cut."""
    sync_tree(partial)
    partial.rename(final)
    sync_folder(final.parent)


def remove(folder: Path) -> None:
    """The folder is gone; killed in the middle, what is left does not look like a backup."""
    partial = folder.with_name(f"{PARTIAL}{folder.name}")
    folder.rename(partial)
    shutil.rmtree(partial)


def write(path: Path, content: bytes) -> None:
    """A new file of its owner's alone; folders on the way are made."""
    _private_parents(path)
    with new_private_file(path) as file:
        file.write(content)


def replace(path: Path, content: bytes) -> None:
    """The file holds the content and is on the disk; one that was there is whole until then."""
    partial = path.with_name(f"{PARTIAL}{path.name}")
    partial.unlink(missing_ok=True)
    write(partial, content)
    sync(partial)
    partial.replace(path)
    sync_folder(path.parent)


def copy(source: Path, target: Path) -> None:
    """The same content in a new file of its owner's alone."""
    _private_parents(target)
    with source.open("rb") as read, new_private_file(target) as file:
        shutil.copyfileobj(read, file, _PIECE)


def _private_parents(path: Path) -> None:
    """Path.mkdir(parents=True) gives its mode to the last folder only."""
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=FOLDER)


def sha256(path: Path) -> str:
    """Of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[str]:
    """Every file below the folder, as paths relative to it with /."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def sync_tree(folder: Path) -> None:
    """All files and folders are on the disk."""
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
