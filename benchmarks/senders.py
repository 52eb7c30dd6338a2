"""What it costs to find out who wrote a mail: by a trusted line of the header, and by the desk's own check with and without cached answers.

    python -m benchmarks.senders [--n 300]

Mails are signed with RSA 2048; a name server in this process answers at once, so `first` shows our own work for questions, not
the network's time.  `cached` is the same mail again: signature and hash are computed, no question goes out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailbridge.checks.authenticity import AuthenticityChecker
from mailbridge.checks.build import organizational
from mailbridge.checks.channels import Channels
from mailbridge.checks.resolver import Records, Resolver
from mailbridge.config.model import Config, DeskSettings, Mailbox, Trust
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.headers import header_block
from mailbridge.message.profiles import Profile

MAIL = (
    b"""From: Ann <ann@firm.example>\r\nTo: support@desk.example\r\nSubject: Printer\r\nDate: Mon, 30 Nov 2026 09:00:00 +0000\r
Message-ID: <1@firm.example>\r\n\r\n"""
    + b"It does not print, and the panel shows E-52.\r\n" * 60
)
HOP = b"Received: from mail.firm.example (unknown [198.51.100.9]) by mx.desk.example with ESMTPS id 4x; Mon, 30 Nov 2026 09:00:00 +0000\r\n"
RESULTS = b"Authentication-Results: mx.desk.example; dkim=pass header.d=firm.example; dmarc=pass header.from=firm.example\r\n"


class Answering(Resolver):
    """The records of firm.example, at once; everything else does not exist."""

    def __init__(self, key: bytes) -> None:
        super().__init__([("127.0.0.1", 53)])
        self._records = {"s1._domainkey.firm.example": key, "_dmarc.firm.example": b"v=DMARC1; p=reject"}

    def _look_up(self, name: str, kind: str, left: float) -> tuple[Records | None, float]:
        found = self._records.get(name)
        return ((found,) if found else ()), 3600.0

    def forget(self) -> None:
        self._remembered.clear()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--n", type=int, default=300)
    rounds = options.parse_args().n
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    resolver = Answering(b"v=DKIM1; p=" + _public(private))
    signed = HOP + RESULTS + dkim.sign(MAIL, b"s1", b"firm.example", pem) + MAIL
    config = Config(
        folder=Path(),
        desk=DeskSettings(name="Desk", address="support@desk.example"),
        mailboxes=(Mailbox(name="plain", host="x"), Mailbox(name="profiled", host="x", trust=_trust())),
    )
    channels = Channels(config, organizational)
    own = AuthenticityChecker(resolver, seconds=10, now=time.monotonic, channels=channels)
    header, plain, profiled = header_block(signed), _envelope("plain"), _envelope("profiled")
    claimed = channels.sender(header, plain, {})
    assert channels.sender(header, profiled, {}).verified
    assert own.sender(claimed, signed, plain).verified

    def first() -> None:
        resolver.forget()
        own.sender(claimed, signed, plain)

    print(f"header alone, no profile   {_ms(lambda: channels.sender(header, plain, {}), rounds):7.3f} ms")
    print(f"header with a profile      {_ms(lambda: channels.sender(header, profiled, {}), rounds):7.3f} ms")
    print(f"own check, first mail      {_ms(first, rounds):7.3f} ms")
    own.sender(claimed, signed, plain)
    before = resolver.asked
    print(f"own check, cached answers  {_ms(lambda: own.sender(claimed, signed, plain), rounds):7.3f} ms")
    print(f"questions while answers were cached: {resolver.asked - before}")
    return 0


def _trust() -> Trust:
    return Trust(profile=Profile.POSTFIX_MILTER, authserv_ids=("mx.desk.example",))


def _envelope(account: str) -> Envelope:
    return Envelope(source=Source.IMAP, received_at=datetime.now(UTC), account=account, folder="INBOX", uidvalidity=1, uid=1)


def _public(private: rsa.RSAPrivateKey) -> bytes:
    lines = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"".join(lines.splitlines()[1:-1])


def _ms(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds of processor time for one, the median of several runs."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return sorted(times)[len(times) // 2] * 1000


if __name__ == "__main__":
    raise SystemExit(main())
