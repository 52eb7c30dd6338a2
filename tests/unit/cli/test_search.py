"""`mailbridge search`, on a desk with two mails and a note."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config.load import load
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> str:
    assert main(["init", str(tmp_path / "desk")]) == exits.OK
    with closing(Store(load(tmp_path / "desk", {}).store_url)) as store:
        store.upgrade()
        add(store, 1, "ana@acme.example", "Plotter \x1b]0;evil\x07 offline", "The plotter\x07 hums.")
        add(store, 1, "bogdan@desk.example", "Re: Plotter", "The plotter is to be replaced.", internal=True)
        add(store, None, "eve@evil.example", "Plotter for sale", "Cheap.")
    return str(tmp_path / "desk")


def add(store: Store, ticket: int | None, sender: str, subject: str, text: str, *, internal: bool = False) -> None:
    mail = StoredMail(
        direction=Direction.IN, received_at=NOW, ticket=ticket, sender=sender, subject=subject, fresh=text, text=text, internal=internal
    )
    with store.write() as tx:
        id = tx.mails.add(mail)
        assert id is not None
        tx.search.add(id, subject=subject, fresh=text)


def test_hits_are_shown_for_people_newest_first_and_without_what_could_move_their_cursor(
    desk: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["search", "plott", "--desk", desk]) == exits.OK

    assert capsys.readouterr().out.splitlines() == [
        'no ticket  2026-11-21 09:00Z  eve@evil.example  "Plotter for sale"',
        "    Cheap.",
        'MB-1  2026-11-21 09:00Z  bogdan@desk.example, note  "Re: Plotter"',
        "    The plotter is to be replaced.",
        'MB-1  2026-11-21 09:00Z  ana@acme.example  "Plotter \\x1b]0;evil\\x07 offline"',
        "    The plotter\\x07 hums.",
    ]


def test_hits_are_shown_for_programs(desk: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["search", "plotter", "hums", "--json", "--desk", desk]) == exits.OK

    [hit] = json.loads(capsys.readouterr().out)
    assert (hit["number"], hit["ticket"], hit["mail"], hit["internal"]) == ("MB-1", 1, 1, False)


@pytest.mark.parametrize(("arguments", "count"), [(["--limit", "2"], 2), (["--customer", "Eve@evil.example"], 1), (["--limit", "100"], 3)])
def test_fewer_hits_can_be_asked_for(desk: str, capsys: pytest.CaptureFixture[str], arguments: list[str], count: int) -> None:
    capsys.readouterr()
    assert main(["search", "plotter", "--json", "--desk", desk, *arguments]) == exits.OK
    assert len(json.loads(capsys.readouterr().out)) == count


def test_nothing_found_is_said(desk: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["search", "coffee", "--desk", desk]) == exits.MISTAKES
    assert capsys.readouterr().out == "no mails\n"
