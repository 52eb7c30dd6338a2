"""Tests the login of each mailbox, each of its folders, the outgoing server, scanners and listeners.  Reports limits of known providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from mailbridge.config.model import Config, Mailbox, Tls
from mailbridge.doctor.machine import certificate
from mailbridge.doctor.model import Finding, doubtful, right, wrong
from mailbridge.errors import MailbridgeError
from mailbridge.health.names import OUTGOING, listener_name
from mailbridge.health.probes import ProbeFailed, probes
from mailbridge.intake.imap_connection import Connection
from mailbridge.intake.imap_errors import LoginRefused
from mailbridge.oauth.model import TokenSource

TokensOf = Callable[[str], TokenSource | None]  # name of an OAuth login -> its tokens; None: log in with a password

# Host name -> limits of its provider, as of 2026-11.
IMAP_LIMITS = {
    "outlook.office365.com": "Microsoft 365 accepts no passwords over IMAP, only OAuth",
    "imap.gmail.com": "Google allows 15 IMAP connections at a time, and a password only as an app password",
}
SMTP_LIMITS = {
    "smtp.office365.com": (
        3,
        "Microsoft 365 allows 3 connections, 30 mails a minute and 10,000 recipients a day; SMTP AUTH with a password is being retired",
    ),
    "smtp-mail.outlook.com": (3, "Microsoft allows 3 connections and 30 mails a minute"),
}


def logins(config: Config, now: datetime, tokens: TokensOf, *, is_alive: bool) -> Iterator[Finding]:
    """Tries every login of the configuration and yields a finding for each.  Listeners are probed only while a daemon runs."""
    for mailbox in config.mailboxes:
        yield from mailbox_findings(mailbox, config.limits.mail_size, now, tokens(mailbox.oauth))
    places = {listener_name(one.protocol, one.name): (one.host, one.port) for one in config.listeners if is_alive and not one.socket}
    for name, probe in probes(config, places, tokens):
        try:
            yield right(_group(name), name, probe())
        except ProbeFailed as fault:
            yield wrong(_group(name), name, str(fault), remedy_of(name, str(fault)))
    if config.listeners and not is_alive:
        yield doubtful("services", "listeners", "not tested: no daemon is running", "start it: mailbridge run")
    yield from limits(config)


def mailbox_findings(mailbox: Mailbox, largest: int, now: datetime, tokens: TokenSource | None) -> Iterator[Finding]:
    connection: Connection | None = None
    try:
        connection = Connection(mailbox, largest, tokens)
    except LoginRefused as error:
        advice = next((f"{said}. " for host, said in IMAP_LIMITS.items() if mailbox.host.lower() == host), "")
        login = f"mailbridge auth test {mailbox.oauth}" if tokens else f"{advice}Check user and password_file of [[mailbox]] {mailbox.name}"
        yield wrong("mailboxes", mailbox.name, error.what, login)
        return
    except MailbridgeError as error:
        if tokens:
            yield wrong("mailboxes", mailbox.name, error.what, f"mailbridge auth test {mailbox.oauth}; host and port of the mailbox")
            return
        yield wrong("mailboxes", mailbox.name, error.what, f"check host, port, tls and ca_file of [[mailbox]] {mailbox.name}")
        return
    try:
        for folder in mailbox.folders:
            name = f"{mailbox.name}/{folder}"
            try:
                selected = connection.select(folder, readonly=True)
                yield right("mailboxes", name, f"login and folder are good, UIDVALIDITY {selected.uidvalidity}")
            except MailbridgeError as error:
                yield wrong("mailboxes", name, error.what, _folder_is_missing(mailbox, folder))
        if (ends := connection.certificate_ends) is not None:
            yield certificate(f"{mailbox.host}:{mailbox.port}", ends, now)
        if mailbox.tls is Tls.NONE:
            yield doubtful(
                "mailboxes", mailbox.name, "the password and mail cross the network unencrypted", 'tls = "implicit" or "starttls"'
            )
    finally:
        connection.close()


def _folder_is_missing(mailbox: Mailbox, folder: str) -> str:
    key = "sent" if folder in mailbox.sent else "folders"
    return f"check that the folder exists and is written as on the server: {key} of [[mailbox]] {mailbox.name}"


def _group(name: str) -> str:
    return "outgoing" if name.partition(":")[0] == OUTGOING else "services"


def remedy_of(name: str, said: str) -> str:
    """The remedy for a login or a service that failed.  `said`: the error, with the server's reply code where there is one."""
    if _group(name) != "outgoing":
        return "check that it is running at the address in mailbridge.toml"
    if "5.7.30" in said:
        return "the provider has disabled passwords for SMTP: allow SMTP AUTH for this mailbox, or log in with OAuth"
    if "535" in said or "534" in said:
        return "check user and password_file of [outgoing]; many providers require an app password"
    if "certificate" in said.lower():
        return "use the server name in its certificate, or set its CA in ca_file of [outgoing]"
    return "check url and tls of [outgoing], and whether a firewall blocks the port"


def limits(config: Config) -> Iterator[Finding]:
    """Compares `connections` of each [outgoing] with the limit of a known provider.  Nothing is yielded for any other provider."""
    for server in config.outgoing_servers:
        for host, (connections, said) in SMTP_LIMITS.items():
            if f"//{host}" not in server.url.lower():
                continue
            subject = "limits" if len(config.outgoing_servers) == 1 else f"limits of {server.name}"
            if server.connections > connections - 1:
                remedy = f"[outgoing] connections = {connections - 1}, so that other programs can also send"
                yield doubtful("outgoing", subject, said, remedy)
            else:
                yield right("outgoing", subject, said)
