"""mailbridge.toml to a Config, or every mistake in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mailbridge.config import sections
from mailbridge.config.model import After, Config, LimitSettings
from mailbridge.config.reading import Reading
from mailbridge.config.sections import Document, desk, identities, oauth, operation, outgoing, senders, sources, web
from mailbridge.config.sections.environment import DESK, Environment
from mailbridge.errors import ConfigError, Problem

FILE = "mailbridge.toml"


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in `path` (mailbridge.toml or the folder that holds it).  Raises ConfigError with every mistake found."""
    file = (path / FILE if path.is_dir() else path).absolute()
    reading = Reading()
    document = sections.read(file.name, _content(file), reading)
    if document is None:
        raise ConfigError(tuple(reading.problems), str(file.parent))
    environment = Environment(folder=file.parent, variables=os.environ if environ is None else environ, reading=reading)
    config = _config(document, environment)
    environment.check_variables()
    if config is None or reading.problems:
        raise ConfigError(tuple(sorted(reading.problems)), str(file.parent))
    return config


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        hint = f"mailbridge init {file.parent if file.suffix == '.toml' else file} writes one; --desk or {DESK} names the desk's folder"
        raise ConfigError((Problem(file=str(file), message="there is no such file", hint=hint),)) from error
    except OSError as error:
        hint = "the user that runs mailbridge must be able to read it"
        raise ConfigError((Problem(file=str(file), message=f"cannot be read: {error.strerror}", hint=hint),)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(file=file.name, line=line, column=1, message="not UTF-8", hint="save the file as UTF-8")
        raise ConfigError((problem,), str(file.parent)) from error


def _config(found: Document, environment: Environment) -> Config | None:
    """None where the desk has no name or address; that and every other mistake is noted."""
    for section in found:
        environment.locate_files(section)
    desk_settings = desk.desk(found.one("desk"), identities.identities(found.several("identity")))
    logins = found.named("oauth")
    accounts = {name: oauth.account(section, name, environment) for name, section in logins.items()}
    mailboxes = tuple(box for one in found.several("mailbox") if (box := sources.mailbox(one, found.one("desk"), accounts, environment)))
    listeners = tuple(each for one in found.several("listener") if (each := sources.listener(one, found.one("desk"))))
    sources.check_unique(found.several("mailbox"), "name")
    sources.check_unique(found.several("listener"), "host", "port")
    sources.check_sockets((*found.several("listener"), found.one("metrics"), found.one("health"), found.one("web")))
    ways_out = outgoing.servers(found.one_or_several("outgoing"), found.several("identity"), accounts, environment)
    log = found.one("log").values
    webhooks = outgoing.webhooks(found.one("webhooks"), environment)
    store_url = desk.store_url(found.one("store"), environment)
    settings = {
        "store_url": store_url,
        "pipe": sources.pipe(found.one("pipe"), found.one("desk")),
        "limits": LimitSettings(**found.one("limits").values),
        "tokens": operation.tokens(found.one("tokens")),
        "authenticity": senders.authenticity(found.one("authenticity")),
        "scan": senders.scan(found.one("scan")),
        "dkim": identities.dkim(found.several("dkim"), found.several("identity")),
        "smime_certificates": identities.smime(found.one("smime"), environment.folder),
        "webhooks": webhooks,
        "telemetry_endpoint": found.one("telemetry").values.get("endpoint", ""),
        "canary": operation.canary(found.one("canary"), ways_out),
        "calendars": outgoing.calendars(found.one("calendars")),
        "knowledge": operation.knowledge(found.one("knowledge"), environment.folder),
        "metrics": operation.metrics(found.one("metrics")),
        "backup": operation.backup(found.one("backup"), environment.folder),
        "health": operation.health(found.one("health"), webhooks.hosts),
        "web": web.web(found.one("web"), on_sqlite=store_url.startswith("sqlite:")),
        "encryption_key": oauth.encryption_key(found.one("encryption"), logins, environment),
        "oauth": oauth.completed(logins, accounts, mailboxes, ways_out),
        **found.one("workers").values,
        **{f"log_{key}": value for key, value in log.items()},
    }
    if desk_settings is None:
        return None
    if desk_settings.shadow:  # `leave` opens folders with EXAMINE, so the server refuses every change
        mailboxes = tuple(
            replace(box, after=After.LEAVE, move_to="", folders=tuple(dict.fromkeys((*box.folders, *box.sent)))) for box in mailboxes
        )
    return Config(
        folder=environment.folder,
        desk=desk_settings,
        mailboxes=mailboxes,
        listeners=listeners,
        outgoing=ways_out[0],
        further_outgoing=ways_out[1:],
        **settings,
    )
