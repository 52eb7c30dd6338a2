"""The tokens of the logins in [oauth.NAME]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from mailbridge.clock import Clock
from mailbridge.config.model import Config, OAuth
from mailbridge.jobs.attempts import JobRuns
from mailbridge.oauth.cipher import Cipher
from mailbridge.oauth.endpoint import TokenEndpoint
from mailbridge.oauth.source import TokenSource, Vault
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from mailbridge.store.tx import Tx


class LoginTokens:
    """`paused` is called in the transaction that stops the use of a refused login."""

    def __init__(self, config: Config, store: Store, clock: Clock, runs: JobRuns, *, paused: Callable[[Tx, OAuth, Grant], None]) -> None:
        self._config, self._store, self._clock, self._runs = config, store, clock, runs
        self._paused = paused

    @cached_property
    def vault(self) -> Vault:
        """Decrypts stored tokens with the key of [encryption]."""
        return Vault(Cipher(self._config.encryption_key))

    @cached_property
    def sources(self) -> Mapping[str, TokenSource]:
        """One for each [oauth.NAME]."""
        return {
            account.name: TokenSource(
                account, self._store, self.vault, TokenEndpoint(account, self._clock), self._clock, paused=self._paused
            )
            for account in self._config.oauth
        }

    def named(self, name: str) -> TokenSource | None:
        """The tokens for a connection that logs in with [oauth.NAME]; None for ''."""
        return self.sources[name] if name else None

    def keep_fresh(self) -> None:
        """Renews the tokens that are due."""
        for source in self.sources.values():
            self._runs.run(f"oauth {source.account.name}", source.keep_fresh)
