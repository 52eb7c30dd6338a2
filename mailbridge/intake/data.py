"""The content of a mail as SMTP and LMTP send it (RFC 5321 4.1.1.4 and 4.5.2), read in whole chunks.  No I/O, no asyncio."""

from __future__ import annotations

from enum import StrEnum

END = b"\r\n.\r\n"
STUFFED = b"\r\n."


class Fault(StrEnum):
    """Why a content that came to its end is refused."""

    TOO_BIG = "too big"
    BARE_LINE_END = "bare line end"


class DataReader:
    """Collects chunks until CRLF.CRLF, which nothing else ends: RFC 5321 2.3.8 forbids to take a bare CR or LF for a line end.

    Once the size limit is passed the content is thrown away as it comes, so a sender cannot fill the memory.
    """

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of content allowed, counted as RFC 1870 3 does: without the stuffed dots and the final one."""
        self._limit = limit
        self._buffer = bytearray(b"\r\n")  # so that a dot on the first line is like any other
        self._dots = 0
        self._discarding = False
        self._content: bytes | Fault | None = None

    def feed(self, chunk: bytes) -> bytes | None:
        """None while the content goes on; at its end, what the client sent behind it (mostly b'')."""
        old = len(self._buffer)
        self._buffer += chunk
        end = self._buffer.find(END, max(old - len(END) + 1, 0))
        last = len(self._buffer) if end < 0 else end + 2
        self._dots += self._buffer.count(STUFFED, max(old - 2, 0), last)
        if end >= 0:
            self._dots -= end + len(STUFFED) <= old  # the end mark came in two pieces and its dot was counted with the first
            return self._finish(end)
        if not self._discarding and len(self._buffer) - self._dots - len(END) - 2 > self._limit:
            self._discarding = True
        if self._discarding:
            del self._buffer[: -len(END) + 1]
        return None

    @property
    def content(self) -> bytes | Fault:
        """The mail with the dots taken off, or why it is refused; only after feed() has told of the end."""
        if self._content is None:
            raise RuntimeError("the content has not come to its end")
        return self._content

    def _finish(self, end: int) -> bytes:
        with memoryview(self._buffer) as view:
            rest, whole = bytes(view[end + len(END) :]), bytes(view[: end + 2])
        self._buffer.clear()
        self._content = Fault.TOO_BIG if self._discarding else self._checked(whole)
        return rest

    def _checked(self, whole: bytes) -> bytes | Fault:
        if len(whole) - 2 - self._dots > self._limit:
            return Fault.TOO_BIG
        pairs = whole.count(b"\r\n")
        if whole.count(b"\n") != pairs or whole.count(b"\r") != pairs:
            return Fault.BARE_LINE_END
        return whole.replace(STUFFED, b"\r\n")[2:] if self._dots else whole[2:]
