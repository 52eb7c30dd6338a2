"""A desk with scanners: what they find, and what becomes of mail when they are away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from mailbridge.config.model import Scanners, WhenSilent, WhenVirus
from mailbridge.handling.outcome import MailOutcome
from mailbridge.handling.retry import Deferral
from tests.harness import RULES, TestDesk, a_desk, a_mail
from tests.servers import clamd as clamds
from tests.servers.clamd import EICAR, STREAM_MAX, Clamd
from tests.servers.processes import free_ports
from tests.servers.rspamd import SPAM, Rspamd

pytestmark = pytest.mark.servers

INFECTED = a_mail(EICAR.decode(), subject="Invoice")
BY_SCORE = {
    "routing/20-scores.yaml": """
- name: not scanned
  when: {virustest: "0"}
  then: {tags: [unscanned]}
- name: scanned
  when: {virustest: "1"}
  then: {tags: [clean]}
- name: infected
  when: {virustest: "5"}
  then: {tags: [infected]}
- name: spam
  when: {spamtest: {ge: "6"}}
  then: {tags: [spam]}
"""
}


def a_scan(desk: TestDesk, mail: int = 1) -> dict[str, Any]:
    with desk.app.store.read() as tx:
        found: dict[str, Any] = tx.mails.explanation(mail)["scan"]
    return found


def scanners(server: Clamd | int, **different: Any) -> Scanners:
    port = server if isinstance(server, int) else server.port
    return Scanners(clamd=("127.0.0.1", port), clamd_max=STREAM_MAX, time_limit=timedelta(seconds=10), **different)


def test_a_virus_goes_aside_and_the_admins_hear_of_it(tmp_path: Path, clamd: Clamd) -> None:
    with a_desk(tmp_path, scan=scanners(clamd)) as desk:
        done = desk.feed(INFECTED)

        assert (done.result.outcome, done.result.reason) == (MailOutcome.QUARANTINED, "virus: Eicar-Test-Signature.UNOFFICIAL")
        assert (desk.tickets(), desk.promise_to("admin@desk.test").event) == ([], "quarantined")
        assert desk.feed(a_mail()).result.outcome is MailOutcome.TICKET


def test_a_virus_can_be_filed_with_a_tag_and_is_not_acknowledged(tmp_path: Path, clamd: Clamd) -> None:
    with a_desk(tmp_path, rules=RULES | BY_SCORE, scan=scanners(clamd, virus=WhenVirus.TAG)) as desk:
        assert desk.feed(INFECTED).result.outcome is MailOutcome.TICKET

        assert desk.ticket().tags == ("infected", "virus")
        assert a_scan(desk) == {"virus": "Eicar-Test-Signature.UNOFFICIAL", "spam": None, "not_scanned": []}
        assert [n.event for n in desk.promises() if n.recipient == "carol@customer.test"] == []


def test_a_clean_mail_says_so_to_rules(tmp_path: Path, clamd: Clamd) -> None:
    with a_desk(tmp_path, rules=RULES | BY_SCORE, scan=scanners(clamd)) as desk:
        desk.feed(a_mail())

        assert desk.ticket().tags == ("clean",)
        assert a_scan(desk)["virus"] == ""


def test_a_score_is_there_for_rules(tmp_path: Path, rspamd: Rspamd) -> None:
    with a_desk(tmp_path, rules=RULES | BY_SCORE, scan=Scanners(rspamd=rspamd.url)) as desk:
        desk.feed(a_mail(subject=f"{SPAM} cheap"))
        now = format_datetime(datetime.now(UTC))  # rspamd looks at the clock, and an old date counts
        desk.feed(a_mail(message_id="<two@customer.test>", date=now))

        assert ["spam" in ticket.tags for ticket in desk.tickets()] == [True, False]
        assert a_scan(desk)["spam"]["score"] > 20


def test_a_desk_without_scanners_says_nothing_of_them(desk: TestDesk) -> None:
    desk.feed(a_mail())

    with desk.app.store.read() as tx:
        assert "scan" not in tx.mails.explanation(1)


def test_mail_that_nobody_could_scan_is_filed_and_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forged = b"X-Virus-Status: Clean\r\n" + a_mail()
    with a_desk(tmp_path, rules=RULES | BY_SCORE, scan=scanners(free_ports(1)[0])) as desk:
        assert desk.feed(forged).result.outcome is MailOutcome.TICKET

        assert desk.ticket().tags == ("unscanned",)
        assert a_scan(desk)["not_scanned"] == ["virus: clamd: Connection refused"]
    assert "mail_not_scanned" in capsys.readouterr().out


def test_mail_can_wait_for_a_scanner_that_is_away_as_long_as_it_takes(tmp_path: Path) -> None:
    with clamds.running() as clamd, a_desk(tmp_path, scan=scanners(clamd, on_failure=WhenSilent.WAIT)) as desk:
        clamd.stop()
        inbox = desk.accept(a_mail())
        for _ in range(10):  # many more than `tries`
            (done,) = desk.app.worker.one_turn()
            assert (done.result.outcome, done.result.reason) == (MailOutcome.WAIT, "not scanned: clamd: Connection refused")
            desk.pass_time(minutes=10)
        clamd.start()

        assert [(one.inbox, one.result.outcome) for one in desk.work()] == [(inbox, MailOutcome.TICKET)]
        assert a_scan(desk)["virus"] == ""


def test_a_mail_waits_longer_the_longer_it_has_waited() -> None:
    hold = Deferral(reason="", counts=False)
    ages = (timedelta(seconds=0), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(days=2))

    assert [hold.pause(age).total_seconds() for age in ages] == [30, 30, 120, 360, 600]


def test_a_check_of_ours_that_stumbles_sets_one_mail_aside_and_no_other(tmp_path: Path, clamd: Clamd) -> None:
    class Stumbling:
        def scan(self, raw: bytes) -> str:
            if b"boom" in raw:
                raise ZeroDivisionError("a bug")
            return ""

    with a_desk(tmp_path, scan=scanners(clamd)) as desk:
        desk.app.examiner._viruses = Stumbling()  # type: ignore[union-attr]
        bad = desk.accept(a_mail("boom", message_id="<boom@customer.test>"))
        good = desk.accept(a_mail())
        last = {one.inbox: one.result for one in desk.work()}

    assert (last[good].outcome, last[bad].outcome) == (MailOutcome.TICKET, MailOutcome.QUARANTINED)
    assert last[bad].reason == "it could not be checked: ZeroDivisionError: a bug"


def test_a_mail_that_breaks_the_scanner_goes_aside_in_the_end(tmp_path: Path, clamd: Clamd) -> None:
    scan = Scanners(clamd=("127.0.0.1", clamd.port), clamd_max=STREAM_MAX, time_limit=timedelta(seconds=1), on_failure=WhenSilent.WAIT)
    with a_desk(tmp_path, scan=scan) as desk, clamd.frozen():
        done = desk.feed(a_mail())

        assert done.result.outcome is MailOutcome.QUARANTINED
        assert done.result.reason.startswith("not scanned: clamd")


def test_a_mail_too_large_for_the_scanner_does_not_wait_for_ever(tmp_path: Path, clamd: Clamd) -> None:
    with a_desk(tmp_path, scan=scanners(clamd, on_failure=WhenSilent.WAIT)) as desk:
        assert desk.feed(a_mail("long line of text\n" * (STREAM_MAX // 16))).result.outcome is MailOutcome.TICKET
        assert a_scan(desk)["not_scanned"][0].startswith(f"virus: clamd takes {STREAM_MAX} bytes")


def test_a_copy_of_a_mail_is_a_copy_whatever_the_scanner_says_now(tmp_path: Path, clamd: Clamd) -> None:
    with a_desk(tmp_path, scan=scanners(clamd, virus=WhenVirus.TAG)) as desk:
        desk.feed(INFECTED)

        assert desk.feed(INFECTED).result.outcome is MailOutcome.DUPLICATE
