"""An agent's mail on a ticket: its text goes to the customer (or is a note), its lines are judged one by one, and the agent is told line
by line what came of them.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.agentmail.answers import answered, answers_note, doubt, note_writer, taken_as_answer
from mailbridge.agentmail.carry_out import carry_out
from mailbridge.agentmail.lines import own_lines, speaker_of
from mailbridge.agentmail.lines import written as lines_of
from mailbridge.agentmail.questions import answer_questions
from mailbridge.agentmail.replying import tell_results
from mailbridge.desk.commands import Answer, Command, Note
from mailbridge.desk.language.reading import on_a_ticket
from mailbridge.desk.model import Ticket
from mailbridge.filing import Filing, Outcome, Result


def file_agent_mail(filing: Filing, ticket: Ticket) -> Result:
    """The mail is filed: answer or note, then each line on the ticket as the one before left it; then what the agent asked is answered."""
    ours = answered(filing.tx, ticket.id, filing.message)
    written = own_lines(lines_of(filing.message, speaker_of(filing.writer.agent, filing.desk, filing.now)), filing, ticket)
    written = taken_as_answer(written, ours)
    written = replace(written, lines=tuple(on_a_ticket(line) for line in written.lines))
    filing = replace(filing, also=note_writer(filing, ours))
    said = [line.command for line in written.lines]
    internal = Note() in said or (answers_note(ours) and Answer() not in said)
    speech: Command = Note() if internal else Answer(doubt=doubt(written, ours, ticket, filing.desk.organisation))
    speaks = bool(written.text or filing.message.attachments)

    mail = filing.store_mail(ticket=ticket.id, fresh=written.text, internal=internal or not speaks)
    seen_at = ours.created_at if ours else None
    after, spoken, outcomes = carry_out(filing, ticket, written.lines, mail, speech=speech if speaks else None, seen_at=seen_at)
    tell_results(filing, after or ticket, mail, written, spoken, outcomes)
    answer_questions(filing, after, mail, written.lines)
    return Result(outcome=Outcome.APPEND, ticket=ticket.id, mail=mail)
