"""Tries every protocol of a login with its token, step by step, each with a verdict and what mends it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from mailbridge.errors import Permanent, Transient
from mailbridge.oauth import advice

if TYPE_CHECKING:
    from mailbridge.app import App
    from mailbridge.config import Mailbox, OAuth
    from mailbridge.oauth.source import TokenSource
    from mailbridge.outbox.courier import Outcome

ARRIVES_WITHIN = 30.0  # seconds


class Verdict(StrEnum):
    RIGHT = "right"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    what: str
    verdict: Verdict
    said: str = ""
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return {"step": self.what, "verdict": self.verdict, "said": self.said, "advice": self.advice}


def steps(app: App, account: OAuth) -> Iterator[Step]:
    """The steps as they are done; one that fails ends those that need it."""
    source = app.token_sources[account.name]
    step = _token(app, source)
    yield step
    if step.verdict is Verdict.WRONG:
        return
    for mailbox in app.config.mailboxes:
        if mailbox.oauth == account.name:
            yield from _imap(mailbox, source)
    if app.config.outgoing.oauth == account.name:
        yield from _smtp(app, source)


def _token(app: App, source: TokenSource) -> Step:
    try:
        token = source.token()
    except (Transient, Permanent) as error:
        return Step(what="token", verdict=Verdict.WRONG, said=str(error))
    left = int((token.expires_at - app.clock.now()).total_seconds())
    return Step(what="token", verdict=Verdict.RIGHT, said=f"valid for {left // 60} min {left % 60} s")


def _imap(mailbox: Mailbox, source: TokenSource) -> Iterator[Step]:
    from mailbridge.intake.imap_connection import Connection

    login = f"IMAP login to {mailbox.host} as {mailbox.user}"
    try:
        connection = Connection(mailbox, 1 << 20, source)
    except Transient as error:
        yield _failed(login, error, mailbox.user)
        return
    yield Step(what=login, verdict=Verdict.RIGHT)
    try:
        for folder in mailbox.folders:
            what = f"IMAP folder {folder}"
            try:
                connection.select(folder, readonly=True)
                yield Step(what=what, verdict=Verdict.RIGHT)
            except Transient as error:
                yield _failed(what, error, mailbox.user)
    finally:
        connection.close()


def _smtp(app: App, source: TokenSource) -> Iterator[Step]:
    from mailbridge.outbox import couriers
    from mailbridge.outbox.courier import Delivered
    from mailbridge.outbox.session import Trouble, open_session
    from mailbridge.outbox.smtp import SmtpCourier, tls_context

    outgoing, desk = app.config.outgoing, app.config.desk
    relay = couriers.relay_of(outgoing, desk.address.rpartition("@")[2], source)
    login = f"SMTP AUTH to {relay.host} as {relay.user}"
    try:
        open_session(relay, tls_context(relay)).leave()
    except Trouble as trouble:
        yield _refused(login, trouble.outcome, relay.user)
        return
    yield Step(what=login, verdict=Verdict.RIGHT)
    seen = _Awaited(app, source, desk.address)
    message_id = f"<auth-test.{secrets.token_hex(12)}@{desk.address.rpartition('@')[2]}>"
    courier = SmtpCourier(relay)
    outcome = courier.send(desk.address, desk.address, _mail(app, message_id), lambda: None)
    courier.close()
    what = f"mail from {desk.address} to itself"
    if not isinstance(outcome, Delivered):
        yield _refused(what, outcome, desk.address)
        return
    yield Step(what=what, verdict=Verdict.RIGHT, said="accepted")
    yield seen.arrived(message_id)


class _Awaited:
    """The mail to itself, as it comes into the mailbox of the desk's address where this login reads it."""

    def __init__(self, app: App, source: TokenSource, address: str) -> None:
        boxes = [box for box in app.config.mailboxes if box.oauth == source.account.name and "INBOX" in box.folders]
        self._mailbox = next((box for box in boxes if box.user.lower() == address.lower()), boxes[0] if len(boxes) == 1 else None)
        self._source = source

    def arrived(self, message_id: str) -> Step:
        """It is there and was deleted; it is looked for among the mails that nobody has taken away yet."""
        from mailbridge.intake.imap_connection import Connection

        what = "the mail arrives"
        if self._mailbox is None:
            return Step(what=what, verdict=Verdict.DOUBTFUL, said="no mailbox of this login receives it, so nobody looked")
        try:
            connection = Connection(self._mailbox, 1 << 20, self._source)
        except Transient as error:
            return _failed(what, error, self._mailbox.user)
        try:
            began = time.monotonic()
            while time.monotonic() - began < ARRIVES_WITHIN:
                selected = connection.select("INBOX", readonly=False)
                for uid in reversed(connection.search(max(1, selected.uidnext - 20), None)):
                    if message_id.encode() in connection.header(uid):
                        connection.delete([uid])
                        return Step(what=what, verdict=Verdict.RIGHT, said=f"after {time.monotonic() - began:.1f} s, and was deleted")
                time.sleep(0.2)
        except Transient as error:
            return _failed(what, error, self._mailbox.user)
        finally:
            connection.close()
        said = f"not within {ARRIVES_WITHIN:.0f} s; a running desk may have taken it"
        return Step(what=what, verdict=Verdict.DOUBTFUL, said=said)


def _mail(app: App, message_id: str) -> bytes:
    address = app.config.desk.address
    mail = EmailMessage(policy=SMTP)
    mail["From"] = mail["To"] = address
    mail["Subject"] = "mailbridge auth test"
    mail["Date"] = format_datetime(app.clock.now())
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("This mail was sent by `mailbridge auth test`. It makes no ticket and can be deleted.\n")
    return mail.as_bytes()


def _failed(what: str, error: Transient, user: str) -> Step:
    said = str(error)
    found = advice.of_server(said, user)
    return Step(what=what, verdict=Verdict.WRONG, said=said, advice="" if found and found in said else found)


def _refused(what: str, outcome: Outcome, user: str) -> Step:
    said = f"{getattr(outcome, 'code', '') or ''} {outcome.reply}".strip()
    found = advice.of_server(said, user)
    return Step(what=what, verdict=Verdict.WRONG, said=said, advice="" if found and found in said else found)
