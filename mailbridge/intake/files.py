"""Mails from files: standard input, .eml files, mbox, Maildir and folders of them.  Nothing is changed where it is read.

Each way gives (name, raw bytes) pairs, one mail in memory at a time; the name says where a mail stood, for people and for logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from mailbridge.errors import Rejected

CHUNK = 1 << 20


class Exit(IntEnum):
    """What `mailbridge ingest` tells the program that runs it (sysexits.h, the words of Postfix's pipe and of Exim)."""

    OK = 0
    USAGE = 64
    DATAERR = 65  # never to be sent again: it is no mail, or too large
    NOINPUT = 66
    SOFTWARE = 70
    IOERR = 74
    TEMPFAIL = 75  # nothing was kept: ask again later
    NOPERM = 77
    CONFIG = 78


@dataclass(frozen=True, slots=True)
class NamedMail:
    """A mail and the place it was read from (`box.mbox:3`, `cur/1700000000.1.host:2,S`)."""

    name: str
    raw: bytes


def read_pipe(stream: BinaryIO, limit: int) -> bytes:
    """The one mail on `stream`, without the `From ` line that a delivering program may put in front.

    Raises Rejected when it is empty or larger than `limit` bytes.
    """
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise Rejected(f"the mail is larger than {limit} bytes")
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    if not raw.strip():
        raise Rejected("there is no mail on the input")
    return raw


def read_path(path: Path, limit: int) -> Iterator[NamedMail]:
    """Every mail at `path`: a Maildir, a folder (its files and folders, by name), an mbox file or a file with one mail.

    A mail larger than `limit` bytes raises Rejected when its turn comes.
    """
    if _is_maildir(path):
        yield from read_maildir(path, limit)
    elif path.is_dir():
        for entry in sorted(path.iterdir()):
            if not entry.name.startswith("."):
                yield from read_path(entry, limit)
    elif _is_mbox(path):
        yield from read_mbox(path, limit)
    else:
        yield read_eml(path, limit)


def read_eml(path: Path, limit: int) -> NamedMail:
    """The one mail in the file."""
    with path.open("rb") as stream:
        raw = stream.read(limit + 1)
    return NamedMail(str(path), _within(raw, limit, str(path)))


def read_maildir(path: Path, limit: int) -> Iterator[NamedMail]:
    """The mails of cur/ and new/, then those of the folders `.Name` (Maildir++), each by file name; tmp/ is not ours to read."""
    for part in ("cur", "new"):
        for entry in sorted((path / part).iterdir()):
            if entry.is_file() and not entry.name.startswith("."):
                yield read_eml(entry, limit)
    for folder in sorted(path.glob(".*")):
        if _is_maildir(folder):
            yield from read_maildir(folder, limit)


def read_mbox(path: Path, limit: int) -> Iterator[NamedMail]:
    """The mails of an mbox file (RFC 4155): split at `From ` lines behind an empty line, one `>` taken off quoted ones (mboxrd).

    mboxo, which quotes `From ` alone, reads the same; a mail that was written with a true `>From ` loses that one sign.
    """
    with path.open("rb") as stream:
        for number, raw in enumerate(_split(stream, limit, str(path)), start=1):
            yield NamedMail(f"{path}:{number}", raw)


def _split(stream: BinaryIO, limit: int, name: str) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    inside = False
    after_empty = True
    for line in iter(lambda: stream.readline(CHUNK), b""):  # bounded: a file without line ends comes in pieces
        if after_empty and line.startswith(b"From "):
            if inside:
                yield _joined(lines)
            lines, size, inside = [], 0, True
        elif inside:
            lines.append(line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line)
            size += len(line)
            if size > limit:
                raise Rejected(f"a mail is larger than {limit} bytes", file=name)
        after_empty = line in (b"\n", b"\r\n")
    if inside:
        yield _joined(lines)


def _joined(lines: list[bytes]) -> bytes:
    """The mail without the empty line that ends it in the file."""
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines.pop()
    return b"".join(lines)


def _within(raw: bytes, limit: int, name: str) -> bytes:
    if len(raw) > limit:
        raise Rejected(f"the mail is larger than {limit} bytes", file=name)
    return raw


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(5) == b"From "
