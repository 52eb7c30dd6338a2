"""An agent's answer to a notice of held mails."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailbridge.conversation.tokens import Life
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.held import MOST_LISTED, decide_held, notice
from mailbridge.handling.agents.lines import command_author, parse_agent_mail
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.mail_commands.reply_decision import verdict
from mailbridge.store.held import HeldAnswer, HeldMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.escalation import Approve, Reject


def file_held_answer(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """What the agent's answer says was done: agreed mails wait in the inbox again, refused ones stay where they are.  After an answer that
    says neither, or that comes too late, the agent is asked again."""
    notice_token = mail.evidence.notice
    if notice_token is None:
        return None
    number, agent = notice_token.token.ticket, desk.organisation.agent_of(mail.message.sender.address)
    listed = tx.held.of_notice(number)
    mail_id = store_mail(tx, mail, ticket=None, fresh="", internal=True)
    kept = MailResult(outcome=MailOutcome.KEPT, mail=mail_id, reason="answers a notice of held mails")
    if agent is None or not listed or any(one.agent != agent.name for one in listed):
        return kept
    said = _said(desk, mail, agent.name, len(listed))
    late = notice_token.life is Life.ENDED
    if mail.writer.refused:
        return replace(kept, reason="answers a notice of held mails, but DMARC failed")
    if late or not said:
        _again(tx, desk, mail, listed, number, "late" if late else "unclear")
        return kept
    for row, yes in said.items():
        decide_held(tx, listed[row - 1], HeldAnswer.AGREED if yes else HeldAnswer.REFUSED, f"agent {agent.name} said no to it")
    if told := notice(desk, tx.held.of_notice(number), number, mail.now, event="held_done"):
        tx.outbox.add_many([told], mail.now)
        tx.wake("outbox")
    return kept


def _again(tx: Tx, desk: Desk, mail: PlacedMail, listed: Sequence[HeldMail], number: int, step: str) -> None:
    """The same notice once more, in a mail that can be answered; twice an hour at most, because the answer may be a robot's."""
    waiting = [one for one in listed if one.state is HeldAnswer.WAITING][:MOST_LISTED]
    key = f"held.again.{number}"
    last = tx.state.get(key)
    times = [at for at in last or [] if (mail.now - datetime.fromisoformat(at)).total_seconds() < 3600]
    if not waiting or len(times) >= 2:
        return
    tx.state.set(key, [*times, mail.now.isoformat()], mail.now)
    if told := notice(desk, listed, number, mail.now, step=step):
        tx.outbox.add_many([told], mail.now)
        tx.wake("outbox")


_NUMBERS = re.compile(r"\d{1,4}")
_CHOSEN = re.compile(r"(?P<words>\D+?)[\s,:]+(?P<numbers>\d{1,4}(?:\D{1,6}\d{1,4})*)\W*")  # yes 1, 3 and 4


def _said(desk: Desk, mail: PlacedMail, agent: str, rows: int) -> Mapping[int, bool]:
    """Row -> yes or no, for each row that the answer is about: those it names, all where it names none.  Empty where it says neither."""
    parsed = parse_agent_mail(mail.message, command_author(agent, desk, mail.now))
    said: dict[int, bool] = {}
    for line in parsed.lines:
        if isinstance(line.command, Approve | Reject):
            named = _rows(line.text, rows)
            said |= dict.fromkeys(named or range(1, rows + 1), isinstance(line.command, Approve))
    if said:
        return said
    first, _, rest = parsed.text.strip().partition("\n")
    chosen = _CHOSEN.fullmatch(first.strip())
    found = verdict("\n".join((chosen["words"] if chosen else first, rest)))
    if found is None:
        return {}
    return dict.fromkeys((_rows(chosen["numbers"], rows) if chosen else ()) or range(1, rows + 1), found.yes)


def _rows(text: str, rows: int) -> list[int]:
    return [number for found in _NUMBERS.findall(text) if 1 <= (number := int(found)) <= rows]
