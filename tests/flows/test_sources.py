"""Each source is known by its last proof and its last failure; the admins hear once of a failure that lasts, and once of its end."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from mailbridge.config.model import HealthSettings, Mailbox, Outgoing
from mailbridge.errors import StoreAway
from mailbridge.health.board import Board
from mailbridge.health.names import OUTGOING, PROBED
from mailbridge.message.envelope import Envelope
from mailbridge.message.envelope import Source as Source_
from mailbridge.notifications.model import Audience
from mailbridge.ops.http import HttpRequest
from mailbridge.store.source_health import HealthState, SourceHealth
from tests.builders import NOW
from tests.harness import TestDesk, a_desk, a_mail, table
from tests.servers.processes import free_ports

BOX = "imap:support/INBOX"


def known(desk: TestDesk, name: str) -> SourceHealth:
    with desk.app.store.read() as tx:
        found = tx.sources.get(name)
    assert found is not None
    return found


def told(desk: TestDesk) -> list[dict[str, object]]:
    return [{**one.values, "rows": table(one), "back": table(one, "back")} for one in desk.promises(Audience.ADMIN, "sources")]


def test_a_failure_is_in_the_store_at_once_and_a_proof_ends_it(desk: TestDesk) -> None:
    desk.app.sources.board.proven(BOX, "it answered")
    desk.pass_time(seconds=10)
    desk.app.sources.board.failed(BOX, "the login\nis refused", 60)

    found = known(desk, BOX)
    assert (found.reason, found.failing_since) == ("the login is refused", desk.clock.now())
    assert found.next_at == desk.clock.now() + timedelta(minutes=1)
    assert (found.proven_at, found.proof) == (NOW, "it answered")

    desk.pass_time(seconds=5)
    desk.app.sources.board.failed(BOX, "another reason", 60)
    assert known(desk, BOX).failing_since == desk.clock.now() - timedelta(seconds=5)
    desk.app.sources.board.proven(BOX, "it answered")
    assert (known(desk, BOX).failing_since, known(desk, BOX).reason) == (None, "another reason")


def test_what_does_not_change_is_written_once_a_minute(desk: TestDesk) -> None:
    desk.app.sources.board.proven(BOX, "it answered")
    desk.pass_time(seconds=59)
    desk.app.sources.board.proven(BOX, "it answered")
    assert known(desk, BOX).proven_at == NOW
    desk.pass_time(seconds=1)
    desk.app.sources.board.proven(BOX, "it answered")
    assert known(desk, BOX).proven_at == desk.clock.now()


def test_a_report_while_the_store_is_away_is_no_obstacle(desk: TestDesk) -> None:
    class Away:
        def write(self) -> None:
            raise StoreAway("away")

    board = Board(Away(), desk.clock)  # type: ignore[arg-type]
    board.failed(BOX, "refused")
    board._store = desk.app.store
    board.failed(BOX, "refused")

    assert known(desk, BOX).reason == "refused"


def test_a_failure_that_lasts_is_told_once_and_so_is_its_end(desk: TestDesk) -> None:
    desk.app.sources.board.failed(BOX, "refused")
    desk.app.sources.board.failed(OUTGOING, "down")
    assert desk.app.jobs.notify_sources() == 0
    desk.pass_time(minutes=5)
    assert (desk.app.jobs.notify_sources(), desk.app.jobs.notify_sources()) == (2, 0)
    desk.pass_time(hours=9)
    assert desk.app.jobs.notify_sources() == 0
    desk.app.sources.board.failed(BOX, "refused")
    desk.pass_time(seconds=1)
    desk.app.sources.board.proven(BOX, "it answered")
    desk.pass_time(minutes=4)
    assert desk.app.jobs.notify_sources() == 0, "it may fail again in a moment"
    desk.pass_time(minutes=1)
    assert (desk.app.jobs.notify_sources(), desk.app.jobs.notify_sources()) == (1, 0)

    first, second = told(desk)
    assert [row.split("\t")[0] for row in first["rows"].splitlines()] == [BOX, OUTGOING]
    assert (second["rows"], second["back"].split("\t")[0]) == ("", BOX)
    texts = [mail.get_body(("plain",)).get_content() for mail in desk.deliver()]  # type: ignore[attr-defined]
    assert "refused" in texts[0]
    assert "mailbridge doctor" in texts[0]
    assert f"{BOX} works again" in texts[1]


def test_a_short_failure_is_told_to_nobody(desk: TestDesk) -> None:
    desk.app.sources.board.failed(BOX, "refused")
    desk.pass_time(seconds=80)
    desk.app.jobs.notify_sources()
    desk.app.sources.board.proven(BOX, "it answered")
    desk.pass_time(minutes=4)

    assert desk.app.jobs.notify_sources() == 0


@pytest.mark.parametrize("begins", [1, 20, 39, 60])
def test_a_silent_relay_is_told_within_two_minutes_and_a_short_pause_of_it_is_not(desk: TestDesk, begins: int) -> None:
    """As the daemon runs them: probes every 20 seconds, the mail every 10.  A probe of a silent server takes 10 seconds."""
    board, start = desk.app.sources.board, desk.clock.now()
    until = {"ends": start + timedelta(days=1)}

    def second(now: datetime) -> int:
        since = (now - start).total_seconds()
        is_silent = since >= begins + 10 and now < until["ends"]
        if since % 20 == 10 and not board.proven_within(OUTGOING, PROBED):
            board.failed(OUTGOING, "no answer", 20) if is_silent else board.proven(OUTGOING, "it greets")
        return desk.app.jobs.notify_sources() if since % 10 == 0 else 0

    board.proven(OUTGOING, "it greets")
    told_after = None
    for _ in range(240):
        desk.clock.time += timedelta(seconds=1)
        if second(desk.clock.now()) and told_after is None:
            told_after = (desk.clock.now() - start).total_seconds() - begins
    assert told_after is not None
    assert told_after <= 120

    until["ends"] = desk.clock.now()
    mails = []
    for _ in range(400):
        desk.clock.time += timedelta(seconds=1)
        mails.append(second(desk.clock.now()))
    assert sum(mails) == 1, "it works again"


def test_no_proof_is_as_bad_as_a_failure() -> None:
    source = SourceHealth(name=BOX, watched_since=NOW, proven_at=NOW + timedelta(minutes=1))
    within = timedelta(minutes=6)

    assert source.state(NOW + timedelta(minutes=7), within) is HealthState.OK
    assert source.state(NOW + timedelta(minutes=8), within) is HealthState.STALE
    assert source.state(NOW + timedelta(minutes=8), None) is HealthState.OK


def test_the_outgoing_server_is_known_by_each_mail_and_by_asking(desk: TestDesk) -> None:
    desk.feed(a_mail())
    desk.deliver()
    assert known(desk, OUTGOING).proof == "a mail was handed over"
    (desk.app.config.folder / "outgoing" / "tmp").rmdir()
    (desk.app.config.folder / "outgoing" / "tmp").write_text("no folder")
    desk.pass_time(minutes=3)
    desk.app.sources.probe({})

    assert "outgoing" in known(desk, OUTGOING).reason
    assert known(desk, OUTGOING).failing_since == desk.clock.now()


def test_a_server_that_is_not_there_is_found_without_a_mail(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    with a_desk(tmp_path, outgoing=Outgoing(url=f"smtp://127.0.0.1:{port}")) as desk:
        desk.app.sources.probe({"smtp:127.0.0.1:2525": ("127.0.0.1", port)})

        assert "refused" in known(desk, OUTGOING).reason.lower()
        assert known(desk, "smtp:127.0.0.1:2525").failing_since is not None


def test_what_is_configured_no_more_is_forgotten(desk: TestDesk) -> None:
    desk.app.sources.board.failed("imap:old/INBOX", "gone")
    desk.app.sources.watch()
    with desk.app.store.read() as tx:
        names = {source.name for source in tx.sources.all()}

    assert names == {OUTGOING, "smtp:127.0.0.1:2525"}


# -- how many mails come, and silence -----------------------------------------------------------------------------

PLACE = {"source": Source_.IMAP, "account": "support", "folder": "INBOX", "uidvalidity": 1}


def came(desk: TestDesk, moments: list[datetime]) -> None:
    with desk.app.store.write() as tx:
        tx.inbox.add_many([(b"x", Envelope(received_at=at, uid=int(at.timestamp()) % 2**31, **PLACE)) for at in moments])  # type: ignore[arg-type]


def a_month(desk: TestDesk) -> None:
    """Two mails an hour on each working day from 8 to 17 of the six weeks before NOW, a Monday morning at 9."""
    hours = [NOW - timedelta(weeks=6) + timedelta(minutes=30 * n) for n in range(6 * 168 * 2 + 1)]
    came(desk, [at for at in hours if at.weekday() < 5 and 8 <= at.hour < 17])


def with_mailbox(tmp_path: Path) -> AbstractContextManager[TestDesk]:
    return a_desk(tmp_path, mailboxes=(Mailbox(name="support", host="imap.test"),))


def test_mails_are_counted_once_by_source_and_hour(tmp_path: Path) -> None:
    with with_mailbox(tmp_path) as desk:
        came(desk, [NOW - timedelta(hours=30), NOW - timedelta(minutes=5), NOW - timedelta(minutes=1)])
        desk.feed(a_mail())
        assert (desk.app.jobs.count_arrivals(), desk.app.jobs.count_arrivals()) == (4, 0)
        with desk.app.store.read() as tx:
            counts = tx.sources.arrivals(BOX, 0)

        hour = int(NOW.timestamp()) // 3600
        assert counts == {hour - 30: (1, 1), hour - 1: (2, 2)}
        assert known(desk, BOX).mail_at == NOW - timedelta(minutes=1)


def test_an_unlikely_silence_is_told_until_the_next_mail(tmp_path: Path) -> None:
    with with_mailbox(tmp_path) as desk:
        a_month(desk)
        while desk.app.jobs.count_arrivals():
            pass
        desk.app.sources.watch()
        desk.pass_time(hours=1)
        assert desk.app.jobs.look_for_silence() == 0
        desk.pass_time(hours=6)
        for name in (BOX, OUTGOING, "smtp:127.0.0.1:2525"):
            desk.app.sources.board.proven(name, "it answered")
        assert (desk.app.jobs.look_for_silence(), desk.app.jobs.look_for_silence()) == (1, 0)
        assert (desk.app.jobs.notify_sources(), desk.app.jobs.notify_sources()) == (1, 0)
        assert "no mail since 2026-11-23 09:00 UTC" in told(desk)[0]["rows"]

        came(desk, [desk.clock.now()])
        desk.app.jobs.count_arrivals()
        desk.app.jobs.look_for_silence()
        assert known(desk, BOX).silence == ""
        assert desk.app.jobs.notify_sources() == 1


# -- others who ask, and whom it tells ----------------------------------------------------------------------------


class Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path == "/ok" else 500)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_the_ping_goes_out_while_all_is_well_and_only_then(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/ok"
    try:
        with a_desk(tmp_path, health=HealthSettings(ping_url=url)) as desk:
            pulse = desk.app.sources.pulse
            assert not pulse.ping(), "nobody has looked yet"
            pulse.look()
            assert pulse.ping()
            desk.app.sources.board.failed(BOX, "refused")
            pulse.look()
            assert pulse.ping(), "it has just begun"
            desk.pass_time(minutes=5)
            pulse.look()
            assert not pulse.ping()
            desk.app.sources.board.proven(BOX, "it answered")
            pulse.look()
            desk.pass_time(seconds=60)
            assert not pulse.ping(), "the timer stands still"
        with a_desk(tmp_path, health=HealthSettings(ping_url=url.replace("/ok", "/broken"))) as desk:
            desk.app.sources.pulse.look()
            assert not desk.app.sources.pulse.ping()
    finally:
        server.shutdown()
        server.server_close()
    assert Answers.asked == ["/ok", "/ok", "/broken"]


def test_health_is_that_of_the_process_and_health_of_sources_that_of_all(desk: TestDesk) -> None:
    def status(path: str) -> str:
        page = desk.app.sources.pulse.answer(HttpRequest(path=path))
        assert page.status.startswith("404") or json.loads(page.body)["ok"] == page.status.startswith("200")
        return page.status[:3]

    assert status("/health") == "503"
    desk.app.sources.pulse.look()
    assert (status("/health"), status("/health/sources"), status("/metrics")) == ("200", "200", "404")
    desk.app.sources.board.failed(BOX, "refused")
    desk.pass_time(minutes=5)
    desk.app.sources.pulse.look()
    assert (status("/health"), status("/health/sources")) == ("200", "503")
    desk.pass_time(minutes=1)
    assert status("/health") == "503"
