"""Loads the rules of a desk, for commands that only read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from mailbridge.cli.options import OpenDesk
    from mailbridge.rules.policy import Policy
    from mailbridge.sla.day_sources import DaySources
    from mailbridge.store.engine import Store


def policy_of(folder: Path, candidate: Path | None = None) -> Policy:
    """The policy in a desk's folder.  `candidate`: a folder with rules instead of its own.  Raises ConfigError with all errors."""
    from mailbridge.rules import folder as rules_folder
    from mailbridge.rules.load import load

    root = folder.parent if folder.is_file() else folder
    files, unread = rules_folder.read(root, folder=candidate)
    loaded = load(files, sources=known_sources(root))
    if loaded.policy is None or unread:
        raise ConfigError(tuple(sorted([*unread, *loaded.problems])), str(root))
    return loaded.policy


def known_sources(root: Path) -> DaySources:
    """The external days that the rules use: from the desk's database, or from the holiday library alone where there is no database."""
    from mailbridge.clock import SystemClock
    from mailbridge.config import load as configuration
    from mailbridge.errors import MailbridgeError
    from mailbridge.sla.day_sources import LIBRARY_ALONE
    from mailbridge.store.engine import Store

    try:
        config = configuration.load(root)
    except ConfigError:
        return LIBRARY_ALONE
    if config.store_url.startswith("sqlite") and not (config.folder / config.store_url.removeprefix("sqlite:///")).is_file():
        return LIBRARY_ALONE
    try:
        store = Store(config.store_url)
        try:
            return sources_in(store, SystemClock().now())
        finally:
            store.close()
    except MailbridgeError:
        return LIBRARY_ALONE  # `mailbridge status` reports a database that is unavailable


def sources_in(store: Store, now: datetime) -> DaySources:
    """The external days that the rules use, from this database."""
    from mailbridge.jobs.calendar_days import day_sources

    with store.read() as tx:
        return day_sources(tx, now)[0]


def with_overlay(policy: Policy, desk: OpenDesk) -> Policy:
    """The policy with the overlay of customers applied."""
    from mailbridge.execution.overlay import CustomerOverlay

    with desk.store.read() as tx:
        return CustomerOverlay(desk.config.desk.prefix).over(policy, tx)
