"""The domains of the tests, as their owners publish them, and mails signed with their keys."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailbridge.message.envelope import Envelope, Source
from tests.harness import a_mail
from tests.servers.nsd import txt

GOOD, BAD = "192.0.2.10", "203.0.113.66"  # who may send for the domains below, and who may not


@cache
def key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private(bits: int = 2048) -> bytes:
    """As PEM, the way dkimpy wants it."""
    return key(bits).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def public(bits: int = 2048) -> str:
    """As in the p= of a key record."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key(bits).public_key().public_bytes(serialization.Encoding.DER, form)).decode()


@cache
def curve_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def curve_private() -> bytes:
    """As dkimpy wants it: the seed in base64."""
    raw = serialization.Encoding.Raw
    return base64.b64encode(curve_key().private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()))


def curve_public() -> str:
    """As in the p= of a key record (RFC 8463 4.2)."""
    return base64.b64encode(curve_key().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)).decode()


def selector(name: str, tags: str = "v=DKIM1; k=rsa", bits: int = 2048) -> str:
    return txt(f"{name}._domainkey", f"{tags}; p={public(bits)}")


def zones() -> dict[str, str]:
    """Zone name to records."""
    return {
        "customer.test": txt("@", f"v=spf1 ip4:{GOOD} -all")
        + txt("_dmarc", "v=DMARC1; p=reject; rua=mailto:dmarc@customer.test")
        + selector("one")
        + selector("small", bits=1024)
        + txt("curve._domainkey", f"v=DKIM1; k=ed25519; p={curve_public()}")
        + selector("testing", "v=DKIM1; t=y")
        + selector("narrow", "v=DKIM1; t=s")
        + selector("other", "v=DKIM1; s=tlsrpt")
        + selector("oldhash", "v=DKIM1; h=sha1")
        + txt("revoked._domainkey", "v=DKIM1; p=")
        + txt("huge._domainkey", f"v=DKIM1; n={'x' * 1100}; p={public()}")
        + selector("twice")
        + selector("twice", "v=DKIM1; n=another")
        + txt("soft", f"v=spf1 ip4:{GOOD} ~all")
        + txt("wrong", "v=spf1 ip4:999.1.1.1 -all")
        + txt("void", "v=spf1 a:x1.customer.test a:x2.customer.test a:x3.customer.test a:x4.customer.test -all")
        + txt("loop", "v=spf1 include:loop.customer.test -all")
        + txt("through", "v=spf1 include:mx.customer.test -all")
        + txt("mx", "v=spf1 mx:customer.test a:host.customer.test ~all")
        + txt("reverse", "v=spf1 ptr -all")
        + f"@ 60 IN MX 10 host\nhost 60 IN A {GOOD}\nbrief 1 IN A {GOOD}\n"
        + txt("slow", "v=spf1 include:silent.test -all"),
        "strict.test": txt("@", f"v=spf1 ip4:{GOOD} -all")
        + txt("mail", f"v=spf1 ip4:{GOOD} -all")
        + txt("_dmarc", "v=DMARC1; p=quarantine; adkim=s; aspf=s; sp=none")
        + selector("one")
        + txt("one._domainkey.mail", f"v=DKIM1; p={public()}"),
        "watching.test": txt("_dmarc", "v=DMARC1; p=none") + selector("one"),
        "quiet.test": txt("@", f"v=spf1 ip4:{GOOD} -all") + selector("one"),
        "attacker.test": txt("@", f"v=spf1 ip4:{BAD} -all") + txt("_dmarc", "v=DMARC1; p=reject") + selector("one"),
        "list.test": selector("one"),
        "forwarder.test": selector("one"),
        "desk.test": txt("_dmarc", "v=DMARC1; p=reject") + selector("one"),
    }


def signed(raw: bytes, domain: str = "customer.test", name: str = "one", *, bits: int = 2048, **options: object) -> bytes:
    """The mail with a signature of that domain on top."""
    field: bytes = dkim.sign(raw, name.encode(), domain.encode(), private(bits), **options)
    return field + raw


def sealed(raw: bytes, by: str, results: str) -> bytes:
    """The mail passed on by that domain with its seal, which tells the results it had found."""
    found = f"Authentication-Results: {by}; {results}\r\n".encode() + raw
    fields: list[bytes] = dkim.arc_sign(found, b"one", by.encode(), private(), by.encode())
    return b"".join(fields) + raw


def envelope(
    peer: str = GOOD, mail_from: str | None = "carol@customer.test", *, helo: str = "host.customer.test", source: Source = Source.SMTP
) -> Envelope:
    return Envelope(
        source=source,
        received_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        mail_from=mail_from,
        rcpt_to=("support@desk.test",),
        peer=peer,
        helo=helo,
    )


def mail_from(address: str = "carol@customer.test", body: str = "It does not work.", **headers: str) -> bytes:
    return a_mail(body, from_=f"Carol <{address}>", **headers)
