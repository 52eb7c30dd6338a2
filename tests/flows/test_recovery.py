"""What waits for a server is tried when a probe shows that it is back, and not when its wait is over."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from mailbridge.checks.scan import NotScanned
from mailbridge.config.model import Scanners, WhenSilent
from mailbridge.daemon.recovery import Recovery
from mailbridge.health.names import CLAMD, DNS, OUTGOING
from tests.harness import TestDesk, a_desk, a_mail


class Scanner:
    def __init__(self) -> None:
        self.is_well, self.asked = False, 0

    def scan(self, _raw: bytes) -> str:
        self.asked += 1
        if not self.is_well:
            raise NotScanned("clamd did not answer in time")
        return ""


def waiting(desk: TestDesk) -> int:
    with desk.app.store.read() as tx:
        counts = tx.inbox.counts()
    return counts["new"] + counts["claimed"]


def test_mails_that_wait_for_a_scanner_are_filed_when_it_is_back(tmp_path: Path) -> None:
    scan = Scanners(clamd=("127.0.0.1", 1), on_failure=WhenSilent.WAIT)
    with a_desk(tmp_path, scan=scan) as desk:
        scanner = Scanner()
        assert desk.app.examiner is not None
        desk.app.examiner._viruses = scanner
        desk.accept(a_mail())
        desk.app.worker.one_turn()
        assert (waiting(desk), desk.tickets()) == (1, [])
        assert desk.app.worker.one_turn() == [], "it waits half a minute"

        scanner.is_well = True
        Recovery(desk.app, {}, Event().set).works_again(CLAMD)
        desk.app.worker.one_turn()
        assert (waiting(desk), len(desk.tickets())) == (0, 1)


def test_a_server_that_is_back_is_tried_by_its_own_workers(desk: TestDesk) -> None:
    worker, woken = desk.app.delivery_worker(), Event()
    worker._resting_until = 1e12
    recovery = Recovery(desk.app, {OUTGOING: [worker]}, woken.set)
    recovery.works_again(DNS)
    assert (worker._resting_until, woken.is_set()) == (1e12, False)
    recovery.works_again(OUTGOING)
    assert (worker._resting_until, woken.is_set()) == (None, True)
