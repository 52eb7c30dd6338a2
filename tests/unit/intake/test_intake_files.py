"""The one mail on standard input (mailbridge.intake.files)."""

from __future__ import annotations

from io import BytesIO

import pytest

from mailbridge.errors import Rejected
from mailbridge.intake.files import read_pipe

LIMIT = 10_000


def a_mail(text: str, body: str = "hello\n") -> bytes:
    return f"From: ann@customer.example\nSubject: {text}\n\n{body}".encode()


def test_pipe_gives_the_mail_as_it_is() -> None:
    assert read_pipe(BytesIO(a_mail("one")), LIMIT) == a_mail("one")


def test_pipe_drops_the_envelope_line_of_the_delivering_program() -> None:
    assert read_pipe(BytesIO(b"From ann@customer.example Mon Mar  2 09:30:00 2026\n" + a_mail("one")), LIMIT) == a_mail("one")


@pytest.mark.parametrize("nothing", [b"", b"\n", b" \r\n\r\n"])
def test_empty_pipe_is_refused(nothing: bytes) -> None:
    with pytest.raises(Rejected, match="no mail"):
        read_pipe(BytesIO(nothing), LIMIT)


@pytest.mark.parametrize(("size", "taken"), [(LIMIT, True), (LIMIT + 1, False)])
def test_pipe_is_held_to_the_limit(size: int, taken: bool) -> None:
    raw = a_mail("big").ljust(size, b"x")
    if taken:
        assert read_pipe(BytesIO(raw), LIMIT) == raw
    else:
        with pytest.raises(Rejected, match="larger than 10000"):
            read_pipe(BytesIO(raw), LIMIT)
