"""Mails that become no message: copies, viruses, mails that have to wait, and mails that rules refuse or drop."""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.handling.evidence import referred
from mailbridge.handling.keep import keep
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import ArrivedMail, JudgedMail, PlacedMail
from mailbridge.organisation.wishes import BLOCKED
from mailbridge.store.tx import Tx


def skip_duplicate(_tx: Tx, _desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """Nothing is done: the mail is stored already."""
    copy = mail.copy
    if copy is None:
        return None
    return MailResult(outcome=MailOutcome.DUPLICATE, ticket=copy.ticket, mail=copy.id, reason=f"a copy of mail {copy.id}")


def quarantine_virus(_tx: Tx, _desk: Desk, mail: ArrivedMail) -> MailResult:
    """The mail is quarantined with the name of the virus."""
    return MailResult(outcome=MailOutcome.QUARANTINED, reason=f"virus: {mail.arrival.scan.virus}")


def wait_for_earlier(tx: Tx, _desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """The mail waits while the mail that it answers is not handled yet; None where that is done."""
    if not tx.inbox.earlier_waiting(referred(mail.message), mail.arrival.id):
        return None
    return MailResult(outcome=MailOutcome.WAIT, reason="the mail it answers is still on its way through")


def keep_automatic(tx: Tx, _desk: Desk, mail: PlacedMail) -> MailResult:
    """The mail is kept on no ticket, and the admins' daily list names it."""
    return keep(tx, mail, MailOutcome.KEPT, f"{mail.message.kind}: {', '.join(mail.message.kind_reasons)}")


def keep_answer_to_notification(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """The mail is kept where it answers a mail of ours to the very address of its writer (a team's group address, a person whom a rule
    notifies).  A ticket of it would be notified to the same address and answered again."""
    ours = (tx.outbox.by_message_id(one) for one in mail.message.in_reply_to[:3])
    if not any(one is not None and one.notification.recipient.lower() == mail.writer.address.lower() for one in ours):
        return None
    return keep_automatic(tx, desk, mail)


def quarantine_by_rule(_tx: Tx, _desk: Desk, judged: JudgedMail) -> MailResult:
    """The mail is quarantined with the reason of the rule."""
    return MailResult(outcome=MailOutcome.QUARANTINED, reason=f"rule: {judged.verdict.quarantine}")


def drop_by_rule(tx: Tx, _desk: Desk, judged: JudgedMail) -> MailResult:
    """The mail is stored on no ticket."""
    return keep(tx, judged.mail, MailOutcome.IGNORED, "a rule said drop")


def quarantine_blocked(_tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult:
    """The mail is held for review; the managers' daily list names it."""
    wish = desk.organisation.wishes.blocked(mail.message.sender.address, proven=mail.writer.verified)
    name, by = (wish.id.name, wish.by) if wish else (mail.message.sender.address, "")
    return MailResult(outcome=MailOutcome.QUARANTINED, reason=f"{BLOCKED}{name}, by {by}: {_short(mail.message.subject)}")


def _short(subject: str) -> str:
    return " ".join(subject.split())[:100]
