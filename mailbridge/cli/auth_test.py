"""Tests every protocol of an OAuth login with its token.  Each step has a verdict and, on failure, a remedy."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from mailbridge.conversation.canary import AUTH_KINDS, AUTH_STATE_KEY, canary_key, canary_label
from mailbridge.conversation.marks import loop_mark
from mailbridge.errors import Permanent, Transient
from mailbridge.oauth import advice

if TYPE_CHECKING:
    from mailbridge.config.model import Mailbox, OAuth
    from mailbridge.daemon.app import App
    from mailbridge.delivery.transport import Outcome
    from mailbridge.intake.imap_connection import Connection
    from mailbridge.oauth.source import TokenSource

ARRIVES_WITHIN = 30.0  # seconds
ALIVE_WITHIN = timedelta(minutes=2)  # since the daemon's last heartbeat


class StepVerdict(StrEnum):
    RIGHT = "right"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStep:
    what: str
    verdict: StepVerdict
    said: str = ""
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return {"step": self.what, "verdict": self.verdict, "said": self.said, "advice": self.advice}


def steps(app: App, account: OAuth) -> Iterator[TestStep]:
    """Runs the tests and yields each step.  Steps that need one that failed are left out."""
    source = app.logins.sources[account.name]
    step = _token(app, source)
    yield step
    if step.verdict is StepVerdict.WRONG:
        return
    for mailbox in app.config.mailboxes:
        if mailbox.oauth == account.name:
            yield from _imap(mailbox, source)
    if app.config.outgoing.oauth == account.name:
        yield from _smtp(app, source)


def _token(app: App, source: TokenSource) -> TestStep:
    try:
        token = source.token()
    except (Transient, Permanent) as error:
        return TestStep(what="token", verdict=StepVerdict.WRONG, said=str(error))
    left = int((token.expires_at - app.clock.now()).total_seconds())
    return TestStep(what="token", verdict=StepVerdict.RIGHT, said=f"valid for {left // 60} min {left % 60} s")


def _imap(mailbox: Mailbox, source: TokenSource) -> Iterator[TestStep]:
    from mailbridge.intake.imap_connection import Connection

    login = f"IMAP login to {mailbox.host} as {mailbox.user}"
    try:
        connection = Connection(mailbox, 1 << 20, source)
    except Transient as error:
        yield _failed(login, error, mailbox.user)
        return
    yield TestStep(what=login, verdict=StepVerdict.RIGHT)
    try:
        for folder in mailbox.folders:
            what = f"IMAP folder {folder}"
            try:
                connection.select(folder, readonly=True)
                yield TestStep(what=what, verdict=StepVerdict.RIGHT)
            except Transient as error:
                yield _failed(what, error, mailbox.user)
    finally:
        connection.close()


def _smtp(app: App, source: TokenSource) -> Iterator[TestStep]:
    from mailbridge.delivery import transports
    from mailbridge.delivery.session import Trouble, open_session
    from mailbridge.delivery.smtp import SmtpTransport, tls_context
    from mailbridge.delivery.transport import Delivered

    outgoing, desk = app.config.outgoing, app.config.desk
    relay = transports.relay_of(outgoing, desk.address.rpartition("@")[2], source)
    login = f"SMTP AUTH to {relay.host} as {relay.user}"
    try:
        open_session(relay, tls_context(relay)).leave()
    except Trouble as trouble:
        yield _refused(login, trouble.outcome, relay.user)
        return
    yield TestStep(what=login, verdict=StepVerdict.RIGHT)
    if desk.shadow:
        yield TestStep(what="test mail", verdict=StepVerdict.RIGHT, said="not sent: the desk is in shadow mode")
        return
    nonce = secrets.token_hex(12)
    seen = _Awaited(app, source, nonce)
    transport = SmtpTransport(relay)
    outcome = transport.send(desk.address, desk.address, _mail(app, nonce), lambda: None)
    transport.close()
    what = f"mail from {desk.address} to itself"
    if not isinstance(outcome, Delivered):
        yield _refused(what, outcome, desk.address)
        return
    yield TestStep(what=what, verdict=StepVerdict.RIGHT, said="accepted")
    yield seen.arrived()


class _Awaited:
    """The arrival of the test mail, in the INBOX that this login reads or at a running desk.

    Creating it stores the nonce, so that a running desk opens no ticket for the mail.
    """

    def __init__(self, app: App, source: TokenSource, nonce: str) -> None:
        address = app.config.desk.address
        boxes = [box for box in app.config.mailboxes if box.oauth == source.account.name and "INBOX" in box.folders]
        self._mailbox = next((box for box in boxes if box.user.lower() == address.lower()), boxes[0] if len(boxes) == 1 else None)
        self._source, self._store, self._message_id = source, app.store, _message_id(app, nonce)
        now = app.clock.now()
        with self._store.write() as tx:
            tx.state.set(AUTH_STATE_KEY, {"nonce": nonce}, now)
            alive_at = tx.state.set_at("daemon")
        self._is_alive = alive_at is not None and now - alive_at <= ALIVE_WITHIN

    def arrived(self) -> TestStep:
        """Waits at most ARRIVES_WITHIN seconds for the mail.  A mail found in the mailbox is deleted there."""
        from mailbridge.intake.imap_connection import Connection

        what = "the mail arrives"
        if self._mailbox is None and not self._is_alive:
            return TestStep(what=what, verdict=StepVerdict.DOUBTFUL, said="not checked: no mailbox of this login receives it")
        try:
            with closing(Connection(self._mailbox, 1 << 20, self._source)) if self._mailbox else nullcontext() as connection:
                said = self._seen(connection)
        except Transient as error:
            return _failed(what, error, self._mailbox.user if self._mailbox else "")
        return TestStep(
            what=what, verdict=StepVerdict.RIGHT if said else StepVerdict.DOUBTFUL, said=said or f"not within {ARRIVES_WITHIN:.0f} s"
        )

    def _seen(self, connection: Connection | None) -> str:
        """How the mail arrived; '' where it did not arrive in time."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < ARRIVES_WITHIN:
            if connection is not None and self._deleted(connection):
                return f"after {passed:.1f} s, and was deleted"
            with self._store.read() as tx:
                taken = (tx.state.get(AUTH_STATE_KEY) or {}).get(AUTH_KINDS[0])
            if taken:
                return f"after {passed:.1f} s; the running desk received it and opened no ticket"
            time.sleep(0.2)
        return ""

    def _deleted(self, connection: Connection) -> bool:
        """Looks for the mail among the newest UIDs of the INBOX and deletes it.  Returns whether it was there."""
        selected = connection.select("INBOX", readonly=False)
        for uid in reversed(connection.search(max(1, selected.uidnext - 20), None)):
            if self._message_id.encode() in connection.header(uid):
                connection.delete([uid])
                return True
        return False


def _message_id(app: App, nonce: str) -> str:
    return f"<auth-test.{nonce}@{app.config.desk.address.rpartition('@')[2]}>"


def _mail(app: App, nonce: str) -> bytes:
    address = app.config.desk.address
    mail = EmailMessage(policy=SMTP)
    mail["From"] = mail["To"] = address
    mail["Subject"] = "mailbridge auth test"
    mail["Date"] = format_datetime(app.clock.now())
    mail["Message-ID"] = _message_id(app, nonce)
    mail["Auto-Submitted"], mail["X-Mailbridge-Loop"] = "auto-generated", loop_mark(app.signer, canary_key(nonce, AUTH_KINDS[0]))
    mail["X-Mailbridge-Canary"] = canary_label(nonce, AUTH_KINDS[0])
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("This mail was sent by `mailbridge auth test`. It opens no ticket and can be deleted.\n")
    return mail.as_bytes()


def _failed(what: str, error: Transient, user: str) -> TestStep:
    said = str(error)
    found = advice.of_server(said, user)
    return TestStep(what=what, verdict=StepVerdict.WRONG, said=said, advice="" if found and found in said else found)


def _refused(what: str, outcome: Outcome, user: str) -> TestStep:
    said = f"{getattr(outcome, 'code', '') or ''} {getattr(outcome, 'reply', '')}".strip()
    found = advice.of_server(said, user)
    return TestStep(what=what, verdict=StepVerdict.WRONG, said=said, advice="" if found and found in said else found)
