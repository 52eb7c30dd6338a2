"""[web]: the pages for agents."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from mailbridge.config import servers
from mailbridge.config.exposure import is_loopback
from mailbridge.config.model import WebSettings
from mailbridge.config.sections import kinds
from mailbridge.config.sections.section import Section, section

PORT = 8080
_SCHEMES = {"https": "https://desk.example", "http": "http://127.0.0.1:8080"}

WEB = section(
    "[web]",
    {
        "listen": kinds.text(servers.server(PORT)),
        "socket": kinds.WORD,
        "public_url": kinds.text(servers.url(_SCHEMES)),
        "trusted_proxies": kinds.several(kinds.NETWORK),
        "separate": kinds.FLAG,
        "session_idle": kinds.duration(timedelta(minutes=5), timedelta(days=30)),
        "session_longest": kinds.duration(timedelta(minutes=5), timedelta(days=365)),
    },
)


def web(found: Section, *, on_sqlite: bool) -> WebSettings:
    """The settings of the pages, with their address as browsers know it."""
    if "socket" in found.values and "listen" in found.values:
        found.at_key("listen", "listen does nothing beside socket", "systemd decides where its sockets listen")
    is_on = bool(found.values.get("listen") or found.values.get("socket"))
    unused = ("public_url", "trusted_proxies", "separate", "session_idle", "session_longest")
    found.unused(unused, unless=is_on, hint='without listen there are no pages: listen = "127.0.0.1:8080"')
    if found.values.get("separate") and on_sqlite:
        found.at_key("separate", "separate needs PostgreSQL", "a desk on SQLite has one process, which serves the pages itself")
    settings = WebSettings(**{**found.values, "public_url": _public_url(found) if is_on else ""})
    if settings.session_idle > settings.session_longest:
        found.at_key("session_idle", "session_idle is longer than session_longest", "a session ends at the earlier of both")
    return settings


def _public_url(found: Section) -> str:
    """The address without a slash at its end: https, or http to this machine itself."""
    written = str(found.values.get("public_url", "")).rstrip("/")
    host, port = found.values.get("listen") or ("", 0)
    if not written and not found.has("public_url"):
        if is_loopback(host):
            return f"http://{f'[{host}]' if ':' in host else host}:{port}"
        found.mistake("[web] needs public_url", 'write the address in the browsers of agents: public_url = "https://desk.example"')
        return ""
    where = urlsplit(written)
    if not where.hostname or where.path or where.query or where.fragment or where.username:
        found.at_value("public_url", "public_url: only a scheme, a host and a port", f'it looks like "{_SCHEMES["https"]}"')
    elif where.scheme == "http" and not is_loopback(where.hostname):
        hint = "others could read links and cookies; let a proxy with a certificate speak https. Only this machine itself may use http"
        found.at_value("public_url", "public_url: only https", hint)
    return written
