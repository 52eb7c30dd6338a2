"""A transport that speaks SMTP by smtplib: one recipient a transaction, one connection for many mails, and the final dot sent on its own.

Why smtplib and not an asynchronous client: see docs/adr/0005-smtplib-and-the-last-dot.md.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from mailbridge.config.model import Tls
from mailbridge.delivery.session import Relay, SubmissionSession, Trouble, error_text, is_over_limit, open_session
from mailbridge.delivery.transport import Deferred, Delivered, Outcome, Refused, Unknown
from mailbridge.ops import crash
from mailbridge.ops.time_limit import within


class SmtpTransport:
    """Hands mails to one relay.  Belongs to one thread."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._context = tls_context(relay)
        self._session: SubmissionSession | None = None
        self._sent = 0

    def send(self, mail_from: str, recipient: str, raw: bytes, before_dot: Callable[[], None]) -> Outcome:
        """See Transport.  The mail has CRLF line ends; addresses are plain (`mail.deliverable`)."""
        problem = _unsendable(mail_from, recipient, raw)
        if problem:
            return Refused(reply=problem)
        try:
            session = self._ready()
            # Not beyond the dot: who gives up the answer to it makes a second copy.
            with within(self._relay.timeouts.of_offer(len(raw)), session.client.cut):
                self._offer(session, mail_from, recipient, raw)
        except Trouble as trouble:
            self._after(trouble.outcome)
            return trouble.outcome
        try:
            before_dot()
        except BaseException:
            self._drop()  # no dot was sent: closing now throws the mail away (RFC 5321 4.1.1.4)
            raise
        return self._finish(session)

    def greet(self) -> Deferred | Refused | None:
        """Whether the server greets, encrypts and lets us in now; None where it does, else what is in the way."""
        try:
            self._ready().say("NOOP", "")
        except Trouble as trouble:
            self._drop()
            return trouble.outcome
        return None

    def close(self) -> None:
        """Says QUIT where a connection is open."""
        session, self._session = self._session, None
        if session is not None:
            session.leave()

    def _ready(self) -> SubmissionSession:
        """An open, greeted, encrypted and logged in connection; the last one where it still lives."""
        if self._session is not None and (self._sent >= self._relay.reuse or not self._session.lives()):
            self.close()
        if self._session is None:
            self._session = open_session(self._relay, self._context)
            self._sent = 0
        return self._session

    def _offer(self, session: SubmissionSession, mail_from: str, recipient: str, raw: bytes) -> None:
        """Everything but the final dot is with the server."""
        session.say("MAIL", f"FROM:<{mail_from}>{session.options(mail_from, recipient, raw)}")
        session.say("RCPT", f"TO:<{recipient}>")
        session.say("DATA", "", wanted=3, limit=self._relay.timeouts.data)
        session.pour(_stuffed(raw), self._relay.timeouts.of_body(len(raw)))

    def _finish(self, session: SubmissionSession) -> Outcome:
        """The final dot, and what the server says to it."""
        self._sent += 1
        try:
            session.pour(b".\r\n", self._relay.timeouts.command)
            crash.point("outbox.after_dot")
            code, reply = session.reply(self._relay.timeouts.dot)
        except OSError as error:
            self._drop()
            return Unknown(reply=f"no reply to the final dot: {error_text(error)}")
        outcome = _judge(code, reply)
        self._after(outcome)
        return outcome

    def _after(self, outcome: Outcome) -> None:
        """A refused mail leaves a connection that can be used after RSET; after a fault or 421 there is none."""
        lost = isinstance(outcome, Unknown) or (isinstance(outcome, Deferred) and (outcome.code < 400 or outcome.code == 421))
        if self._session is None or isinstance(outcome, Delivered):
            return
        if lost or not self._session.reset():
            self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.client.close()


def _judge(code: int, reply: str) -> Outcome:
    """RFC 5321 4.2.1.  A reply that is none of the three kinds says nothing: the outcome is unknown."""
    if is_over_limit(code, reply):
        return Deferred(code=code, reply=reply, away=True)
    match code // 100:
        case 2:
            return Delivered(reply=f"{code} {reply}")
        case 4:
            return Deferred(code=code, reply=reply)
        case 5:
            return Refused(code=code, reply=reply)
        case _:
            return Unknown(reply=f"{code} {reply}")


def _unsendable(mail_from: str, recipient: str, raw: bytes) -> str:
    """Why these words must not stand in an SMTP command or after DATA; '' where they may.  `mail.build` makes nothing of the kind."""
    if not recipient or any(char in "<> " or not char.isprintable() for char in mail_from + recipient):
        return "the address cannot stand in an SMTP command"
    if raw.count(b"\n") != raw.count(b"\r\n") or raw.count(b"\r") != raw.count(b"\r\n") or not raw.endswith(b"\r\n"):
        return "the mail has line ends other than CRLF"
    return ""


def tls_context(relay: Relay) -> ssl.SSLContext | None:
    return None if relay.tls is Tls.NONE else ssl.create_default_context(cafile=relay.ca_file)


def _stuffed(raw: bytes) -> bytes:
    """RFC 5321 4.5.2: a line that begins with a dot gets another, so that none of the mail's own lines is the final one."""
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
