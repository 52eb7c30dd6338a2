"""[[mailbox]], [[listener]] and [pipe]: where mail comes from, and whose results about senders are believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from mailbridge.config import servers
from mailbridge.config.exposure import is_open
from mailbridge.config.model import After, ListenerSettings, Mailbox, OAuth, Pipe, Take, Taken, Tls, Trust
from mailbridge.config.reading import Schema, Wrong
from mailbridge.config.scalars import WholeNumber
from mailbridge.config.sections import kinds, oauth
from mailbridge.config.sections.environment import Environment, secret_keys, secret_places
from mailbridge.config.sections.section import Section, section
from mailbridge.message.profiles import Profile


def _take(written: str) -> Take:
    """`new`, `unseen`, `since 2026-11-01` or `all`."""
    word, _, day = written.partition(" ")
    hint = 'write "new", "unseen", "since 2026-11-01" or "all"'
    if word not in tuple(Taken):
        raise Wrong(f'unknown value "{written}"', hint)
    if (word == Taken.SINCE) != bool(day.strip()):
        raise Wrong(f'"{written}": a day belongs to "since", and only to it', hint)
    try:
        return Take(which=Taken(word), since=date.fromisoformat(day.strip()) if day.strip() else None)
    except ValueError:
        raise Wrong(f'"{day.strip()}" is not a day', hint) from None


_TRUST: dict[str, Schema] = {
    "profile": kinds.one_of(Profile),
    "milter_index": WholeNumber(least=0, most=1),
    "authserv_ids": kinds.several(kinds.LINE),
    "own_hosts": kinds.several(kinds.HOST),
    "relays": kinds.several(kinds.NETWORK),
    "tenant_domains": kinds.several(kinds.HOST),
    "no_hybrid_connector": kinds.FLAG,
}
MAILBOX = section(
    "[[mailbox]]",
    {
        "name": kinds.WORD,
        "host": kinds.HOST,
        "port": kinds.PORT,
        "tls": kinds.one_of(Tls),
        "ca_file": kinds.FILE,
        "user": kinds.LINE,
        **secret_keys("password"),
        "folders": kinds.several(kinds.LINE),
        "take": kinds.text(_take),
        "after": kinds.one_of(After),
        "move_to": kinds.LINE,
        "sent": kinds.several(kinds.LINE),
        "oauth": kinds.WORD,
        "idle": kinds.FLAG,
        "poll": kinds.duration(timedelta(seconds=1), timedelta(days=1)),
        **_TRUST,
    },
    required=("name", "user"),
)
LISTENER = section(
    "[[listener]]",
    {
        "protocol": kinds.one_of(("smtp", "lmtp")),
        "socket": kinds.WORD,
        "host": kinds.HOST,
        "port": kinds.PORT,
        "hostname": kinds.HOST,
        "recipients": kinds.several(kinds.ADDRESS),
        "max_size": kinds.size(1 << 10, 1 << 30),
        "tls_cert": kinds.FILE,
        "tls_key": kinds.FILE,
        "require_tls": kinds.FLAG,
        "max_connections": WholeNumber(least=1, most=10_000),
        "peer_connections": WholeNumber(least=1, most=10_000),
        "users_file": kinds.FILE,
        "max_recipients": WholeNumber(least=1, most=10_000),
        "trusted_peers": kinds.several(kinds.NETWORK),
        **_TRUST,
    },
    required=("protocol",),
)
PIPE = section("[pipe]", {"trusted": kinds.FLAG, **_TRUST})


def mailbox(found: Section, desk: Section, accounts: Mapping[str, OAuth | None], environment: Environment) -> Mailbox | None:
    """None where it has no name or no host."""
    values = found.values
    environment.read_secret(found, "password")
    needs_password(found)
    trust = _trust(found, desk)
    oauth.complete_mailbox(found, accounts)
    if "host" not in values and not found.has("host") and (not found.has("oauth") or accounts.get(values.get("oauth", ""))):
        found.mistake('[mailbox] needs "host"', 'add host = "…"')
    if values.get("after") is After.MOVE and "move_to" not in values:
        found.at_value("after", 'after = "move" needs move_to', 'add a line move_to = "Done"')
    found.unused(("move_to",), unless=values.get("after") is After.MOVE, hint='write after = "move" beside it')
    return Mailbox(**values, trust=trust) if {"name", "host"} <= set(values) else None


def needs_password(found: Section) -> None:
    """A user with neither a password nor a login of OAuth is a mistake."""
    if "user" in found.values and not any(found.has(key) for key in ("password", *secret_places("password"), "oauth")):
        found.at_key("user", "there is a user and no password", 'add password_file = "…" or password_env = "…", or oauth = "…"')


def listener(found: Section, desk: Section) -> ListenerSettings | None:
    """None where it has no protocol."""
    values = found.values
    trust = _trust(found, desk)
    for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert"), ("require_tls", "tls_cert"), ("users_file", "tls_cert")):
        if values.get(one) and other not in values:
            found.at_key(one, f"{one} needs {other}", f'add a line {other} = "…"')
    if "protocol" not in values:
        return None
    for one in ("host", "port"):
        if "socket" in values and one in values:
            found.at_key(one, f"{one} does nothing beside socket", "systemd decides where its sockets listen")
    settings = ListenerSettings(**values, trust=trust)
    _check_exposure(found, settings, _desk_ids(desk))
    return settings


def _check_exposure(found: Section, settings: ListenerSettings, desk_ids: bool) -> None:
    """Anybody who reaches a listener can write the results it would believe, so it must say from whom it believes them."""
    for index, peer in enumerate(settings.trusted_peers):
        if servers.is_wide(peer):
            hint = "name the addresses of your mail servers; whoever is named may write as any agent"
            found.at_value("trusted_peers", f'trusted_peers: "{peer}" is too many', hint, item=index)
    if not settings.socket and is_open(settings, desk_ids, settings.host):  # where systemd's sockets are is known at the start
        hint = 'name your mail server: trusted_peers = ["192.0.2.10"]; or take authserv_ids and profile away and set check = "dns"'
        found.mistake(
            f"this listener can be reached from outside ({settings.host}) and would believe what anybody writes about senders", hint
        )


def pipe(found: Section, desk: Section) -> Pipe:
    trust = _trust(found, desk)
    trusted = found.values.get("trusted", False)
    found.unused(_TRUST, unless=trusted, hint="only a trusted pipe is believed: write trusted = true beside it")
    return Pipe(trusted=trusted, trust=trust)


# Profiles of servers that write their own name before their results.
_NAMED = {Profile.OWN, Profile.POSTFIX_MILTER, Profile.RSPAMD}


def _trust(found: Section, desk: Section) -> Trust:
    """The keys about trust, which are no longer in the section."""
    said = found.take(_TRUST)
    profile, tenants, promised = said.get("profile"), said.get("tenant_domains"), said.pop("no_hybrid_connector", False)
    if tenants and not promised:
        hint = 'if no hybrid or "externally secured" connector lets mail in as internal, write no_hybrid_connector = true'
        found.at_key("tenant_domains", "tenant_domains needs the tenant administrator's word", hint)
    is_microsoft = not tenants or profile is Profile.MICROSOFT
    found.unused(("tenant_domains",), unless=is_microsoft, hint='write profile = "microsoft" beside it')
    found.unused(("milter_index",), unless=profile is Profile.POSTFIX_MILTER, hint='write profile = "postfix-milter" beside it')
    if profile in _NAMED and not (said.get("authserv_ids") or _desk_ids(desk)):
        hint = 'add authserv_ids = ["mx.acme.example"]: the first word of the Authentication-Results that your server writes'
        found.at_key("profile", f"the profile {profile} needs authserv_ids", hint)
    return Trust(**said)


def _desk_ids(desk: Section) -> bool:
    return bool(desk.written("authserv_ids"))


def check_sockets(sections: Iterable[Section]) -> None:
    """One socket of systemd serves one table: [[listener]], [metrics], [health] or [web]."""
    seen: dict[str, Section] = {}
    for found in sections:
        name = found.values.get("socket", "")
        if name in seen:
            found.at_value("socket", f'socket: [{seen[name].name}] takes "{name}" too', "give each its own .socket unit and name")
        elif name:
            seen[name] = found


def check_unique(sections: Sequence[Section], *keys: str) -> None:
    """Sections that share the values of all `keys` are mistakes, noted at the last key."""
    seen: set[tuple[str, ...]] = set()
    for found in sections:
        if not found.has(keys[-1]):
            continue
        values = tuple(str(found.written(key)) for key in keys)
        if values in seen:
            message = f"{keys[-1]}: there is another {found.name} with {values[-1]}"
            found.at_value(keys[-1], message, "give each its own")
        seen.add(values)
