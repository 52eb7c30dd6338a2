"""Files and folders that hold what people wrote: made for their owner alone, whatever the umask is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

FOLDER, FILE = 0o700, 0o600


def private_folder(path: Path) -> None:
    """The folder is there.  One that is made here is its owner's alone; one that was there keeps its permissions, which are somebody's
    decision."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=FOLDER, exist_ok=True)


def new_private_file(path: Path) -> BinaryIO:
    """A new file to write, its owner's alone.  Raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE), "wb")


def private_log(path: Path) -> BinaryIO:
    """The file, to write at its end; its owner's alone where it is made here."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE), "ab")
