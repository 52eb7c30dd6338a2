"""DATA ends at CRLF.CRLF and nowhere else, however the bytes come in pieces (mailbridge.intake.data)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.intake.data import END, DataFault, DataReader

LIMIT = 1 << 16

SMUGGLED = [
    b"\n.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
    b"\n.\r\r\n",
    b"\r\n.\r\r\n",
    b"\r\r\n.\n",
]


def stuffed(raw: bytes) -> bytes:
    """`raw` as a client has to send it (RFC 5321 4.5.2)."""
    lines = raw.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b".\r\n"


def read(sent: bytes, cuts: list[int], limit: int = LIMIT) -> tuple[bytes | DataFault, bytes]:
    """(content, what came behind it) of `sent`, fed in the pieces that `cuts` make of it."""
    reader = DataReader(limit)
    edges = sorted({min(cut, len(sent)) for cut in cuts} | {0, len(sent)})
    for start, end in pairwise(edges):
        rest = reader.feed(sent[start:end])
        if rest is not None:
            return reader.content, rest + sent[end:]
    raise AssertionError("the content did not end")


LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20).map(str.encode), max_size=8)


@given(LINES, st.lists(st.integers(0, 200)), st.binary(max_size=10))
def test_any_mail_comes_out_as_it_was_meant_in_any_pieces(lines: list[bytes], cuts: list[int], behind: bytes) -> None:
    raw = b"".join(line + b"\r\n" for line in lines)
    assert read(stuffed(raw) + behind, cuts) == (raw, behind)


@given(
    st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"..", b"\r\n."]), max_size=12).map(b"".join), st.lists(st.integers(0, 40))
)
def test_first_end_mark_is_the_end_whatever_stands_before(sent: bytes, cuts: list[int]) -> None:
    whole = sent + END
    content, behind = read(whole, cuts)
    end = (b"\r\n" + whole).index(END)
    assert behind == whole[end + 3 :]
    before = (b"\r\n" + whole)[2 : end + 2] if end else b""
    bare = before.replace(b"\r\n", b"")
    assert (content is DataFault.BARE_LINE_END) == (b"\r" in bare or b"\n" in bare)


@pytest.mark.parametrize("mark", SMUGGLED)
def test_smuggled_end_is_no_end_and_the_mail_is_refused(mark: bytes) -> None:
    sent = b"Subject: one\r\n\r\nfirst" + mark + b"MAIL FROM:<evil@x.example>\r\nDATA\r\nsecond\r\n.\r\nQUIT\r\n"
    content, behind = read(sent, [])
    assert behind == b"QUIT\r\n"
    assert content is DataFault.BARE_LINE_END or b"MAIL FROM:<evil@x.example>" in content


@pytest.mark.parametrize(("size", "taken"), [(99, True), (100, True), (101, False)])
@pytest.mark.parametrize("cuts", [[], list(range(0, 300, 7)), list(range(300))])
def test_limit_counts_the_mail_without_dots_and_end_mark(size: int, taken: bool, cuts: list[int]) -> None:
    raw = b".\r\n" * 30 + b"x" * (size - 92) + b"\r\n"
    assert len(raw) == size
    content, behind = read(stuffed(raw), cuts, limit=100)
    assert (content, behind) == (raw if taken else DataFault.TOO_BIG, b"")


def test_mail_over_the_limit_is_not_kept_in_memory() -> None:
    reader = DataReader(1000)
    for _ in range(1000):
        assert reader.feed(b"x" * 998 + b"\r\n") is None
    assert len(reader._buffer) < 10
    assert reader.feed(b".\r\nNOOP\r\n") == b"NOOP\r\n"
    assert reader.content is DataFault.TOO_BIG


def test_content_of_an_unfinished_mail_cannot_be_asked_for() -> None:
    reader = DataReader(LIMIT)
    reader.feed(b"half a line")
    with pytest.raises(RuntimeError):
        _ = reader.content
