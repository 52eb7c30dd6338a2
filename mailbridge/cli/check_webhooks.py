"""Checks that rules and channels call only the webhook hosts that the configuration allows."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from mailbridge.delivery.webhooks.address import NoAddress, address_of
from mailbridge.delivery.webhooks.allowed import NotAllowed, allowed
from mailbridge.errors import Problem
from mailbridge.rules.flow import NotificationChannel, NotificationFlow
from mailbridge.rules.rule_set import RuleSet


def forbidden(rules: RuleSet, hosts: Collection[str]) -> list[Problem]:
    """An error for each rule with a webhook address that is not allowed."""
    known = frozenset(host.lower() for host in hosts)
    return [
        compiled.rule.place.problem(f'the rule "{compiled.rule.name}" calls {url}: {reason}', 'add the host there: hosts = ["…"]')
        for compiled in rules.rules
        for url in compiled.rule.then.webhook
        if (reason := _why_not(url, known))
    ]


def forbidden_channels(flow: NotificationFlow, hosts: Collection[str], folder: Path) -> list[Problem]:
    """An error for each channel of notifications.yaml whose address is not allowed, or cannot be read.  An address that a file or a
    variable holds is a secret, and is not shown."""
    known = frozenset(host.lower() for host in hosts)
    return [problem for channel in flow.channels.values() if (problem := _of_channel(channel, known, folder))]


def _of_channel(channel: NotificationChannel, known: frozenset[str], folder: Path) -> Problem | None:
    try:
        reason = _why_not(address_of(channel.url, folder, os.environ), known)
    except NoAddress as error:
        return channel.place.problem(f'the channel "{channel.name}": {error}', "write the address of the room there, in one line")
    return (
        channel.place.problem(f'the channel "{channel.name}" calls {channel.url}: {reason}', 'add the host there: hosts = ["…"]')
        if reason
        else None
    )


def _why_not(url: str, hosts: Collection[str]) -> str:
    try:
        allowed(url, hosts)
    except NotAllowed as error:
        return str(error)
    return ""
