"""Which addresses may be called: the configuration names the hosts, rules only choose among them.  Pure."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})  # plain http is for this machine alone


class NotAllowed(Exception):
    """An address that the configuration does not allow."""


def allowed(url: str, hosts: Collection[str], table: str = "[webhooks]") -> SplitResult:
    """The parts of an address that may be called.  `table`: the one of mailbridge.toml that names the hosts.  Raises NotAllowed."""
    try:
        where = urlsplit(url)
        host, port = (where.hostname or "").lower(), where.port
    except ValueError as error:
        raise NotAllowed(f"no address: {error}") from error
    if where.scheme != "https" and not (where.scheme == "http" and host in LOCAL):
        raise NotAllowed("only https, or http to this machine itself")
    if where.username or where.password:
        raise NotAllowed("an address with a password in it")
    if host not in hosts and f"{host}:{port}" not in hosts:
        raise NotAllowed(f'"{host}" is not among {table} hosts')
    return where


