"""Who really wrote a mail, found out by ourselves: SPF, DKIM and DMARC for desks without an MX that writes its verdicts (ML7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from mailbridge.checks import arc, dkim_check, spf_check
from mailbridge.checks.dmarc import Policy, Route, Verdict, judge, read_policy
from mailbridge.checks.resolver import Resolver, Unanswered
from mailbridge.checks.suffixes import Suffixes
from mailbridge.intake.envelope import Envelope, Source
from mailbridge.message.model import Sender

# A mail from one of these came through a server of ours, so its address says nothing about the sender.
INSIDE: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(net)
    for net in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1",
        "fc00::/7",
        "fe80::/10",
    )
)


class Authenticity:
    """Checks senders.  May be used by any number of threads; opens connections to DNS servers only."""

    def __init__(
        self, resolver: Resolver, *, seconds: float, now: Callable[[], float], trusted_sealers: tuple[str, ...] = ()
    ) -> None:
        """`seconds` is what one mail may take, by the clock `now`, which is the resolver's.

        Of `trusted_sealers`, forwarders and lists, what they saw before them is believed (RFC 8617).
        """
        self._resolver, self._seconds, self._now, self._sealers = resolver, seconds, now, trusted_sealers
        self._suffixes = Suffixes()

    def sender(self, claimed: Sender, raw: bytes, envelope: Envelope) -> Sender:
        """`claimed` with our own verdict in place of any other; one whose From is not strict stays unbelieved, whatever passes."""
        if not claimed.strict:
            return replace(claimed, verified=False, dmarc="")
        if envelope.source is Source.IMPORT:
            return replace(claimed, verified=False, dmarc="", reasons=("not checked: keys and policies of back then are gone",))
        until = self._now() + self._seconds
        domain = claimed.address.rpartition("@")[2].lower()
        try:
            policy = self._policy(domain, until)
        except Unanswered as error:
            return replace(claimed, verified=False, dmarc="temperror", reasons=(f"dmarc=temperror: {error}",))
        signatures = dkim_check.check(raw, self._resolver, until=until)
        route, no_route = self._route(envelope, until)
        chain = arc.check(raw, self._resolver, until=until)
        verdict = self._by_sealers(judge(domain, route, signatures, policy, self._suffixes.organizational), chain, domain)
        reasons = (
            *verdict.reasons,
            *(str(one) for one in signatures),
            str(route) if route else no_route,
            *([str(chain)] if chain.result != "none" else ()),
        )
        return replace(claimed, verified=verdict.result == "pass", dmarc=verdict.result, reasons=reasons)

    def _by_sealers(self, verdict: Verdict, chain: arc.Chain, domain: str) -> Verdict:
        """The verdict, or a pass where it is no pass and a trusted sealer of the chain saw one before the mail was passed on."""
        sealer = chain.voucher(domain, self._sealers) if verdict.result in {"fail", ""} else ""
        if not sealer:
            return verdict
        seen = f"dmarc=pass by ARC: {sealer}, a trusted sealer, saw it pass for {domain}"
        return Verdict(result="pass", reasons=(seen, *verdict.reasons))

    def _policy(self, domain: str, until: float) -> Policy | None:
        """The domain's own policy, or the one of the domain it belongs to (RFC 7489 6.6.3)."""
        own = read_policy(self._texts(f"_dmarc.{domain}", until), domain)
        above = self._suffixes.organizational(domain)
        if own is not None or above == domain:
            return own
        return read_policy(self._texts(f"_dmarc.{above}", until), above, inherited=True)

    def _texts(self, name: str, until: float) -> list[bytes]:
        return [record for record in self._resolver.ask(name, "TXT", until=until) if isinstance(record, bytes)]

    def _route(self, envelope: Envelope, until: float) -> tuple[Route | None, str]:
        """What SPF says, or None and why nothing can be said: the mail has to come from its sender's own server to ours."""
        if envelope.source is not Source.SMTP or envelope.mail_from is None:
            return None, f"spf: not checked, it came by {envelope.source.upper()}"
        try:
            peer = ip_address(envelope.peer)
        except ValueError:
            return None, "spf: not checked, no address is known that it came from"
        if any(peer in network for network in INSIDE):
            return None, f"spf: not checked, {peer} is inside"
        route = spf_check.check(self._resolver, peer=str(peer), mail_from=envelope.mail_from, helo=envelope.helo, until=until)
        return route, ""
