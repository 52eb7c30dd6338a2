"""The outgoing servers of a process: which of them carries whose mail, at what rate, and who stands in for one that is away.

Each server has its own delivery workers, and these claim only the mails of its senders, so that a server which fails or is silent holds up
no other one.  Nothing stands in for a server unless its `failover` names one: another way out may not be in the SPF record of the sender.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic

from mailbridge.config.model import Config, Outgoing
from mailbridge.delivery.pace import Pace
from mailbridge.notifications.model import Senders

FAILOVER_AFTER = 120.0  # seconds for which no worker of a server reached it
UNTRIED = 600.0  # seconds after a failed mail in which only a mail shows that the server takes mails again


class OutgoingServers:
    """Safe to share between threads.  `clock` gives seconds that only grow."""

    def __init__(self, config: Config, clock: Callable[[], float] = monotonic) -> None:
        self._config, self._clock = config, clock
        self._paces = {one.name: Pace(_per_minute(one, config)) for one in config.outgoing_servers}
        self._away_since: dict[str, float] = {}
        self._mail_failed_at: dict[str, float] = {}
        self._lock = Lock()

    def pace(self, server: Outgoing) -> Pace:
        """The rate at which this process may hand mails to the server."""
        return self._paces[server.name]

    def reported(self, server: Outgoing, trouble: str, *, by_mail: bool = False) -> None:
        """A worker or a probe could not reach the server, or reached it (`trouble` '').  `by_mail`: it was tried with a mail."""
        with self._lock:
            if trouble:
                self._away_since.setdefault(server.name, self._clock())
            else:
                self._away_since.pop(server.name, None)
            if trouble and by_mail:
                self._mail_failed_at[server.name] = self._clock()
            elif by_mail:
                self._mail_failed_at.pop(server.name, None)

    def refuses_mails(self, server: Outgoing) -> bool:
        """Whether the last mail could not be handed over, some minutes ago at most.  A server may greet and then take no mail."""
        with self._lock:
            failed_at = self._mail_failed_at.get(server.name)
        return failed_at is not None and self._clock() - failed_at < UNTRIED

    def is_replaced(self, server: Outgoing) -> bool:
        """Whether another server sends its mail now."""
        with self._lock:
            since = self._away_since.get(server.name)
        return bool(server.failover) and since is not None and self._clock() - since >= FAILOVER_AFTER

    def senders(self, server: Outgoing) -> Senders | None:
        """Whose mail the server carries now; None: everybody's."""
        if len(self._config.outgoing_servers) == 1:
            return None
        carried = set(self._carried(server))
        if self._config.outgoing.name not in carried:
            return Senders(addresses=tuple(self._addresses(carried)))
        others = {one.name for one in self._config.outgoing_servers} - carried
        return Senders(addresses=tuple(self._addresses(others)), others=True)

    def _carried(self, server: Outgoing) -> Iterator[str]:
        """The names of the servers whose mail this one carries: itself, unless it is replaced, and those that it replaces."""
        if not self.is_replaced(server):
            yield server.name
        yield from (
            one.name for one in self._config.outgoing_servers if one.failover == server.name and one is not server and self.is_replaced(one)
        )

    def _addresses(self, servers: set[str]) -> Iterator[str]:
        """The identities that send by one of these servers, in lower case."""
        default = self._config.outgoing.name
        for identity in self._config.desk.identities:
            if (identity.outgoing or default) in servers:
                yield identity.address.lower()


def _per_minute(server: Outgoing, config: Config) -> int:
    """What the file says, else the limit of the provider of the login."""
    account = config.oauth_named(server.oauth)
    return server.mails_per_minute or (account.provider.limits.mails_per_minute if account else 0)
