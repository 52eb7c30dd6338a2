"""[authenticity] and [scan]: how senders and contents are checked."""

from __future__ import annotations

from datetime import timedelta

from mailbridge.config import servers
from mailbridge.config.model import AuthenticitySettings, Scanners, SenderCheck, WhenSilent, WhenVirus
from mailbridge.config.sections import kinds
from mailbridge.config.sections.section import Section, section

RSPAMD_SCHEMES = {"http": "http://127.0.0.1:11333", "https": "https://spam.example"}
_TIME_LIMIT = kinds.duration(timedelta(seconds=1), timedelta(minutes=2))

AUTHENTICITY = section(
    "[authenticity]",
    {
        "check": kinds.one_of(SenderCheck),
        "dns_servers": kinds.several(kinds.text(servers.server(53))),
        "time_limit": _TIME_LIMIT,
        "trusted_sealers": kinds.several(kinds.HOST),
    },
)
SCAN = section(
    "[scan]",
    {
        "clamd": kinds.text(servers.server_or_socket(3310)),
        "clamd_max": kinds.size(1 << 10, 4 << 30),
        "rspamd": kinds.text(servers.url(RSPAMD_SCHEMES)),
        "time_limit": _TIME_LIMIT,
        "on_failure": kinds.one_of(WhenSilent),
        "virus": kinds.one_of(WhenVirus),
    },
)


def authenticity(found: Section) -> AuthenticitySettings:
    settings = AuthenticitySettings(**found.values)
    for index, (address, _port) in enumerate(settings.dns_servers):
        if not servers.is_ip_address(address):
            hint = "names are looked up by them, so they cannot be looked up themselves"
            found.at_value("dns_servers", f'dns_servers: "{address}" is no IP address', hint, item=index)
    used = settings.check is not SenderCheck.HEADERS
    found.unused(("dns_servers", "time_limit", "trusted_sealers"), unless=used, hint='write check = "auto" or check = "dns" beside it')
    return settings


def scan(found: Section) -> Scanners:
    settings = Scanners(**found.values)
    found.unused(("clamd_max", "virus"), unless=settings.clamd is not None, hint='name a scanner beside it: clamd = "127.0.0.1:3310"')
    found.unused(("time_limit", "on_failure"), unless=settings.any, hint='name a scanner beside it: clamd = "…" or rspamd = "…"')
    return settings
