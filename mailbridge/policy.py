"""The rules in force: read from the desk's folder, replaced all at once, and only by rules without a mistake.

A broken file changes nothing: the last good set stays, the admins get one mail with every mistake, `mailbridge status` shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from mailbridge.clock import Clock
from mailbridge.errors import ConfigError, Problem
from mailbridge.ops import log as logs
from mailbridge.rules import folder as rules_folder
from mailbridge.rules.load import Policy, load
from mailbridge.store.engine import Store

log = logs.get("policy")

STATE_KEY = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Rules that cannot be used: every mistake, and a name for this set of mistakes so that it is mailed once."""

    problems: tuple[Problem, ...]
    fingerprint: str


class PolicyKeeper:
    """Holds the policy in force.  `refresh` is called by the ticker and on SIGHUP; all methods may be called from any thread."""

    def __init__(
        self, folder: Path, store: Store | None, clock: Clock, *, on_broken: Callable[[Broken, Policy], None] = lambda _b, _p: None
    ) -> None:
        """`folder` is the desk's.  Raises ConfigError where the rules are broken at the start: there is no good set to go on with."""
        self._folder, self._store, self._clock, self._on_broken = folder, store, clock, on_broken
        self._lock = Lock()
        texts, unreadable = rules_folder.read(folder)
        loaded = load(texts)
        if loaded.policy is None or unreadable:
            raise ConfigError(tuple(sorted([*unreadable, *loaded.problems])))
        self._policy = loaded.policy
        self._tried = self._seen = _digest(texts)
        self.broken: Broken | None = None
        self._remember()

    @property
    def policy(self) -> Policy:
        return self._policy

    def refresh(self, *, at_once: bool = False) -> None:
        """Files that changed and have been left alone since the last look are taken, or refused whole.  `at_once`: do not wait (SIGHUP)."""
        with self._lock:
            texts, unreadable = rules_folder.read(self._folder)
            digest = _digest(texts, unreadable)
            settled, self._seen = at_once or digest == self._seen, digest
            if digest == self._tried or not settled:
                return
            self._tried = digest
            self._take(texts, unreadable, digest)

    def _take(self, texts: Mapping[str, str], unreadable: Sequence[Problem], digest: str) -> None:
        loaded = load(texts)
        if loaded.policy is None or unreadable:
            self.broken = Broken(problems=tuple(sorted([*unreadable, *loaded.problems])), fingerprint=digest)
            log.error("rules_broken", mistakes=len(self.broken.problems), kept=self._policy.version)
            self._remember()
            self._on_broken(self.broken, self._policy)
            return
        before, self._policy, self.broken = self._policy.version, loaded.policy, None
        log.info("rules_reloaded", before=before, after=loaded.policy.version)
        self._remember()

    def _remember(self) -> None:
        """The version and its texts are in the store, and what is wrong now, if anything."""
        if self._store is None:
            return
        broken = self.broken
        problems = [f"{p.file}:{p.line}:{p.column}: {p.message}" for p in broken.problems] if broken else []
        now = self._clock.now()
        with self._store.write() as tx:
            tx.policies.remember(self._policy.version, self._policy.texts, now)
            tx.state.set(STATE_KEY, {"version": self._policy.version, "since": now.isoformat(), "problems": problems}, now)


def _digest(texts: Mapping[str, str], unreadable: Sequence[Problem] = ()) -> str:
    whole = sha256(repr(unreadable).encode() if unreadable else b"")
    for name, text in sorted(texts.items()):
        whole.update(f"{name}\0{text}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()
