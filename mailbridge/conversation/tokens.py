"""Signed reply addresses and signed Message-IDs: proof that a mail answers one that we sent to its very sender.

    support+mb1042.c.k7qp…@acme.example          the reply address of a mail to a customer (c) about ticket 1042
    <mb1042.a.x3f9….q2lm…@acme.example>          the Message-ID of a mail to an agent (a)

The last word is an HMAC-SHA256 cut to 128 bits over purpose, ticket, recipient (and, in a Message-ID, a nonce).  The recipient is
not in the token: whoever presents it must *be* the recipient, so a leaked or forwarded token is worth nothing to a third party.
Two keys may be live at once; new tokens are signed with the first, old ones verify until the second is retired.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

MAC_BYTES = 16  # 128 bits, 26 letters


class Purpose(StrEnum):
    CUSTOMER = "c"
    AGENT = "a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token claims, not yet believed.  `nonce` is '' in a reply address."""

    ticket: int
    purpose: Purpose
    mac: str
    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Makes and checks tokens of one desk.  `keys`: live secrets, newest first, each at least 16 bytes."""

    keys: tuple[bytes, ...]
    prefix: str  # ticket prefix, 'MB'
    address: str  # the desk's address, 'support@acme.example'
    plus_addressing: bool = True

    def reply_address(self, ticket: int, recipient: str, purpose: Purpose) -> str:
        """The address that answers of `recipient` about `ticket` go to; the plain desk address where the server takes no +detail."""
        if not self.plus_addressing:
            return self.address
        local, _, domain = self.address.rpartition("@")
        mac = _mac(self.keys[0], "reply", purpose, ticket, recipient)
        return f"{local}+{self.prefix.lower()}{ticket}.{purpose}.{mac}@{domain}"

    def message_id(self, ticket: int, recipient: str, purpose: Purpose, key: str) -> str:
        """A Message-ID without angle brackets; the same `key` (the promise's unique name) always gives the same id."""
        nonce = _letters(sha256(key.encode()).digest()[:8])
        mac = _mac(self.keys[0], "id", purpose, ticket, recipient, nonce)
        return f"{self.prefix.lower()}{ticket}.{purpose}.{nonce}.{mac}@{self.address.rpartition('@')[2]}"

    def in_address(self, address: str) -> Token | None:
        """The token in a recipient's address, if that is a reply address of this desk."""
        match = _REPLY.fullmatch(address.lower())
        own_local, _, own_domain = self.address.lower().rpartition("@")
        if not match or match["local"] != own_local or match["domain"] != own_domain or match["prefix"] != self.prefix.lower():
            return None
        return Token(ticket=int(match["ticket"]), purpose=Purpose(match["purpose"]), mac=match["mac"])

    def in_message_id(self, message_id: str) -> Token | None:
        """The token in a Message-ID, if it is shaped like one of ours."""
        match = _ID.fullmatch(message_id.lower())
        if not match or match["domain"] != self.address.lower().rpartition("@")[2] or match["prefix"] != self.prefix.lower():
            return None
        return Token(ticket=int(match["ticket"]), purpose=Purpose(match["purpose"]), mac=match["mac"], nonce=match["nonce"])

    def holder(self, token: Token, candidates: Iterable[str]) -> str | None:
        """The one of `candidates` (addresses) whom this token was made for, None where it is nobody's: forged or expired."""
        kind = ("id", token.nonce) if token.nonce else ("reply", "")
        for candidate in candidates:
            for key in self.keys:
                expected = _mac(key, kind[0], token.purpose, token.ticket, candidate, kind[1])
                if hmac.compare_digest(expected, token.mac):
                    return candidate
        return None


def tokens_in(signer: Signer, addresses: Sequence[str], message_ids: Sequence[str]) -> tuple[tuple[str, Token], ...]:
    """All tokens a mail presents, reply addresses first, each with the text it stood in."""
    found = [(address, signer.in_address(address)) for address in addresses]
    found += [(message_id, signer.in_message_id(message_id)) for message_id in message_ids]
    return tuple((text, token) for text, token in found if token)


_REPLY = re.compile(
    r"(?P<local>[^@]+)\+(?P<prefix>[a-z]{1,8})(?P<ticket>[1-9][0-9]{0,11})\.(?P<purpose>[ca])\.(?P<mac>[a-z2-7]{26})@(?P<domain>[^@]+)",
    re.ASCII,
)
_ID = re.compile(
    r"(?P<prefix>[a-z]{1,8})(?P<ticket>[1-9][0-9]{0,11})\.(?P<purpose>[ca])\.(?P<nonce>[a-z2-7]{13})\.(?P<mac>[a-z2-7]{26})@(?P<domain>[^@]+)",
    re.ASCII,
)


def _mac(key: bytes, what: str, purpose: Purpose, ticket: int, recipient: str, nonce: str = "") -> str:
    text = "\0".join(("mailbridge", what, purpose, str(ticket), recipient.lower(), nonce))
    return _letters(hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")[:MAC_BYTES])


def _letters(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()
