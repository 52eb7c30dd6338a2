"""Signed reply addresses and signed Message-IDs: proof that a mail answers one that we sent to its very sender.

    support+mb1042.c.k7qp…@acme.example               the reply address of a mail to a customer (c) about ticket 1042
    support+mb1042.a1c4fq.x2np…@acme.example          of a mail to an agent (a), with the minute in which it was made
    support+mb17.h1c4fq.r5ta…@acme.example            of a mail that asks an agent about held mails (h); 17 is the number of the notice
    support+mb28103.u.w3df…@acme.example              ends a digest or report of an agent (u); the number stands for its name
    <mb1042.a1c4fq.x3f9….q2lm…@acme.example>          the Message-ID of a mail to an agent, with a nonce

The last word is an HMAC-SHA256 cut to 128 bits over format, purpose, number, recipient, minute, nonce and the recipient's generation.
The recipient is not in the token: whoever presents it must *be* the recipient, so a leaked or forwarded token is worth nothing to a third
party.  Two keys may be live at once; new tokens are signed with the first, old ones verify until the second is retired.

Formats.  The first one had no minute and no generation.  It is what a customer's token still is until an agent revokes the customer's
addresses on that ticket, so every address that customers have goes on working.  An agent's token without a minute counts as made at
`dated_since`, the moment at which this desk began to write minutes.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

MAC_BYTES = 16  # 128 bits, 26 letters
MINUTE_LETTERS = 5  # 32^5 minutes are 63 years
MOST_LOCAL = 64  # RFC 5321 4.5.3.1.1
MOST_TOKENS = 8  # in one mail; a reply to our mail has one or two
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648, in small letters


class Purpose(StrEnum):
    CUSTOMER = "c"
    AGENT = "a"
    HELD = "h"  # an agent's decision about held mails
    UNSUBSCRIBE = "u"  # ends a digest or a report of an agent
    ARTICLE = "k"  # a manager's decision about an article


_ENDLESS = (Purpose.CUSTOMER, Purpose.UNSUBSCRIBE)  # their tokens do not expire


class Life(StrEnum):
    """What a genuine token still allows."""

    ACTS = "acts"  # commands and answers
    ANSWERS = "answers"  # answers; commands need a confirmation
    ENDED = "ended"  # the same as the ticket's number


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The content of a token, before it is verified.  `ticket` is the number of the notice where the purpose is HELD,
    that of a digest where it is UNSUBSCRIBE, that of the article where it is ARTICLE.  `nonce` is '' in a
    reply address.  `made`: the minute in base 32, '' where there is none."""

    ticket: int
    purpose: Purpose
    mac: str
    nonce: str = ""
    made: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Makes and verifies the tokens of one desk at one moment.  `keys`: secrets in use, newest first, each at least 16 bytes."""

    keys: tuple[bytes, ...]
    prefix: str  # ticket prefix, 'MB'
    address: str  # the desk's address, 'support@acme.example'
    at: datetime
    plus_addressing: bool = True
    act_for: timedelta = timedelta(hours=24)  # validity of an agent's token for commands
    answer_for: timedelta = timedelta(days=30)  # and for replies
    dated_since: datetime | None = None  # creation time of agents' tokens without a minute; None: these are expired
    also: frozenset[str] = frozenset()  # other addresses of the desk that tokens are made for, in lower case

    def reply_address(self, ticket: int, recipient: str, purpose: Purpose, *, generation: int = 0, sender: str = "") -> str:
        """The reply address of `recipient` for `ticket`; the plain desk address where the server accepts no +detail, or where the local
        part would be longer than RFC 5321 allows.  `sender`: the address of the desk that the mail comes from; '': its own."""
        address = sender or self.address
        local, _, domain = address.rpartition("@")
        made = self._now(purpose)
        mac = _mac(self.keys[0], "reply", purpose, ticket, recipient, made=made, generation=generation)
        signed = f"{local}+{self.prefix.lower()}{ticket}.{purpose}{made}.{mac}"
        return f"{signed}@{domain}" if self.plus_addressing and len(signed.encode()) <= MOST_LOCAL else address

    def message_id(self, ticket: int, recipient: str, purpose: Purpose, key: str, *, generation: int = 0, sender: str = "") -> str:
        """A Message-ID without angle brackets, in the domain of `sender` ('': the desk's own).

        The same `key` (of the notification) gives the same id in the same minute.
        """
        nonce = _base32(sha256(key.encode()).digest()[:8])
        made = self._now(purpose)
        mac = _mac(self.keys[0], "id", purpose, ticket, recipient, nonce, made=made, generation=generation)
        return f"{self.prefix.lower()}{ticket}.{purpose}{made}.{nonce}.{mac}@{(sender or self.address).rpartition('@')[2]}"

    def in_address(self, address: str) -> Token | None:
        """The token in a recipient's address, if it is a reply address of this desk."""
        match = _REPLY.fullmatch(address.lower())
        if not match or match["prefix"] != self.prefix.lower():
            return None
        plain = f"{match['local']}@{match['domain']}"
        if plain != self.address.lower() and plain not in self.also:
            return None
        return _token(match)

    def in_message_id(self, message_id: str) -> Token | None:
        """The token in a Message-ID, if it has our format."""
        match = _ID.fullmatch(message_id.lower())
        if not match or match["prefix"] != self.prefix.lower() or not self._is_own_domain(match["domain"]):
            return None
        return _token(match, nonce=match["nonce"])

    def _is_own_domain(self, domain: str) -> bool:
        return any(address.rpartition("@")[2] == domain for address in (self.address.lower(), *self.also))

    def holder(self, token: Token, candidates: Iterable[str], generations: Mapping[str, int] | None = None) -> str | None:
        """The one of `candidates` (addresses) for whom this token was made; None where it is forged or revoked.

        `generations`: how often the reply addresses of each person (lower case) on this ticket were revoked.
        """
        what = "id" if token.nonce else "reply"
        for candidate in candidates:
            generation = (generations or {}).get(candidate.lower(), 0)
            for key in self.keys:
                expected = _mac(key, what, token.purpose, token.ticket, candidate, token.nonce, made=token.made, generation=generation)
                if hmac.compare_digest(expected, token.mac):
                    return candidate
        return None

    def life(self, token: Token) -> Life:
        """What a genuine token allows at this moment.  A customer's token is valid until it is revoked, an address
        that ends a digest as long as its key."""
        if token.purpose in _ENDLESS:
            return Life.ACTS
        made = _moment(token.made) if token.made else self.dated_since
        if made is None:
            return Life.ENDED
        age = self.at - made
        if age <= self.act_for:
            return Life.ACTS
        return Life.ANSWERS if age <= self.answer_for and token.purpose is Purpose.AGENT else Life.ENDED

    def _now(self, purpose: Purpose) -> str:
        """The minute of `at` in base 32; '' where tokens do not expire."""
        if purpose in _ENDLESS:
            return ""
        return _letters((self.at - EPOCH) // _MINUTE)


def tokens_in(signer: Signer, addresses: Sequence[str], message_ids: Sequence[str]) -> tuple[tuple[str, Token], ...]:
    """The tokens in a mail, at most MOST_TOKENS, reply addresses first, each with its text."""
    found: list[tuple[str, Token]] = []
    for texts, read in ((addresses, signer.in_address), (message_ids, signer.in_message_id)):
        found += [(text, token) for text in texts if (token := read(text))]
    return tuple(found[:MOST_TOKENS])


_REPLY = re.compile(
    r"(?P<local>[^@]+)\+(?P<prefix>[a-z]{1,8})(?P<ticket>[1-9][0-9]{0,11})\.(?P<purpose>[cahuk])(?P<made>[a-z2-7]{5})?"
    r"\.(?P<mac>[a-z2-7]{26})@(?P<domain>[^@]+)",
    re.ASCII,
)
_ID = re.compile(
    r"(?P<prefix>[a-z]{1,8})(?P<ticket>[1-9][0-9]{0,11})\.(?P<purpose>[cahuk])(?P<made>[a-z2-7]{5})?"
    r"\.(?P<nonce>[a-z2-7]{13})\.(?P<mac>[a-z2-7]{26})@(?P<domain>[^@]+)",
    re.ASCII,
)


def _token(match: re.Match[str], nonce: str = "") -> Token:
    purpose, made = Purpose(match["purpose"]), match["made"] or ""
    return Token(ticket=int(match["ticket"]), purpose=purpose, mac=match["mac"], nonce=nonce, made=made)


def _moment(made: str) -> datetime:
    minutes = 0
    for letter in made:
        minutes = minutes * len(_ALPHABET) + _ALPHABET.index(letter)
    return EPOCH + timedelta(minutes=minutes)


def _mac(
    key: bytes, what: str, purpose: Purpose, ticket: int, recipient: str, nonce: str = "", *, made: str = "", generation: int = 0
) -> str:
    said = ["mailbridge", what, purpose, str(ticket), recipient.lower(), nonce]
    if made or generation:
        said += [made, str(generation)]
    return _base32(hmac.digest(key, "\0".join(said).encode("utf-8", "surrogatepass"), "sha256")[:MAC_BYTES])


@lru_cache(maxsize=64)
def _letters(minutes: int) -> str:
    """The number in base 32, with MINUTE_LETTERS letters."""
    letters = ""
    for _ in range(MINUTE_LETTERS):
        minutes, index = divmod(minutes, len(_ALPHABET))
        letters = _ALPHABET[index] + letters
    return letters


_PAIRS = tuple(one + other for one in _ALPHABET for other in _ALPHABET)  # the letters of ten bits


def _base32(data: bytes) -> str:
    """The bytes in base 32 (RFC 4648, section 6) in small letters and without padding.  A mail has ten of them, and b32encode is slow."""
    letters = -(-len(data) * 8 // 5)
    even = letters + letters % 2
    number = int.from_bytes(data, "big") << (even * 5 - len(data) * 8)
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(even * 5 - 10, -1, -10)])[:letters]
