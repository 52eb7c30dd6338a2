"""[oauth.NAME] and [encryption] of mailbridge.toml, and what mailboxes and outgoing mail take from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from mailbridge.config import servers, times
from mailbridge.config.model import Mailbox, OAuth, Outgoing
from mailbridge.config.providers import CLOUDS, GENERIC, MICROSOFT, PROVIDERS, Flow, Provider, Server
from mailbridge.config.scalars import Forbidden, Text
from mailbridge.config.sections import kinds
from mailbridge.config.sections.environment import Environment, secret_keys, secret_places
from mailbridge.config.sections.section import Section, section
from mailbridge.config.suggest import did_you_mean

LEAST_KEY = 32  # characters
_ENDPOINTS = ("authorize_url", "token_url", "device_url")
_SECRETS = secret_places("client_secret")

ACCOUNT = section(
    "[oauth.NAME]",
    {
        "provider": kinds.one_of(PROVIDERS),
        "flow": kinds.one_of(Flow),
        "tenant": kinds.HOST,
        "cloud": kinds.one_of(CLOUDS),
        "client_id": kinds.LINE,
        **secret_keys("client_secret"),
        "secret_expires": Text(what="a date", parse=times.day, takes=(date,), hint="write it without quotes: 2027-11-30"),
        "certificate_file": kinds.FILE,
        "certificate_key_file": kinds.FILE,
        "service_account_file": kinds.FILE,
        "account": kinds.ADDRESS,
        **dict.fromkeys(_ENDPOINTS, kinds.text(servers.endpoint)),
        "scopes": kinds.several(kinds.LINE),
        "ca_file": kinds.FILE,
    },
    required=("provider",),
)
ENCRYPTION = section("[encryption]", {key: schema for key, schema in secret_keys("key").items() if not isinstance(schema, Forbidden)})


def account(found: Section, name: str, environment: Environment) -> OAuth | None:
    """The login [oauth.NAME]; None where its provider is not known."""
    values = found.values
    base = PROVIDERS.get(values.pop("provider", ""))
    if base is None:
        return None
    flow = values.pop("flow", Flow.SERVICE_ACCOUNT if "service_account_file" in values else Flow.CODE)
    if flow not in base.flows:
        found.at_value("flow", f'{base.name} does not offer flow = "{flow}"', f"it offers: {', '.join(base.flows)}")
    environment.read_secret(found, "client_secret")
    _misplaced(found, base, flow)
    _needed(found, name, base, flow)
    provider, scopes = _filled(base, flow, values)
    found.take(("tenant", "cloud", "scopes", *_ENDPOINTS))
    values["account"] = values.get("account", "").lower()
    return OAuth(name=name, provider=provider, flow=flow, scopes=scopes, **values)


def _misplaced(found: Section, base: Provider, flow: Flow) -> None:
    """Keys that do nothing beside the others."""
    service = flow is Flow.SERVICE_ACCOUNT
    rules: tuple[tuple[tuple[str, ...], bool, str], ...] = (
        (("tenant", "cloud"), base.name == MICROSOFT.name, 'only provider = "microsoft" has it'),
        ((*_ENDPOINTS, "scopes"), base.name == GENERIC.name, f"{base.name}'s are known; provider = \"generic\" takes any"),
        (("service_account_file",), service, 'write flow = "service-account" beside it'),
        ((*_SECRETS, "client_id", "certificate_file"), not service, "a service account has all of it in service_account_file"),
        (("certificate_key_file",), found.has("certificate_file"), 'add certificate_file = "…"'),
        (("secret_expires",), _has_secret(found), 'it says when the client secret ends: add client_secret_file = "…"'),
        (_SECRETS, not found.has("certificate_file"), "a certificate takes the place of the secret: keep one of them"),
    )
    for keys, used, hint in rules:
        found.unused(keys, unless=used, hint=hint)


def _has_secret(found: Section) -> bool:
    return any(found.has(key) for key in _SECRETS)


def _needed(found: Section, name: str, base: Provider, flow: Flow) -> None:
    def need(key: str, hint: str) -> None:
        if not found.has(key):
            found.mistake(f'[oauth.{name}] needs "{key}"', hint)

    if flow is Flow.SERVICE_ACCOUNT:
        need("service_account_file", "the JSON file that Google Cloud offered when the key was made")
        return
    need("client_id", "the provider shows it when the app is registered")
    if base.name == MICROSOFT.name:
        need("tenant", "the Directory (tenant) ID on the app's Overview page")
    if base.name == GENERIC.name:
        need("token_url", 'the provider\'s documentation names it: token_url = "https://…"')
        need("scopes", 'the scopes for IMAP and SMTP: scopes = ["…"]')
        if flow is Flow.CODE:
            need("authorize_url", 'authorize_url = "https://…"')
        if flow is Flow.DEVICE:
            need("device_url", 'device_url = "https://…"')
    if flow is Flow.CLIENT_CREDENTIALS and not _has_secret(found) and not found.has("certificate_file"):
        hint = 'add client_secret_file = "…" or certificate_file = "…"'
        found.mistake(f"[oauth.{name}] has no secret and no certificate", hint)


def _filled(base: Provider, flow: Flow, values: Mapping[str, Any]) -> tuple[Provider, tuple[str, ...]]:
    """The provider with the tenant and the cloud's hosts in place, and the scopes to ask for."""
    if base.name == GENERIC.name:
        endpoints = {key: values.get(key, "") for key in _ENDPOINTS}
        return replace(base, **endpoints, identity=()), values.get("scopes", ())
    words = {"tenant": values.get("tenant", ""), **CLOUDS[values.get("cloud", "global")]}

    def fill(text: str) -> str:
        return text.format_map(words)

    def server(found: Server | None) -> Server | None:
        return replace(found, host=fill(found.host)) if found else None

    provider = replace(
        base,
        authorize_url=fill(base.authorize_url),
        token_url=fill(base.token_url),
        device_url=fill(base.device_url),
        imap=server(base.imap),
        smtp=server(base.smtp),
    )
    return provider, tuple(fill(scope) for scope in (base.scopes if flow.interactive else base.app_scopes))


def encryption_key(found: Section, accounts: Mapping[str, Section], environment: Environment) -> str:
    """The key for stored tokens; '' where nothing is stored."""
    environment.read_secret(found, "key")
    key: str = found.values.get("key", "")
    if accounts and not found.is_there:
        hint = 'make one: openssl rand -base64 32 > secret.key && chmod 600 secret.key; then [encryption] key_file = "secret.key"'
        next(iter(accounts.values())).mistake("tokens are stored encrypted, and there is no key", hint)
    elif found.is_there and not accounts:
        found.mistake("nothing is encrypted here", "it is the key for the tokens of [oauth.NAME]")
    elif key and len(key) < LEAST_KEY:
        found.mistake(f"the key is shorter than {LEAST_KEY} characters", "make one: openssl rand -base64 32")
    return key


def complete_mailbox(found: Section, accounts: Mapping[str, OAuth | None]) -> None:
    """Puts the provider's server into the section where none is named."""
    account = _named(found, accounts)
    server = account.provider.imap if account else None
    if server and "host" not in found.values:
        found.values.update({"host": server.host, "port": server.port} | found.values)


def complete_outgoing(found: Section, accounts: Mapping[str, OAuth | None]) -> None:
    """Puts the provider's server into the section where none is named."""
    account = _named(found, accounts)
    if account is None:
        return
    values, server, most = found.values, account.provider.smtp, account.provider.limits.smtp_connections
    if "url" not in values and server is None:
        found.at_key("oauth", "the provider's server is not known", 'add url = "smtp://HOST:587"')
    if values.get("url", "").startswith("maildir:"):
        found.at_key("oauth", "a Maildir needs no login", "delete the line, or name an SMTP server in url")
    if "user" not in values:
        found.at_key("oauth", "the mailbox that sends is not named", 'add user = "support@…"')
    if most and values.get("connections", 0) > most:
        message = f"connections: {account.provider.name} allows {most + 1} in all"
        found.at_value("connections", message, f"the most is {most}: people send, too")
    if server:
        values.setdefault("url", f"smtp://{server.host}:{server.port}")


def _named(found: Section, accounts: Mapping[str, OAuth | None]) -> OAuth | None:
    """The login that `oauth` names.  One whose own section has mistakes is None, and so is one that is not there."""
    name = found.values.get("oauth")
    if name is None:
        return None
    for key in secret_places("password"):
        if found.has(key):
            found.at_key(key, "a password and oauth are both given", "keep one of them")
    if name not in accounts:
        hint = did_you_mean(name, accounts) if accounts else f"add a section [oauth.{name}]"
        found.at_value("oauth", f"oauth: there is no [oauth.{name}]", hint)
    return accounts.get(name)


def completed(
    sections: Mapping[str, Section], accounts: Mapping[str, OAuth | None], mailboxes: Sequence[Mailbox], outgoing: Sequence[Outgoing]
) -> tuple[OAuth, ...]:
    """The logins with who signs in, where only their users say so.  Notes what only all of them together show."""
    return tuple(_completed(sections[name], account, mailboxes, outgoing) for name, account in accounts.items() if account)


def _completed(found: Section, account: OAuth, mailboxes: Sequence[Mailbox], outgoing: Sequence[Outgoing]) -> OAuth:
    boxes = [box for box in mailboxes if box.oauth == account.name]
    users = {box.user.lower() for box in boxes} | {one.user.lower() for one in outgoing if one.oauth == account.name}
    if not users:
        hint = f'write oauth = "{account.name}" in [[mailbox]] or [outgoing]'
        found.mistake(f"no mailbox uses [oauth.{account.name}]", hint)
        return account
    if account.flow is Flow.SERVICE_ACCOUNT and users != {account.account or min(users)}:
        found.mistake("a service account acts for one user", "give each mailbox an [oauth.NAME] of its own")
    elif account.flow.interactive and not account.account and len(users) > 1:
        hint = 'shared mailboxes are opened by somebody: account = "ann@…"'
        found.mistake(f"several mailboxes ({', '.join(sorted(users))}), and nobody says who signs in", hint)
    for user in sorted(users):
        _check_connections(found, account, user, sum(len(box.folders) for box in boxes if box.user.lower() == user))
    return replace(account, account=account.account or min(users))


def _check_connections(found: Section, account: OAuth, user: str, folders: int) -> None:
    most = account.provider.limits.imap_connections
    if most and folders > most:
        message = f"{folders} folders of {user} need {folders} connections, and {account.provider.name} allows {most}"
        found.mistake(message, "read fewer folders: folders = […]")
