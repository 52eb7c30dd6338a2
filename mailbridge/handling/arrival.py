"""One mail's arrival, with the explanation that grows along its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mailbridge.checks.scan import Scan
from mailbridge.conversation.model import Placement
from mailbridge.conversation.place import Writer
from mailbridge.message.envelope import Envelope
from mailbridge.message.model import Message
from mailbridge.message.replacing import replace
from mailbridge.reply.stored_spans import spans_to_json
from mailbridge.rules.explain import trace_to_json
from mailbridge.rules.verdict import Verdict

MOST_RECIPIENTS = 50  # of an agent's mail, remembered so that nobody gets its text twice
EXPLANATION = 1  # version of the stored JSON


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

    def handled_by(self, name: str) -> Arrival:
        """With the handler that takes the mail."""
        return replace(self, explanation={**self.explanation, "handler": name})

    def scanned(self, scan: Scan) -> Arrival:
        """With what scanners of ours said, where any were asked."""
        return replace(self, scan=scan, explanation={**self.explanation, "scan": scan.to_json()}) if scan.asked else self

    def judged(self, verdict: Verdict) -> Arrival:
        """With the trace of the rules."""
        return replace(self, explanation={**self.explanation, "rules": trace_to_json(verdict.trace)})

    def unacknowledged(self, why: str) -> Arrival:
        """With the reason why no acknowledgement goes out, if there is one."""
        return replace(self, explanation={**self.explanation, "not_acknowledged": why}) if why else self
