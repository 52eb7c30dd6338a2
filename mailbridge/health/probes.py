"""Probes each external part without a mail.  Used by the running desk and by `mailbridge doctor`."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from mailbridge.checks.build import asks_dns
from mailbridge.checks.clamd import Clamd
from mailbridge.checks.rspamd import Rspamd
from mailbridge.checks.scan import NotScanned
from mailbridge.config.model import Config, DkimSettings, Identity, Outgoing
from mailbridge.delivery import transports
from mailbridge.errors import MailbridgeError
from mailbridge.health.names import CLAMD, DNS, RSPAMD, SMIME_RECIPIENTS, dkim_name, listener_name, outgoing_name, smime_name
from mailbridge.message.envelope import Envelope, Source
from mailbridge.oauth.model import TokenSource

CERTIFICATE_DAYS = 30  # a certificate that ends within them is told
PATIENCE = 10.0  # seconds for a greeting
SAMPLE = b"From: probe@invalid\r\nSubject: probe\r\n\r\nIs the scanner there?\r\n"
ANY = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104  (where a listener on all addresses is asked)

Probe = Callable[[], str]  # the proof; raises ProbeFailed


class ProbeFailed(Exception):
    """The probe failed, with the reason."""


def _no_tokens(_login: str) -> TokenSource | None:
    return None


def probes(
    config: Config, places: Mapping[str, tuple[str, int]], tokens: Callable[[str], TokenSource | None] = _no_tokens
) -> Iterator[tuple[str, Probe]]:
    """(source, probe) of all that can be asked; `places`: listener -> the address and port it is bound to, of the listeners that run here.

    `tokens`: login of OAuth -> where its tokens come from; of '' None.
    """
    for listener in config.listeners:
        name = listener_name(listener.protocol, listener.name)
        if name in places:
            yield name, partial(greeting, *places[name])
    for server in config.outgoing_servers:
        yield outgoing_name(config, server), lambda server=server: outgoing(config, server, tokens(server.oauth))  # type: ignore[misc]
    for key in config.dkim:
        yield dkim_name(key), lambda key=key: dkim(key)  # type: ignore[misc]
    for identity in config.desk.identities:
        if identity.smime_key_file:
            yield smime_name(identity), partial(smime, identity)
    if config.smime_certificates:
        yield SMIME_RECIPIENTS, partial(certificates, config)
    if asks_dns(config):
        yield DNS, lambda: dns(config)
    if config.scan.clamd is not None:
        yield CLAMD, lambda: clamd(config)
    if config.scan.rspamd:
        yield RSPAMD, lambda: rspamd(config)


def greeting(host: str, port: int) -> str:
    """The greeting of a listener, as a mail server sees it."""
    host = ANY.get(host, host)
    try:
        with socket.create_connection((host, port), PATIENCE) as sock:
            said = sock.recv(512)
            with suppress(OSError):
                sock.sendall(b"QUIT\r\n")
                sock.recv(512)
    except OSError as error:
        raise ProbeFailed(f"{host}:{port}: {error.strerror or error}") from error
    if not said.startswith(b"220"):
        raise ProbeFailed(f"{host}:{port} does not greet: {said[:80].decode('ascii', 'replace').strip() or 'it closed the connection'}")
    return "it answers"


def outgoing(config: Config, server: Outgoing, tokens: TokenSource | None = None) -> str:
    """The relay greets, encrypts and accepts the login; or the Maildir is writable."""
    try:
        hostname = server.helo or config.desk.address.rpartition("@")[2]
        return transports.probe(server, config.folder, hostname=hostname, tokens=tokens)
    except MailbridgeError as error:
        raise ProbeFailed(error.what) from error


def dkim(key: DkimSettings) -> str:
    """The file holds a key that can sign."""
    from mailbridge.signing.dkim_keys import read_key

    try:
        return f"the key can be read, {read_key(key.key_file).type}"
    except MailbridgeError as error:
        raise ProbeFailed(error.what) from error


def smime(identity: Identity) -> str:
    """Key and certificate can sign, and the certificate is valid for 30 days more."""
    from datetime import UTC, datetime

    from mailbridge.signing.smime_keys import read_smime_key

    if identity.smime_certificate_file is None or identity.smime_key_file is None:
        return ""
    try:
        ends = read_smime_key(identity.smime_certificate_file, identity.smime_key_file, identity.address).ends
    except MailbridgeError as error:
        raise ProbeFailed(error.what) from error
    left = (ends - datetime.now(UTC)).days
    if left < CERTIFICATE_DAYS:
        raise ProbeFailed(f"the certificate {'ends' if left >= 0 else 'ended'} on {ends:%Y-%m-%d}")
    return f"the certificate is valid until {ends:%Y-%m-%d}"


def certificates(config: Config) -> str:
    """Mail can be encrypted to everybody whose certificate is there."""
    from mailbridge.signing.smime_encrypt import unusable

    if said := unusable(config.smime_certificates):
        raise ProbeFailed(f"mail to this address waits: {said}")
    return "all certificates of recipients can be used"


def dns(config: Config) -> str:
    """DNS answers for the domain of the desk, also if the answer is that there is none."""
    from mailbridge.checks.resolver import Resolver, Unanswered

    domain = config.desk.address.rpartition("@")[2]
    try:
        Resolver(config.authenticity.dns_servers).ask(domain, "MX", until=time.monotonic() + PATIENCE)
    except (Unanswered, MailbridgeError) as error:
        raise ProbeFailed(str(error)) from error
    return f"the DNS answers for {domain}"


def clamd(config: Config) -> str:
    place = Path(config.scan.clamd) if isinstance(config.scan.clamd, str) else config.scan.clamd
    if place is None:
        return ""
    try:
        Clamd(place, largest=config.scan.clamd_max, seconds=PATIENCE).scan(SAMPLE)
    except NotScanned as error:
        raise ProbeFailed(str(error)) from error
    return "it scanned a sample"


def rspamd(config: Config) -> str:
    from datetime import UTC, datetime

    try:
        Rspamd(config.scan.rspamd, seconds=PATIENCE).score(SAMPLE, Envelope(source=Source.PIPE, received_at=datetime.now(UTC)))
    except NotScanned as error:
        raise ProbeFailed(str(error)) from error
    return "it scanned a sample"
