"""The checks that a configuration asks for; what each needs is loaded here, and only where it is asked for."""

from __future__ import annotations

import time
from pathlib import Path

from mailbridge import config as configuration
from mailbridge.checks.clamd import Clamd
from mailbridge.checks.examine import ChecksSenders, Examiner
from mailbridge.checks.rspamd import Rspamd
from mailbridge.config import Config, Scanners, SenderCheck


def examiner(config: Config) -> Examiner | None:
    """What checks mails; None where nothing is to be checked.  Raises Permanent where it cannot: no DNS servers are known."""
    if config.authenticity.check is SenderCheck.HEADERS and not config.scan.any:
        return None
    return Examiner(
        authenticity=_authenticity(config.authenticity),
        viruses=_clamd(config.scan),
        spam=Rspamd(config.scan.rspamd, seconds=config.scan.time_limit.total_seconds()) if config.scan.rspamd else None,
        now=time.monotonic,
    )


def _authenticity(wanted: configuration.Authenticity) -> ChecksSenders | None:
    if wanted.check is SenderCheck.HEADERS:
        return None
    from mailbridge.checks.authenticity import Authenticity
    from mailbridge.checks.resolver import Resolver

    return Authenticity(
        Resolver(wanted.dns_servers),
        seconds=wanted.time_limit.total_seconds(),
        now=time.monotonic,
        trusted_sealers=wanted.trusted_sealers,
    )


def _clamd(wanted: Scanners) -> Clamd | None:
    if wanted.clamd is None:
        return None
    place = Path(wanted.clamd) if isinstance(wanted.clamd, str) else wanted.clamd
    return Clamd(place, largest=wanted.clamd_max, seconds=wanted.time_limit.total_seconds())
