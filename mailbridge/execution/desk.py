"""What the flows are given: the desk as it is configured now, and one mail's arrival with the explanation that grows along its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from mailbridge.checks.scan import Scan
from mailbridge.config.model import AgentTrust, Config
from mailbridge.conversation.model import Placement
from mailbridge.conversation.place import Writer
from mailbridge.conversation.tokens import Signer
from mailbridge.message.envelope import Envelope
from mailbridge.message.model import Message, ReadingPolicy, Reply, Span, SpanKind
from mailbridge.rules.explain import trace_to_json
from mailbridge.rules.load import Policy
from mailbridge.rules.match import Verdict
from mailbridge.tickets.model import Organisation

MOST_RECIPIENTS = 50  # of an agent's mail, remembered so that nobody gets its text twice
EXPLANATION = 1  # version of the stored JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Configuration, policy and signing keys of this moment; a reload makes a new one."""

    config: Config
    policy: Policy
    signer: Signer
    rules_timed: Callable[[], AbstractContextManager[object]] = nullcontext  # who counts what judging a mail costs

    @property
    def organisation(self) -> Organisation:
        return self.policy.organisation

    @property
    def trust_tokens(self) -> bool:
        return self.config.desk.agent_trust is AgentTrust.TOKEN

    @property
    def own_addresses(self) -> frozenset[str]:
        return frozenset(address.lower() for address in self.config.desk.addresses)

    def is_own(self, address: str) -> bool:
        """Whether mail to this address comes back to us: a desk address, with or without +detail."""
        local, _, domain = address.lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self.own_addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One mail's way so far: its inbox id and envelope, its raw hash, and why what happened to it."""

    id: int
    envelope: Envelope
    sha256: str
    size: int
    scan: Scan = field(default_factory=Scan)
    explanation: Mapping[str, Any] = field(default_factory=lambda: {"version": EXPLANATION})

    def explained(self, message: Message, writer: Writer, placement: Placement) -> Arrival:
        """With the reasons of reading, identity and placing."""
        said = {
            "kind": {"is": message.kind, "strength": message.strength, "why": list(message.kind_reasons)},
            "sender": {
                "address": writer.address or message.sender.address,
                "verified": writer.verified,
                "agent": writer.agent,
                "failed": writer.dmarc_failed,
                "why": list(writer.reasons),
            },
            "placed": {
                "ticket": placement.ticket.id if placement.ticket else None,
                "reason": placement.reason,
                "detail": placement.detail,
                "merged": placement.merged,
                "standing": placement.standing,
                "doubt": placement.doubt,
                "follows": placement.follows,
                "refused": list(placement.refused),
            },
            "reply": spans_to_json(message.reply),
            "defects": list(message.defects),
        }
        if writer.agent:
            said["to"] = [address.key for address in message.recipients[:MOST_RECIPIENTS]]
        if message.reply.choice:
            said["reply_choice"] = message.reply.choice
        return replace(self, explanation={**self.explanation, **said})

    def scanned(self, scan: Scan) -> Arrival:
        """With what scanners of ours said, where any were asked."""
        return replace(self, scan=scan, explanation={**self.explanation, "scan": scan.to_json()}) if scan.asked else self

    def judged(self, verdict: Verdict) -> Arrival:
        """With the trace of the rules."""
        return replace(self, explanation={**self.explanation, "rules": trace_to_json(verdict.trace)})

    def unacknowledged(self, why: str) -> Arrival:
        """With the reason why no acknowledgement goes out, if there is one."""
        return replace(self, explanation={**self.explanation, "not_acknowledged": why}) if why else self


def spans_to_json(reply: Reply) -> list[list[Any]]:
    """The spans of the text, as the explanation of a mail keeps them under "reply"."""
    return [[span.kind, span.start, span.end, span.reason, round(span.confidence, 2)] for span in reply.spans]


def spans_from_json(explanation: Any) -> tuple[Span, ...]:
    """The spans in the explanation of a mail; none where it has none that can be read."""
    told = explanation.get("reply") if isinstance(explanation, dict) else None
    try:
        return tuple(
            Span(kind=SpanKind(kind), start=int(start), end=int(end), reason=str(reason), confidence=float(confidence))
            for kind, start, end, reason, confidence in told or ()
        )
    except (TypeError, ValueError):
        return ()


def reading_policy(config: Config, markers: tuple[str, ...] = ()) -> ReadingPolicy:
    """The part of the configuration that reading a mail needs."""
    return ReadingPolicy(
        own_addresses=tuple(address.lower() for address in config.desk.addresses),
        own_hosts=config.desk.own_hosts,
        reply_markers=markers,
    )
