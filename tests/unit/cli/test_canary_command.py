"""`mailbridge canary` and the line of `status`: what is shown of an address, and what `now` needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.cli.main import main
from mailbridge.conversation import canary
from mailbridge.conversation.canary import CanaryWatch
from mailbridge.message.passages import Passage
from mailbridge.store.engine import Store
from tests.harness import put_new_database, write_rules

TO = "support@acme.test"
DESK = f'[desk]\nname = "Acme"\naddress = "{TO}"\n'
SERVER = '[outgoing]\nurl = "smtp://127.0.0.1:9"\ntls = "none"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rules(tmp_path)
    put_new_database(tmp_path / "mailbridge.db")
    (tmp_path / "mailbridge.toml").write_text(f"{DESK}{SERVER}[canary]\n")
    return tmp_path


def keep(folder: Path, watch: CanaryWatch) -> None:
    store = Store(f"sqlite:///{folder}/mailbridge.db")
    with store.write() as tx:
        tx.state.set(canary.watch_key(TO), canary.stored_watch(watch), datetime.now(UTC))
    store.close()


def came() -> CanaryWatch:
    """One that came over a server whose clock is 40 seconds behind."""
    sent = datetime.now(UTC) - timedelta(minutes=1)
    watch = canary.started(CanaryWatch(to=TO), "n", sent, None)
    way = [Passage(host="mx.acme.test", at=sent - timedelta(seconds=40))]
    return canary.arrived(watch, "n", sent + timedelta(seconds=3), sent + timedelta(seconds=4), way)


def test_each_part_of_the_way_is_shown_with_the_clock_that_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder, came())

    assert main(["canary", "show", "--desk", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"{TO}: the last mail came back after 4.0 s" in said
    assert "0.0 s  mx.acme.test  (its clock is 40 s behind)\n" in said
    assert "3.0 s  accepted by the desk\n" in said


def test_a_late_one_ends_with_1_and_is_in_the_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder, canary.judged(came(), "the mail did not come back", datetime.now(UTC), ()))

    assert main(["canary", "show", "--json", "--desk", str(folder)]) == 1
    assert json.loads(capsys.readouterr().out)[0]["reason"] == "the mail did not come back"
    main(["status", "--desk", str(folder)])
    assert f"canary     {TO}  came back after 4.0 s" in capsys.readouterr().out


def test_now_needs_a_daemon_and_a_server(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["canary", "now", "--desk", str(folder)]) == 1
    assert "no daemon is running" in capsys.readouterr().err
    (folder / "mailbridge.toml").write_text(DESK)
    assert main(["canary", "now", "--desk", str(folder)]) == 1
    assert "outgoing mail goes into a folder" in capsys.readouterr().err
    assert main(["canary", "show", "--desk", str(folder)]) == 0
    assert "add [canary] to mailbridge.toml" in capsys.readouterr().out


def test_one_that_is_not_taken_is_told_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(f"sqlite:///{folder}/mailbridge.db")
    with store.write() as tx:
        tx.state.set("daemon", {}, datetime.now(UTC))
    store.close()

    assert main(["canary", "now", "--desk", str(folder)]) == 1
    assert f"attention  the mail to {TO} was not taken: outgoing: " in capsys.readouterr().out
