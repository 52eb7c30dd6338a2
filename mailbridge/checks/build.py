"""The checks that a configuration asks for; importing this loads what they need."""

from __future__ import annotations

import time

from mailbridge.checks.authenticity import Authenticity
from mailbridge.checks.examine import Examiner
from mailbridge.checks.resolver import Resolver
from mailbridge.config import Config


def examiner(config: Config) -> Examiner:
    """What checks mails.  Raises Permanent where it cannot: no DNS servers are known."""
    wanted = config.authenticity
    authenticity = Authenticity(Resolver(wanted.dns_servers), seconds=wanted.time_limit.total_seconds(), now=time.monotonic)
    return Examiner(authenticity=authenticity, now=time.monotonic)
