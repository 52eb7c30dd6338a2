"""[outgoing], [webhooks] and [calendars]: where mail and calls go, and from where calendar feeds come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from mailbridge.config import units
from mailbridge.config.model import FeedSettings, OAuth, Outgoing, Tls, WebhookSettings
from mailbridge.config.scalars import Forbidden, WholeNumber
from mailbridge.config.sections import kinds, oauth
from mailbridge.config.sections.environment import OUTGOING_URL, Environment, secret_keys, secret_places
from mailbridge.config.sections.section import Section, section
from mailbridge.config.sections.sources import needs_password

OUTGOING_SCHEMES = {"smtp": "smtp://mail.example:587", "smtps": "smtps://mail.example:465", "maildir": "maildir:outgoing"}

OUTGOING = section(
    "[outgoing]",
    {
        "url": kinds.text(units.url(OUTGOING_SCHEMES)),
        "tls": kinds.one_of(Tls),
        "ca_file": kinds.FILE,
        "user": kinds.LINE,
        **secret_keys("password"),
        "oauth": kinds.WORD,
        "helo": kinds.HOST,
        "connections": WholeNumber(least=0, most=100),
    },
)
WEBHOOKS = section(
    "[webhooks]",
    {
        "hosts": kinds.several(kinds.HOST),
        **{key: schema for key, schema in secret_keys("secret").items() if not isinstance(schema, Forbidden)},
        "ca_file": kinds.FILE,
        "time_limit": kinds.duration(timedelta(seconds=1), timedelta(minutes=2)),
    },
)

CALENDARS = section(
    "[calendars]",
    {
        "hosts": kinds.several(kinds.HOST),
        "private": kinds.FLAG,
        "every": kinds.duration(timedelta(minutes=5), timedelta(days=7)),
        "time_limit": kinds.duration(timedelta(seconds=1), timedelta(minutes=5)),
        "largest": kinds.size(1 << 10, 64 << 20),
        "ca_file": kinds.FILE,
    },
)


def outgoing(found: Section, accounts: Mapping[str, OAuth | None], environment: Environment) -> Outgoing:
    """A Maildir in the URL has an absolute path."""
    environment.read_secret(found, "password")
    needs_password(found)
    default = "" if found.has("url") or found.has("oauth") else Outgoing().url
    if found.values.get("url", default).startswith("maildir:") and found.has("user"):
        found.at_key("user", "a Maildir needs no user", "delete the line, or name an SMTP server in url")
    oauth.complete_outgoing(found, accounts)
    url = environment.url(OUTGOING_URL, OUTGOING_SCHEMES) or found.values.get("url", Outgoing().url)
    scheme, _, name = url.partition(":")
    return Outgoing(**found.values | {"url": f"maildir:{environment.folder / name}" if scheme == "maildir" else url})


def webhooks(found: Section, environment: Environment) -> WebhookSettings:
    secrets = secret_places("secret")
    environment.read_secret(found, "secret")
    hosts = found.values.get("hosts", ())
    if hosts and not any(found.has(key) for key in secrets):
        found.at_key("hosts", "calls are signed, and there is no secret", 'add secret_file = "…" or secret_env = "…"')
    found.unused((*secrets, "ca_file", "time_limit"), unless=bool(hosts), hint='name a host: hosts = ["hooks.…"]')
    return WebhookSettings(**found.values)


def calendars(found: Section) -> FeedSettings:
    rest = ("private", "every", "time_limit", "largest", "ca_file")
    found.unused(rest, unless=bool(found.values.get("hosts")), hint='name a host: hosts = ["calendar.…"]')
    return FeedSettings(**found.values)
