"""Finds settings about trust that have no effect or an unexpected one.  `mailbridge check` and the start of the daemon print them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailbridge.checks.build import asks_dns
from mailbridge.config.exposure import believes_headers
from mailbridge.config.model import Config, ListenerSettings, SenderCheck
from mailbridge.errors import Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A finding, and the next step for the administrator."""

    message: str
    hint: str


def advice(config: Config) -> tuple[Advice, ...]:
    """All findings; empty if each key of the configuration has its effect."""
    return tuple(_advice(config))


def _advice(config: Config) -> Iterator[Advice]:
    for listener in config.listeners:
        if believes_headers(listener, bool(config.desk.authserv_ids)) and not listener.trusted_peers:
            yield Advice(
                message=f"results in the headers of mails that come by {_named(listener)} are not believed: it names no trusted_peers",
                hint='name the addresses of your mail server at this listener: trusted_peers = ["127.0.0.1"]',
            )
    if config.desk.authserv_ids and not (config.mailboxes or config.listeners or config.pipe.trusted):
        yield Advice(
            message="authserv_ids has no effect: results in headers are believed from mailboxes, trusted peers and a trusted pipe only",
            hint="if only your own mail server calls `mailbridge ingest`, write [pipe] trusted = true",
        )


    if config.authenticity.check is SenderCheck.AUTO and asks_dns(config) and not _has_dns(config):
        yield Advice(
            message="senders are not checked by the desk itself: this system names no DNS servers (/etc/resolv.conf)",
            hint='name a validating resolver: [authenticity] dns_servers = ["127.0.0.1"]; or, to do without: check = "headers"',
        )


def _has_dns(config: Config) -> bool:
    try:
        from mailbridge.checks.resolver import Resolver  # a desk without DNS checks loads no code for them

        Resolver(config.authenticity.dns_servers)
    except Permanent:
        return False
    return True


def _named(listener: ListenerSettings) -> str:
    return f"the {listener.protocol.upper()} listener {listener.name}"
