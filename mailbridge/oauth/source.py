"""The access token of one account, shared by all its connections and renewed before it expires.

Renewal: threads share a lock, processes share a lease in the database.  The stored token is read again after each of the two, so that the
provider is asked once.  The old refresh token is kept beside a new one until the new one has worked.  So a killed process loses no login
if the provider keeps the old token valid.  An answer that the database cannot store now is kept in memory and stored later.

Errors: no answer, 429, 5xx and unreadable answers do not count as refusals, and the current token is used until it expires.
After PAUSE_AFTER refusals in a row the account is paused until somebody signs in again, and the operators are notified once.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Event, Lock

from mailbridge.clock import Clock
from mailbridge.config.model import OAuth
from mailbridge.errors import StoreAway
from mailbridge.oauth.answers import Granted
from mailbridge.oauth.cipher import CannotOpen, Cipher
from mailbridge.oauth.endpoint import TIME_LIMIT, Busy, TokenEndpoint
from mailbridge.oauth.model import AccessToken, LoginNeeded, RefusedPart, TokenRefused, TokenUnavailable
from mailbridge.ops import crash
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from mailbridge.store.tx import Tx

log = logs.get("oauth")

PAUSE_AFTER = 3  # refusals in a row
LEASE = 2 * TIME_LIMIT + timedelta(seconds=10)  # a renewal may send two requests
BETWEEN_REFUSALS = timedelta(seconds=10)
FIRST_REST, LONGEST_REST = timedelta(seconds=1), timedelta(minutes=1)
LONGEST_RETRY_AFTER = timedelta(minutes=10)
REJECTED_AFTER = timedelta(minutes=1)  # a younger token is not refused because of its age
LOOK_AGAIN = 0.1  # seconds between two checks whether another process has renewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The encrypted part of a grant.  `before`: the refresh token that `refresh` replaced, kept until `refresh` has worked."""

    refresh: str = field(default="", repr=False)
    before: str = field(default="", repr=False)
    access: str = field(default="", repr=False)


class Vault:
    """Encrypts and decrypts the secrets of grants."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def opened(self, grant: Grant) -> Secrets:
        """The decrypted secrets.  Raises CannotOpen."""
        if not grant.sealed:
            return Secrets()
        values = json.loads(self._cipher.open(grant.sealed, grant.account))
        return Secrets(refresh=values.get("refresh", ""), before=values.get("before", ""), access=values.get("access", ""))

    def sealed(self, grant: Grant, secrets_: Secrets) -> Grant:
        values = {"refresh": secrets_.refresh, "before": secrets_.before, "access": secrets_.access}
        return replace(grant, sealed=self._cipher.seal(json.dumps(values), grant.account))


Paused = Callable[[Tx, OAuth, Grant], None]


class TokenSource:
    """One for each account of a process.  Thread-safe.  `paused` is called in the transaction that pauses the account."""

    def __init__(
        self,
        account: OAuth,
        store: Store,
        vault: Vault,
        endpoint: TokenEndpoint,
        clock: Clock,
        *,
        paused: Paused = lambda _tx, _account, _grant: None,
        between_refusals: timedelta = BETWEEN_REFUSALS,
    ) -> None:
        self.account = account
        self._store, self._vault, self._endpoint, self._clock, self._paused = store, vault, endpoint, clock, paused
        self._between = between_refusals
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._client = fingerprint(account)
        self._lock = Lock()
        self._owed: Grant | None = None  # an answer that is not stored yet
        self._failures = 0
        self._ask_again: datetime | None = None

    def token(self, *, rejected: AccessToken | None = None) -> AccessToken:
        """See `model.TokenSource`.  A young token is returned although it was rejected: another one would be refused as well."""
        if rejected is not None and _is_young(rejected, self._clock.now()):
            rejected = None
        grant, kept = self._kept()
        if kept is not None and not _rejects(rejected, kept) and not kept.is_due(self._clock.now()):
            return kept
        with self._lock:
            grant, kept = self._kept()
            now = self._clock.now()
            if kept is not None and not _rejects(rejected, kept) and not kept.is_due(now):
                return kept  # another thread has renewed it
            usable = kept if kept is not None and kept.is_valid(now) and not _rejects(rejected, kept) else None
            try:
                return self._renewed(grant, kept if kept is not None and _rejects(rejected, kept) else None, usable)
            except (TokenUnavailable, TokenRefused, LoginNeeded, StoreAway) as trouble:
                if usable is None:
                    raise
                log.warning("oauth_renewal_failed", oauth=self.account.name, reason=str(trouble), rest=_seconds(usable.expires_at - now))
                return usable

    def keep_fresh(self) -> None:
        """Renews the token if that is due, and stores an answer that is kept in memory.  The timer calls it."""
        with self._lock:
            self._store_owed()
        grant, kept = self._kept()
        if grant is not None and grant.paused_at is None and kept is not None and kept.is_due(self._clock.now()):
            try:
                self.token()
            except (TokenUnavailable, TokenRefused, LoginNeeded) as trouble:
                log.warning("oauth_renewal_failed", oauth=self.account.name, reason=str(trouble))

    # -- the stored grant --------------------------------------------------------------------------------------

    def _kept(self) -> tuple[Grant | None, AccessToken | None]:
        """The grant and its access token, None if missing.  A token of another user than the configured one is not used."""
        grant = self._owed
        if grant is None:
            with self._store.read() as tx:
                grant = tx.grants.get(self.account.name)
        if grant is None:
            return None, None
        return grant, self._access(grant)

    def _access(self, grant: Grant) -> AccessToken | None:
        if grant.issued_at is None or grant.expires_at is None or self._is_anothers(grant) or not (value := self._opened(grant).access):
            return None
        return AccessToken(value=value, issued_at=grant.issued_at, expires_at=grant.expires_at)

    def _is_anothers(self, grant: Grant) -> bool:
        """Whether the login is of another user than the configuration names now."""
        return self.account.flow.interactive and grant.identity not in ("", self.account.account)

    def _opened(self, grant: Grant) -> Secrets:
        try:
            return self._vault.opened(grant)
        except CannotOpen as error:
            raise LoginNeeded(f"{error.what}: mailbridge auth login {self.account.name}", oauth=self.account.name) from error

    # -- renewal ------------------------------------------------------------------------------------------------

    def _renewed(self, grant: Grant | None, rejected: AccessToken | None, usable: AccessToken | None) -> AccessToken:
        """Gets and stores a new token.  `rejected`: the stored token that a server refused.  `usable`: one to use meanwhile."""
        self._may_ask(grant)
        claimed = self._claimed(rejected, usable)
        if isinstance(claimed, AccessToken):
            return claimed
        crash.point("oauth.claimed")
        try:
            granted, used = self._asked(claimed)
        except TokenRefused as refused:
            self._note_refusal(claimed, refused)
            raise
        except TokenUnavailable as failure:
            self._note_failure(claimed, failure)
            raise
        crash.point("oauth.answered")
        self._failures, self._ask_again = 0, None
        self._store_grant(self._after(claimed, granted, used))
        return granted.token

    def _may_ask(self, grant: Grant | None) -> None:
        """Raises if the provider must not be asked now."""
        now, name = self._clock.now(), self.account.name
        if grant is None or (self.account.flow.interactive and not grant.sealed):
            if self.account.flow.interactive:
                raise LoginNeeded(f"nobody has signed in: mailbridge auth login {name}", oauth=name)
            return
        if self._is_anothers(grant):
            what = f"{grant.identity} has signed in, but not {self.account.account}: mailbridge auth login {name}"
            raise LoginNeeded(what, oauth=name)
        if grant.client != self._client:
            return  # the client was changed: earlier refusals do not count
        if grant.paused_at is not None:
            raise LoginNeeded(f"paused after {grant.refusals} refusals: {grant.refusal}", oauth=name)
        if grant.refused_at is not None and now < grant.refused_at + self._between:
            raise TokenUnavailable(f"refused a moment ago: {grant.refusal}", oauth=name)
        if self._ask_again is not None and timedelta(0) < self._ask_again - now <= LONGEST_RETRY_AFTER:
            raise TokenUnavailable(f"{grant.failure}; next try in {_seconds(self._ask_again - now)} s", oauth=name)

    def _claimed(self, rejected: AccessToken | None, usable: AccessToken | None) -> Grant | AccessToken:
        """The grant with the lease to renew it, or a token that another process got in the meantime."""
        name, until = self.account.name, self._clock.now() + LEASE
        while True:
            now = self._clock.now()
            with self._store.write() as tx:
                tx.grants.ensure(name)
                ours = tx.grants.claim(name, self._owner, now, now + LEASE)
                grant = tx.grants.get(name)
            if grant is None:
                raise StoreAway("the login no longer exists", oauth=name)
            kept = self._access(grant)
            if kept is not None and not _rejects(rejected, kept) and not kept.is_due(now):
                if ours:
                    self._finish_renewal(grant)
                return kept
            if ours:
                return grant
            if usable is not None and usable.is_valid(now):
                return usable
            if now >= until:
                raise TokenUnavailable("another process is renewing the token and has not finished", oauth=name)
            Event().wait(LOOK_AGAIN)

    def _asked(self, grant: Grant) -> tuple[Granted, str]:
        """The provider's answer, and the refresh token that was used."""
        if not self.account.flow.interactive:
            return self._endpoint.for_app(), ""
        kept = self._opened(grant)
        if not kept.refresh:
            raise LoginNeeded(f"there is no refresh token: mailbridge auth login {self.account.name}", oauth=self.account.name)
        try:
            return self._endpoint.refreshed(kept.refresh), kept.refresh
        except TokenRefused as refused:
            if not kept.before or refused.refusal.fault is not RefusedPart.USER:
                raise
            return self._endpoint.refreshed(kept.before), kept.before  # the newer one was lost in transmission

    def _after(self, grant: Grant, granted: Granted, used: str) -> Grant:
        """The row after `granted` was received for the refresh token `used`."""
        for note in granted.notes:
            log.warning("oauth_odd_answer", oauth=self.account.name, note=note)
        rotated = bool(granted.refresh_token) and granted.refresh_token != used
        if rotated:
            log.info("oauth_refresh_token_rotated", oauth=self.account.name)
        secrets_ = Secrets(
            refresh=granted.refresh_token or used,  # Google sends none: the old one stays valid
            before=used if rotated else "",
            access=granted.token.value,
        )
        return self._vault.sealed(good(grant, granted, self._client), secrets_)

    # -- storing -------------------------------------------------------------------------------------------------

    def _store_grant(self, grant: Grant) -> None:
        """Stores the grant, or keeps it in memory until the database can store it."""
        self._owed = grant
        try:
            self._store_owed()
        except StoreAway as error:
            log.error("oauth_token_not_stored", oauth=self.account.name, error=str(error))

    def _store_owed(self) -> None:
        if self._owed is None:
            return
        self._finish_renewal(self._owed)
        self._owed = None

    def _finish_renewal(self, grant: Grant, also: Callable[[Tx], None] = lambda _tx: None) -> None:
        """Writes the grant into the row, unless a login has replaced the row since."""
        crash.point("oauth.before_commit")
        with self._store.write() as tx:
            if tx.grants.finish_renewal(grant, self._owner):
                also(tx)
        crash.point("oauth.after_commit")

    def _note_refusal(self, grant: Grant, refused: TokenRefused) -> None:
        """Counts the refusal.  After PAUSE_AFTER of them it pauses the account and notifies the operators in the same transaction."""
        now, refusal = self._clock.now(), refused.refusal
        refusals = grant.refusals + 1 if grant.client in ("", self._client) else 1
        told = replace(
            grant,
            client=self._client,
            refusals=refusals,
            refused_at=now,
            fault=refusal.fault,
            refusal=f"{refusal.error}. {refusal.advice}",
            paused_at=now if refusals >= PAUSE_AFTER else None,
        )
        log.warning("oauth_refused", oauth=self.account.name, fault=refusal.fault, reason=refusal.error, refusals=refusals)
        if told.paused_at is None:
            self._finish_renewal(told)
            return
        log.error("oauth_paused", oauth=self.account.name, fault=refusal.fault, reason=refusal.error, advice=refusal.advice)
        self._finish_renewal(told, lambda tx: self._paused(tx, self.account, told))

    def _note_failure(self, grant: Grant, failure: TokenUnavailable) -> None:
        self._failures += 1
        rest = min(FIRST_REST * 2 ** min(self._failures - 1, 10), LONGEST_REST)
        if isinstance(failure, Busy) and failure.retry_after is not None:
            rest = min(failure.retry_after, LONGEST_RETRY_AFTER)
        now = self._clock.now()
        self._ask_again = now + rest
        self._finish_renewal(replace(grant, failed_at=grant.failed_at or now, failure=str(failure)))


def good(grant: Grant, granted: Granted, client: str) -> Grant:
    """The row after a success, without its secrets, with refusals and failures cleared."""
    return replace(
        grant,
        scope=" ".join(granted.scope) or grant.scope,
        issued_at=granted.token.issued_at,
        expires_at=granted.token.expires_at,
        refresh_at=granted.token.issued_at,
        refresh_expires_at=granted.refresh_expires_at or (None if granted.refresh_token else grant.refresh_expires_at),
        client=client,
        refusals=0,
        refused_at=None,
        fault="",
        refusal="",
        paused_at=None,
        failed_at=None,
        failure="",
        note="; ".join(granted.notes),
    )


def fingerprint(account: OAuth) -> str:
    """A hash that differs between two configurations of a client and does not reveal its secret."""
    files = [file.read_bytes() if file and file.is_file() else b"" for file in (account.certificate_file, account.service_account_file)]
    words = (account.client_id, account.client_secret, account.provider.token_url, account.flow, *account.scopes)
    return sha256("\0".join(words).encode() + b"\0" + b"\0".join(files)).hexdigest()[:32]


def _rejects(rejected: AccessToken | None, kept: AccessToken) -> bool:
    return rejected is not None and rejected.value == kept.value


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 1)


def _is_young(token: AccessToken, now: datetime) -> bool:
    return now - token.issued_at < min(REJECTED_AFTER, (token.expires_at - token.issued_at) / 2)
