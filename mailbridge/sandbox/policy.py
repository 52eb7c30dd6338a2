"""The part of the configuration that reading a mail needs."""

from __future__ import annotations

from mailbridge.config.model import Config
from mailbridge.message.model import ReadingPolicy


def reading_policy(config: Config, markers: tuple[str, ...] = ()) -> ReadingPolicy:
    """The part of the configuration that reading a mail needs."""
    return ReadingPolicy(
        own_addresses=tuple(address.lower() for address in config.desk.addresses),
        own_hosts=config.desk.own_hosts,
        reply_markers=markers,
    )
