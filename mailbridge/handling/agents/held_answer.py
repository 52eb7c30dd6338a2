"""An agent's answer to a notice of held mails, and the mails that are worked off because of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailbridge.conversation.identify import at_the_desk, identify
from mailbridge.conversation.place import Evidence, TokenClaim, Writer
from mailbridge.conversation.tokens import Life
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.agents.held import MOST_LISTED, decide_held, notice
from mailbridge.handling.agents.lines import anew, speaker_of
from mailbridge.handling.agents.lines import written as lines_of
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import tell_results
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.new_ticket import Filing
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.mail_commands import ParsedMail
from mailbridge.mail_commands.reply_decision import verdict
from mailbridge.message.envelope import Source
from mailbridge.message.model import Message
from mailbridge.store.held import HeldAnswer, HeldMail, What
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.commands import Approve, Reject


def who_writes(tx: Tx, message: Message, arrival: Arrival, found: Evidence, desk: Desk) -> Writer:
    """The writer as the mail and its source prove it; an agent also by the agent's own yes to this mail, or typed at the desk's machine."""
    source = arrival.envelope.source
    if source is Source.COMMAND and (typed := at_the_desk(arrival.envelope.account, desk.organisation)):
        return replace(typed, vouched=True)
    sender, vouched = message.sender, source is Source.IMPORT
    if held := _agreed(tx, message, arrival, desk, What.MAIL):
        sender = replace(sender, verified=True, dmarc="", reasons=(*sender.reasons, f"{_WHO[held.state]} said yes to this mail"))
        vouched = True
    return replace(identify(sender, found.claims, desk.organisation, trust_tokens=desk.trust_tokens), vouched=vouched)


_WHO = {HeldAnswer.AGREED: "the agent", HeldAnswer.RELEASED: "somebody at the desk's machine"}


def _agreed(tx: Tx, message: Message, arrival: Arrival, desk: Desk, what: What) -> HeldMail | None:
    """What was held of this very mail, where somebody said yes to it who may."""
    agent = desk.organisation.agent_of(message.sender.address) if message.sender.strict else None
    found = tx.held.get(arrival.id) if agent else None
    mine = found is not None and agent is not None and (found.agent, found.what) == (agent.name, what)
    return found if mine and found and found.state in _WHO else None


def agreed_lines(tx: Tx, message: Message, arrival: Arrival, copy: StoredMail, desk: Desk, now: datetime) -> MailResult | None:
    """The commands of a mail that is stored are done, because somebody said yes who may; None where nobody did."""
    held = _agreed(tx, message, arrival, desk, What.LINES) if copy.inbox == arrival.id else None
    writer = at_the_desk(held.agent, desk.organisation) if held else None
    if held is None or writer is None:
        return None
    filing = Filing(tx=tx, message=message, arrival=arrival, writer=replace(writer, vouched=True), desk=desk, now=now)
    written = anew(message, speaker_of(writer.agent, desk, arrival.envelope.received_at))
    waited = held.lines.splitlines()
    lines = [line for line in written.lines if line.text in waited]
    ticket = tx.tickets.surviving(copy.ticket) if copy.ticket else None
    after, _, outcomes = carry_out(filing, ticket, lines, copy.id)
    tell_results(filing, after, copy.id, ParsedMail(lines=tuple(lines), text=""), None, outcomes, key=f"{copy.id}.agreed")
    answer_questions(filing, after, copy.id, lines, key=f"{copy.id}.agreed")
    outcome = MailOutcome.APPEND if ticket else MailOutcome.KEPT
    return MailResult(outcome=outcome, ticket=copy.ticket, mail=copy.id, reason=f"{_WHO[held.state]} said yes")


def answer_notice(filing: Filing, asked: TokenClaim) -> MailResult:
    """What the agent's answer says was done: agreed mails wait in the inbox again, refused ones stay where they are.  An answer that says
    neither, or that comes too late, is asked again."""
    number, agent = asked.token.ticket, filing.desk.organisation.agent_of(filing.message.sender.address)
    listed = filing.tx.held.of_notice(number)
    mail = filing.store_mail(ticket=None, fresh="", internal=True)
    kept = MailResult(outcome=MailOutcome.KEPT, mail=mail, reason="answers a notice of held mails")
    if agent is None or not listed or any(one.agent != agent.name for one in listed):
        return kept
    said = _said(filing, agent.name, len(listed))
    late = asked.life is Life.ENDED
    if filing.writer.refused:
        return replace(kept, reason="answers a notice of held mails, but DMARC failed")
    if late or not said:
        _again(filing, listed, number, "late" if late else "unclear")
        return kept
    for row, yes in said.items():
        decide_held(filing.tx, listed[row - 1], HeldAnswer.AGREED if yes else HeldAnswer.REFUSED, f"agent {agent.name} said no to it")
    if told := notice(filing.desk, filing.tx.held.of_notice(number), number, filing.now, values=(), event="held_done"):
        filing.tx.outbox.add_many([told], filing.now)
        filing.tx.wake("outbox")
    return kept


def _again(filing: Filing, listed: Sequence[HeldMail], number: int, step: str) -> None:
    """The same notice once more, in a mail that can be answered; twice an hour at most, because the answer may be a robot's."""
    waiting = [one for one in listed if one.state is HeldAnswer.WAITING][:MOST_LISTED]
    key = f"held.again.{number}"
    last = filing.tx.state.get(key)
    times = [at for at in last or [] if (filing.now - datetime.fromisoformat(at)).total_seconds() < 3600]
    if not waiting or len(times) >= 2:
        return
    filing.tx.state.set(key, [*times, filing.now.isoformat()], filing.now)
    if told := notice(filing.desk, listed, number, filing.now, values=(("step", step),)):
        filing.tx.outbox.add_many([told], filing.now)
        filing.tx.wake("outbox")


_NUMBERS = re.compile(r"\d{1,4}")
_CHOSEN = re.compile(r"(?P<words>\D+?)[\s,:]+(?P<numbers>\d{1,4}(?:\D{1,6}\d{1,4})*)\W*")  # yes 1, 3 and 4


def _said(filing: Filing, agent: str, rows: int) -> Mapping[int, bool]:
    """Row -> yes or no, for each row that the answer is about: those it names, all where it names none.  Empty where it says neither."""
    written = lines_of(filing.message, speaker_of(agent, filing.desk, filing.now))
    said: dict[int, bool] = {}
    for line in written.lines:
        if isinstance(line.command, Approve | Reject):
            named = _rows(line.text, rows)
            said |= dict.fromkeys(named or range(1, rows + 1), isinstance(line.command, Approve))
    if said:
        return said
    first, _, rest = written.text.strip().partition("\n")
    chosen = _CHOSEN.fullmatch(first.strip())
    found = verdict("\n".join((chosen["words"] if chosen else first, rest)))
    if found is None:
        return {}
    return dict.fromkeys((_rows(chosen["numbers"], rows) if chosen else ()) or range(1, rows + 1), found.yes)


def _rows(text: str, rows: int) -> list[int]:
    return [number for found in _NUMBERS.findall(text) if 1 <= (number := int(found)) <= rows]
