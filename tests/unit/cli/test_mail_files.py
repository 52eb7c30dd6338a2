"""Mails in files: mbox, Maildirs and folders (mailbridge.cli.mail_files)."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.cli.mail_files import mails_in
from mailbridge.errors import Permanent


def a_mail(text: str, body: str = "hello\n") -> bytes:
    return f"From: ann@customer.example\nSubject: {text}\n\n{body}".encode()


def quoted(raw: bytes) -> bytes:
    """`raw` as mboxrd writes it."""
    lines = raw.splitlines(keepends=True)
    return b"".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)


def mbox_of(*mails: bytes) -> bytes:
    return b"".join(b"From MAILER-DAEMON Mon Mar  2 09:30:00 2026\n" + quoted(raw) + b"\n" for raw in mails)


def mails_of(path: Path) -> list[bytes]:
    return [mail.read() for mail in mails_in((path,))]


def test_mbox_gives_its_mails_in_order_with_their_places(tmp_path: Path) -> None:
    box = tmp_path / "old.mbox"
    box.write_bytes(mbox_of(a_mail("one"), a_mail("two"), a_mail("three")))
    assert [(mail.name, mail.read()) for mail in mails_in((box,))] == [
        (f"{box}#1", a_mail("one")),
        (f"{box}#2", a_mail("two")),
        (f"{box}#3", a_mail("three")),
    ]


def test_mbox_keeps_a_from_line_inside_a_paragraph(tmp_path: Path) -> None:
    box = tmp_path / "old.mbox"
    box.write_bytes(mbox_of(a_mail("one")) + b"From x Mon Mar  2 09:30:00 2026\nSubject: two\n\nline\nFrom here on it smokes\n\n")
    assert mails_of(box) == [a_mail("one"), b"Subject: two\n\nline\nFrom here on it smokes\n"]


def test_mbox_that_ends_without_an_empty_line_keeps_its_last_line(tmp_path: Path) -> None:
    box = tmp_path / "old.mbox"
    box.write_bytes(b"From x Mon Mar  2 09:30:00 2026\nSubject: cut\n\nthe end")
    assert mails_of(box) == [b"Subject: cut\n\nthe end"]


def test_single_mail_saved_with_its_from_line_stays_a_single_mail(tmp_path: Path) -> None:
    file = tmp_path / "one"
    file.write_bytes(b"From x Mon Mar  2 09:30:00 2026\n" + a_mail("one"))
    assert mails_of(file) == [file.read_bytes()]


def test_path_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="Cannot read"):
        mails_of(tmp_path / "nothing")


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
    box = tmp_path_factory.mktemp("trip") / "box.mbox"
    box.write_bytes(mbox_of(*mails))
    assert mails_of(box) == mails


def test_maildir_gives_new_and_read_mails_and_its_folders_but_not_the_unfinished(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp", ".Old/cur", ".Old/new", ".Old/tmp"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "cur/1.a:2,S").write_bytes(a_mail("read"))
    (tmp_path / "new/2.a").write_bytes(a_mail("new"))
    (tmp_path / "tmp/3.a").write_bytes(a_mail("unfinished"))
    (tmp_path / ".Old/cur/4.a:2,S").write_bytes(a_mail("old"))
    assert mails_of(tmp_path) == [a_mail("new"), a_mail("read"), a_mail("old")]


def test_folder_gives_the_mails_below_it_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.eml").write_bytes(a_mail("b"))
    (tmp_path / "a").mkdir()
    (tmp_path / "a/box.mbox").write_bytes(mbox_of(a_mail("a1"), a_mail("a2")))
    (tmp_path / "notes.txt").write_bytes(b"x")
    assert mails_of(tmp_path) == [a_mail("a1"), a_mail("a2"), a_mail("b")]


def test_reading_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(a_mail("a"))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    mails_of(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
