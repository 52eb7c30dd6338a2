"""A webhook server that is silent holds up its own calls only, and rests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import cast
from urllib.parse import urlsplit

import pytest

from mailbridge.config.model import WebhookSettings
from mailbridge.delivery.webhooks.deliver import Webhooker
from mailbridge.delivery.webhooks.http import Caller, WebhookResponse
from mailbridge.delivery.webhooks.servers import CalledServers
from mailbridge.notifications.webhook_model import Call, CallState
from tests.harness import TestDesk, a_desk

HOSTS = ("silent.test", "good.test", "slow.test")


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[TestDesk]:
    with a_desk(tmp_path, store_url=store_url, webhooks=WebhookSettings(hosts=HOSTS, secret="whsec_c2VjcmV0")) as made:
        yield made


@dataclass
class Callee:
    """Answers for all hosts: one is silent until `free`, and then gives no answer."""

    free: Event = field(default_factory=Event)
    begun: Event = field(default_factory=Event)
    called: list[str] = field(default_factory=list)

    def post(self, url: str, _body: bytes, _headers: object) -> WebhookResponse:
        host = urlsplit(url).hostname or ""
        self.called.append(host)
        if host == "silent.test":
            self.begun.set()
            assert self.free.wait(30)
            return WebhookResponse(status=None, text="no whole answer within 10 s")
        return WebhookResponse(status=204)


def owe(desk: TestDesk, *hosts: str) -> None:
    calls = [Call(key=f"k{n}", ticket=1, rule="r", event="e", url=f"https://{host}:8443/{n}", body="{}") for n, host in enumerate(hosts)]
    with desk.app.store.write() as tx:
        tx.webhooks.add_many(calls, desk.clock.now())


def test_calls_to_other_servers_do_not_wait_for_a_silent_one(desk: TestDesk) -> None:
    owe(desk, *["silent.test"] * 12, "good.test", "slow.test")
    callee, servers = Callee(), CalledServers(lambda: desk.clock.now().timestamp())
    one, two = (
        Webhooker(desk.app.store, desk.app.config.webhooks, desk.clock, caller=cast(Caller, callee), servers=servers) for _ in range(2)
    )
    hanging = Thread(target=one.one_turn)
    hanging.start()
    assert callee.begun.wait(30)
    # The second thread makes the calls to the others, and no second call to the silent server.
    while two.one_turn():
        pass
    assert sorted(callee.called) == ["good.test", "silent.test", "slow.test"]
    callee.free.set()
    hanging.join(30)
    # The silent server rests, so its other calls wait without being made.
    assert two.one_turn() == 0
    with desk.app.store.read() as tx:
        counts = tx.webhooks.counts()
    assert (counts[CallState.DEFERRED], counts[CallState.QUEUED], counts[CallState.CALLING]) == (1, 11, 0)
    desk.pass_time(seconds=3)
    assert two.one_turn() > 0
    assert callee.called.count("silent.test") == 2, "one call is the probe"


def test_a_server_that_does_not_answer_rests_longer_each_time_up_to_a_minute() -> None:
    now = [0.0]
    servers, rests = CalledServers(lambda: now[0], lambda: 0.0), list[float]()
    for _ in range(12):
        servers.take("https://a.test")
        servers.give_back("https://a.test", answered=False)
        began = now[0]
        while servers.unavailable():
            now[0] += 1
        rests.append(now[0] - began)
    assert rests[:4] == [2, 4, 8, 16]
    assert max(rests) == 60
    servers.give_back("https://a.test", answered=True)
    assert servers.unavailable() == ()
