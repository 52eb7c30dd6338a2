"""kill -9 at each point of a login and of a renewal: what is lost, and what is not."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

import pytest

from mailbridge.oauth.model import LoginNeeded, TokenRefused
from mailbridge.ops import crash
from mailbridge.store.engine import Store
from tests.fakes.identity_provider import IdentityProvider, running
from tests.forked import killed
from tests.oauth.accounts import a_source, an_account, signed_in
from tests.oauth.victim import renew, sign_in

RENEWAL = tuple(point for point in crash.POINTS if point.startswith("oauth.") and ".login_" not in point)
LOGIN = tuple(point for point in crash.POINTS if point.startswith("oauth.login_"))
WINDOW = ("oauth.answered", "oauth.before_commit")  # between the provider's answer and our disk
VERIFIER = "v" * 43


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with running() as found:
        yield found


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    opened = Store(sqlite_store_url)
    yield opened
    opened.close()


def test_there_are_points_to_die_at() -> None:
    assert len(RENEWAL) == 4
    assert len(LOGIN) == 3


@pytest.mark.parametrize("point", RENEWAL)
@pytest.mark.parametrize("revokes", [False, True], ids=["old token stays valid", "old token revoked on use"])
def test_killed_in_a_renewal(sqlite_store_url: str, store: Store, provider: IdentityProvider, point: str, revokes: bool) -> None:
    provider.revokes = revokes
    account = an_account(provider)
    signed_in(account, provider, store, lives=0.001)

    assert killed(point, renew, sqlite_store_url, provider.port)
    with store.write() as tx:
        tx.grants.release()  # as the daemon does at its start
    told: list[str] = []
    source = a_source(account, store, between_refusals=timedelta(0), paused=lambda _tx, one, _grant: told.append(one.name))

    if revokes and point in WINDOW:
        for _ in range(3):
            with pytest.raises(TokenRefused, match="auth login support"):
                source.token()
        with pytest.raises(LoginNeeded):
            source.token()
        assert told == ["support"]
        signed_in(account, provider, store, lives=3600)
    assert source.token().value in provider.tokens
    with store.read() as tx:
        assert [grant.refusals for grant in tx.grants.all()] == [0]


@pytest.mark.parametrize("point", LOGIN)
def test_killed_in_a_login(sqlite_store_url: str, store: Store, provider: IdentityProvider, point: str) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    before = a_source(account, store).token()
    challenge = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    provider.codes["known"] = {"code_challenge": challenge, "redirect_uri": "http://127.0.0.1:8478/"}

    assert killed(point, sign_in, sqlite_store_url, provider.port, VERIFIER)

    token = a_source(account, store).token()
    assert token.value in provider.tokens
    assert (token == before) == (point != "oauth.login_after_commit")
