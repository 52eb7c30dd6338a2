"""Mails from pipes, mbox files, Maildirs and folders (mailbridge.intake.files)."""

from __future__ import annotations

import mailbox
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.errors import Rejected
from mailbridge.intake.files import NamedMail, read_mbox, read_path, read_pipe

LIMIT = 10_000


def a_mail(text: str, body: str = "hello\n") -> bytes:
    return f"From: ann@customer.example\nSubject: {text}\n\n{body}".encode()


def quoted(raw: bytes) -> bytes:
    """`raw` as mboxrd writes it."""
    lines = raw.splitlines(keepends=True)
    return b"".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)


def mbox_of(*mails: bytes) -> bytes:
    return b"".join(b"From MAILER-DAEMON Mon Mar  2 09:30:00 2026\n" + quoted(raw) + b"\n" for raw in mails)


def mails_of(path: Path) -> list[bytes]:
    return [mail.raw for mail in read_path(path, LIMIT)]


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


def test_mbox_gives_its_mails_in_order_with_their_places(tmp_path: Path) -> None:
    box = tmp_path / "old.mbox"
    box.write_bytes(mbox_of(a_mail("one"), a_mail("two"), a_mail("three")))
    assert list(read_path(box, LIMIT)) == [
        NamedMail(f"{box}:1", a_mail("one")),
        NamedMail(f"{box}:2", a_mail("two")),
        NamedMail(f"{box}:3", a_mail("three")),
    ]


def test_mbox_keeps_a_from_line_inside_a_paragraph(tmp_path: Path) -> None:
    box = tmp_path / "old.mbox"
    box.write_bytes(mbox_of(a_mail("one")) + b"From x Mon Mar  2 09:30:00 2026\nSubject: two\n\nline\nFrom here on it smokes\n\n")
    assert mails_of(box) == [a_mail("one"), b"Subject: two\n\nline\nFrom here on it smokes\n"]


def test_mbox_that_ends_without_an_empty_line_keeps_its_last_line(tmp_path: Path) -> None:
    box = tmp_path / "old.mbox"
    box.write_bytes(b"From x Mon Mar  2 09:30:00 2026\nSubject: cut\n\nthe end")
    assert mails_of(box) == [b"Subject: cut\n\nthe end"]


def test_mbox_with_a_mail_over_the_limit_is_refused_at_that_mail(tmp_path: Path) -> None:
    box = tmp_path / "old.mbox"
    box.write_bytes(mbox_of(a_mail("small"), a_mail("big", "x" * LIMIT)))
    mails = read_mbox(box, LIMIT)
    assert next(mails).raw == a_mail("small")
    with pytest.raises(Rejected, match="larger than 10000"):
        next(mails)


def test_mbox_written_by_the_standard_library_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "std.mbox"
    box = mailbox.mbox(path)
    box.add(a_mail("one", "From the start it smoked\n"))
    box.add(a_mail("two"))
    box.close()
    assert mails_of(path) == [a_mail("one", "From the start it smoked\n"), a_mail("two")]


LINES = st.lists(st.sampled_from([b"From a\n", b">From b\n", b">>From c\n", b"text\n", b"\n", b" From d\n", b"\r\n"]), max_size=8)


@given(st.lists(LINES, min_size=1, max_size=4))
def test_mails_survive_a_trip_through_mboxrd(tmp_path_factory: pytest.TempPathFactory, bodies: list[list[bytes]]) -> None:
    mails = [b"Subject: x\n\n" + b"".join(lines) for lines in bodies]
    box = tmp_path_factory.mktemp("trip") / "box"
    box.write_bytes(mbox_of(*mails))
    assert mails_of(box) == mails


def test_maildir_gives_read_and_new_mails_and_its_folders_but_not_the_unfinished(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp", ".Old/cur", ".Old/new", ".Old/tmp"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "cur/1.a:2,S").write_bytes(a_mail("read"))
    (tmp_path / "new/2.a").write_bytes(a_mail("new"))
    (tmp_path / "tmp/3.a").write_bytes(a_mail("unfinished"))
    (tmp_path / ".Old/cur/4.a:2,S").write_bytes(a_mail("old"))
    assert mails_of(tmp_path) == [a_mail("read"), a_mail("new"), a_mail("old")]


def test_folder_gives_its_files_by_name_whatever_they_are(tmp_path: Path) -> None:
    (tmp_path / "b.eml").write_bytes(a_mail("b"))
    (tmp_path / "a").mkdir()
    (tmp_path / "a/box").write_bytes(mbox_of(a_mail("a1"), a_mail("a2")))
    (tmp_path / ".hidden").write_bytes(b"x")
    assert mails_of(tmp_path) == [a_mail("a1"), a_mail("a2"), a_mail("b")]


def test_reading_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(a_mail("a"))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    mails_of(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
