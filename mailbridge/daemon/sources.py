"""The health of the sources of mail and of the outgoing routes: who reports it, who probes it, who publishes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from mailbridge.checks import skipping
from mailbridge.clock import Clock
from mailbridge.config.model import Config, Outgoing
from mailbridge.delivery.servers import OutgoingServers
from mailbridge.health import names, probes
from mailbridge.health.board import Board
from mailbridge.health.page import Pulse
from mailbridge.jobs.attempts import JobRuns
from mailbridge.oauth.source import TokenSource
from mailbridge.store.engine import Store


class SourceWatch:
    """`board` collects the reports of this process about its sources, `pulse` publishes the health of this process.

    `tokens`: login of OAuth -> its tokens.  `servers` hears of each outgoing server whether it could be reached.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        runs: JobRuns,
        *,
        tokens: Callable[[str], TokenSource | None],
        servers: OutgoingServers,
    ) -> None:
        self._config, self._store, self._clock, self._runs, self._tokens, self._servers = config, store, clock, runs, tokens, servers
        self.board = Board(store, clock)
        self.pulse = Pulse(store, config, clock)

    def watch(self) -> None:
        """Expects proofs of every configured source from now on, and forgets the sources that are no longer configured.

        Feeds that failed are fetched at once.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            known = [source.name for source in tx.sources.all()]
            tx.sources.forget([name for name in known if not names.is_configured(name, self._config)])
            tx.sources.watch(names.expected(self._config), now)
            tx.feeds.try_again()  # [calendars] in mailbridge.toml may be another one now

    def probe(self, places: Mapping[str, tuple[str, int]]) -> None:
        """Probes everything that needs no mail and was not seen to work a moment ago, all at once: a silent server delays no other probe.

        `places`: the address and port of each listener of this process.
        """
        due = [
            (name, ask)
            for name, ask in probes.probes(self._config, places, self._tokens)
            if not self.board.proven_within(name, names.PROBED)  # providers count logins
        ]
        if due:
            with ThreadPoolExecutor(len(due), thread_name_prefix="probe") as pool:
                list(pool.map(lambda one: self._runs.run(f"probe {one[0]}", partial(self._probe, *one)), due))

    def _probe(self, name: str, ask: probes.Probe) -> None:
        try:
            self.board.proven(name, ask())
            for server in self._config.outgoing_servers:
                if name == names.outgoing_name(self._config, server):
                    self._servers.reported(server, "")
        except probes.ProbeFailed as fault:
            self.board.failed(name, str(fault), names.PROBE_EVERY.total_seconds())

    def transport_reports(self, server: Outgoing, trouble: str, wait: timedelta) -> None:
        name = names.outgoing_name(self._config, server)
        self._servers.reported(server, trouble)
        if trouble:
            self.board.failed(name, trouble, wait.total_seconds())
        else:
            self.board.proven(name, "a mail was handed over")

    def mailbox_reports(self, name: str, ok: bool, detail: str, wait: float = 0.0) -> None:
        source = f"imap:{name}"
        if ok:
            self.board.proven(source, f"the server answered: {detail}")
        else:
            self.board.failed(source, detail, wait)

    def scanner_reports(self, name: str, trouble: str) -> None:
        """A scanner is skipped because it does not answer, or answers again."""
        if trouble:
            self.board.failed(name, trouble, skipping.PAUSE.total_seconds())
        else:
            self.board.proven(name, "it scanned a mail")

    def webhook_reports(self, host: str, trouble: str) -> None:
        if trouble:
            self.board.failed(names.webhook_name(host), trouble)
        else:
            self.board.proven(names.webhook_name(host), "a call was answered")
