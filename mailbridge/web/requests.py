"""Facts of a request that come from its headers: whose it is, where it comes from, what it was written with.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mailbridge.message.trace import Network, within

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))
_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z0-9-]+)?", re.ASCII)


def client_address(peer: str, forwarded_for: str, proxies: Sequence[Network]) -> str:
    """The address of the browser: the last one in X-Forwarded-For that is no proxy of ours, if a proxy of ours wrote the header."""
    address = peer
    for written in reversed(forwarded_for.split(",")):
        if not written.strip() or not within(address, proxies):
            break
        address = written.strip()
    return address


def is_own_request(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a page of ours made the request.

    Browsers of today write Sec-Fetch-Site, which no page can forge, and Origin; older ones write Origin alone.  A request with neither
    is no form of a page.
    """
    site, wrote = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    return wrote == origin if wrote is not None else site is not None


def preferred_language(accepted: str, known: Sequence[str], otherwise: str) -> str:
    """The first language of Accept-Language that is known."""
    weighed = list[tuple[float, int, str]]()
    for place, part in enumerate(accepted.lower().split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        if (found := _TAG.fullmatch(tag)) and found[1] in known:
            weighed.append((-_number(weight), place, found[1]))
    return min(weighed)[2] if weighed else otherwise


def _number(weight: str) -> float:
    try:
        return min(max(float(weight), 0.0), 1.0) if weight else 1.0
    except ValueError:
        return 0.0


def browser_name(user_agent: str) -> str:
    """The browser and the system in two words; '' where it says neither."""
    names = (next((name for mark, name in table if mark in user_agent), "") for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in names if name)


def local_path(path: str) -> str:
    """The path where it leads to a page of ours, else '/': no host, no control characters."""
    is_ours = re.fullmatch(r"/(?![/\\])[!-~]{0,500}", path, re.ASCII) is not None and "\\" not in path
    return path if is_ours else "/"


def masked(address: str) -> str:
    """The address as somebody who has it knows it again: `b•••n@desk.example`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••{local[-1:] if len(local) > 3 else ''}@{domain}"
