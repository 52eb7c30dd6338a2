"""Access tokens: renewed ahead and once, kept through every trouble of the provider, paused after refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from mailbridge.clock import SystemClock
from mailbridge.config.providers import Flow
from mailbridge.errors import StoreAway
from mailbridge.oauth import endpoint
from mailbridge.oauth import source as renewal
from mailbridge.oauth.model import AccessToken, LoginNeeded, TokenRefused, TokenUnavailable
from mailbridge.oauth.source import TokenSource
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from tests.fakes.identity_provider import IdentityProvider, cut, failing, running, silent
from tests.oauth.accounts import MovableClock, a_source, a_vault, an_account, signed_in

REFRESH = "refresh_token"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with running() as found:
        yield found


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


def grant_of(store: Store) -> Grant:
    with store.read() as tx:
        grant = tx.grants.get("support")
    assert grant is not None
    return grant


def test_a_token_is_renewed_five_minutes_ahead(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)

    first = source.token()
    clock.move(minutes=54)
    assert source.token() == first
    clock.move(minutes=2)
    second = source.token()

    assert second.value != first.value
    assert provider.count(REFRESH) == 1
    assert a_vault().opened(grant_of(store)).access == second.value


@pytest.mark.parametrize(("life", "ahead"), [(3600, 300), (100, 20), (2, 0.4)])
def test_the_margin_is_a_fifth_of_a_short_life(life: float, ahead: float) -> None:
    now = SystemClock().now()
    token = AccessToken(value="x", issued_at=now, expires_at=now + timedelta(seconds=life))

    assert token.renew_at == token.expires_at - timedelta(seconds=ahead)
    assert not token.is_due(token.renew_at - timedelta(microseconds=1))
    assert token.is_due(token.renew_at)
    assert not token.is_valid(token.expires_at)


def test_the_providers_are_asked_once_by_many_threads_and_processes(store: Store, provider: IdentityProvider) -> None:
    account = an_account(provider)
    signed_in(account, provider, store, lives=0.001)
    sources = [a_source(account, store), a_source(account, store)]  # one for each process
    barrier = Barrier(8)

    def ask(number: int) -> str:
        barrier.wait(10)
        return sources[number % 2].token().value

    with ThreadPoolExecutor(8) as pool:
        values = set(pool.map(ask, range(8)))

    assert len(values) == 1
    assert provider.count(REFRESH) == 1


TROUBLES: dict[str, Callable[[IdentityProvider], object]] = {
    "429": lambda _provider: failing(429, {"error": "temporarily_unavailable"}, Retry_After="60"),
    "500": lambda _provider: failing(500, b"<html>oops"),
    "503 with a refusing body": lambda _provider: failing(503, {"error": "invalid_grant"}),
    "403": lambda _provider: failing(403, {"error": "invalid_client"}),
    "404": lambda _provider: failing(404, b""),
    "connection cut": lambda _provider: cut,
    "silence": silent,
    "no JSON": lambda _provider: failing(200, b"hello"),
    "JSON of another kind": lambda _provider: failing(200, ["access_token"]),
    "no token": lambda _provider: failing(200, {"token_type": "Bearer"}),
    "a token that is a number": lambda _provider: failing(200, {"access_token": 5}),
    "a token that breaks out": lambda _provider: failing(200, {"access_token": "a\x01auth=Bearer b"}),
    "another token type": lambda _provider: failing(200, {"access_token": "abc", "token_type": "mac"}),
    "an unknown error": lambda _provider: failing(400, {"error": "server_busy_or_so"}),
    "deep JSON": lambda _provider: failing(200, b"[" * 100_000),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_at_the_provider_counts_against_nobody(
    sqlite_store_url: str, provider: IdentityProvider, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "TIME_LIMIT", timedelta(seconds=0.5))
    store, clock = Store(sqlite_store_url), MovableClock()
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)
    held = source.token()
    provider.faults += [TROUBLES[trouble](provider)]  # type: ignore[list-item]
    clock.move(minutes=56)

    assert source.token() == held, "the token at hand goes on"
    grant = grant_of(store)
    assert (grant.refusals, grant.paused_at) == (0, None)
    assert grant.failure
    clock.move(minutes=1, seconds=1)
    assert source.token() != held
    assert grant_of(store).failed_at is None
    store.close()


def test_without_a_token_at_hand_the_next_try_waits(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)
    clock.move(hours=2)
    provider.faults += [failing(429, {}, Retry_After="40")]

    for _ in range(5):
        with pytest.raises(TokenUnavailable):
            source.token()
    assert provider.count(REFRESH) == 1, "Retry-After holds"
    clock.move(seconds=41)
    assert source.token().value in provider.tokens


def test_a_provider_that_cannot_be_reached_counts_against_nobody(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    lost = replace(account, provider=replace(account.provider, token_url="https://no-such-host.invalid/token"))
    source = a_source(lost, store, clock)
    clock.move(hours=2)

    with pytest.raises(TokenUnavailable):
        source.token()
    assert grant_of(store).refusals == 0


def test_three_refusals_in_a_row_pause_and_tell_once(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    told: list[Grant] = []
    source = a_source(account, store, clock, paused=lambda _tx, _account, grant: told.append(grant))
    provider.refusing = ("invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked")
    clock.move(hours=2)

    for number in range(1, 4):
        with pytest.raises(TokenRefused, match=r"AADSTS50173.*auth login support"):
            source.token()
        with pytest.raises((TokenUnavailable, LoginNeeded)):
            source.token()  # not at once again
        assert grant_of(store).refusals == number
        clock.move(seconds=11)
    for _ in range(3):
        with pytest.raises(LoginNeeded, match="paused"):
            source.token()
        clock.move(hours=1)

    assert provider.count(REFRESH) == 3
    assert [(grant.fault, grant.refusals) for grant in told] == [("user", 3)]
    provider.refusing = None
    signed_in(account, provider, store, lives=7 * 86400)
    assert source.token().value in provider.tokens, "after a login it goes on"
    assert (grant_of(store).refusals, grant_of(store).paused_at) == (0, None)


def test_a_success_ends_the_row_of_refusals(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)
    for _ in range(3):
        provider.refusing = ("invalid_grant", "")
        for _ in range(2):
            clock.move(hours=2)
            with pytest.raises(TokenRefused):
                source.token()
        provider.refusing = None
        clock.move(seconds=11)
        source.token()

    assert grant_of(store).paused_at is None


@pytest.mark.parametrize(
    ("error", "description", "fault", "advice"),
    [
        ("invalid_client", "AADSTS7000222: The provided client secret keys for app are expired", "app", "Create one"),
        ("invalid_client", "AADSTS7000215: Invalid client secret provided", "app", "not its Secret ID"),
        ("invalid_client", "AADSTS7000218: The request body must contain client_assertion or client_secret", "app", "public client flows"),
        ("unauthorized_client", "AADSTS700016: Application with identifier was not found in the directory", "app", "client_id"),
        ("invalid_request", "AADSTS90002: Tenant 'x' not found", "app", "Directory (tenant) ID"),
        ("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity", "user", "90 days"),
        ("invalid_grant", "reauth related error (invalid_rapt)", "user", "session control"),
        ("invalid_grant", "Token has been expired or revoked.", "user", "Testing"),
        ("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method", "app", "Domain-wide delegation"),
        ("deleted_client", "The OAuth client was deleted.", "app", "Create one"),
        ("invalid_grant", "", "user", "auth login support"),
    ],
)
def test_a_refusal_says_whose_mistake_it_is_and_what_to_do(
    sqlite_store_url: str, provider: IdentityProvider, error: str, description: str, fault: str, advice: str
) -> None:
    store, clock = Store(sqlite_store_url), MovableClock()
    account = an_account(provider)
    signed_in(account, provider, store)
    provider.refusing = (error, description)
    clock.move(hours=2)

    with pytest.raises(TokenRefused) as caught:
        a_source(account, store, clock).token()

    assert caught.value.refusal.fault == fault
    assert advice in caught.value.refusal.advice
    store.close()


@pytest.mark.parametrize(
    ("extra", "note", "life"),
    [
        ({"expires_in": None}, "expires_in", 600),
        ({"expires_in": "1800"}, "", 1800),
        ({"expires_in": 1800.9}, "", 1800.9),
        ({"expires_in": True}, "expires_in", 600),
        ({"expires_in": -5}, "expires_in", 600),
        ({"expires_in": "soon"}, "expires_in", 600),
        ({"expires_in": 10**400}, "expires_in", 600),
        ({"expires_in": 10**12}, "", 7 * 86400),
        ({"scope": "imap"}, "smtp", 3600),
        ({"scope": ["imap"]}, "", 3600),
        ({"scope": None}, "", 3600),
        ({"refresh_token": 17}, "refresh_token", 3600),
        ({"token_type": "bearer"}, "", 3600),
    ],
)
def test_odd_answers_are_used_and_said(
    sqlite_store_url: str, provider: IdentityProvider, extra: dict[str, object], note: str, life: float
) -> None:
    store, clock = Store(sqlite_store_url), MovableClock()
    account = an_account(provider)
    signed_in(account, provider, store)
    before = a_vault().opened(grant_of(store)).refresh
    provider.extra = extra
    clock.move(hours=2)

    token = a_source(account, store, clock).token()

    grant = grant_of(store)
    assert token.expires_at - token.issued_at == timedelta(seconds=life)
    assert (note in grant.note) if note else not grant.note
    assert a_vault().opened(grant).refresh not in ("", before if "refresh_token" not in extra else "")
    store.close()


def test_without_a_new_refresh_token_the_old_one_stays(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    provider.rotates = False
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)

    for _ in range(3):
        clock.move(hours=2)
        source.token()

    assert provider.count(REFRESH) == 3


def test_a_new_refresh_token_that_was_lost_falls_back_to_the_one_before(
    store: Store, provider: IdentityProvider, clock: MovableClock
) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)
    clock.move(hours=2)
    source.token()
    del provider.refresh[a_vault().opened(grant_of(store)).refresh]
    clock.move(hours=2)

    assert source.token().value in provider.tokens
    assert grant_of(store).refusals == 0


def test_an_answer_that_the_database_does_not_take_is_stored_later(
    store: Store, provider: IdentityProvider, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.revokes = True
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)
    clock.move(hours=2)
    real = TokenSource._finish_renewal

    def away(*_: object) -> None:
        raise StoreAway("the disk is full")

    monkeypatch.setattr(TokenSource, "_finish_renewal", away)
    token = source.token()
    assert source.token() == token, "it is used from memory"
    monkeypatch.setattr(TokenSource, "_finish_renewal", real)
    source.keep_fresh()

    assert a_vault().opened(grant_of(store)).access == token.value
    clock.move(hours=2)
    assert a_source(account, store, clock).token().value in provider.tokens, "the rotated token was not lost"


def test_a_login_during_a_renewal_wins(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider)
    signed_in(account, provider, store, lives=0.001)
    source = a_source(account, store, clock)

    def login_meanwhile(handler: object) -> None:
        signed_in(account, provider, store)
        failing(200, {"access_token": "of-the-old-login", "expires_in": 3600})(handler)  # type: ignore[arg-type]

    provider.faults += [login_meanwhile]
    source.token()

    assert a_vault().opened(grant_of(store)).access != "of-the-old-login"


def test_a_rejected_token_is_renewed_unless_it_is_new(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    source = a_source(account, store, clock)
    token = source.token()

    assert source.token(rejected=token) == token, "another one would be refused, too"
    clock.move(minutes=2)
    fresh = source.token(rejected=token)
    assert fresh.value != token.value
    assert source.token(rejected=token) == fresh


def test_a_changed_client_is_asked_again_after_a_pause(store: Store, provider: IdentityProvider, clock: MovableClock) -> None:
    account = an_account(provider, Flow.CLIENT_CREDENTIALS)
    source = a_source(account, store, clock)
    provider.refusing = ("invalid_client", "AADSTS7000222: expired")
    for _ in range(3):
        with pytest.raises(TokenRefused):
            source.token()
        clock.move(seconds=11)
    with pytest.raises(LoginNeeded):
        source.token()
    provider.refusing = None

    assert a_source(replace(account, client_secret="the-new-one"), store, clock).token().value in provider.tokens
    assert provider.asked[-1][1]["client_secret"] == "the-new-one"


def test_a_lease_of_a_process_that_died_ends(
    store: Store, provider: IdentityProvider, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = an_account(provider)
    signed_in(account, provider, store, lives=0.001)
    monkeypatch.setattr(renewal, "LEASE", timedelta(seconds=0.3))
    now = clock.now()
    with store.write() as tx:
        assert tx.grants.claim("support", "somebody who died", now, now + timedelta(seconds=0.3))
        assert not tx.grants.claim("support", "me", now, now + timedelta(seconds=1))

    assert a_source(account, store, clock).token().value in provider.tokens


def test_stored_tokens_are_encrypted_and_bound_to_the_key(store: Store, provider: IdentityProvider) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    sealed = grant_of(store).sealed

    assert all(secret.encode() not in sealed for secret in provider.secrets())
    other = replace(grant_of(store), account="other")
    with pytest.raises(Exception, match="another key"):
        a_vault().opened(other)
    with store.write() as tx:
        tx.grants.replace(replace(grant_of(store), sealed=sealed[:-1] + bytes([sealed[-1] ^ 1])))
    with pytest.raises(LoginNeeded, match="auth login support"):
        a_source(account, store).token()


def test_nobody_signed_in_says_what_to_do(store: Store, provider: IdentityProvider) -> None:
    with pytest.raises(LoginNeeded, match="mailbridge auth login support"):
        a_source(an_account(provider), store).token()
    assert json.dumps(provider.asked) == "[]"
