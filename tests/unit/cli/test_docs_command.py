"""`mailbridge docs`, on a desk with three files."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config.load import load
from mailbridge.message.model import Attachment
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> str:
    assert main(["init", str(tmp_path / "desk")]) == exits.OK
    with closing(Store(load(tmp_path / "desk", {}).store_url)) as store:
        store.upgrade()
        add(store, 1, "ana@acme.example", "Bedienungsanleitung Größe 2.pdf", b"%PDF-1.4")
        add(store, 2, "ana@acme.example", "photo\x1b]0;evil\x07.jpg", b"\xff\xd8")
        add(store, 2, "eve@other.example", "manual.pdf", b"%PDF-1.4")
    return str(tmp_path / "desk")


def add(store: Store, ticket: int, sender: str, name: str, content: bytes) -> None:
    mail = StoredMail(direction=Direction.IN, received_at=NOW, ticket=ticket, sender=sender, subject="Papers", fresh="see", text="see")
    with store.write() as tx:
        id = tx.mails.add(mail)
        assert id is not None
        sha256 = tx.blobs.put(content)
        file = Attachment(part="2", name=name, content_type="application/pdf", size=len(content), sha256=sha256, content=content)
        tx.mails.add_attachments(id, ticket, [file], sender=sender)
        tx.search.add(id, subject="Papers", fresh="see", names=[name])


def found(desk: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    capsys.readouterr()
    code = main(["docs", "find", "--json", "--desk", desk, *arguments])
    names = [file["name"] for file in json.loads(capsys.readouterr().out)]
    assert code == (exits.OK if names else exits.MISTAKES)
    return names


def test_files_are_found_by_name_ticket_and_customer(desk: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(found(desk, capsys)) == 3
    assert found(desk, capsys, "--name", "grosse") == ["Bedienungsanleitung Größe 2.pdf"]
    assert found(desk, capsys, "--ticket", "MB-2", "--name", "manual") == ["manual.pdf"]
    assert found(desk, capsys, "--customer", "EVE@other.example") == ["manual.pdf"]
    assert found(desk, capsys, "--ticket", "1", "--customer", "eve@other.example") == []
    assert found(desk, capsys, "--name", "papers") == []  # a word of the mail, not of a file


def test_table_shows_names_without_what_could_move_a_cursor(desk: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["docs", "find", "--desk", desk]) == exits.OK
    out = capsys.readouterr().out
    assert "photo\\x1b]0;evil\\x07.jpg" in out
    assert "\x1b" not in out


def test_file_is_saved_and_nothing_is_overwritten(desk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "manual.pdf"
    assert main(["docs", "save", "3", str(target), "--desk", desk]) == exits.OK
    assert target.read_bytes() == b"%PDF-1.4"

    target.write_bytes(b"mine")
    assert main(["docs", "save", "3", str(target), "--desk", desk]) == exits.MISTAKES
    assert target.read_bytes() == b"mine"
    assert main(["docs", "save", "99", str(tmp_path / "x"), "--desk", desk]) == exits.MISTAKES
