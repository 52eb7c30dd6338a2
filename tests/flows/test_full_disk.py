"""A full disk is told everywhere, and nothing is lost: a real file system of a few megabytes fills up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config.model import HealthSettings
from mailbridge.errors import StoreAway
from mailbridge.health.gauges import DeskGauges
from mailbridge.health.page import Pulse
from mailbridge.health.writes import WriteWatch
from mailbridge.ops.http import HttpRequest
from mailbridge.ops.metrics import GaugeCollector
from mailbridge.store import writing
from tests.harness import TestDesk, a_desk, a_mail

SIZE = "6m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a file system can only be mounted by root: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill_up(disk: Path) -> Path:
    """Writes until nothing more fits; the file."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


def store_up(desk: TestDesk) -> float:
    families = GaugeCollector(DeskGauges(desk.app.store, desk.clock, desk.app.config)).collect()
    return next(family.samples[0].value for family in families if family.name == "mailbridge_store_up")


def put_off(desk: TestDesk, reason: str) -> float:
    return desk.app.metrics.registry.get_sample_value("mailbridge_mails_put_off_total", {"source": "smtp", "reason": reason}) or 0.0


def health(pulse: Pulse) -> tuple[str, str]:
    page = pulse.answer(HttpRequest(path="/health", accept=""))
    return page.status, json.loads(page.body)["why"]


def test_a_full_disk_is_told_and_what_was_put_off_is_taken_when_there_is_space(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    url = f"sqlite:///{small_disk}/mailbridge.db"
    with a_desk(tmp_path / "desk", store_url=url) as desk:
        (desk.app.config.folder / "mailbridge.toml").write_text(
            f'[desk]\nname = "Acme Support"\naddress = "support@desk.test"\n[store]\nurl = "{url}"\n'
            '[outgoing]\nurl = "maildir:outgoing"\n'
        )
        desk.feed(a_mail())
        watch = WriteWatch(desk.app.store, desk.app.config)
        pulse = Pulse(desk.app.store, replace(desk.app.config, health=HealthSettings(ping_url="http://127.0.0.1:1/")), desk.clock)
        pulse.look()
        assert (store_up(desk), health(pulse)) == (1.0, ("200 OK", ""))

        filler = fill_up(small_disk)
        with pytest.raises(StoreAway):
            desk.accept(a_mail("x" * 100_000, message_id="<two@customer.test>"))
        pulse.look()

        assert "full" in desk.app.store.write_trouble
        assert (store_up(desk), put_off(desk, "database")) == (0.0, 1.0)
        status, why = health(pulse)
        assert (status, "full" in why, pulse.ping()) == ("503 Service Unavailable", True, False)
        assert str(small_disk) in watch.look()
        capsys.readouterr()
        assert main(["status", "--desk", str(desk.app.config.folder)]) == exits.MISTAKES
        told = capsys.readouterr().out
        assert f"the file system {small_disk} has 0.0 MB free, the desk needs" in told
        assert "run mailbridge run" not in told

        filler.unlink()
        desk.app.store.checkpoint()
        monkeypatch.setattr(writing, "HOLD", 0.0)
        desk.feed(a_mail("x" * 100_000, message_id="<two@customer.test>"))
        pulse.look()
        assert (store_up(desk), health(pulse), watch.look()) == (1.0, ("200 OK", ""), "")
        with desk.app.store.read() as tx:
            assert sum(tx.inbox.counts().values()) == 2


def test_a_small_write_that_fits_does_not_make_a_full_disk_healthy() -> None:
    now = 100.0
    health = writing.WriteHealth(lambda: now)
    health.failed("database or disk is full")
    now += writing.HOLD - 1
    health.worked()
    assert health.trouble == "database or disk is full"
    now += 1
    health.worked()
    assert health.trouble == ""
