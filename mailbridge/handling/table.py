"""Who handles a mail: the first handler of these tables whose condition holds, and which does not decline after a look into the store.

Four tables, because facts become known on the way: BEFORE_PLACING knows the mail alone, BEFORE_PARSING its writer and ticket,
BEFORE_RULES the command lines of an agent, AFTER_RULES what the rules chose.  The last row takes every mail that is left.
"""

from __future__ import annotations

from typing import Any

from mailbridge.config.model import WhenVirus
from mailbridge.execution.desk import Desk
from mailbridge.handling import aside
from mailbridge.handling.agents.held import hold_unproven, unproven_agent
from mailbridge.handling.agents.held_answer import file_held_answer
from mailbridge.handling.agents.new_mail import answer_agent, open_agents_ticket
from mailbridge.handling.agents.on_behalf import open_customers_ticket
from mailbridge.handling.agents.released import execute_released_lines
from mailbridge.handling.agents.reply import add_agent_reply
from mailbridge.handling.articles import send_asked_article
from mailbridge.handling.bounce import file_bounce
from mailbridge.handling.canary import file_canary, file_canary_bounce
from mailbridge.handling.consultant_reply import file_consultant_reply
from mailbridge.handling.disposition import Goes, disposition
from mailbridge.handling.handler import Handler
from mailbridge.handling.imported import file_sent_reply
from mailbridge.handling.kept_mail import open_kept_mail
from mailbridge.handling.message import add_automatic_message, add_customer_message
from mailbridge.handling.new_ticket import open_ticket
from mailbridge.handling.other_desk import file_other_desks_answer, is_of_other_desk
from mailbridge.handling.outcome import MailOutcome
from mailbridge.handling.pairing import file_pairing_answer
from mailbridge.handling.placed_mail import ArrivedMail, JudgedMail, PlacedMail
from mailbridge.handling.unsubscribing import file_unsubscription, unsubscribes
from mailbridge.mail_commands.customer_words import asked_article
from mailbridge.message.model import Kind, Message

TICKET, APPEND = MailOutcome.TICKET, MailOutcome.APPEND
KEPT, IGNORED, HELD = MailOutcome.KEPT, MailOutcome.IGNORED, MailOutcome.HELD
QUARANTINED, DUPLICATE, WAIT = MailOutcome.QUARANTINED, MailOutcome.DUPLICATE, MailOutcome.WAIT

BEFORE_PLACING: tuple[Handler[ArrivedMail], ...] = (
    Handler(
        # Before the copies: a forged copy that came first must not make the genuine one its duplicate.
        name="canary",
        when=lambda desk, mail: bool(mail.message.loop_mark),
        why="the desk sent it to itself, to measure its way",
        run=file_canary,
        may_decline=True,
        outcomes=frozenset({MailOutcome.CANARY}),
    ),
    Handler(
        name="canary_bounce",
        when=lambda desk, mail: mail.message.kind is Kind.BOUNCE,
        why="a delivery report about a mail of the desk to itself",
        run=file_canary_bounce,
        may_decline=True,
        outcomes=frozenset({MailOutcome.CANARY}),
    ),
    Handler(
        name="released_lines",
        when=lambda desk, mail: mail.copy is not None,
        why="the mail is stored, and somebody said yes to its held command lines",
        run=execute_released_lines,
        may_decline=True,
        outcomes=frozenset({APPEND, KEPT}),
    ),
    Handler(
        name="duplicate",
        when=lambda desk, mail: mail.copy is not None,
        why="a mail with the same fingerprint is stored",
        run=aside.skip_duplicate,
        outcomes=frozenset({DUPLICATE}),
    ),
    Handler(
        name="virus",
        when=lambda desk, mail: bool(mail.arrival.scan.virus) and desk.config.scan.virus is WhenVirus.QUARANTINE,
        why="a scanner found a virus",
        run=aside.quarantine_virus,
        outcomes=frozenset({QUARANTINED}),
    ),
    Handler(
        name="unsubscribe",
        when=unsubscribes,
        why="it is to an address that ends a digest or a report",
        run=file_unsubscription,
        may_decline=True,
        outcomes=frozenset({IGNORED}),
    ),
    Handler(
        name="wait_for_earlier",
        when=lambda desk, mail: bool(mail.message.in_reply_to or mail.message.references),
        why="the mail that it answers is not handled yet",
        run=aside.wait_for_earlier,
        may_decline=True,
        outcomes=frozenset({WAIT}),
    ),
)

BEFORE_PARSING: tuple[Handler[PlacedMail], ...] = (
    Handler(
        name="imported_reply",
        when=lambda desk, mail: mail.imported,
        why="an old reply of the desk, from an archive",
        run=file_sent_reply,
        may_decline=True,
        outcomes=frozenset({APPEND}),
    ),
    Handler(
        name="other_desk",
        when=is_of_other_desk,
        why="another help desk sent it, beside which this one is in shadow mode",
        run=file_other_desks_answer,
        outcomes=frozenset({APPEND, KEPT}),
    ),
    Handler(
        name="pairing_answer",
        when=lambda desk, mail: mail.message.kind is Kind.HUMAN and is_agent(desk, mail.message),
        why="an agent's answer to a pairing mail",
        run=file_pairing_answer,
        may_decline=True,
        outcomes=frozenset({KEPT}),
    ),
    Handler(
        name="kept_mail_request",
        when=lambda desk, mail: mail.message.kind is Kind.HUMAN and is_admin(desk.config.desk.admins, mail.message),
        why="an admin makes a kept mail a ticket",
        run=open_kept_mail,
        may_decline=True,
        outcomes=frozenset({KEPT}),
    ),
    Handler(
        name="held_answer",
        when=lambda desk, mail: mail.message.kind is Kind.HUMAN and mail.evidence.notice is not None,
        why="an agent's answer to a notice of held mails",
        run=file_held_answer,
        outcomes=frozenset({KEPT}),
    ),
    Handler(
        name="blocked_sender",
        when=lambda desk, mail: (
            bool(desk.organisation.wishes.all)
            and not mail.writer.agent
            and mail.message.kind is not Kind.BOUNCE
            and not mail.imported
            and desk.organisation.wishes.blocked(mail.message.sender.address, proven=mail.writer.verified) is not None
            and desk.policy.rules.customers.of(mail.message.sender.address) is None
        ),
        why="somebody of the desk blocked its sender, or marked a ticket of the sender as spam",
        run=aside.quarantine_blocked,
        outcomes=frozenset({QUARANTINED}),
    ),
    Handler(
        name="unproven_agent",
        when=lambda desk, mail: mail.may.reopens and not mail.imported and unproven_agent(mail.writer, desk) is not None,
        why="in an agent's name, and nothing proves the agent; an automatic mail is never asked about",
        run=hold_unproven,
        outcomes=frozenset({HELD}),
    ),
)

BEFORE_RULES: tuple[Handler[PlacedMail], ...] = (
    Handler(
        name="bounce",
        when=lambda desk, mail: mail.message.kind is Kind.BOUNCE,
        why="a delivery report about a mail of ours",
        run=file_bounce,
        may_decline=True,
        outcomes=frozenset({APPEND}),
    ),
    Handler(
        name="automatic_kept",
        when=lambda desk, mail: mail.may.goes is Goes.KEPT,
        why="an automatic mail that opens no ticket, by the table of `disposition`",
        run=aside.keep_automatic,
        outcomes=frozenset({KEPT}),
    ),
    Handler(
        name="answer_to_notification",
        when=lambda desk, mail: mail.placement.ticket is None and answers_automatically(mail.message),
        why="an automatic answer to a mail that we sent to its very address",
        run=aside.keep_answer_to_notification,
        may_decline=True,
        outcomes=frozenset({KEPT}),
    ),
    Handler(
        name="agent_reply",
        when=lambda desk, mail: mail.placement.ticket is not None and bool(mail.writer.agent) and mail.may.reopens,
        why="an agent writes on a ticket",
        run=add_agent_reply,
        outcomes=frozenset({APPEND, HELD}),
    ),
    Handler(
        name="consultant_reply",
        when=lambda desk, mail: mail.placement.ticket is not None and bool(mail.writer.consultant) and mail.may.reopens,
        why="a consultant writes on a ticket",
        run=file_consultant_reply,
        outcomes=frozenset({APPEND}),
    ),
    Handler(
        name="article_request",
        when=lambda desk, mail: mail.placement.ticket is not None and not mail.writer.agent and asked_article(mail.message.reply.fresh) > 0,
        why="a customer asks for an article of the knowledge base",
        run=send_asked_article,
        may_decline=True,
        outcomes=frozenset({APPEND}),
    ),
    Handler(
        name="automatic_message",
        when=lambda desk, mail: mail.placement.ticket is not None and mail.may.automatic,
        why="an automatic mail that answers on a ticket",
        run=add_automatic_message,
        outcomes=frozenset({APPEND}),
    ),
    Handler(
        name="agent_questions",
        # A forwarded mail is a customer's: its words are no command lines of the agent.
        when=lambda desk, mail: (
            bool(mail.writer.agent) and mail.forwarded is None and mail.message.kind is Kind.HUMAN and not mail.imported
        ),
        why="an agent's new mail that holds command lines and questions alone",
        run=answer_agent,
        may_decline=True,
        outcomes=frozenset({KEPT}),
    ),
)

AFTER_RULES: tuple[Handler[JudgedMail], ...] = (
    Handler(
        name="quarantined_by_rule",
        when=lambda desk, judged: bool(judged.verdict.quarantine),
        why="a rule quarantines it",
        run=aside.quarantine_by_rule,
        outcomes=frozenset({QUARANTINED}),
    ),
    Handler(
        name="dropped_by_rule",
        when=lambda desk, judged: judged.verdict.drop,
        why="a rule drops it",
        run=aside.drop_by_rule,
        outcomes=frozenset({IGNORED}),
    ),
    Handler(
        name="customer_message",
        when=lambda desk, judged: judged.mail.placement.ticket is not None,
        why="a customer writes on a ticket",
        run=add_customer_message,
        outcomes=frozenset({APPEND, QUARANTINED}),
    ),
    Handler(
        name="forwarded_ticket",
        when=lambda desk, judged: judged.mail.forwarded is not None,
        why="an agent files a customer's mail",
        run=open_customers_ticket,
        outcomes=frozenset({TICKET, APPEND, QUARANTINED}),
    ),
    Handler(
        name="agent_ticket",
        when=lambda desk, judged: bool(judged.mail.writer.agent),
        why="an agent's own request",
        run=open_agents_ticket,
        outcomes=frozenset({TICKET, APPEND, QUARANTINED}),
    ),
    Handler(
        name="new_ticket",
        when=lambda desk, judged: True,
        why="a new request",
        run=open_ticket,
        outcomes=frozenset({TICKET, APPEND, QUARANTINED}),
    ),
)

HANDLERS: tuple[Handler[Any], ...] = (*BEFORE_PLACING, *BEFORE_PARSING, *BEFORE_RULES, *AFTER_RULES)
WHY = {handler.name: handler.why for handler in HANDLERS}


def is_agent(desk: Desk, message: Message) -> bool:
    """Whether the From of the mail is one agent's address."""
    return message.sender.strict and desk.organisation.agent_of(message.sender.address) is not None


def is_admin(admins: tuple[str, ...], message: Message) -> bool:
    """Whether the From of the mail is one admin's address."""
    return message.sender.strict and message.sender.address.lower() in {admin.lower() for admin in admins}


def answers_automatically(message: Message) -> bool:
    """Whether the mail answers another one and would be automatic on the ticket of that one."""
    return bool(message.in_reply_to) and not disposition(message, answers=True).reopens
