"""One LMTP connection (RFC 2033)."""

from __future__ import annotations

from aiosmtpd.smtp import syntax

from mailbridge.intake.data import DataFault
from mailbridge.intake.session import SmtpSession


class LmtpSession(SmtpSession):
    """The same with LHLO, and with one answer for each recipient after the content."""

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:
        await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def smtp_EHLO(self, hostname: str) -> None:
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def _answer(self, content: bytes | DataFault) -> str:
        answer = await super()._answer(content)
        code, _, text = answer.partition(" ")
        enhanced, _, words = text.partition(" ")
        return "\r\n".join(f"{code} {enhanced} <{recipient}> {words}" for recipient in self.recipients)
