"""What the connections of one listener share: its settings, the inbox, and the connections themselves."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from mailbridge.clock import Clock
from mailbridge.config.model import ListenerSettings
from mailbridge.intake.auth import Logins
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.log import IntakeLog
from mailbridge.intake.paths import without_detail
from mailbridge.message.envelope import Source


class ClientConnection(Protocol):
    """One client.  `address` is the client's, without the port."""

    address: str

    def close_soon(self) -> None: ...

    def close_if_idle(self) -> None: ...

    def abort(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class ListenerState:
    """What the connections of one listener share."""

    listener: ListenerSettings
    inbox: Inbox
    addresses: Callable[[str], bool]
    clock: Clock
    log: IntakeLog
    tls: ssl.SSLContext | None = None
    hostname: str = "localhost"
    logins: Logins | None = None
    sessions: set[ClientConnection] = field(default_factory=set)
    buffered: int = 0  # bytes of unfinished mails in memory
    closing: bool = False

    @property
    def source(self) -> Source:
        return Source(self.listener.protocol)

    @property
    def most_buffered(self) -> int:
        return max(256 << 20, 4 * self.listener.max_size)

    def takes(self, address: str) -> bool:
        """Whether the address is accepted: the desk's own addresses with and without +detail, and those of the listener's `recipients`
        (`a@b` or `@b`)."""
        address = address.lower()
        plain = without_detail(address)
        domain = plain[plain.rfind("@") :]
        listed = {recipient.lower() for recipient in self.listener.recipients}
        return self.addresses(address) or self.addresses(plain) or not listed.isdisjoint((address, plain, domain))
