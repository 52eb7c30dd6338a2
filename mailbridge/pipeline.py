"""ONE mail, from the durable inbox to the commit.  Read this first.

    inbox ─► read (in a child process) ─► known copy? ─► evidence ─► who writes ─► which ticket ─► rules ─► commands ─► events
          ─► ticket, clocks, promises to send, explanation: all in the transaction that `worker` opened and commits

`process` decides and writes; it sends nothing, reads no clock and opens no connection.  Run twice on the same mail it finds the first
run's fingerprint and does nothing, so a crash at any line is repaired by doing it again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailbridge.config.model import WhenVirus
from mailbridge.conversation.model import Placement
from mailbridge.conversation.place import Evidence, Writer, place
from mailbridge.conversation.through import person_behind
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.held import hold_unproven, unproven_agent
from mailbridge.handling.agents.held_answer import agreed_lines, answer_notice, who_writes
from mailbridge.handling.agents.new_mail import file_new_agent_mail, open_own_request
from mailbridge.handling.agents.on_behalf import file_forwarded, forwarded_mail
from mailbridge.handling.agents.reply import file_agent_mail
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.canary import file_canary
from mailbridge.handling.consultant_reply import file_consultants_answer
from mailbridge.handling.disposition import Goes, disposition, in_view_of
from mailbridge.handling.evidence import evidence, known_again, referred
from mailbridge.handling.imported import file_own_answer, moment
from mailbridge.handling.kept_mail import file_admins_request
from mailbridge.handling.new_ticket import Filing
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.pairing import answer_to_pairing
from mailbridge.message.model import Kind, Message
from mailbridge.ops import crash
from mailbridge.rules.facts import facts_of
from mailbridge.rules.match import Verdict, run
from mailbridge.store.tx import Tx


def process(tx: Tx, message: Message, arrival: Arrival, desk: Desk, now: datetime) -> MailResult:
    """What became of this mail.  Everything is written in `tx`, or nothing: the caller rolls back when this raises."""
    copy = tx.mails.by_fingerprint(message.fingerprint)
    if copy is not None and (done := agreed_lines(tx, message, arrival, copy, desk, now)) is not None:
        return done
    if copy is not None:
        return MailResult(outcome=MailOutcome.DUPLICATE, ticket=copy.ticket, mail=copy.id, reason=f"a copy of mail {copy.id}")
    if arrival.scan.virus and desk.config.scan.virus is WhenVirus.QUARANTINE:
        return MailResult(outcome=MailOutcome.QUARANTINED, reason=f"virus: {arrival.scan.virus}")
    if (measured := file_canary(tx, message, desk.signer, now)) is not None:
        return measured
    if tx.inbox.earlier_waiting(referred(message), arrival.id):
        return MailResult(outcome=MailOutcome.WAIT, reason="the mail it answers is still on its way through")

    now = moment(arrival, now)
    message = known_again(tx, message, desk.signer)
    found = evidence(tx, message, arrival.envelope.rcpt_to, desk)
    writer = who_writes(tx, message, arrival, found, desk)
    message, writer = person_behind(message, writer)
    message, placement = placed(message, writer, found, desk, now)
    may = disposition(message, answers=placement.ticket is not None)
    automatic = not may.reopens
    arrival = arrival.explained(message, writer, placement)
    crash.point("pipeline.read")

    filing = Filing(tx=tx, message=message, arrival=arrival, writer=writer, desk=desk, now=now)
    if (own := file_own_answer(filing, found)) is not None:
        return own
    if (paired := answer_to_pairing(filing)) is not None:
        return paired
    if (asked := file_admins_request(filing)) is not None:
        return asked
    if found.notice is not None and message.kind is Kind.HUMAN:
        return answer_notice(filing, found.notice)
    if may.reopens and (unproven := unproven_agent(writer, desk)) and not filing.imported:  # a robot is never asked
        return hold_unproven(filing, unproven, placement)

    agent, passed = writer, None
    if writer.agent and placement.ticket is None and not automatic:
        passed = forwarded_mail(message, writer, desk, now)
    if passed is not None:
        message, writer = passed.message, passed.writer
        filing = replace(filing, message=message, writer=writer)

    if message.kind is Kind.BOUNCE and (returned := filing.returned_mail()) is not None:
        return returned
    if may.goes is Goes.KEPT or (placement.ticket is None and _answers_back(tx, message, writer)):
        return filing.keep(MailOutcome.KEPT)
    if placement.ticket is not None and writer.agent and not automatic:
        return file_agent_mail(filing, placement.ticket, placement)
    if placement.ticket is not None and writer.consultant and not automatic:
        return file_consultants_answer(filing, placement.ticket)
    if placement.ticket is not None and automatic:
        return filing.automatic_mail(placement.ticket, may)
    if writer.agent and not filing.imported and message.kind is Kind.HUMAN and (answered := file_new_agent_mail(filing)) is not None:
        return answered

    verdict = judge(tx, message, arrival, writer, placement, desk, now)
    if arrival.scan.virus:
        verdict = replace(verdict, tags=(*verdict.tags, "virus"), no_ack=True)
    filing = replace(filing, arrival=arrival.judged(verdict))
    if verdict.quarantine:
        return MailResult(outcome=MailOutcome.QUARANTINED, reason=f"rule: {verdict.quarantine}")
    if verdict.drop:
        return filing.keep(MailOutcome.IGNORED)
    if placement.ticket is not None:
        return filing.customer_mail(placement.ticket, proven=writer.verified, verdict=verdict)
    if passed is not None:
        return file_forwarded(filing, agent, passed, placement, verdict)
    if writer.agent:
        return open_own_request(filing, placement, verdict)
    return filing.new_ticket(placement, verdict)


def placed(message: Message, writer: Writer, found: Evidence, desk: Desk, now: datetime) -> tuple[Message, Placement]:
    """The mail's ticket, and the mail as that ticket shows it."""
    placement = place(writer, found, desk.organisation, now, automatic=_automatic(message))
    seen = in_view_of(message, placement.ticket)
    return seen, placement if seen is message else place(writer, found, desk.organisation, now)


def _automatic(message: Message) -> bool:
    return not disposition(message, answers=True).reopens


def _answers_back(tx: Tx, message: Message, writer: Writer) -> bool:
    """Whether a robot answers a mail that we sent to its very address, and is on no ticket: a team's group address, somebody a rule tells.

    A ticket of that would be told to the same address, and answered again.
    """
    if not _automatic(message):
        return False
    ours = (tx.outbox.by_message_id(one) for one in message.in_reply_to[:3])
    return any(one is not None and one.notification.recipient.lower() == writer.address.lower() for one in ours)


def judge(tx: Tx, message: Message, arrival: Arrival, writer: Writer, placement: Placement, desk: Desk, now: datetime) -> Verdict:
    """What the admin's rules say: all of them about a mail that opens a ticket, about a reply those that ask for replies."""
    facts = facts_of(
        message,
        arrival.envelope,
        agent=writer.agent,
        verified=writer.verified,
        ticket=placement.ticket,
        organisation=desk.organisation,
        own_addresses=desk.config.desk.addresses,
        spam=(arrival.scan.spam.score, arrival.scan.spam.required) if arrival.scan.spam else None,
        virus=arrival.scan.virus,
        unscanned=arrival.scan.unscanned,
        team_load=tx.tickets.team_load() if "load" in desk.policy.rules.asks else None,
        raw=tx.blobs.get(arrival.sha256) if "body raw" in desk.policy.rules.asks else b"",
        now=now,
    )
    with desk.rules_timed():
        return run(desk.policy.rules, facts)
