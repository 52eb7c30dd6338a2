"""A transport that puts mails into a Maildir: for `make demo`, for trying rules, for tests.  Nothing leaves the machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from time import time_ns

from mailbridge.delivery.transport import Deferred, Delivered, Outcome, Unknown
from mailbridge.ops import crash
from mailbridge.ops.private import new_private_file, private_folder

_numbers = count(1)


class MaildirTransport:
    """Writes to tmp/, fsyncs, then renames into new/: a file there is whole.

    The name ends in a hash of the Message-ID, so that a mail that was delivered twice shows.  Line ends become LF, as in any Maildir.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: Callable[[], None]) -> Outcome:
        name = f"{_unique()}.{_mark(raw)}"
        temporary, final = self._folder / "tmp" / name, self._folder / "new" / name
        try:
            self._prepare()
            _write(temporary, _envelope(mail_from, recipient) + raw.replace(b"\r\n", b"\n"))
        except OSError as error:
            _discard(temporary)
            return Deferred(reply=f"{self._folder}: {error.strerror or error}", away=True)
        try:
            before_dot()
        except BaseException:
            _discard(temporary)
            raise
        try:
            temporary.rename(final)
        except OSError as error:
            _discard(temporary)
            return Deferred(reply=f"{self._folder}: {error.strerror or error}", away=True)
        crash.point("outbox.after_dot")
        try:
            _sync_folder(final.parent)
        except OSError as error:
            return Unknown(reply=f"{self._folder}: {error.strerror or error}")
        return Delivered(reply=f"in {final.name}")

    def prepare(self) -> None:
        """The folders are there and can be written.  Raises OSError."""
        self._prepare()
        if not os.access(self._folder / "tmp", os.W_OK):
            raise PermissionError(13, "it cannot be written")

    def close(self) -> None:
        """There is no connection."""

    def _prepare(self) -> None:
        private_folder(self._folder)
        for part in ("tmp", "new", "cur"):
            private_folder(self._folder / part)


def _unique() -> str:
    """https://cr.yp.to/proto/maildir.html: time, what tells deliveries of one moment apart, host; no slash, no colon."""
    seconds, rest = divmod(time_ns(), 10**9)
    host = socket.gethostname().replace("/", "_").replace(":", "_")
    return f"{seconds}.M{rest // 1000:06d}P{os.getpid()}Q{next(_numbers)}.{host}"


def _mark(raw: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0].lower()
    message_id = next((line for line in head.split(b"\r\n") if line.startswith(b"message-id:")), raw)
    return sha256(message_id).hexdigest()[:16]


def _envelope(mail_from: str, recipient: str) -> bytes:
    return f"Return-Path: <{mail_from}>\nDelivered-To: {recipient}\n".encode()


def _write(path: Path, data: bytes) -> None:
    with new_private_file(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _discard(path: Path) -> None:
    """What was half written is gone; where even that fails it is rubbish in tmp/, which readers of a Maildir clear."""
    with suppress(OSError):
        path.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
