"""The rules in force.  They are read from the desk's folder and replaced as a whole, only by rules without errors.

If a file has errors, the last valid rules stay in force, also after a restart.  The administrators get one mail with all errors, and
`mailbridge status` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from mailbridge.clock import Clock
from mailbridge.errors import ConfigError, Problem
from mailbridge.jobs import feeds, public_holidays
from mailbridge.jobs.calendar_days import day_sources
from mailbridge.jobs.public_holidays import PublicHolidays
from mailbridge.ops import log as logs
from mailbridge.rules import folder as rules_folder
from mailbridge.rules.load import Loaded, load
from mailbridge.rules.policy import Policy
from mailbridge.sla.day_sources import LIBRARY_ALONE, DaySources
from mailbridge.store.engine import Store

log = logs.get("policy")

STATE_KEY = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRules:
    """All errors of the rules, with a fingerprint by which they are mailed once."""

    problems: tuple[Problem, ...]
    fingerprint: str


class RulesReloader:
    """Holds the policy in force.  The ticker and SIGHUP call `refresh`.  All methods may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        store: Store | None,
        clock: Clock,
        *,
        templates: Callable[[], Collection[str] | None] = lambda: None,
        on_broken: Callable[[BrokenRules, Policy], None] = lambda _b, _p: None,
    ) -> None:
        """`folder` is the desk's folder.  `templates`: the templates that rules may reply with.

        A desk that starts with broken rules uses the last valid rules.  Raises ConfigError where there are none.
        """
        self._folder, self._store, self._clock, self._templates, self._on_broken = folder, store, clock, templates, on_broken
        self._lock = Lock()
        self._holidays: PublicHolidays | None = None
        self._feeds_at: str | None = None
        self.broken: BrokenRules | None = None
        texts, unreadable = rules_folder.read(folder)
        self._tried = self._seen = _digest(texts, unreadable)
        loaded = self._load(texts)
        if loaded.policy is not None and not unreadable:
            self._policy = loaded.policy
            self._remember()
            return
        self._policy = self._last_good((*unreadable, *loaded.problems))
        self._refuse((*unreadable, *loaded.problems), self._tried)

    @property
    def policy(self) -> Policy:
        return self._policy

    def refresh(self, *, at_once: bool = False) -> None:
        """Loads changed files, or refuses them as a whole.

        Files that changed since the last call are loaded once they are the same in two calls.  `at_once`: do not wait (SIGHUP).
        """
        with self._lock:
            texts, unreadable = rules_folder.read(self._folder)
            digest = _digest(texts, unreadable)
            if self._feeds_changed():
                self._load_again()
            if at_once:
                self._try_feeds_again()
            settled, self._seen = at_once or digest == self._seen, digest
            if digest == self._tried or not settled:
                return
            self._tried = digest
            self._take(texts, unreadable, digest)

    def _feeds_changed(self) -> bool:
        if self._store is None or not self._policy.feeds:
            return False
        with self._store.read() as tx:
            return bool(tx.state.get(feeds.STATE_KEY) != self._feeds_at)

    def _try_feeds_again(self) -> None:
        """Whoever changes the rules or asks for a reload may have mended a feed that failed: it is fetched at once."""
        if self._store is not None and self._policy.feeds:
            with self._store.write() as tx:
                tx.feeds.try_again()

    def _load_again(self) -> None:
        """Loads the texts in force again, with the current feeds."""
        loaded = load(self._policy.texts, sources=self._sources())
        if loaded.policy is not None and loaded.policy.calendars != self._policy.calendars:
            log.info("calendars_changed", before=self._policy.calendars, after=loaded.policy.calendars)
            self._policy = loaded.policy
            self._remember()

    def _take(self, texts: Mapping[str, str], unreadable: Sequence[Problem], digest: str) -> None:
        loaded = self._load(texts)
        if loaded.policy is None or unreadable:
            self._refuse((*unreadable, *loaded.problems), digest)
            return
        before, self._policy, self.broken = self._policy.version, loaded.policy, None
        log.info("rules_reloaded", before=before, after=loaded.policy.version)
        self._remember()
        self._try_feeds_again()

    def _load(self, texts: Mapping[str, str]) -> Loaded:
        return load(texts, templates=self._templates(), sources=self._sources())

    def _sources(self) -> DaySources:
        """The calendar days from outside the rules, as stored."""
        if self._store is None:
            return LIBRARY_ALONE
        with self._store.read() as tx:
            sources, self._holidays = day_sources(tx, self._clock.now())
            self._feeds_at = tx.state.get(feeds.STATE_KEY)
        return sources

    def _refuse(self, problems: Sequence[Problem], digest: str) -> None:
        """Keeps the valid rules and reports the errors once."""
        self.broken = BrokenRules(problems=tuple(sorted(problems)), fingerprint=digest)
        log.error("rules_broken", mistakes=len(problems), kept=self._policy.version)
        self._remember()
        self._on_broken(self.broken, self._policy)

    def _last_good(self, problems: Sequence[Problem]) -> Policy:
        """The last valid policy of this desk.  Raises ConfigError if there is none or this program cannot read it any more."""
        texts: Mapping[str, str] | None = None
        if self._store is not None:
            with self._store.read() as tx:
                version = (tx.state.get(STATE_KEY) or {}).get("version")
                texts = tx.policies.get(version) if version else None
        policy = load(texts, sources=self._sources()).policy if texts else None
        if policy is None:
            raise ConfigError(tuple(sorted(problems)))
        return policy

    def _remember(self) -> None:
        """Stores the version and its texts, and the errors, if any."""
        if self._store is None:
            return
        broken = self.broken
        problems = [f"{p.file}:{p.line}:{p.column}: {p.message}" for p in broken.problems] if broken else []
        now = self._clock.now()
        with self._store.write() as tx:
            tx.policies.remember(self._policy.version, self._policy.texts, now)
            tx.finished_runs.remember(self._policy.organisation.calendars.values(), now)
            if self._holidays is not None and (days := self._holidays.to_store) is not None:
                tx.state.set(public_holidays.STATE_KEY, days, now)
            known = {"version": self._policy.version, "calendars": self._policy.calendars}
            tx.state.set(STATE_KEY, {**known, "since": now.isoformat(), "problems": problems}, now)


def _digest(texts: Mapping[str, str], unreadable: Sequence[Problem] = ()) -> str:
    whole = sha256(repr(unreadable).encode() if unreadable else b"")
    for name, text in sorted(texts.items()):
        whole.update(f"{name}\0{text}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()
