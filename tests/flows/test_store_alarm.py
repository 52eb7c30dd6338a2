"""Where the database takes no writes, the administrators hear of it past the database: by a call, and by a mail that nobody stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.config.model import HealthSettings, Outgoing, Tls, WebhookSettings
from mailbridge.daemon import app as apps
from mailbridge.daemon.store_alarm import AFTER, StoreAlarm
from mailbridge.errors import StoreAway
from tests.fakes.smtp_server import FakeSmtp, Fault
from tests.harness import TestDesk, a_config, a_desk
from tests.webhooks.hook_server import Hooks, hook_server

REASON = "the database takes no writes (database or disk is full): the file system /srv has 0.0 MB free"


class Away:
    """The database is not asked."""

    def read(self) -> None:
        raise StoreAway("away")

    write = read


class Alarmed:
    """The alarm of a desk, with its trouble and its clock in hand."""

    def __init__(self, desk: TestDesk) -> None:
        self.trouble, self.time = "", 0.0
        app = desk.app
        app.desk()  # keys and rules are loaded at the start of the daemon
        self.alarm: StoreAlarm = app.store_alarm
        self.alarm._trouble, self.alarm._monotonic = lambda: self.trouble, lambda: self.time
        app.store.read = app.store.write = Away().read  # type: ignore[assignment]

    def look(self, after: timedelta = timedelta(0)) -> int:
        self.time += after.total_seconds()
        return self.alarm.look()


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with hook_server() as running:
        yield running


def alarmed(desk: TestDesk) -> Iterator[Alarmed]:
    kept = desk.app.store.read, desk.app.store.write
    yield Alarmed(desk)
    desk.app.store.read, desk.app.store.write = kept  # type: ignore[method-assign]


def a_server(name: str, server: FakeSmtp) -> Outgoing:
    return Outgoing(name=name, url=f"smtp://127.0.0.1:{server.port}", tls=Tls.NONE, helo="desk.test", connections=1)


def test_a_full_disk_is_told_once_past_the_database_and_so_is_its_end(tmp_path: Path, hooks: Hooks) -> None:
    hooks.answers["/alarm"] = [(500, {})]
    settings = {
        "webhooks": WebhookSettings(hosts=("127.0.0.1",), secret="whsec_c2VjcmV0"),
        "health": HealthSettings(alarm_url=hooks.url("/alarm")),
    }
    with FakeSmtp({"MAIL": Fault.CLOSE}) as first, FakeSmtp() as second:
        outgoing = {"outgoing": a_server("first", first), "further_outgoing": (a_server("second", second),)}
        with a_desk(tmp_path, **settings, **outgoing) as desk:
            for told in alarmed(desk):
                told.trouble = REASON
                assert told.look() == told.look(AFTER - timedelta(seconds=1)) == 0, "it may be over in a moment"
                assert told.look(timedelta(seconds=1)) == 1, "the mail goes by the second server, the call is refused"
                assert told.look(timedelta(seconds=10)) == 1, "the call is made again"
                assert told.look(timedelta(hours=1)) == 0
                told.trouble = ""
                assert (told.look(), told.look()) == (2, 0)

    away, again, back = (json.loads(body) for _, _, body in hooks.heard)
    assert (away["type"], back["type"], back["data"]["reason"]) == ("store.away", "store.back", REASON)
    assert away == again | {"timestamp": away["timestamp"]}
    assert all(header["webhook-signature"].startswith("v1,") for _, header, _ in hooks.heard)
    mails = [taken.raw.decode() for taken in second.mails if taken.recipient == "admin@desk.test"]
    assert len(mails) == 2
    assert "database or disk is full" in mails[0].replace("=\r\n", "")
    assert "works again" in mails[1]


def test_a_short_trouble_and_a_desk_in_shadow_mode_are_told_to_nobody(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    with FakeSmtp() as server, a_desk(tmp_path, outgoing=a_server("first", server)) as desk:
        for told in alarmed(desk):
            told.trouble = REASON
            told.look()
            told.trouble = ""
            assert told.look(2 * AFTER) == 0
        assert server.mails == []
    shadow = replace(config, desk=replace(config.desk, shadow=True))
    alarm = apps.App.store_alarm.func(apps.App(shadow))
    assert list(alarm._ways()) == []
