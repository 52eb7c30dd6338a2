"""The step between placing and the rules in which an agent's mail is parsed.  What later handlers need is in the mail then."""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.lines import command_author, own_lines, parse_agent_mail, with_subject_line, without_own_addresses
from mailbridge.handling.agents.on_behalf import customers_mail
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.message.replacing import replace
from mailbridge.store.tx import Tx


def parsed(tx: Tx, desk: Desk, mail: PlacedMail) -> PlacedMail:
    """An agent's mail with its command lines, and one that files a customer's mail as the customer's.  Every other mail is unchanged."""
    if not mail.writer.agent or mail.may.automatic:
        return mail
    author = command_author(mail.writer.agent, desk, mail.written_at)
    mail = replace(mail, parsed=without_own_addresses(parse_agent_mail(mail.message, author), desk))
    if mail.placement.ticket is not None:
        return replace(mail, parsed=own_lines(tx, desk, mail))
    if (forwarded := customers_mail(desk, mail)) is not None:
        return forwarded
    return replace(mail, parsed=with_subject_line(own_lines(tx, desk, mail), mail.message, author))
