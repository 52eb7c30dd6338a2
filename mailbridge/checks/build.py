"""Builds the configured checks.  The packages of a check are imported only if it is configured."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.checks.channels import Channels
from mailbridge.checks.clamd import Clamd
from mailbridge.checks.examine import ChecksSenders, Examiner
from mailbridge.checks.rspamd import Rspamd
from mailbridge.config.model import Config, Scanners, SenderCheck
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.checks.suffixes import Suffixes


def examiner(config: Config, report: Callable[[str, str], None] = lambda _scanner, _trouble: None) -> Examiner | None:
    """The examiner of mails; None if no check is configured.  `report`: as of Examiner.

    Raises Permanent if DNS checks are required and no DNS server is known."""
    if not asks_dns(config) and not config.scan.any:
        return None
    return Examiner(
        authenticity=_authenticity(config),
        viruses=_clamd(config.scan),
        spam=Rspamd(config.scan.rspamd, seconds=config.scan.time_limit.total_seconds()) if config.scan.rspamd else None,
        now=time.monotonic,
        report=report,
    )


def asks_dns(config: Config) -> bool:
    """Whether mails of any source are checked by DNS."""
    match config.authenticity.check:
        case SenderCheck.HEADERS:
            return False
        case SenderCheck.AUTO:
            return bool(config.mailboxes)
        case SenderCheck.DNS:
            return True


def channels(config: Config) -> Channels:
    """The judge of senders by trusted header lines."""
    return Channels(config, organizational)


@cache
def _suffixes() -> Suffixes:
    from mailbridge.checks.suffixes import Suffixes

    return Suffixes()


def organizational(domain: str) -> str:
    """The organizational domain of a name (RFC 7489 3.2).  The first call loads the public suffix list."""
    return _suffixes().organizational(domain)


def _authenticity(config: Config) -> ChecksSenders | None:
    if not asks_dns(config):
        return None
    wanted = config.authenticity
    from mailbridge.checks.authenticity import AuthenticityChecker
    from mailbridge.checks.resolver import Resolver

    try:
        resolver = Resolver(wanted.dns_servers)
    except Permanent:
        if wanted.check is SenderCheck.DNS:
            raise
        return None  # the check is only the default: the desk runs, and `mailbridge check` reports that no sender can be checked
    return AuthenticityChecker(
        resolver,
        seconds=wanted.time_limit.total_seconds(),
        now=time.monotonic,
        trusted_sealers=wanted.trusted_sealers,
        channels=channels(config),
        suffixes=_suffixes(),
    )


def _clamd(wanted: Scanners) -> Clamd | None:
    if wanted.clamd is None:
        return None
    place = Path(wanted.clamd) if isinstance(wanted.clamd, str) else wanted.clamd
    return Clamd(place, largest=wanted.clamd_max, seconds=wanted.time_limit.total_seconds())
