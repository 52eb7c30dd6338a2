"""The mark on each mail of ours by which we recognise it when it comes back (X-Mailbridge-Loop).  Pure.

X-Mailbridge-Loop: x3f9….q2lm…

On the left a nonce made from the key of the notification, on the right an HMAC-SHA256 over it, cut to 128 bits.  It contains no address:
anybody can write an address, but nobody else can compute the MAC.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from mailbridge.conversation.tokens import Signer

KEPT_CODES_LIVE = timedelta(days=30)
_MAC_BYTES = 16
_KEPT = re.compile(r"\bkept (?P<mail>[1-9][0-9]{0,15})\.(?P<day>[0-9]{8})\.(?P<mac>[a-z2-7]{26})\b")


def loop_mark(signer: Signer, key: str) -> str:
    """The mark of the mail with the notification `key`.  The same key gives the same mark while the signing key is in use."""
    nonce = _base32(sha256(f"loop:{key}".encode()).digest()[:8])
    return f"{nonce}.{_mac(signer.keys[0], nonce)}"


def is_our_mark(signer: Signer, mark: str) -> bool:
    """Whether this desk made the mark, with a key that is still in use."""
    nonce, _, mac = mark.partition(".")
    return bool(nonce) and any(hmac.compare_digest(_mac(key, nonce).encode(), mac.encode()) for key in signer.keys)


def is_mark_of(signer: Signer, mark: str, key: str) -> bool:
    """Whether it is the mark of the mail with the notification `key`."""
    return mark.partition(".")[0] == loop_mark(signer, key).partition(".")[0] and is_our_mark(signer, mark)


def kept_code(signer: Signer, mail: int, admin: str, day: date) -> str:
    """The code in an admin's link that makes a kept mail a ticket: `kept 42.20261130.q2lm…`.  It is valid for this admin and this mail
    only."""
    return f"kept {mail}.{day:%Y%m%d}.{_mac(signer.keys[0], _kept(mail, admin, f'{day:%Y%m%d}'))}"


def kept_mail(signer: Signer, text: str, admin: str, today: date) -> int | None:
    """The mail of a code in `text`, where this admin got the code within the last 30 days."""
    found = _KEPT.search(text[:1000])
    if found is None:
        return None
    expected = [_mac(key, _kept(int(found["mail"]), admin, found["day"])) for key in signer.keys]
    if not any(hmac.compare_digest(one, found["mac"]) for one in expected):
        return None
    given = datetime.strptime(found["day"], "%Y%m%d").replace(tzinfo=UTC).date()
    return int(found["mail"]) if today - given <= KEPT_CODES_LIVE else None


def _kept(mail: int, admin: str, day: str) -> str:
    return f"kept\0{mail}\0{admin.lower()}\0{day}"


def _mac(key: bytes, nonce: str) -> str:
    return _base32(hmac.digest(key, f"mailbridge\0loop\0{nonce}".encode("utf-8", "surrogatepass"), "sha256")[:_MAC_BYTES])


def _base32(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()
