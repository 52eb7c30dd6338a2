"""Makes files and folders with contents of mails: only their owner may access them, whatever the umask is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

FOLDER, FILE = 0o700, 0o600


def private_folder(path: Path) -> None:
    """Makes the folder with mode 0700 if it is missing.  An existing folder keeps its permissions, which an administrator may have set."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=FOLDER, exist_ok=True)


def new_private_file(path: Path) -> BinaryIO:
    """Makes a file with mode 0600 and opens it for writing.  Raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE), "wb")


def private_log(path: Path) -> BinaryIO:
    """Opens the file for appending.  Makes it with mode 0600 if it is missing."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE), "ab")
