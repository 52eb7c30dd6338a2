"""[oauth.NAME] and [encryption] of mailbridge.toml, and what mailboxes and outgoing mail take from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from mailbridge.config import toml
from mailbridge.config.model import Mailbox, OAuth, Outgoing
from mailbridge.config.positions import Where
from mailbridge.config.providers import CLOUDS, GENERIC, MICROSOFT, PROVIDERS, Flow, Provider, Server
from mailbridge.config.toml import Source

_ENDPOINTS = ("authorize_url", "token_url", "device_url")
_SECRETS = ("client_secret_file", "client_secret_env", "client_secret_credential")
_PASSWORDS = ("password_file", "password_env", "password_credential")


class Reads(Protocol):
    """What reads the file."""

    @property
    def source(self) -> Source: ...

    def values(self, where: Where, table: object, required: tuple[str, ...]) -> dict[str, Any]: ...

    def hidden(self, where: Where, values: dict[str, Any], name: str) -> dict[str, Any]: ...


def accounts(reads: Reads) -> Mapping[str, OAuth]:
    """Every [oauth.NAME] by its name."""
    tables = reads.source.data.get("oauth", {})
    if not isinstance(tables, dict):
        reads.source.at_key(("oauth",), "expected a section", "write [oauth.NAME] on a line of its own")
        return {}
    stray = [key for key, table in tables.items() if not isinstance(table, dict)]
    for key in stray:
        reads.source.at_key(("oauth", key), f'"{key}" belongs to a login', "give the login a name: [oauth.NAME]")
    found = {name: _account(reads, name, table) for name, table in tables.items() if name not in stray}
    return {name: account for name, account in found.items() if account is not None}


def _account(reads: Reads, name: str, table: object) -> OAuth | None:
    where: Where = ("oauth", name)
    source = reads.source
    values = reads.values(where, table, ("provider",))
    base = PROVIDERS.get(values.pop("provider", ""))
    if base is None or not isinstance(table, dict):
        return None
    flow = values.pop("flow", Flow.SERVICE_ACCOUNT if "service_account_file" in values else Flow.CODE)
    if flow not in base.flows:
        source.at_value((*where, "flow"), f'{base.name} does not offer flow = "{flow}"', f"it offers: {', '.join(base.flows)}")
    secret_given = any(key in table for key in _SECRETS)
    values = reads.hidden(where, values, "client_secret")
    _misplaced(source, where, table, base, flow, secret_given=secret_given)
    _needed(source, where, table, base, flow, secret_given=secret_given)
    provider, scopes = _filled(base, flow, values)
    values = {key: value for key, value in values.items() if key not in ("tenant", "cloud", "scopes", *_ENDPOINTS)}
    values["account"] = values.get("account", "").lower()
    return OAuth(name=name, provider=provider, flow=flow, scopes=scopes, **values)


def _misplaced(source: Source, where: Where, table: Mapping[str, object], base: Provider, flow: Flow, *, secret_given: bool) -> None:
    """Keys that do nothing beside the others."""
    service = flow is Flow.SERVICE_ACCOUNT
    rules: tuple[tuple[tuple[str, ...], bool, str], ...] = (
        (("tenant", "cloud"), base.name == MICROSOFT.name, 'only provider = "microsoft" has it'),
        ((*_ENDPOINTS, "scopes"), base.name == GENERIC.name, f"{base.name}'s are known; provider = \"generic\" takes any"),
        (("service_account_file",), service, 'write flow = "service-account" beside it'),
        ((*_SECRETS, "client_id", "certificate_file"), not service, "a service account has all of it in service_account_file"),
        (("certificate_key_file",), "certificate_file" in table, 'add certificate_file = "…"'),
        (("secret_expires",), secret_given, 'it says when the client secret ends: add client_secret_file = "…"'),
        (_SECRETS, "certificate_file" not in table, "a certificate takes the place of the secret: keep one of them"),
    )
    for keys, used, hint in rules:
        for key in keys:
            if key in table and not used:
                source.at_key((*where, key), f"{key} does nothing here", hint)


def _needed(source: Source, where: Where, table: Mapping[str, object], base: Provider, flow: Flow, *, secret_given: bool) -> None:
    def need(key: str, hint: str) -> None:
        if key not in table:
            source.at_key(where, f'[oauth.{where[1]}] needs "{key}"', hint)

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
    if flow is Flow.CLIENT_CREDENTIALS and not secret_given and "certificate_file" not in table:
        hint = 'add client_secret_file = "…" or certificate_file = "…"'
        source.at_key(where, f"[oauth.{where[1]}] has no secret and no certificate", hint)


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


def encryption_key(reads: Reads, found: Mapping[str, OAuth]) -> str:
    """The key for stored tokens; '' where nothing is stored."""
    where: Where = ("encryption",)
    table = reads.source.data.get("encryption")
    key: str = reads.hidden(where, reads.values(where, table or {}, ()), "key").get("key", "")
    given = isinstance(table, dict) and bool(table)
    if found and not given:
        hint = 'make one: openssl rand -base64 32 > secret.key && chmod 600 secret.key; then [encryption] key_file = "secret.key"'
        reads.source.at_key(("oauth",), "tokens are stored encrypted, and there is no key", hint)
    elif given and not found:
        reads.source.at_key(where, "nothing is encrypted here", "it is the key for the tokens of [oauth.NAME]")
    elif key and len(key) < LEAST_KEY:
        reads.source.at_key(where, f"the key is shorter than {LEAST_KEY} characters", "make one: openssl rand -base64 32")
    return key


def for_mailbox(reads: Reads, where: Where, values: dict[str, Any], table: object, found: Mapping[str, OAuth]) -> dict[str, Any]:
    """`values` with the provider's server where none is named."""
    account = _named(reads, where, values, table, found)
    server = account.provider.imap if account else None
    if server is None:
        return values
    return {"host": server.host, "port": server.port, **values} if "host" not in values else values


def for_outgoing(reads: Reads, values: dict[str, Any], table: object, found: Mapping[str, OAuth]) -> dict[str, Any]:
    """`values` with the provider's server where none is named."""
    where: Where = ("outgoing",)
    account = _named(reads, where, values, table, found)
    if account is None:
        return values
    server, limits = account.provider.smtp, account.provider.limits
    if "url" not in values and server is None:
        reads.source.at_key((*where, "oauth"), "the provider's server is not known", 'add url = "smtp://HOST:587"')
    if values.get("url", "").startswith("maildir:"):
        reads.source.at_key((*where, "oauth"), "a Maildir needs no login", "delete the line, or name an SMTP server in url")
    if "user" not in values:
        reads.source.at_key((*where, "oauth"), "the mailbox that sends is not named", 'add user = "support@…"')
    most = limits.smtp_connections
    if most and values.get("connections", 0) > most:
        hint = f"the most is {most}: people send, too"
        reads.source.at_value((*where, "connections"), f"connections: {account.provider.name} allows {most + 1} in all", hint)
    return {"url": f"smtp://{server.host}:{server.port}", **values} if server else values


def _named(reads: Reads, where: Where, values: Mapping[str, Any], table: object, found: Mapping[str, OAuth]) -> OAuth | None:
    name = values.get("oauth")
    if name is None:
        return None
    for key in _PASSWORDS:
        if isinstance(table, dict) and key in table:
            reads.source.at_key((*where, key), "a password and oauth are both given", "keep one of them")
    tables = reads.source.data.get("oauth", {})
    if name not in found and not (isinstance(tables, dict) and name in tables):
        known = tables if isinstance(tables, dict) else {}
        hint = toml.did_you_mean(name, known) if known else f"add a section [oauth.{name}]"
        reads.source.at_value((*where, "oauth"), f'oauth: there is no [oauth.{name}]', hint)
    return found.get(name)


def completed(
    reads: Reads, found: Mapping[str, OAuth], mailboxes: Sequence[Mailbox | None], outgoing: Outgoing
) -> tuple[OAuth, ...]:
    """The logins with who signs in, where only their users say so.  What only all of them together can say is said here."""
    return tuple(_completed(reads, account, [box for box in mailboxes if box], outgoing) for account in found.values())


def _completed(reads: Reads, account: OAuth, mailboxes: Sequence[Mailbox], outgoing: Outgoing) -> OAuth:
    where: Where = ("oauth", account.name)
    boxes = [box for box in mailboxes if box.oauth == account.name]
    users = {box.user.lower() for box in boxes} | ({outgoing.user.lower()} if outgoing.oauth == account.name else set())
    if not users:
        hint = f'write oauth = "{account.name}" in [[mailbox]] or [outgoing]'
        reads.source.at_key(where, f"no mailbox uses [oauth.{account.name}]", hint)
        return account
    if account.flow is Flow.SERVICE_ACCOUNT and users != {account.account or min(users)}:
        reads.source.at_key(where, "a service account acts for one user", "give each mailbox an [oauth.NAME] of its own")
    elif account.flow.interactive and not account.account and len(users) > 1:
        hint = 'shared mailboxes are opened by somebody: account = "ann@…"'
        reads.source.at_key(where, f"several mailboxes ({', '.join(sorted(users))}), and nobody says who signs in", hint)
    for user in sorted(users):
        _enough_connections(reads, account, user, sum(len(box.folders) for box in boxes if box.user.lower() == user))
    return replace(account, account=account.account or min(users))


def _enough_connections(reads: Reads, account: OAuth, user: str, folders: int) -> None:
    most = account.provider.limits.imap_connections
    if most and folders > most:
        message = f"{folders} folders of {user} need {folders} connections, and {account.provider.name} allows {most}"
        reads.source.at_key(("oauth", account.name), message, "read fewer folders: folders = […]")


LEAST_KEY = 32  # characters
