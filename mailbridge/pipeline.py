"""ONE mail, from the durable inbox to the commit.  Read this first.

    inbox ─► read (in a child process) ─► known copy? ─► evidence ─► who writes ─► which ticket ─► rules ─► commands ─► events
          ─► ticket, clocks, promises to send, explanation: all in the transaction that `worker` opened and commits

`process` decides and writes; it sends nothing, reads no clock and opens no connection.  Run twice on the same mail it finds the first
run's fingerprint and does nothing, so a crash at any line is repaired by doing it again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailbridge.context import Arrival, Desk
from mailbridge.conversation.identify import identify
from mailbridge.conversation.model import Placement, Reason
from mailbridge.conversation.place import Writer, place
from mailbridge.filing import Filing, Outcome, Result
from mailbridge.lookups import evidence, referred
from mailbridge.message.model import Kind, Message
from mailbridge.ops import crash
from mailbridge.rules.facts import facts_of
from mailbridge.rules.match import Verdict, run
from mailbridge.store.tx import Tx

# Robots' answers.  They belong on the ticket they answer; without one they are kept and nobody is bothered.
ANSWERS_OF_ROBOTS = {Kind.AUTO_REPLY, Kind.BOUNCE, Kind.LOOP, Kind.READ_RECEIPT, Kind.CHALLENGE, Kind.FEEDBACK_REPORT, Kind.CALENDAR}


def process(tx: Tx, message: Message, arrival: Arrival, desk: Desk, now: datetime) -> Result:
    """What became of this mail.  Everything is written in `tx`, or nothing: the caller rolls back when this raises."""
    copy = tx.mails.by_fingerprint(message.fingerprint)
    if copy is not None:
        return Result(outcome=Outcome.DUPLICATE, ticket=copy.ticket, mail=copy.id, reason=f"a copy of mail {copy.id}")
    if tx.inbox.earlier_waiting(referred(message), arrival.id):
        return Result(outcome=Outcome.WAIT, reason="the mail it answers is still on its way through")

    found = evidence(tx, message, arrival.envelope.rcpt_to, desk.signer, desk.organisation, desk.config.desk.prefix)
    writer = identify(message.sender, found.presented, desk.organisation, trust_tokens=desk.trust_tokens)
    automatic = message.kind in ANSWERS_OF_ROBOTS
    placement = place(writer, found, desk.organisation, now, automatic=automatic)
    arrival = arrival.explained(message, writer, placement)
    crash.point("pipeline.read")

    filing = Filing(tx=tx, message=message, arrival=arrival, writer=writer, desk=desk, now=now)
    if message.bounce is not None:
        return filing.bounce()
    if placement.ticket is not None:
        if writer.agent:
            return filing.agent_mail(placement.ticket)
        proven = writer.verified or placement.reason in (Reason.REPLY_ADDRESS, Reason.MESSAGE_ID)
        return filing.customer_mail(placement.ticket, automatic=automatic, proven=proven)
    if automatic:
        return filing.keep(Outcome.KEPT)

    verdict = judge(message, arrival, writer, placement, desk, now)
    filing = replace(filing, arrival=arrival.judged(verdict))
    if verdict.quarantine:
        return Result(outcome=Outcome.QUARANTINED, reason=f"rule: {verdict.quarantine}")
    if verdict.drop:
        return filing.keep(Outcome.IGNORED)
    return filing.new_ticket(placement, verdict)


def judge(message: Message, arrival: Arrival, writer: Writer, placement: Placement, desk: Desk, now: datetime) -> Verdict:
    """What the admin's rules say about a mail that opens a ticket."""
    facts = facts_of(
        message,
        arrival.envelope,
        agent=writer.agent,
        verified=writer.verified,
        ticket=placement.ticket,
        organisation=desk.organisation,
        own_addresses=desk.config.desk.addresses,
        now=now,
    )
    return run(desk.policy.rules, facts)
