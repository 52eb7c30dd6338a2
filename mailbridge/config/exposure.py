"""Whether strangers can reach a listener that would believe what they write about senders."""

from __future__ import annotations

from mailbridge.config.model import ListenerSettings
from mailbridge.message.profiles import networks
from mailbridge.message.trace import within


def believes_headers(listener: ListenerSettings, desk_ids: bool) -> bool:
    """Whether the configuration wants results in the headers of this listener's mails to count; `desk_ids`: [desk] has authserv_ids."""
    return listener.trust.profile is not None or bool(listener.trust.authserv_ids) or desk_ids


def is_open(listener: ListenerSettings, desk_ids: bool, address: str) -> bool:
    """Whether strangers can reach a socket of this listener, which would believe results in headers and names nobody who may write them."""
    return believes_headers(listener, desk_ids) and not listener.trusted_peers and not is_loopback(address)


def is_loopback(host: str) -> bool:
    return host.lower() == "localhost" or within(host, _LOOPBACK)


_LOOPBACK = networks(("127.0.0.0/8", "::1"))
