"""The parts that receive mail: the SMTP and LMTP listeners, and a poller for each IMAP folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbridge.config.model import ListenerSettings, Mailbox
from mailbridge.daemon.app import App
from mailbridge.intake.imap import Poller
from mailbridge.intake.listener import Listeners
from mailbridge.ops import log as logs


def listeners(app: App, configured: Sequence[ListenerSettings]) -> Listeners:
    """The listeners of these settings; they give mails to the inbox of the desk."""

    def is_recipient(address: str) -> bool:
        return app.desk_of_files().is_own(address)  # asked in the thread of all connections: the store may be silent

    return Listeners(
        configured,
        app.inbox,
        is_recipient,
        clock=app.clock,
        log=logs.get("listener"),
        desk_ids=bool(app.config.desk.authserv_ids),
    )


def pollers(app: App) -> Iterator[Poller]:
    """One poller for each folder of each [mailbox.NAME]."""
    for mailbox in app.config.mailboxes:
        for folder in mailbox.folders:
            yield _poller(app, mailbox, folder)


def _poller(app: App, mailbox: Mailbox, folder: str) -> Poller:
    return Poller(
        mailbox,
        folder,
        app.inbox,
        app.store,
        largest=app.config.limits.mail_size,
        clock=app.clock,
        report=app.sources.mailbox_reports,
        first_time=app.faults.first_connect,
        log=logs.get("imap"),
        tokens=app.logins.named(mailbox.oauth),
    )
