"""Checks that rules and channels call only the webhook hosts that the configuration allows."""

from __future__ import annotations

from collections.abc import Collection

from mailbridge.delivery.webhooks.allowed import NotAllowed, allowed
from mailbridge.errors import Problem
from mailbridge.rules.flow import NotificationFlow
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


def forbidden_channels(flow: NotificationFlow, hosts: Collection[str]) -> list[Problem]:
    """An error for each channel of notifications.yaml whose address is not allowed."""
    known = frozenset(host.lower() for host in hosts)
    return [
        channel.place.problem(f'the channel "{channel.name}" calls {channel.url}: {reason}', 'add the host there: hosts = ["…"]')
        for channel in flow.channels.values()
        if (reason := _why_not(channel.url, known))
    ]


def _why_not(url: str, hosts: Collection[str]) -> str:
    try:
        allowed(url, hosts)
    except NotAllowed as error:
        return str(error)
    return ""
