"""Where mails lie: the separators of an mbox, single mails saved with one, folders, files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.cli.mail_files import mails_in
from mailbridge.errors import Permanent

SEPARATOR = b"From kim@firm.test Mon Nov  2 10:00:00 2026\n"


def contents(*paths: Path) -> list[bytes]:
    return [mail.read() for mail in mails_in(paths)]


def test_an_mbox_is_cut_at_its_separators_and_loses_its_dressing(tmp_path: Path) -> None:
    box = tmp_path / "a.mbox"
    box.write_bytes(SEPARATOR + b"Subject: 1\n\n>From here\n>>From there\n\n" + SEPARATOR + b"Subject: 2\n\nx\n")
    assert contents(box) == [b"Subject: 1\n\nFrom here\n>From there\n", b"Subject: 2\n\nx\n"]


def test_a_sentence_that_begins_with_from_cuts_nothing(tmp_path: Path) -> None:
    box = tmp_path / "a.mbox"
    box.write_bytes(SEPARATOR + b"Subject: 1\n\nFrom today on the printer fails\nFrom 10:00 to 11:00 daily\n")
    assert len(contents(box)) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"From kim@firm.test Mon Nov  2 10:00:00 2026\r\n",
        b"From kim@firm.test Mon Nov  2 10:00 2026\n",
        b"From kim@firm.test  Mon Nov  2 10:00:00 CET 2026\n",
        b"From MAILER-DAEMON Mon Nov  2 10:00:00 2026 +0100\n",
        b"From - Mon Nov  2 10:00:00 2026\n",
    ],
)
def test_separators_of_all_programs_are_known(tmp_path: Path, line: bytes) -> None:
    box = tmp_path / "a.mbox"
    box.write_bytes((line + b"Subject: x\n\ny\n\n") * 2)
    assert len(contents(box)) == 2


def test_a_single_mail_saved_with_a_separator_is_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(SEPARATOR + b"Subject: x\n\ny\n")
    assert contents(file) == [SEPARATOR + b"Subject: x\n\ny\n"]


def test_several_mails_in_a_file_are_an_mbox_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "inbox"
    file.write_bytes((SEPARATOR + b"Subject: x\n\ny\n\n") * 3)
    assert len(contents(file)) == 3


def test_a_file_without_any_separator_is_one_mail_and_an_empty_mbox_none(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(b"Subject: x\n\ny\n")
    (tmp_path / "b.mbox").write_bytes(b"")
    assert contents(tmp_path) == [b"Subject: x\n\ny\n"]


def test_folders_are_walked_in_order_and_other_files_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.eml").write_bytes(b"2")
    (tmp_path / "a.eml").write_bytes(b"1")
    (tmp_path / "readme.md").write_bytes(b"no mail")
    assert contents(tmp_path) == [b"1", b"2"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"Cannot read .*a\.eml: No such file"):
        contents(tmp_path / "a.eml")
