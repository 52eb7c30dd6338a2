"""The callbacks of aiosmtpd's commands: what EHLO offers, which sender and which recipients are taken."""

from __future__ import annotations

from typing import Any, Protocol

from mailbridge.intake.auth import MECHANISMS
from mailbridge.intake.listener_state import ListenerState
from mailbridge.intake.paths import NULL_SENDER
from mailbridge.intake.smtp_answers import TRY_LATER


class Dialogue(Protocol):
    """What a callback needs to know of the session that calls it."""

    hostname: str

    @property
    def peer(self) -> str: ...

    @property
    def offers_tls(self) -> bool: ...

    @property
    def offers_auth(self) -> bool: ...

    def pipelined(self) -> None: ...


class Hooks:
    """The callbacks of aiosmtpd's commands."""

    def __init__(self, state: ListenerState) -> None:
        self._state = state

    async def handle_EHLO(self, server: Dialogue, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        """What we truly do, and nothing else: AUTH where there are users, behind TLS; no CHUNKING, no DSN."""
        session.host_name = hostname
        offers = [server.hostname, f"SIZE {self._state.listener.max_size}", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if server.offers_tls:
            offers.append("STARTTLS")
        if server.offers_auth:
            offers.append(f"AUTH {MECHANISMS}")
        return ["\r\n".join([*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"])]

    async def handle_RCPT(self, server: Dialogue, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address == NULL_SENDER:
            return "501 5.1.3 A recipient has to be named"
        if not self._state.takes(address):
            self._state.log.info("recipient_refused", source=self._state.source, peer=server.peer)
            return "550 5.1.1 No such address here"
        if len(envelope.rcpt_tos) >= self._state.listener.max_recipients:
            return "452 4.5.3 Too many recipients, send the mail to the others separately"  # RFC 5321 4.5.3.1.10
        envelope.rcpt_tos.append(address)
        server.pipelined()
        return "250 2.1.5 Recipient known"

    async def handle_MAIL(self, server: Dialogue, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        server.pipelined()
        return "250 2.1.0 Sender taken"

    async def handle_exception(self, error: Exception) -> str:
        # An internal error is a 4xx, without details.
        self._state.log.error("listener_failed", source=self._state.source, error=type(error).__name__, detail=str(error))
        return TRY_LATER
