"""Two processes that share one login by the database: one of them asks the provider, both go on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Event, Thread

import pytest

from mailbridge.store.engine import Store
from tests.fakes.identity_provider import IdentityProvider, running
from tests.oauth.accounts import a_vault, an_account, signed_in

REFRESH = "refresh_token"
PATIENCE = 60.0


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with running() as found:
        yield found


class Renewer:
    """One of the processes."""

    def __init__(self, url: str, provider: IdentityProvider) -> None:
        command = [sys.executable, "-m", "tests.oauth.renewer", url, str(provider.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def says(self) -> str:
        """Its next line; '' where it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, minutes: float) -> None:
        """It asks for the token, so many minutes later than before, and has begun with it."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{minutes}\n")
        self.process.stdin.flush()
        assert self.says() == "asking"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def renewers(store_url: str, provider: IdentityProvider) -> Iterator[tuple[Renewer, Renewer]]:
    two = (Renewer(store_url, provider), Renewer(store_url, provider))
    watchdog = Event()  # a process that hangs fails the test by its missing line
    Thread(target=lambda: watchdog.wait(PATIENCE) or [one.process.kill() for one in two], daemon=True).start()
    try:
        assert [one.says() for one in two] == ["ready", "ready"]
        yield two
    finally:
        watchdog.set()
        for one in two:
            one.kill()


class Held:
    """An answer of the provider that is held until the test lets it go."""

    def __init__(self, provider: IdentityProvider) -> None:
        self._provider = provider
        self.came, self.go_on = Event(), Event()
        provider.faults.append(self)

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.came.set()
        self.go_on.wait(PATIENCE)
        path, form = self._provider.asked.pop()
        self._provider.answer(handler, path, form)


def kept(store: Store) -> str:
    with store.read() as tx:
        grant = tx.grants.get("support")
    assert grant is not None
    return a_vault().opened(grant).access


def test_the_provider_is_asked_once_and_both_go_on(
    store: Store, provider: IdentityProvider, renewers: tuple[Renewer, Renewer]
) -> None:
    """Each refresh token works once: a second request with it would be refused, and the refusal told."""
    provider.revokes = True
    signed_in(an_account(provider), provider, store, lives=0.001)
    seen = set()

    for times in range(1, 6):
        held = Held(provider)
        for one in renewers:
            one.ask(61)
        assert held.came.wait(PATIENCE)
        held.go_on.set()
        tokens = {one.says() for one in renewers}

        assert tokens == {kept(store)}
        assert provider.count(REFRESH) == times
        seen |= tokens

    assert len(seen) == 5
    with store.read() as tx:
        assert [(grant.refusals, grant.failure) for grant in tx.grants.all()] == [(0, "")]


def test_the_other_uses_the_token_at_hand_while_one_asks_and_asks_itself_where_that_one_dies(
    store: Store, provider: IdentityProvider, renewers: tuple[Renewer, Renewer]
) -> None:
    first, second = renewers
    signed_in(an_account(provider), provider, store)
    at_hand = kept(store)
    held = Held(provider)

    first.ask(56)  # due, and valid for four minutes
    assert held.came.wait(PATIENCE)
    second.ask(56)
    assert second.says() == at_hand
    assert provider.count(REFRESH) == 1, "the second did not ask"

    first.kill()
    second.ask(2)  # the lease of the one that died has ended
    renewed = second.says()
    held.go_on.set()

    assert renewed != at_hand
    assert renewed in provider.tokens
    assert kept(store) == renewed
    assert provider.count(REFRESH) == 2
