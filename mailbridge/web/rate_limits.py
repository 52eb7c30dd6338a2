"""Rate limits, in the memory of one process: at most so many requests of one kind from one account or network in a window of time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from time import monotonic

_MOST_KEYS = 20_000  # counted at once; the one that was counted longest ago is forgotten first


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `most` requests within `seconds`."""

    kind: str
    most: int
    seconds: int


PAGES_OF_A_NETWORK = Limit(kind="pages", most=600, seconds=60)
CHANGES_OF_A_SESSION = Limit(kind="changes", most=120, seconds=60)
SIGN_INS_OF_A_NETWORK = Limit(kind="sign-ins", most=30, seconds=900)
SIGN_INS_OF_AN_ADDRESS = Limit(kind="sign-in", most=5, seconds=900)


class RateLimits:
    """Counts requests in fixed windows.  Threads may share it."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._counts: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()  # (kind, key) -> end of the window, requests

    def wait(self, limit: Limit, key: str) -> int:
        """Counts a request; in how many seconds the next one is allowed, 0: this one is."""
        now, at = self._now(), (limit.kind, key)
        with self._lock:
            ends, count = self._counts.pop(at, (0.0, 0))
            if ends <= now:
                ends, count = now + limit.seconds, 0
            self._counts[at] = (ends, count + 1)
            while len(self._counts) > _MOST_KEYS:
                self._counts.popitem(last=False)
        return 0 if count < limit.most else max(1, round(ends - now))


def network_of(address: str) -> str:
    """What is counted together: an IPv4 address, the /64 of an IPv6 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network(f"{found}/64", strict=False))
    return str(found)
