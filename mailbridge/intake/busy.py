"""Connections above a limit."""

from __future__ import annotations

import asyncio

from mailbridge.intake.smtp_answers import TOO_MANY


class BusyProtocol(asyncio.Protocol):
    """Refuses a connection above the limit: come back later."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(TOO_MANY.encode() + b"\r\n")
        transport.close()
