"""A server that does not answer the final dot holds up the mail that it has, and no mail behind it; and it is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from mailbridge.config.model import Outgoing, Tls
from mailbridge.daemon import stand_ins
from mailbridge.daemon.stand_ins import StandIns
from mailbridge.delivery.deliver import DeliveryWorker
from tests.fakes.smtp_server import FakeSmtp, Fault
from tests.harness import TestDesk, a_desk, a_mail
from tests.servers.processes import wait_until


def working(desk: TestDesk, worker: DeliveryWorker, stop: Event, wake: Event) -> Thread:
    thread = Thread(target=worker.run, args=(stop, wake), daemon=True)
    thread.start()
    return thread


def test_another_worker_delivers_while_one_waits_for_the_answer_to_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_ins, "WAITS", timedelta(milliseconds=1))
    stop, wake, told = Event(), Event(), list[str]()
    with FakeSmtp({"DOT": [Fault.HANG]}) as server:
        outgoing = Outgoing(url=f"smtp://127.0.0.1:{server.port}", tls=Tls.NONE, helo="desk.test", connections=1)
        with a_desk(tmp_path, outgoing=outgoing) as desk:
            worker = desk.app.delivery_worker()
            extra = StandIns("outgoing", [worker], desk.app.delivery_worker, lambda trouble, _wait: told.append(trouble), wake)
            extra.look()
            assert extra._extra == [], "nobody waits"
            desk.feed(a_mail())
            thread = working(desk, worker, stop, wake)
            wait_until(lambda: worker.waits_at_dot > 0.01, "the first mail waits")
            extra.look()
            assert [text.partition(" for ")[0] for text in told] == ["it has not answered the final dot of a mail"]
            wait_until(lambda: len(server.mails) >= 2, "the other mails are delivered meanwhile")
            extra.look()
            assert (len(told), len(extra._extra)) == (1, 1), "the server takes mails, so it does not fail"
            stop.set()
            extra.stop()
            wake.set()
            server.__exit__(None, None, None)
            thread.join(20)
            extra.look()
            assert extra._extra == []
