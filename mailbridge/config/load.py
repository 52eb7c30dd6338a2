"""mailbridge.toml to a Config: which keys there are, what each may hold, and what only several of them together can say."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mailbridge.config import oauth, toml
from mailbridge.config.model import (
    After,
    AgentTrust,
    AuthenticitySettings,
    Backup,
    Config,
    DeskSettings,
    HealthSettings,
    Keep,
    LimitSettings,
    ListenerSettings,
    Mailbox,
    MetricsSettings,
    OAuth,
    Outgoing,
    Pipe,
    Scanners,
    SenderCheck,
    Take,
    Taken,
    Tls,
    TokenSettings,
    Trust,
    WebhookSettings,
    WhenSilent,
    WhenVirus,
)
from mailbridge.config.positions import Where
from mailbridge.config.providers import CLOUDS, PROVIDERS, Flow
from mailbridge.config.toml import Reader, Source
from mailbridge.errors import ConfigError, Problem
from mailbridge.message.profiles import Profile, networks
from mailbridge.message.trace import within

FILE = "mailbridge.toml"
STORE_SCHEMES = {"sqlite": "sqlite:///mailbridge.db", "postgresql": "postgresql://mailbridge@db.example/mailbridge"}
OUTGOING_SCHEMES = {"smtp": "smtp://mail.example:587", "smtps": "smtps://mail.example:465", "maildir": "maildir:outgoing"}
PING_SCHEMES = {"https": "https://hc-ping.example/0f3a", "http": "http://127.0.0.1:8000/ping"}
RSPAMD_SCHEMES = {"http": "http://127.0.0.1:11333", "https": "https://spam.example"}

_PORT = toml.number(1, 65535)
_SECRET: dict[str, Reader] = {
    "password": toml.no_secret,
    "password_file": toml.path,
    "password_env": toml.text,
    "password_credential": toml.word,
}
NAMED = frozenset({"oauth"})  # sections whose tables have names
UNIT_CREDENTIALS = Path("/run/credentials/mailbridge.service")  # while the unit of the manual runs

# What [[mailbox]], [[listener]] and [pipe] say about the results in a header.
_TRUST: dict[str, Reader] = {
    "profile": toml.choice(Profile),
    "milter_index": toml.number(0, 1),
    "authserv_ids": toml.many(toml.text),
    "own_hosts": toml.many(toml.host),
    "relays": toml.many(toml.network),
    "tenant_domains": toml.many(toml.host),
    "no_hybrid_connector": toml.flag,
}



def _take(value: object) -> Take:
    """`new`, `unseen`, `since 2026-11-01` or `all`."""
    word, _, day = toml.text(value).partition(" ")
    hint = 'write "new", "unseen", "since 2026-11-01" or "all"'
    if word not in tuple(Taken):
        raise toml.Wrong(f'unknown value "{value}"', hint)
    if (word == Taken.SINCE) != bool(day.strip()):
        raise toml.Wrong(f'"{value}": a day belongs to "since", and only to it', hint)
    try:
        return Take(which=Taken(word), since=date.fromisoformat(day.strip()) if day.strip() else None)
    except ValueError as error:
        raise toml.Wrong(f'"{day.strip()}" is no day', hint) from error


# Every key of mailbridge.toml with what reads it; the manual (docs/manual/configuration.md) explains each, a test compares.
KEYS: Mapping[str, Mapping[str, Reader]] = {
    "desk": {
        "name": toml.text,
        "address": toml.address,
        "also": toml.many(toml.address),
        "prefix": toml.prefix,
        "language": toml.language,
        "admins": toml.many(toml.address),
        "plus_addressing": toml.flag,
        "authserv_ids": toml.many(toml.text),
        "own_hosts": toml.many(toml.host),
        "agent_trust": toml.choice(AgentTrust),
        "undo_minutes": toml.number(0, 10_080),
    },
    "store": {"url": toml.url(STORE_SCHEMES)},
    "mailbox": {
        "name": toml.word,
        "host": toml.host,
        "port": _PORT,
        "tls": toml.choice(Tls),
        "ca_file": toml.path,
        "user": toml.text,
        **_SECRET,
        "folders": toml.many(toml.text),
        "take": _take,
        "after": toml.choice(After),
        "move_to": toml.text,
        "oauth": toml.word,
        "idle": toml.flag,
        "poll": toml.duration(timedelta(seconds=1), timedelta(days=1)),
        **_TRUST,
    },
    "listener": {
        "protocol": toml.choice(("smtp", "lmtp")),
        "socket": toml.word,
        "host": toml.host,
        "port": _PORT,
        "hostname": toml.host,
        "recipients": toml.many(toml.address),
        "max_size": toml.size(1 << 10, 1 << 30),
        "tls_cert": toml.path,
        "tls_key": toml.path,
        "require_tls": toml.flag,
        "max_connections": toml.number(1, 10_000),
        "peer_connections": toml.number(1, 10_000),
        "users_file": toml.path,
        "max_recipients": toml.number(1, 10_000),
        "trusted_peers": toml.many(toml.network),
        **_TRUST,
    },
    "pipe": {"trusted": toml.flag, **_TRUST},
    "outgoing": {
        "url": toml.url(OUTGOING_SCHEMES),
        "tls": toml.choice(Tls),
        "ca_file": toml.path,
        "user": toml.text,
        **_SECRET,
        "oauth": toml.word,
        "helo": toml.host,
        "connections": toml.number(0, 100),
    },
    "oauth": {
        "provider": toml.choice(PROVIDERS),
        "flow": toml.choice(Flow),
        "tenant": toml.host,
        "cloud": toml.choice(CLOUDS),
        "client_id": toml.text,
        "client_secret": toml.no_secret,
        "client_secret_file": toml.path,
        "client_secret_env": toml.text,
        "client_secret_credential": toml.word,
        "secret_expires": toml.day,
        "certificate_file": toml.path,
        "certificate_key_file": toml.path,
        "service_account_file": toml.path,
        "account": toml.address,
        "authorize_url": toml.endpoint,
        "token_url": toml.endpoint,
        "device_url": toml.endpoint,
        "scopes": toml.many(toml.text),
        "ca_file": toml.path,
    },
    "encryption": {"key_file": toml.path, "key_env": toml.text, "key_credential": toml.word},
    "limits": {
        "mail_size": toml.size(1 << 10, 1 << 30),
        "read_seconds": toml.number(1, 3600),
        "read_memory": toml.size(64 << 20, 64 << 30),
        "acks_per_sender_hour": toml.number(0, 1000),
        "acks_per_verified_hour": toml.number(0, 1000),
        "tickets_per_sender_hour": toml.number(1, 1_000_000),
        "tickets_per_form_hour": toml.number(1, 1_000_000),
        "bytes_per_sender_hour": toml.size(1 << 20, 1 << 40),
        "mails_per_unproven_hour": toml.number(1, 100_000),
        "mails_per_recipient_hour": toml.number(1, 100_000),
        "mails_per_recipient_day": toml.number(1, 1_000_000),
        "automatic_per_hour": toml.number(1, 10_000_000),
        "agent_mails_at_once": toml.number(1, 1_000_000),
        "tries": toml.number(1, 100),
    },
    "tokens": {
        "act": toml.duration(timedelta(minutes=5), timedelta(days=30)),
        "answer": toml.duration(timedelta(hours=1), timedelta(days=365)),
    },
    "authenticity": {
        "check": toml.choice(SenderCheck),
        "dns_servers": toml.many(toml.server(53)),
        "time_limit": toml.duration(timedelta(seconds=1), timedelta(minutes=2)),
        "trusted_sealers": toml.many(toml.host),
    },
    "scan": {
        "clamd": toml.server_or_socket(3310),
        "clamd_max": toml.size(1 << 10, 4 << 30),
        "rspamd": toml.url(RSPAMD_SCHEMES),
        "time_limit": toml.duration(timedelta(seconds=1), timedelta(minutes=2)),
        "on_failure": toml.choice(WhenSilent),
        "virus": toml.choice(WhenVirus),
    },
    "webhooks": {
        "hosts": toml.many(toml.host),
        "secret_file": toml.path,
        "secret_env": toml.text,
        "secret_credential": toml.word,
        "ca_file": toml.path,
        "time_limit": toml.duration(timedelta(seconds=1), timedelta(minutes=2)),
    },
    "metrics": {"listen": toml.server(9464)},
    "backup": {
        "to": toml.text,
        "keys": toml.text,
        "every": toml.duration(timedelta(minutes=5), timedelta(days=31)),
        "at": toml.time_of_day,
        "keep": toml.counts(Keep, "daily", "weekly", "monthly"),
        "check": toml.flag,
    },
    "health": {"listen": toml.server(9465), "ping_url": toml.url(PING_SCHEMES), "silence": toml.flag},
    "workers": {"readers": toml.number(1, 256), "batch": toml.number(1, 10_000)},
    "log": {
        "format": toml.choice(("auto", "json", "console")),
        "level": toml.choice(("debug", "info", "warning", "error")),
    },
}

# Every MAILBRIDGE_ variable that is read; any other is a slip of the pen that would go unnoticed otherwise.
STORE_URL = "MAILBRIDGE_STORE_URL"
OUTGOING_URL = "MAILBRIDGE_OUTGOING_URL"
DESK = "MAILBRIDGE_DESK"
CRASH = "MAILBRIDGE_CRASH_AT"  # names a crash point, for tests that kill the daemon
ENVIRONMENT = (DESK, STORE_URL, OUTGOING_URL, CRASH)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in `path` (mailbridge.toml or the folder that holds it).  Raises ConfigError with every mistake found."""
    environ = os.environ if environ is None else environ
    file = (path / FILE if path.is_dir() else path).absolute()
    source = Source(file.name, _content(file))
    if source.problems:
        raise ConfigError(tuple(source.problems), str(file.parent))
    reading = _Reading(source, file.parent, environ)
    config = reading.config()
    problems = sorted((*source.problems, *reading.foreign))
    if config is None or problems:
        raise ConfigError(tuple(problems), str(file.parent))
    return config


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")  # editors on Windows put a mark before the first line
    except FileNotFoundError as error:
        hint = f"mailbridge init {file.parent if file.suffix == '.toml' else file} writes one; --desk or {DESK} names the desk's folder"
        raise ConfigError((Problem(file=str(file), message="there is no such file", hint=hint),)) from error
    except OSError as error:
        hint = "the user that runs mailbridge must be able to read it"
        raise ConfigError((Problem(file=str(file), message=f"cannot be read: {error.strerror}", hint=hint),)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            (Problem(file=file.name, line=line, column=1, message="not UTF-8", hint="save the file as UTF-8"),), str(file.parent)
        ) from error


class _Reading:
    """One pass over the parsed file: sections to our values, then what only several keys together can say."""

    def __init__(self, source: Source, folder: Path, environ: Mapping[str, str]) -> None:
        self.source = source
        self.folder = folder
        self.environ = environ
        self.foreign: list[Problem] = []  # mistakes outside the file
        self.named: set[str] = set()  # variables that password_env names

    def config(self) -> Config | None:
        """None when a mistake makes the whole impossible; it is in the problems then."""
        for section in self.source.data:
            if section not in KEYS:
                self.source.at_key((section,), f'unknown section "{section}"', toml.did_you_mean(section, KEYS))
        desk = self._desk()
        accounts = oauth.accounts(self)
        mailboxes = tuple(self._mailbox(index, table, accounts) for index, table in self._tables("mailbox"))
        listeners = tuple(self._listener(index, table) for index, table in self._tables("listener"))
        pipe = self._pipe()
        outgoing = self._outgoing(accounts)
        store_url = self._store_url()
        limits = LimitSettings(**self._section("limits"))
        tokens = self._tokens()
        authenticity = self._authenticity()
        scan = self._scan()
        webhooks = self._webhooks()
        encryption_key = oauth.encryption_key(self, accounts)
        accounts_in_use = oauth.completed(self, accounts, mailboxes, outgoing)
        metrics = MetricsSettings(**self._section("metrics"))
        backup = self._backup()
        health = self._health()
        log = self._section("log")
        workers = self._section("workers")
        self._twice("mailbox", "name")
        self._twice("listener", "host", "port")
        self._unknown_variables()
        if self.source.problems or self.foreign or desk is None:
            return None
        return Config(
            folder=self.folder,
            desk=desk,
            store_url=store_url,
            mailboxes=tuple(mailbox for mailbox in mailboxes if mailbox),
            listeners=tuple(listener for listener in listeners if listener),
            pipe=pipe,
            outgoing=outgoing,
            limits=limits,
            tokens=tokens,
            authenticity=authenticity,
            scan=scan,
            webhooks=webhooks,
            metrics=metrics,
            backup=backup,
            health=health,
            oauth=accounts_in_use,
            encryption_key=encryption_key,
            **workers,
            **{f"log_{key}": value for key, value in log.items()},
        )

    def _section(self, name: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
        return self.values((name,), self.source.data.get(name, {}), required)

    def values(self, where: Where, table: object, required: tuple[str, ...]) -> dict[str, Any]:
        values = self.source.read(where, table, KEYS[str(where[0])], required)
        return {key: self._absolute(where, key, value) for key, value in values.items()}

    def _absolute(self, where: Where, key: str, value: Any) -> Any:
        if not isinstance(value, Path):
            return value
        file = self.folder / value
        if not file.is_file():
            self.source.at_value((*where, key), f"{key}: there is no file {file}", "relative paths start at the desk's folder")
        return file

    def _tables(self, name: str) -> list[tuple[int, object]]:
        tables = self.source.data.get(name, [])
        if isinstance(tables, list):
            return list(enumerate(tables))
        self.source.at_key((name,), f"there may be several: write [[{name}]] with two brackets")
        return []

    def _desk(self) -> DeskSettings | None:
        if "desk" not in self.source.data:
            self.source.at_key((), "the section [desk] is missing", 'it needs at least name = "…" and address = "…"')
            return None
        values = self._section("desk", ("name", "address"))
        return DeskSettings(**values) if {"name", "address"} <= set(values) else None

    def _mailbox(self, index: int, table: object, accounts: Mapping[str, OAuth]) -> Mailbox | None:
        where = ("mailbox", index)
        named = isinstance(table, dict) and "oauth" in table
        required = ("name", "user") if named else ("name", "host", "user")
        values = self._trusting(where, self._secret(where, table, self.values(where, table, required)))
        values = oauth.for_mailbox(self, where, values, table, accounts)
        if named and "host" not in values and values.get("oauth") in accounts:
            self.source.at_key(where, '[mailbox] needs "host"', 'add a line host = "…"')
        if values.get("after") is After.MOVE and "move_to" not in values:
            self.source.at_value((*where, "after"), 'after = "move" needs move_to', 'add a line move_to = "Done"')
        if "move_to" in values and values.get("after") is not After.MOVE:
            self.source.at_key((*where, "move_to"), "move_to does nothing here", 'write after = "move" beside it')
        return Mailbox(**values) if {"name", "host"} <= set(values) else None

    def _listener(self, index: int, table: object) -> ListenerSettings | None:
        where = ("listener", index)
        values = self._trusting(where, self.values(where, table, ("protocol",)))
        for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert"), ("require_tls", "tls_cert"), ("users_file", "tls_cert")):
            if values.get(one) and other not in values:
                self.source.at_key((*where, one), f"{one} needs {other}", f'add a line {other} = "…"')
        if "protocol" not in values:
            return None
        for one in ("host", "port"):
            if "socket" in values and one in values:
                self.source.at_key((*where, one), f"{one} does nothing beside socket", "systemd decides where its sockets listen")
        self._open_to_the_world(where, listener := ListenerSettings(**values))
        return listener

    def _open_to_the_world(self, where: Where, listener: ListenerSettings) -> None:
        """Anybody who reaches a listener can write the results it would believe, so it must say from whom it believes them."""
        for index, peer in enumerate(listener.trusted_peers):
            if toml.is_wide(peer):
                hint = "name the addresses of your mail servers; whoever is named may write as any agent"
                self.source.at_value((*where, "trusted_peers", index), f'trusted_peers: "{peer}" is too many', hint)
        if not listener.socket and is_open(listener, self._desk_ids(), listener.host):  # where systemd's sockets are is known at the start
            hint = 'name your mail server: trusted_peers = ["192.0.2.10"]; or take authserv_ids and profile away and set check = "dns"'
            message = f"this listener can be reached from outside ({listener.host}) and would believe what anybody writes about senders"
            self.source.at_key(where, message, hint)

    def _health(self) -> HealthSettings:
        found = HealthSettings(**self._section("health"))
        where = urlsplit(found.ping_url)
        if where.scheme == "http" and not is_loopback(where.hostname or ""):
            hint = "whoever reads it on its way can say that the desk is well; only this machine itself may be called by http"
            self.source.at_value(("health", "ping_url"), "ping_url: only https", hint)
        return found

    def _desk_ids(self) -> bool:
        desk = self.source.data.get("desk")
        return isinstance(desk, dict) and bool(desk.get("authserv_ids"))

    def _pipe(self) -> Pipe:
        where = ("pipe",)
        values = self._trusting(where, self._section("pipe"))
        if not values.get("trusted"):
            self._idle("pipe", tuple(_TRUST), False, "only a trusted pipe is believed: write trusted = true beside it")
        return Pipe(**values)

    def _trusting(self, where: Where, values: dict[str, Any]) -> dict[str, Any]:
        """`values` with the keys about trust as one value."""
        said = {key: values.pop(key) for key in _TRUST if key in values}
        promised = said.pop("no_hybrid_connector", False)
        if said.get("tenant_domains") and not promised:
            hint = 'if no hybrid or "externally secured" connector lets mail in as internal, write no_hybrid_connector = true'
            self.source.at_key((*where, "tenant_domains"), "tenant_domains needs the tenant administrator's word", hint)
        if said.get("tenant_domains") and said.get("profile") is not Profile.MICROSOFT:
            self.source.at_key((*where, "tenant_domains"), "tenant_domains does nothing here", 'write profile = "microsoft" beside it')
        if "milter_index" in said and said.get("profile") is not Profile.POSTFIX_MILTER:
            hint = 'write profile = "postfix-milter" beside it'
            self.source.at_key((*where, "milter_index"), "milter_index does nothing here", hint)
        ids = said.get("authserv_ids") or self._desk_ids()
        if said.get("profile") in _NAMED and not ids:
            hint = 'add authserv_ids = ["mx.acme.example"]: the first word of the Authentication-Results that your server writes'
            self.source.at_key((*where, "profile"), f"the profile {said['profile']} needs authserv_ids", hint)
        return {**values, "trust": Trust(**said)}

    def _outgoing(self, accounts: Mapping[str, OAuth]) -> Outgoing:
        where = ("outgoing",)
        table = self.source.data.get("outgoing", {})
        values = self._secret(where, table, self._section("outgoing"))
        values = oauth.for_outgoing(self, values, table, accounts)
        url = values.get("url", Outgoing().url)
        if url.startswith("maildir:") and "user" in values:
            self.source.at_key((*where, "user"), "a Maildir needs no user", "delete the line, or name an SMTP server in url")
        return Outgoing(**values | {"url": self._maildir(self._from_environment(OUTGOING_URL, OUTGOING_SCHEMES) or url)})

    def _tokens(self) -> TokenSettings:
        found = TokenSettings(**self._section("tokens"))
        if found.act > found.answer:
            self.source.at_key(("tokens", "act"), "act is longer than answer", "commands need at least as fresh an address as answers")
        return found

    def _authenticity(self) -> AuthenticitySettings:
        found = AuthenticitySettings(**self._section("authenticity"))
        for index, (address, _port) in enumerate(found.dns_servers):
            if not _is_ip(address):
                hint = "names are looked up by them, so they cannot be looked up themselves"
                self.source.at_value(("authenticity", "dns_servers", index), f'dns_servers: "{address}" is no IP address', hint)
        idle = ("dns_servers", "time_limit", "trusted_sealers")
        self._idle("authenticity", idle, found.check is not SenderCheck.HEADERS, 'write check = "auto" or check = "dns" beside it')
        return found

    def _scan(self) -> Scanners:
        found = Scanners(**self._section("scan"))
        self._idle("scan", ("clamd_max", "virus"), found.clamd is not None, 'name a scanner beside it: clamd = "127.0.0.1:3310"')
        self._idle("scan", ("time_limit", "on_failure"), found.any, 'name a scanner beside it: clamd = "…" or rspamd = "…"')
        return found

    def _webhooks(self) -> WebhookSettings:
        where, secrets = ("webhooks",), ("secret_file", "secret_env", "secret_credential")
        values = self.hidden(where, self._section("webhooks"), "secret")
        hosts = values.get("hosts", ())
        table = self.source.data.get("webhooks")
        if hosts and isinstance(table, dict) and not set(secrets) & set(table):
            self.source.at_key((*where, "hosts"), "calls are signed, and there is no secret", 'add secret_file = "…" or secret_env = "…"')
        self._idle("webhooks", (*secrets, "ca_file", "time_limit"), bool(hosts), 'name a host: hosts = ["hooks.…"]')
        return WebhookSettings(**values)

    def _backup(self) -> Backup:
        values = self._section("backup")
        if "at" in values and "every" in values:
            self.source.at_key(("backup", "every"), "at and every are both given", "keep one of them; at means once a day")
        for key in ("to", "keys"):  # folders, which need not be there yet
            if key in values:
                values[key] = self.folder / Path(values[key]).expanduser()
        self._idle("backup", ("every", "at", "keep", "check"), "to" in values, 'name a folder beside it: to = "/var/backups/mailbridge"')
        found = Backup(**values)
        keys = found.keys or self.folder / "backup-keys"
        if found.to and keys.is_relative_to(found.to):
            hint = "whoever has both can write as the desk; name a folder that is stored elsewhere"
            self.source.at_key(("backup", "keys" if found.keys else "to"), "the keys would lie among the backups", hint)
        return found

    def _idle(self, section: str, keys: tuple[str, ...], used: bool, hint: str) -> None:
        """Keys that do nothing in a section are mistakes unless they are `used`."""
        table = self.source.data.get(section)
        for key in keys:
            if isinstance(table, dict) and key in table and not used:
                self.source.at_key((section, key), f"{key} does nothing here", hint)

    def _store_url(self) -> str:
        url: str = self._from_environment(STORE_URL, STORE_SCHEMES) or self._section("store").get("url", "sqlite:///mailbridge.db")
        if not url.startswith("sqlite:"):
            return url
        name = url.removeprefix("sqlite://").removeprefix("/")
        if not name:
            self.source.at_value(("store", "url"), "url: a database in memory loses every mail", 'write "sqlite:///mailbridge.db"')
        return f"sqlite:///{self.folder / name}"

    def _maildir(self, url: str) -> str:
        scheme, _, name = url.partition(":")
        return f"maildir:{self.folder / name}" if scheme == "maildir" else url

    def _from_environment(self, variable: str, schemes: Mapping[str, str]) -> str:
        value = self.environ.get(variable, "")
        if not value:
            return ""
        try:
            return str(toml.url(schemes)(value))
        except toml.Wrong as wrong:
            self.foreign.append(Problem(file="environment", message=f"{variable}: {wrong}", hint=wrong.hint))
            return value

    def _secret(self, where: Where, table: object, values: dict[str, Any]) -> dict[str, Any]:
        """`values` with the password in place of the file or the variable that holds it."""
        if "user" in values and isinstance(table, dict) and not any(key in table for key in (*_SECRET, "oauth")):
            hint = 'add password_file = "…" or password_env = "…", or oauth = "…"'
            self.source.at_key((*where, "user"), "there is a user and no password", hint)
        return self.hidden(where, values, "password")

    def hidden(self, where: Where, values: dict[str, Any], name: str) -> dict[str, Any]:
        """`values` with what `name`_file, `name`_env or `name`_credential (of systemd) leads to as `name`."""
        file: Path | None = values.pop(f"{name}_file", None)
        variable: str | None = values.pop(f"{name}_env", None)
        credential: str | None = values.pop(f"{name}_credential", None)
        given = [f"{name}_{kind}" for kind, one in (("file", file), ("env", variable), ("credential", credential)) if one]
        if len(given) > 1:
            self.source.at_key((*where, given[-1]), f"{' and '.join(given)} are both given", "keep one of them")
        elif credential:
            values[name] = self._credential(where, credential, name)
        elif file and file.is_file():
            values[name] = self._line_of(where, file, name)
        elif variable is not None:
            self.named.add(variable)
            values[name] = self.environ.get(variable, "")
            if not values[name]:
                self.source.at_value((*where, f"{name}_env"), f"the environment variable {variable} is not set", f"set {variable}")
        return values

    def _credential(self, where: Where, credential: str, name: str) -> str:
        """What systemd keeps for this service under the name (systemd.exec(5), LoadCredential=).

        A command at the desk has no folder of its own: it reads that of the running service, as the service's user or root.
        """
        given = self.environ.get("CREDENTIALS_DIRECTORY", "")
        file = (Path(given) if given else UNIT_CREDENTIALS) / credential
        if not _is_readable(file):
            outside = "the service must run, and you must be root or its user: runuser -u mailbridge -- mailbridge …"
            hint = f"the unit needs LoadCredential={credential}:PATH, or LoadCredentialEncrypted=" if given else outside
            self.source.at_value((*where, f"{name}_credential"), f"systemd gives no credential {credential}", hint)
            return ""
        return self._line_of(where, file, name, key=f"{name}_credential")

    def _line_of(self, where: Where, file: Path, name: str, key: str = "") -> str:
        key = key or f"{name}_file"
        hint = f"one line with the {name}, readable by the user that runs mailbridge"
        try:
            found = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            self.source.at_value((*where, key), f"{file} cannot be read: {reason}", hint)
            return ""
        if not found or "\n" in found:
            self.source.at_value((*where, key), f"{file} does not hold one line", hint)
        return found

    def _twice(self, section: str, *keys: str) -> None:
        """Entries of [[section]] that share the values of all `keys` are mistakes, told at the last key."""
        seen: set[tuple[str, ...]] = set()
        tables = self.source.data.get(section)
        for index, table in enumerate(tables if isinstance(tables, list) else ()):
            if not isinstance(table, dict) or keys[-1] not in table:
                continue
            values = tuple(str(table.get(key)) for key in keys)
            if values in seen:
                self.source.at_value(
                    (section, index, keys[-1]), f"{keys[-1]}: there is another {section} with {values[-1]}", "give each its own"
                )
            seen.add(values)

    def _unknown_variables(self) -> None:
        for variable in sorted(self.environ):
            if variable.startswith("MAILBRIDGE_") and variable not in (*ENVIRONMENT, *self.named):
                hint = toml.did_you_mean(variable, ENVIRONMENT)
                self.foreign.append(Problem(file="environment", message=f"unknown variable {variable}", hint=hint))


def tables_in(data: Mapping[str, object]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each table of a configuration with the name of its section: [[mailbox]] is a list of tables, [oauth.NAME] a table of tables."""
    for section, found in data.items():
        if section in KEYS:
            by_name = list(found.values()) if section in NAMED and isinstance(found, dict) else [found]
            tables = found if isinstance(found, list) else by_name
            yield from ((section, table) for table in tables if isinstance(table, dict))


def _is_readable(file: Path) -> bool:
    """Path.is_file() raises where a folder on the way may not be entered."""
    return os.access(file, os.R_OK) and file.is_file()


# Profiles of servers that write their own name before their results.
_NAMED = {Profile.OWN, Profile.POSTFIX_MILTER, Profile.RSPAMD}


def believes_headers(listener: ListenerSettings, desk_ids: bool) -> bool:
    """Whether the configuration wants results in the headers of this listener's mails to count; `desk_ids`: [desk] has authserv_ids."""
    return listener.trust.profile is not None or bool(listener.trust.authserv_ids) or desk_ids


def is_open(listener: ListenerSettings, desk_ids: bool, address: str) -> bool:
    """Whether strangers can reach a socket of this listener, which would believe results in headers and names nobody who may write them."""
    return believes_headers(listener, desk_ids) and not listener.trusted_peers and not is_loopback(address)


def is_loopback(host: str) -> bool:
    return host.lower() == "localhost" or within(host, _LOOPBACK)


_LOOPBACK = networks(("127.0.0.0/8", "::1"))


def _is_ip(address: str) -> bool:
    try:
        ip_address(address)
    except ValueError:
        return False
    return True
