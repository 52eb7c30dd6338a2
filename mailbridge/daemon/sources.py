"""The health of the sources of mail and of the outgoing routes: who reports it, who probes it, who publishes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from threading import Lock, Thread
from time import monotonic

from mailbridge.checks import skipping
from mailbridge.clock import Clock
from mailbridge.config.model import Config, Outgoing
from mailbridge.delivery.servers import OutgoingServers
from mailbridge.errors import StoreAway
from mailbridge.health import names, probes
from mailbridge.health.board import Board
from mailbridge.health.page import Pulse
from mailbridge.jobs.attempts import JobRuns
from mailbridge.oauth.source import TokenSource
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store

log = logs.get("health")


class SourceWatch:
    """`board` collects the reports of this process about its sources, `pulse` publishes the health of this process.

    `tokens`: login of OAuth -> its tokens.  `servers` hears of each outgoing server whether it could be reached.  `works_again` is called
    with the name of a source that failed and answers a probe: what waits for it may be tried now.
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
        self.works_again: Callable[[str], None] = lambda _name: None
        self._config, self._store, self._clock, self._runs, self._tokens, self._servers = config, store, clock, runs, tokens, servers
        self.board = Board(store, clock)
        self._lock = Lock()
        self._asked: set[str] = set()  # sources whose probe has not ended
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
        """Probes everything that needs no mail and was not seen to work a moment ago, all at once.

        Returns when all have ended or the next probes are due.  A probe that has not ended by then delays no other one: only its own source
        is not probed meanwhile.  `places`: the address and port of each listener of this process.
        """
        due = [
            (name, ask)
            for name, ask in probes.probes(self._config, places, self._tokens)
            if not self.board.proven_within(name, names.PROBED)  # providers count logins
        ]
        ends = monotonic() + names.PROBE_EVERY.total_seconds()
        # Daemon threads: a process that ends does not wait for a silent server.
        threads = [Thread(target=self._ask, args=one, name=f"probe-{one[0]}", daemon=True) for one in due if self._begins(one[0])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, ends - monotonic()))

    def _begins(self, name: str) -> bool:
        """Whether the source is not being probed already; then it is from now on."""
        with self._lock:
            is_new = name not in self._asked
            self._asked.add(name)
        return is_new

    def _ask(self, name: str, ask: probes.Probe) -> None:
        try:
            self._runs.run(f"probe {name}", partial(self._probe, name, ask))
        except StoreAway as error:
            log.warning("store_away", error=str(error))
        finally:
            with self._lock:
                self._asked.discard(name)

    def _probe(self, name: str, ask: probes.Probe) -> None:
        try:
            proof = ask()
        except probes.ProbeFailed as fault:
            self.board.failed(name, str(fault), names.PROBE_EVERY.total_seconds())
            return
        server = next((one for one in self._config.outgoing_servers if name == names.outgoing_name(self._config, one)), None)
        if server is not None and self._servers.refuses_mails(server):
            self.works_again(name)  # its greeting is no proof: the next mail is
            return
        if server is not None:
            self._servers.reported(server, "")
        if self.board.proven(name, proof):
            self.works_again(name)

    def transport_reports(self, server: Outgoing, trouble: str, wait: timedelta) -> None:
        name = names.outgoing_name(self._config, server)
        self._servers.reported(server, trouble, by_mail=True)
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
