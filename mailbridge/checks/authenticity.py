"""Verifies the author of a mail with our own checks: DKIM and DMARC, and SPF where a trusted server saw the sender's server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mailbridge.checks import arc, dkim_check, spf_check
from mailbridge.checks.channels import IMPORTED, Channels, OriginServer, direct_route
from mailbridge.checks.dmarc import DmarcPolicy, DmarcResult, evaluate, read_policy
from mailbridge.checks.dmarc import SpfIdentity as Spf
from mailbridge.checks.resolver import Resolver, Unanswered
from mailbridge.checks.suffixes import Suffixes
from mailbridge.message import limits
from mailbridge.message.authenticity import domain_of, failed
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Sender

PROOF = "own check"


class AuthenticityChecker:
    """Verifies senders.  Thread-safe.  Connects to DNS servers only."""

    def __init__(
        self,
        resolver: Resolver,
        *,
        seconds: float,
        now: Callable[[], float],
        trusted_sealers: tuple[str, ...] = (),
        channels: Channels | None = None,
        suffixes: Suffixes | None = None,
    ) -> None:
        """`seconds`: the time limit for one mail, by the clock `now`, which is also the resolver's.

        The ARC results of `trusted_sealers` (forwarders and lists) count (RFC 8617).  `channels` selects the mails that are checked and the
        trusted Received fields that name the sender's server.  Without it all mails are checked, and only our listener names the server.
        """
        self._resolver, self._seconds, self._now, self._sealers = resolver, seconds, now, trusted_sealers
        self._channels = channels
        self._suffixes = suffixes or Suffixes()

    def interrupt(self) -> None:
        """The process ends: nothing more is asked."""
        self._resolver.stop()

    def sender(self, claimed: Sender, raw: bytes, envelope: Envelope) -> Sender:
        """`claimed` with our own verdict, if no trusted line of the header proved or refuted it.

        A sender whose From is not strict is never verified, but a DMARC failure of its domain is recorded.
        """
        domain = domain_of(claimed)
        if not domain or claimed.verified or claimed.dmarc == "fail":
            return claimed
        if envelope.source is Source.COMMAND or (self._channels is not None and not self._channels.asks(envelope)):
            return claimed
        if envelope.source is Source.IMPORT:
            return replace(claimed, reasons=(IMPORTED,))
        until = self._now() + self._seconds
        try:
            policy = self._policy(domain, until)
        except Unanswered as error:
            return replace(claimed, dmarc="temperror", reasons=(f"dmarc=temperror: {error}", *claimed.reasons))
        signatures = dkim_check.check(raw, self._resolver, until=until)
        route, no_route = self._route(raw, envelope, until)
        chain = arc.check(raw, self._resolver, until=until)
        verdict = self._by_sealers(evaluate(domain, route, signatures, policy, self._suffixes.organizational), chain, domain)
        reasons = (
            *verdict.reasons,
            *(str(one) for one in signatures),
            str(route) if route else no_route,
            *([str(chain)] if chain.result != "none" else ()),
        )
        if not claimed.strict:
            return _as_doubted(claimed, verdict)
        proof = PROOF if verdict.verified else ""
        asked = "" if verdict.verified else verdict.policy
        return replace(
            claimed,
            verified=verdict.verified,
            dmarc=verdict.result,
            policy=asked,
            proof=proof,
            signed_fields=verdict.fields,
            reasons=(*reasons, *claimed.reasons),
        )

    def _by_sealers(self, verdict: DmarcResult, chain: arc.ArcResult, domain: str) -> DmarcResult:
        """The verdict, or a pass if it is none and a trusted sealer saw DMARC pass before the mail was forwarded."""
        sealer = chain.voucher(domain, self._sealers) if verdict.result in {"fail", ""} else ""
        if not sealer:
            return verdict
        seen = f"dmarc=pass by ARC: {sealer}, a trusted sealer, saw it pass for {domain}"
        return DmarcResult(result="pass", reasons=(seen, *verdict.reasons), verified=True)

    def _policy(self, domain: str, until: float) -> DmarcPolicy | None:
        """The policy of the domain, else of its organizational domain (RFC 7489 6.6.3)."""
        own = read_policy(self._texts(f"_dmarc.{domain}", until), domain)
        above = self._suffixes.organizational(domain)
        if own is not None or above == domain:
            return own
        return read_policy(self._texts(f"_dmarc.{above}", until), above, inherited=True)

    def _texts(self, name: str, until: float) -> list[bytes]:
        return [record for record in self._resolver.ask(name, "TXT", until=until) if isinstance(record, bytes)]

    def _route(self, raw: bytes, envelope: Envelope, until: float) -> tuple[Spf | None, str]:
        """The SPF result, or None and the reason.  SPF needs a trusted server that saw the sender's own server."""
        found: OriginServer | None
        if self._channels is None:
            found, why = direct_route(envelope)
        else:
            found, why = self._channels.route(raw[: limits.HEADER_BYTES], envelope)
        if found is None:
            return None, why
        return spf_check.check(self._resolver, peer=found.client, mail_from=found.mail_from, helo=found.helo, until=until), ""


def _as_doubted(claimed: Sender, verdict: DmarcResult) -> Sender:
    """The verdict for a sender whose From is not strict: a pass does not count, a failure does."""
    match verdict.result:
        case "fail":
            return failed(claimed, verdict.policy, "; ".join(verdict.reasons))
        case "temperror":
            return replace(claimed, dmarc="temperror", reasons=(*claimed.reasons, *verdict.reasons))
        case _:
            return claimed
