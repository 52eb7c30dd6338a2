"""[outgoing], [webhooks] and [calendars]: where mail and calls go, and from where calendar feeds come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from mailbridge.config.model import FeedSettings, OAuth, Outgoing, Tls, WebhookSettings
from mailbridge.config.scalars import Forbidden, WholeNumber
from mailbridge.config.sections import kinds, oauth, sources
from mailbridge.config.sections.environment import OUTGOING_URL, Environment, secret_keys, secret_places
from mailbridge.config.sections.section import Section, section
from mailbridge.config.sections.sources import needs_password
from mailbridge.config.servers import url as url_of
from mailbridge.config.suggest import did_you_mean

OUTGOING_SCHEMES = {"smtp": "smtp://mail.example:587", "smtps": "smtps://mail.example:465", "maildir": "maildir:outgoing"}

OUTGOING = section(
    "[outgoing]",
    {
        "name": kinds.WORD,
        "url": kinds.text(url_of(OUTGOING_SCHEMES)),
        "tls": kinds.one_of(Tls),
        "ca_file": kinds.FILE,
        "user": kinds.LINE,
        **secret_keys("password"),
        "oauth": kinds.WORD,
        "helo": kinds.HOST,
        "connections": WholeNumber(least=0, most=100),
        "mails_per_minute": WholeNumber(least=1, most=100_000),
        "failover": kinds.WORD,
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


def servers(
    found: Sequence[Section], identities: Sequence[Section], accounts: Mapping[str, OAuth | None], environment: Environment
) -> tuple[Outgoing, ...]:
    """The outgoing servers, the one first that carries what names no other; one at least."""
    names = [str(one.values.get("name", Outgoing().name)) for one in found]
    for one, name in zip(found, names, strict=True):
        if len(found) > 1 and not one.has("name"):
            one.mistake("each of several [[outgoing]] needs a name", 'add name = "…": identities and logs call it so')
        _known(one, "failover", [other for other in names if other != name])
    for identity in identities:
        _known(identity, "outgoing", names)
    sources.check_unique(found, "name")
    first, *others = found
    return (outgoing(first, accounts, environment, is_first=True), *(outgoing(one, accounts, environment) for one in others))


def _known(found: Section, key: str, names: Sequence[str]) -> None:
    name = found.values.get(key)
    if name is not None and name not in names:
        hint = (
            did_you_mean(name, dict.fromkeys(names))
            if names
            else "add a second [[outgoing]] with a name of its own, and write that name here"
        )
        found.at_value(key, f'{key}: there is no other [[outgoing]] called "{name}"', hint)


def outgoing(found: Section, accounts: Mapping[str, OAuth | None], environment: Environment, *, is_first: bool = False) -> Outgoing:
    """A Maildir in the URL has an absolute path.  The variable of the environment is about the first server alone."""
    environment.read_secret(found, "password")
    needs_password(found)
    default = "" if found.has("url") or found.has("oauth") else Outgoing().url
    if found.values.get("url", default).startswith("maildir:") and found.has("user"):
        found.at_key("user", "a Maildir needs no user", "delete the line, or name an SMTP server in url")
    oauth.complete_outgoing(found, accounts)
    url = (environment.url(OUTGOING_URL, OUTGOING_SCHEMES) if is_first else "") or found.values.get("url", Outgoing().url)
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
