"""Answers that are no whole HTTP: each of those who ask takes them for trouble that passes, and goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.checks.rspamd import Rspamd
from mailbridge.checks.scan import NotScanned, ScanFault
from mailbridge.config.model import HealthSettings, WebhookSettings
from mailbridge.delivery.webhooks.deliver import Webhooker
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.webhook_model import CallState
from mailbridge.ops.https import NoAnswer
from mailbridge.ops.https import request as ask
from mailbridge.store.engine import Store
from tests.builders import NOW
from tests.fakes.broken_http import ANSWERS, answering
from tests.fakes.identity_provider import IdentityProvider
from tests.harness import RULES, a_desk, a_mail
from tests.oauth.accounts import MovableClock, a_source, an_account, signed_in

SHORT = timedelta(seconds=5)


@pytest.fixture(params=ANSWERS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with answering(ANSWERS[request.param]) as found:
        yield found


def test_it_is_no_answer(port: int) -> None:
    for method, body in (("POST", b"x" * 100_000), ("GET", None)):
        with pytest.raises(NoAnswer) as caught:
            ask(method, f"http://127.0.0.1:{port}/", body, {}, time_limit=SHORT, most=2048)
        assert str(caught.value)


def test_the_token_at_hand_goes_on_and_nothing_counts_as_a_refusal(sqlite_store_url: str, port: int) -> None:
    store, clock, account = Store(sqlite_store_url), MovableClock(), an_account(IdentityProvider(port=port))
    signed_in(account, IdentityProvider(), store)
    source = a_source(account, store, clock)
    held = source.token()
    clock.move(minutes=56)

    assert source.token() == held
    with store.read() as tx:
        (grant,) = tx.grants.all()
    assert (grant.refusals, grant.paused_at, bool(grant.failure)) == (0, None, True)
    store.close()


def test_rspamd_broke_off(port: int) -> None:
    with pytest.raises(NotScanned) as caught:
        Rspamd(f"http://127.0.0.1:{port}", seconds=5).score(a_mail(), Envelope(source=Source.PIPE, received_at=NOW))

    assert caught.value.fault is ScanFault.BROKE


def test_a_webhook_is_called_again(tmp_path: Path, sqlite_store_url: str) -> None:
    with ExitStack() as stack:
        urls = [f"http://127.0.0.1:{stack.enter_context(answering(said))}/" for said in ANSWERS.values()]
        rule = f"- name: tell\n  when: {{header: {{subject: {{contains: printer}}}}}}\n  then: {{webhook: {json.dumps(urls)}}}\n"
        settings = WebhookSettings(hosts=("127.0.0.1",), secret="whsec_c2VjcmV0IG9mIGEgdGVzdA==")
        desk = stack.enter_context(
            a_desk(tmp_path, rules=RULES | {"routing/20-calls.yaml": rule}, store_url=sqlite_store_url, webhooks=settings)
        )
        desk.feed(a_mail())
        caller = Webhooker(desk.app.store, desk.app.config.webhooks, desk.clock, jitter=lambda: 0.0)
        turns = sum(iter(caller.one_turn, 0))
        with desk.app.store.read() as tx:
            found = tx.webhooks.list()

    assert turns == len(found) == len(ANSWERS)
    assert {(queued.state, queued.status, queued.attempts) for queued in found} == {(CallState.DEFERRED, None, 1)}
    assert all(queued.answer for queued in found)


@pytest.mark.parametrize("name", ["nothing", "another protocol", "a body that is cut off"])
def test_a_ping_fails_and_the_desk_goes_on(tmp_path: Path, name: str) -> None:
    with answering(ANSWERS[name]) as port, a_desk(tmp_path, health=HealthSettings(ping_url=f"http://127.0.0.1:{port}/ok")) as desk:
        desk.app.sources.pulse.look()

        assert not desk.app.sources.pulse.ping()
