"""Parses the answers of a reading child.  They are untrusted: everything is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

from mailbridge.sandbox.frames import HEAD, MALFORMED, ReadResult, decode_answer, fault_of, put_back


class BadAnswer(Exception):
    """The child sent an invalid answer: too long or malformed.  The rest is not read."""


class Answers:
    """Splits the bytes from a child into answers.  A large content is collected in one growing buffer and never copied whole.

    `room` gives the most bytes that the next answer may have in all.  Malformed answers are refused.
    """

    def __init__(self, room: Callable[[], int]) -> None:
        self._allowed = room
        self._room = 0
        self._head = b""
        self._body: BytesIO | None = None
        self._missing = 0
        self._answer: ReadResult | None = None
        self._contents: dict[int, bytes] = {}

    def feed(self, data: bytes) -> Iterator[ReadResult | None]:
        """The answers that `data` completes; None stands for the child's "ready".  Raises BadAnswer."""
        rest = memoryview(data)
        while len(rest):
            if self._body is None:
                rest = self._take_head(rest)
                ready = not self._head and self._body is None
                if ready:
                    yield None
                continue
            rest = self._take_body(self._body, rest)
            if not self._missing and (answer := self._finish(self._body.getvalue())) is not None:
                yield answer

    def _take_head(self, data: memoryview) -> memoryview:
        needed = HEAD.size - len(self._head)
        self._head += bytes(data[:needed])
        if len(self._head) == HEAD.size:
            size = HEAD.unpack(self._head)[0]
            self._head = b""
            if size:
                self._room = self._allowed()
                self._expect(size)
        return data[needed:]

    def _take_body(self, body: BytesIO, data: memoryview) -> memoryview:
        used = min(self._missing, len(data))
        body.write(data[:used])
        self._missing -= used
        return data[used:]

    def _expect(self, size: int) -> None:
        if not 0 < size <= self._room:
            raise BadAnswer("its answer was larger than any mail of this size gives")
        self._room -= size
        self._body, self._missing = BytesIO(), size

    def _finish(self, payload: bytes) -> ReadResult | None:
        """The answer, once its contents have arrived too; else None."""
        self._body = None
        if self._answer is None:
            self._answer, self._contents = self._decoded(payload), {}
        else:
            index, _ = self._answer.apart[len(self._contents)]
            self._contents[index] = payload
        if len(self._contents) < len(self._answer.apart):
            self._expect(self._answer.apart[len(self._contents)][1])
            return None
        answer, self._answer = self._answer, None
        message = answer.message and put_back(answer.message, self._contents)
        self._contents = {}
        return ReadResult(message=message, failure=answer.failure)

    @staticmethod
    def _decoded(payload: bytes) -> ReadResult:
        try:
            answer = decode_answer(payload)
        except MALFORMED as error:
            raise BadAnswer("its answer cannot be read") from error
        if fault := fault_of(answer):
            raise BadAnswer(f"its answer cannot be true: {fault}")
        return answer
