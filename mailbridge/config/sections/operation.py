"""[limits], [tokens], [metrics], [backup], [health], [knowledge], [workers] and [log]: how the desk runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from mailbridge.config import servers, times
from mailbridge.config.exposure import is_loopback
from mailbridge.config.model import (
    Backup,
    CanarySettings,
    HealthSettings,
    Keep,
    KnowledgeSettings,
    MetricsSettings,
    Outgoing,
    TokenSettings,
)
from mailbridge.config.scalars import WholeNumber
from mailbridge.config.schema import Key, Record
from mailbridge.config.sections import kinds
from mailbridge.config.sections.section import Section, section
from mailbridge.config.suggest import did_you_mean

PING_SCHEMES = {"https": "https://hc-ping.example/0f3a", "http": "http://127.0.0.1:8000/ping"}
COLLECTOR_SCHEMES = {"https": "https://otel.acme.example", "http": "http://127.0.0.1:4318"}
ALARM_SCHEMES = {"https": "https://hooks.acme.example/alarm", "http": "http://127.0.0.1:8080/alarm"}
_BACKUPS = WholeNumber(least=0, most=10_000)

LIMITS = section(
    "[limits]",
    {
        "mail_size": kinds.size(1 << 10, 1 << 30),
        "read_seconds": WholeNumber(least=1, most=3600),
        "read_memory": kinds.size(64 << 20, 64 << 30),
        "acks_per_sender_hour": WholeNumber(least=0, most=1000),
        "acks_per_verified_hour": WholeNumber(least=0, most=1000),
        "receipts_together_minutes": WholeNumber(least=0, most=60),
        "tickets_per_sender_hour": WholeNumber(least=1, most=1_000_000),
        "tickets_per_form_hour": WholeNumber(least=1, most=1_000_000),
        "bytes_per_sender_hour": kinds.size(1 << 20, 1 << 40),
        "mails_per_unproven_hour": WholeNumber(least=1, most=100_000),
        "mails_per_recipient_hour": WholeNumber(least=1, most=100_000),
        "mails_per_recipient_day": WholeNumber(least=1, most=1_000_000),
        "automatic_per_hour": WholeNumber(least=1, most=10_000_000),
        "agent_mails_at_once": WholeNumber(least=1, most=1_000_000),
        "tries": WholeNumber(least=1, most=100),
    },
)
TOKENS = section(
    "[tokens]",
    {
        "act": kinds.duration(timedelta(minutes=5), timedelta(days=30)),
        "answer": kinds.duration(timedelta(hours=1), timedelta(days=365)),
    },
)
METRICS = section("[metrics]", {"listen": kinds.text(servers.server(9464)), "socket": kinds.WORD})
BACKUP = section(
    "[backup]",
    {
        "to": kinds.LINE,
        "keys": kinds.LINE,
        "every": kinds.duration(timedelta(minutes=5), timedelta(days=31)),
        "at": kinds.text(times.hour),
        "keep": Record(
            what="a table of numbers",
            example="{ daily = 7, weekly = 4 }",
            keys={name: Key(schema=_BACKUPS) for name in ("daily", "weekly", "monthly")},
            make=lambda kept: Keep(**kept),
        ),
        "check": kinds.FLAG,
    },
)
HEALTH = section(
    "[health]",
    {
        "listen": kinds.text(servers.server(9465)),
        "socket": kinds.WORD,
        "ping_url": kinds.text(servers.url(PING_SCHEMES)),
        "alarm_url": kinds.text(servers.url(ALARM_SCHEMES)),
        "silence": kinds.FLAG,
    },
)
TELEMETRY = section("[telemetry]", {"endpoint": kinds.text(servers.url(COLLECTOR_SCHEMES))}, required=("endpoint",))
CANARY = section(
    "[canary]",
    {
        "every": kinds.duration(timedelta(minutes=1), timedelta(days=1)),
        "to": kinds.several(kinds.ADDRESS),
        "late_after": kinds.duration(timedelta(minutes=1), timedelta(days=1)),
        "alarm_outgoing": kinds.WORD,
    },
)
KNOWLEDGE = section("[knowledge]", {"folder": kinds.LINE, "answers": kinds.LINE, "suggest_answers": kinds.FLAG})
WORKERS = section("[workers]", {"readers": WholeNumber(least=1, most=256), "batch": WholeNumber(least=1, most=10_000)})
LOG = section("[log]", {"format": kinds.one_of(("auto", "json", "console")), "level": kinds.one_of(("debug", "info", "warning", "error"))})


def tokens(found: Section) -> TokenSettings:
    settings = TokenSettings(**found.values)
    if settings.act > settings.answer:
        found.at_key("act", "act is longer than answer", "commands need at least as fresh an address as answers")
    return settings


def backup(found: Section, folder: Path) -> Backup:
    """The folders of backups and keys are absolute; they need not be there yet."""
    values = found.values
    if "at" in values and "every" in values:
        found.at_key("every", "at and every are both given", "keep one of them; at means once a day")
    for key in ("to", "keys"):
        if key in values:
            values[key] = folder / servers.path(values[key])
    hint = 'name a folder beside it: to = "/var/backups/mailbridge"'
    found.unused(("every", "at", "keep", "check"), unless="to" in values, hint=hint)
    settings = Backup(**values)
    keys = settings.keys or folder / "backup-keys"
    if settings.to and keys.is_relative_to(settings.to):
        hint = "whoever has both can write as the desk; name a folder that is stored elsewhere"
        found.at_key("keys" if settings.keys else "to", "the keys would lie among the backups", hint)
    return settings


def metrics(found: Section) -> MetricsSettings:
    _one_place(found)
    return MetricsSettings(**found.values)


def _one_place(found: Section) -> None:
    if "socket" in found.values and "listen" in found.values:
        found.at_key("listen", "listen does nothing beside socket", "systemd decides where its sockets listen")


def health(found: Section, hosts: Sequence[str]) -> HealthSettings:
    """`hosts` may be called."""
    _one_place(found)
    settings = HealthSettings(**found.values)
    where = urlsplit(settings.ping_url)
    if where.scheme == "http" and not is_loopback(where.hostname or ""):
        hint = "whoever reads it on its way can say that the desk is well; only this machine itself may be called by http"
        found.at_value("ping_url", "ping_url: only https", hint)
    _alarm_url(found, settings.alarm_url, hosts)
    return settings


def _alarm_url(found: Section, url: str, hosts: Sequence[str]) -> None:
    """Only a host that may be called, by https or on this machine."""
    where = urlsplit(url)
    host = (where.hostname or "").lower()
    if url and host not in hosts and f"{host}:{where.port}" not in hosts:
        found.at_value("alarm_url", f'alarm_url: "{host}" is not among [webhooks] hosts', f'hosts = ["{host}"]')
    if where.scheme == "http" and not is_loopback(host):
        found.at_value("alarm_url", "alarm_url: only https", "only this machine itself may be called by http")


def canary(found: Section, ways_out: Sequence[Outgoing]) -> CanarySettings | None:
    """None where there is no [canary].  `ways_out` are the outgoing servers, the usual one first."""
    if not found.is_written:
        return None
    settings = CanarySettings(**found.values)
    if ways_out[0].url.startswith("maildir:"):
        found.mistake("outgoing mail goes into a folder, so no mail comes back", "name an SMTP server: [outgoing] url")
    others = [one.name for one in ways_out[1:]]
    if settings.alarm_outgoing and settings.alarm_outgoing not in others:
        hint = did_you_mean(settings.alarm_outgoing, others) or "the alarm must not need the server that may be broken: add an [[outgoing]]"
        found.at_value("alarm_outgoing", f'alarm_outgoing: there is no second [[outgoing]] called "{settings.alarm_outgoing}"', hint)
    if len({address.lower() for address in settings.to}) < len(settings.to):
        found.at_value("to", "to: an address stands there twice", "keep one of them")
    return settings


def knowledge(found: Section, folder: Path) -> KnowledgeSettings:
    """The folders are absolute; they need not be there yet."""
    values = found.values
    for key in ("folder", "answers"):
        if key in values:
            values[key] = folder / servers.path(values[key])
    return KnowledgeSettings(**values)
