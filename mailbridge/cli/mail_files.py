"""Finds mails in files and folders: .eml files, Maildir, mbox."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailbridge.errors import Permanent

# The date distinguishes the separator from a sentence that begins with "From" (RFC 4155, appendix A: "From " addr-spec SP asctime).
SEPARATOR = re.compile(rb"^From [^\r\n]{0,400}\b\d{1,2}:\d\d(?::\d\d)?\b[^\r\n]{0,40}\b\d{4}\b[^\r\n]{0,20}\r?$", re.M)
QUOTED_FROM = re.compile(rb"^>(>*From )", re.M)


@dataclass(frozen=True, slots=True)
class MailFile:
    """The place of one mail: a whole file, or the bytes `start:end` of an mbox.

    `name`: for messages; '#3' is the third mail of an mbox.
    """

    path: Path
    name: str
    start: int = 0
    end: int | None = None

    def read(self) -> bytes:
        """The raw bytes of the mail, without the ">From " quoting and the last empty line of an mbox."""
        if self.end is None:
            return self.path.read_bytes()
        with self.path.open("rb") as file:
            file.seek(self.start)
            return without_last_line(QUOTED_FROM.sub(rb"\1", file.read(self.end - self.start)))

    def head(self, size: int) -> bytes:
        """The first bytes of the mail, at most `size`."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(size if self.end is None else min(size, self.end - self.start))


def mails_in(paths: tuple[Path, ...]) -> list[MailFile]:
    """All mails of `paths` in the given order, those of a folder sorted by name.  Raises Permanent where a path cannot be read."""
    return [mail for path in paths for mail in mails_at(path)]


def mails_at(path: Path) -> Iterator[MailFile]:
    """The mails of one file or folder.  Raises Permanent where it cannot be read."""
    try:
        if path.is_dir():
            yield from mails_of_folder(path)
        elif path.suffix == ".mbox" or is_mbox(path):
            yield from mails_of_mbox(path)
        else:
            yield MailFile(path, str(path))
    except OSError as error:
        raise Permanent(f"Cannot read {path}: {error.strerror}") from error


def mails_of_folder(folder: Path) -> Iterator[MailFile]:
    """The mails in `new` and `cur` of a Maildir and of its folders `.Name` (Maildir++), or every mail below another folder.

    `tmp` of a Maildir is not read: deliveries in it are incomplete (maildir(5)).
    """
    if is_maildir(folder):
        files = [file for box in ("new", "cur") for file in sorted((folder / box).iterdir()) if file.is_file()]
        yield from (MailFile(file, str(file)) for file in files if not file.name.startswith("."))
        for inner in sorted(folder.glob(".*")):
            if is_maildir(inner):
                yield from mails_of_folder(inner)
        return
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix in {".eml", ".mbox", ".msg", ".mail"}:
            yield from mails_at(file)


def is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def without_last_line(raw: bytes) -> bytes:
    """The mail without the empty line that ends it in an mbox (RFC 4155, appendix A)."""
    end = next((end for end in (b"\r\n", b"\n") if raw.endswith(end)), b"")
    return raw.removesuffix(end) if end and raw.removesuffix(end).endswith(b"\n") else raw


def is_mbox(path: Path) -> bool:
    """Whether the file is an mbox with two or more mails.  A single mail with a "From " line is read as one mail."""
    with path.open("rb") as file:
        if file.read(5) != b"From ":
            return False
    return len(separators(path)) > 1


def separators(path: Path) -> list[tuple[int, int]]:
    """Start and end of each "From " line, in bytes.  The file is memory-mapped, because an mbox may be larger than the memory."""
    if not path.stat().st_size:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return [found.span() for found in SEPARATOR.finditer(content)]


def mails_of_mbox(path: Path) -> Iterator[MailFile]:
    """The mails of an mbox."""
    lines = separators(path)
    size = path.stat().st_size
    if not lines and size:
        yield MailFile(path, str(path))
    for number, (_, line_end) in enumerate(lines, start=1):
        end = lines[number][0] if number < len(lines) else size
        yield MailFile(path, f"{path}#{number}", min(line_end + 1, size), end)
