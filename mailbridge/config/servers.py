"""Hosts, networks, URLs and paths in configuration files.  Each function raises Wrong where a text cannot mean one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from mailbridge.config.quantities import within
from mailbridge.config.reading import Wrong, shaped


def host(text: str) -> str:
    """The name or the address of a host."""
    hint = 'write the name or the address alone, without "https://" and without a port'
    return shaped(text, r"[\w.:-]+", "is not a host name", hint)


def network(text: str) -> str:
    """An IP address or a network in CIDR form."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f'"{text}" is no IP address and no network', 'write "192.0.2.10" or "172.18.0.0/16"') from None
    return text


def is_wide(peer: str) -> bool:
    """Whether a network holds so many addresses that it names nobody: wider than /8 (IPv4) or /16 (IPv6)."""
    found = ip_network(peer, strict=False)
    return found.prefixlen < (8 if found.version == 4 else 16)


def is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def server(port: int) -> Callable[[str], tuple[str, int]]:
    """`HOST:PORT`, `[::1]:PORT` or `HOST` alone, which means `port`."""

    def parse(text: str) -> tuple[str, int]:
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?", text)
        if found is None:
            raise Wrong(f'"{text}" names no server', f'write the name or the address, and the port: "127.0.0.1:{port}"')
        return found[1] or found[2], within(int(found[3] or port), 1, 65535)

    return parse


def server_or_socket(port: int) -> Callable[[str], tuple[str, int] | str]:
    """A server as `server` reads it, or the absolute path of a socket of this machine."""
    return lambda text: text if text.startswith("/") else server(port)(text)


def path(text: str) -> Path:
    """A path; relative ones are resolved against the desk's folder later."""
    return Path(text).expanduser()


def url(schemes: Mapping[str, str]) -> Callable[[str], str]:
    """A URL whose scheme is one of `schemes` (scheme -> how such a URL looks)."""
    hint = "it looks like " + " or ".join(schemes.values())

    def parse(text: str) -> str:
        if text.partition(":")[0] not in schemes:
            raise Wrong(f'"{without_password(text)}" does not start with one of {", ".join(f"{one}:" for one in schemes)}', hint)
        try:
            port = urlsplit(text).port
        except ValueError:  # its message quotes what it takes for the port, which may be a part of a password
            raise Wrong(f'"{without_password(text)}" has a port that is no number from 1 to 65535', hint) from None
        if port == 0:
            raise Wrong("port 0 means nothing here", hint)
        return text

    return parse


def endpoint(text: str) -> str:
    """The address of a token endpoint: https, or http to this machine itself."""
    url({"https": "https://login.example/token", "http": "http://127.0.0.1:8080/token"})(text)
    found = urlsplit(text)
    if not found.hostname or (found.scheme == "http" and found.hostname not in ("127.0.0.1", "::1", "localhost")):
        raise Wrong(f'"{without_password(text)}" would send secrets without TLS', "write https://")
    return text


def without_password(text: str) -> str:
    """A URL as it may be shown; of a text with @ that is no URL only what stands behind the @."""
    text = re.sub(r"(passw(?:or)?d=)[^&]*", r"\1***", text)
    login, at, rest = text.rpartition("@")
    scheme, slashes, user = login.partition("://")
    if not at or (slashes and ":" not in user):
        return text
    return f"{scheme}://{user.partition(':')[0]}:***@{rest}" if slashes else f"***@{rest}"
