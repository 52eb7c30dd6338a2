"""DNS queries for SPF, DKIM, DMARC and ARC, with a time limit for each and a cache that follows the TTL.

Records are plain values: TXT as bytes, addresses and names as text, MX as (preference, name).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import dns.exception
import dns.nameserver
import dns.resolver

from mailbridge.errors import Permanent

Record = bytes | str | tuple[int, str]
Records = tuple[Record, ...]

LIFETIME = 5.0  # seconds for one query, with all servers and retries
REMEMBERED = 2000  # cached answers
LONGEST = 3600.0  # seconds: longest TTL
NOTHING = 60.0  # seconds for which a negative answer is cached
SILENCE = 15.0  # seconds before a name is queried again after a timeout
RECORD_BYTES = 4096  # longest TXT record; SPF, DKIM and DMARC need a few hundred bytes, and regular expressions read them
RECORDS = 50  # most records of one answer


class Unanswered(Exception):
    """No server answered in time, or the name's servers fail.  A later query may succeed."""


class Resolver:
    """Queries the DNS and caches the answers.  Thread-safe."""

    def __init__(self, servers: Sequence[tuple[str, int]] = (), *, now: Callable[[], float] = time.monotonic) -> None:
        """`servers`: addresses and ports; empty: those of the system.  Raises Permanent if the system has none."""
        self._resolver = _resolver(servers)
        self._now = now
        self._lock = Lock()
        self._remembered: OrderedDict[tuple[str, str], tuple[float, Records | None]] = OrderedDict()
        self._stopped = False
        self.asked = 0  # queries that were sent

    def stop(self) -> None:
        """No further query is sent: each raises Unanswered.  One that was sent ends within LIFETIME."""
        self._stopped = True

    def ask(self, name: str, kind: str, *, until: float) -> Records:
        """The records of a name, () if there are none.  Raises Unanswered, at the latest at `until` (by the clock `now`)."""
        key = (name.lower().rstrip("."), kind)
        if not key[0]:
            return ()
        with self._lock:
            found = self._remembered.get(key)
            if found is not None and found[0] > self._now():
                self._remembered.move_to_end(key)
                return _answered(found[1], *key)
        left = min(LIFETIME, until - self._now())
        if self._stopped:
            raise Unanswered("the process ends")
        if left <= 0:
            raise Unanswered(f"no time left for {kind} {key[0]}")
        records, believed = self._look_up(*key, left)
        with self._lock:
            self.asked += 1
            # A timeout is not cached if the query had less than its full time.
            if records is not None or left == LIFETIME:
                self._remembered[key] = (self._now() + believed, records)
                self._remembered.move_to_end(key)
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return _answered(records, *key)

    def _look_up(self, name: str, kind: str, left: float) -> tuple[Records | None, float]:
        """The records (None: no answer), and the seconds for which to cache them."""
        try:
            answer = self._resolver.resolve(name, kind, lifetime=left, search=False, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
            return (), NOTHING
        except (dns.exception.Timeout, dns.resolver.NoNameservers, OSError):
            return None, SILENCE
        except (dns.exception.DNSException, UnicodeError):
            return (), NOTHING  # not a valid name: a label is too long or empty
        if answer.rrset is None:
            return (), NOTHING
        records = tuple(record for data in list(answer.rrset)[:RECORDS] if (record := _value(data, kind)) is not None)
        return records, min(float(answer.rrset.ttl), LONGEST)


def _resolver(servers: Sequence[tuple[str, int]]) -> dns.resolver.Resolver:
    try:
        resolver = dns.resolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration as error:
        raise Permanent("this system names no DNS servers; give some: [authenticity] dns_servers") from error
    if servers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in servers]
    return resolver


def _answered(records: Records | None, name: str, kind: str) -> Records:
    if records is None:
        raise Unanswered(f"no answer for {kind} {name}")
    return records


def _value(data: Any, kind: str) -> Record | None:
    """A record as a plain value; None if it is too large."""
    match kind:
        case "TXT":
            text = b"".join(data.strings)
            return text if len(text) <= RECORD_BYTES else None
        case "A" | "AAAA":
            return str(data.address)
        case "MX":
            return int(data.preference), str(data.exchange.to_text(omit_final_dot=True))
        case "PTR":
            return str(data.target.to_text(omit_final_dot=True))
    raise LookupError(f"no use for {kind} records")
