"""The content of a mail as SMTP and LMTP send it (RFC 5321 4.1.1.4 and 4.5.2), read in whole chunks.  No I/O, no asyncio."""

from __future__ import annotations

from enum import StrEnum

END = b"\r\n.\r\n"
STUFFED = b"\r\n."


class DataFault(StrEnum):
    """Why a complete content is refused."""

    TOO_BIG = "too big"
    BARE_LINE_END = "bare line end"


class DataReader:
    """Collects chunks until CRLF.CRLF.  Nothing else ends the content: RFC 5321 2.3.8 forbids to treat a bare CR or LF as a line end.

    After the size limit is exceeded the content is discarded as it arrives, so a sender cannot fill the memory.
    """

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of content allowed, counted as RFC 1870 3 does: without the stuffed dots and the final one."""
        self._limit = limit
        self._most = 4 * limit // 3 + 2 + len(END)  # the shortest stuffed line has three bytes and is sent as four
        self._buffer = bytearray(b"\r\n")  # so that a dot on the first line needs no special case
        self._discarding = False
        self._content: bytes | DataFault | None = None

    def feed(self, chunk: bytes) -> bytes | None:
        """None while the content goes on; at its end, the bytes that the client sent behind it (mostly b'')."""
        seen = max(len(self._buffer) - len(END) + 1, 0)
        self._buffer += chunk
        end = self._buffer.find(END, seen)
        if end >= 0:
            return self._finish(end)
        self._discarding = self._discarding or len(self._buffer) > self._most
        if self._discarding:
            del self._buffer[: -len(END) + 1]
        return None

    @property
    def content(self) -> bytes | DataFault:
        """The mail without the stuffed dots, or why it is refused.  Call it only after feed() has returned bytes."""
        if self._content is None:
            raise RuntimeError("the content has not come to its end")
        return self._content

    def _finish(self, end: int) -> bytes:
        rest = bytes(self._buffer[end + len(END) :])
        del self._buffer[end + 2 :]
        self._content = DataFault.TOO_BIG if self._discarding else self._checked()
        self._buffer.clear()
        return rest

    def _checked(self) -> bytes | DataFault:
        if STUFFED in self._buffer:  # RFC 5321 4.5.2: a dot at the start of a line is not part of it
            self._buffer = self._buffer.replace(STUFFED, b"\r\n")
        with memoryview(self._buffer) as view:
            raw = bytes(view[2:])
        if len(raw) > self._limit:
            return DataFault.TOO_BIG
        pairs = raw.count(b"\r\n")
        return raw if raw.count(b"\n") == raw.count(b"\r") == pairs else DataFault.BARE_LINE_END
