"""ONE mail, from the durable inbox to the commit.  Read this first.

    inbox ─► read (in a child process) ─► place: evidence, writer, ticket ─► parse an agent's lines ─► rules ─► ticket, clocks,
    notifications, explanation: all in the transaction that `worker` opened and commits

After each step a table of handlers (`handling.table`) is asked: the first handler that takes the mail decides what becomes of it.
`process` decides and writes.  It sends nothing, reads no clock and opens no connection.  A second run on the same mail finds the
fingerprint of the first one and does nothing, so a crash at any line is repaired by running again.
"""

from __future__ import annotations

from datetime import datetime

from mailbridge.conversation.model import Placement
from mailbridge.conversation.place import Evidence, Writer, place
from mailbridge.conversation.through import person_behind
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.parse import parsed
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.disposition import disposition, in_view_of
from mailbridge.handling.evidence import evidence, known_again
from mailbridge.handling.handler import first
from mailbridge.handling.imported import moment
from mailbridge.handling.other_desk import with_earlier_answers
from mailbridge.handling.outcome import MailResult
from mailbridge.handling.placed_mail import ArrivedMail, JudgedMail, PlacedMail
from mailbridge.handling.table import AFTER_RULES, BEFORE_PARSING, BEFORE_PLACING, BEFORE_RULES
from mailbridge.handling.writer import writer_of
from mailbridge.message.model import Message
from mailbridge.message.replacing import replace
from mailbridge.ops import crash, telemetry
from mailbridge.rules.facts import facts_of
from mailbridge.rules.match import run
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx


def process(tx: Tx, message: Message, arrival: Arrival, desk: Desk, now: datetime) -> MailResult:
    """What became of this mail.  Everything is written in `tx`, or nothing: the caller rolls back when this raises."""
    arrived = ArrivedMail(message=message, arrival=arrival, copy=tx.mails.by_fingerprint(message.fingerprint), now=now)
    if result := first(BEFORE_PLACING, tx, desk, arrived):
        return result
    with telemetry.span("placed"):
        mail = placed(tx, desk, arrived)
    crash.point("pipeline.read")
    with telemetry.span("executed") as about:
        result = handled(tx, desk, mail)
        about.update(outcome=result.outcome, handler=result.handler, ticket=result.ticket or 0)
    return result


def handled(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult:
    """What became of the mail whose writer and ticket are known."""
    if result := first(BEFORE_PARSING, tx, desk, mail):
        return result
    mail = parsed(tx, desk, mail)
    if result := first(BEFORE_RULES, tx, desk, mail):
        return result
    judgement = judged(tx, desk, mail)
    result = first(AFTER_RULES, tx, desk, judgement)
    if result is None:
        raise LookupError("no handler takes the mail: the last row of AFTER_RULES takes every mail")
    return with_earlier_answers(tx, desk, judgement, result)


def placed(tx: Tx, desk: Desk, mail: ArrivedMail) -> PlacedMail:
    """The mail with its writer and its ticket, and why."""
    now = moment(mail.arrival, mail.now)
    message = known_again(tx, mail.message, desk.signer)
    found = evidence(tx, message, mail.arrival.envelope.rcpt_to, desk)
    message, writer = person_behind(message, writer_of(tx, desk, message, mail.arrival, found))
    message, placement = on_ticket(desk, message, writer, found, now)
    arrival = mail.arrival.explained(message, writer, placement)
    return PlacedMail(message=message, arrival=arrival, writer=writer, placement=placement, evidence=found, now=now)


def on_ticket(desk: Desk, message: Message, writer: Writer, found: Evidence, now: datetime) -> tuple[Message, Placement]:
    """The mail's ticket, and the mail as that ticket shows it."""
    automatic = not disposition(message, answers=True).reopens
    placement = place(writer, found, desk.organisation, now, automatic=automatic)
    seen = in_view_of(message, placement.ticket)
    return seen, placement if seen is message else place(writer, found, desk.organisation, now)


def judged(tx: Tx, desk: Desk, mail: PlacedMail) -> JudgedMail:
    """The mail with the verdict of the admin's rules; a mail with a virus gets no acknowledgement, whatever they say."""
    verdict = evaluate(tx, desk, mail)
    if mail.arrival.scan.virus:
        verdict = replace(verdict, tags=(*verdict.tags, "virus"), no_ack=True)
    return JudgedMail(mail=replace(mail, arrival=mail.arrival.judged(verdict)), verdict=verdict)


def evaluate(tx: Tx, desk: Desk, mail: PlacedMail) -> Verdict:
    """What the rules say: all of them about a mail that opens a ticket, about a reply those that ask for replies."""
    scan, asks = mail.arrival.scan, desk.policy.rules.asks
    facts = facts_of(
        mail.message,
        mail.arrival.envelope,
        channel=mail.channel,
        agent=mail.writer.agent,
        verified=mail.writer.verified,
        ticket=mail.placement.ticket,
        organisation=desk.organisation,
        own_addresses=desk.config.desk.addresses,
        spam=(scan.spam.score, scan.spam.required) if scan.spam else None,
        virus=scan.virus,
        unscanned=scan.unscanned,
        team_load=tx.tickets.team_load() if "load" in asks else None,
        raw=tx.blobs.get(mail.arrival.sha256) if "body raw" in asks else b"",
        passed_on=mail.forwarded is not None or mail.imported,
        now=mail.now,
    )
    with desk.rules_timed():
        return run(desk.policy.rules, facts)
