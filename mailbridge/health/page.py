"""http://host:port/health for containers and load balancers, and a ping to a monitor that notices when it stops.

Both report the last look, which the daemon's timer took and stored with its heartbeat.  When the timer stops or the database is away, the
look gets old: then the answer is 503 and the ping stops.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from mailbridge import __version__
from mailbridge.clock import Clock
from mailbridge.config.model import Config
from mailbridge.delivery.webhooks.allowed import NotAllowed
from mailbridge.delivery.webhooks.http import Caller
from mailbridge.health.names import TELEMETRY, expected
from mailbridge.health.notices import lasts
from mailbridge.ops import log as logs
from mailbridge.ops.http import HttpPage, HttpRequest
from mailbridge.store.engine import Store
from mailbridge.store.source_health import HealthState

TOO_OLD = timedelta(seconds=60)
PING_TIME = timedelta(seconds=10)

log = logs.get("health")


@dataclass(frozen=True, slots=True)
class Look:
    """The state of the desk at a moment.  `failing`: sources that have been failing for some minutes, with the reason."""

    at: datetime
    sources: Mapping[str, str] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)


class Pulse:
    """The health of this process.  Thread-safe: a look is replaced as a whole."""

    def __init__(self, store: Store, config: Config, clock: Clock) -> None:
        self._store, self._config, self._clock = store, config, clock
        self._last: Look | None = None

    def look(self) -> None:
        """Takes a look at the sources in the database.  Raises StoreAway; then the last look gets old."""
        now, within = self._clock.now(), expected(self._config)
        with self._store.read() as tx:
            sources = tx.sources.all()
        sources = [one for one in sources if one.name != TELEMETRY]  # mail does not need it
        states = {one.name: one.state(now, within.get(one.name)) for one in sources}
        failing = {
            one.name: one.why(states[one.name])
            for one in sources
            if states[one.name] is HealthState.STALE
            or (states[one.name] is HealthState.FAILING and lasts(one, now))
        }
        self._last = Look(now, {name: str(state) for name, state in states.items()}, failing)

    def answer(self, asked: HttpRequest) -> HttpPage:
        """`/health`: whether the daemon works.  `/health/sources`: whether its sources work, too."""
        if asked.path not in {"/health", "/health/sources"}:
            return HttpPage(status="404 Not Found", body=b"Ask for /health or /health/sources.\n")
        last, now = self._last, self._clock.now()
        why = self._why(last, now)
        works = not why
        sound = works and not (last is not None and last.failing and asked.path == "/health/sources")
        said = {
            "ok": sound,
            "version": __version__,
            "looked_at": last.at.isoformat() if last else None,
            "why": why,
            "sources": last.sources if last else {},
        }
        return HttpPage(
            status="200 OK" if sound else "503 Service Unavailable",
            content_type="application/json",
            body=json.dumps(said).encode() + b"\n",
        )

    def _why(self, last: Look | None, now: datetime) -> str:
        """Why the desk does not work; '' where it does."""
        if trouble := self._store.write_trouble:
            return f"the database takes no writes: {trouble}"
        return "" if last is not None and abs(now - last.at) < TOO_OLD else "the database was not checked within the last minute"

    def ping(self) -> bool:
        """Pings the operator's address if the desk works; whether it was reached.  Errors are only logged."""
        last, url = self._last, self._config.health.ping_url
        if not url or last is None or last.failing or self._why(last, self._clock.now()):
            return False
        try:
            answer = Caller(((urlsplit(url).hostname or ""),), time_limit=PING_TIME).get(url)
        except NotAllowed as error:
            log.warning("ping_failed", reason=str(error))
            return False
        if answer.status is None or not 200 <= answer.status < 300:
            log.warning("ping_failed", status=answer.status, reason="" if answer.status else answer.text)
            return False
        return True
