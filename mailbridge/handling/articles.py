"""A customer asks for an article: the mail says `#kb KB-17` and nothing else, as the link in the receipt writes it."""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.execution.notification_context import notification_context
from mailbridge.handling.acknowledgement import acknowledgement
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.proven_customer import is_proven_participant
from mailbridge.handling.storing import store_mail
from mailbridge.handling.suggesting import article_row
from mailbridge.knowledge.model import Article, ArticleAudience
from mailbridge.mail_commands.customer_words import asked_article
from mailbridge.notifications.compose import signed
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.knowledge import ArticleSent
from mailbridge.store.tx import Tx


def send_asked_article(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """The article is on its way to the writer, and nothing else changes; None for what is an ordinary message: there is no such article for
    customers, the writer is not proven, or gets no automatic mail."""
    article = _asked(desk, mail)
    if article is None or not is_proven_participant(mail) or acknowledgement(tx, desk, mail):
        return None
    ticket = mail.ticket
    mail_id = store_mail(tx, mail, ticket=ticket.id)
    person = ticket.participant(mail.writer.address)
    promise = Notification(
        ticket=ticket.id,
        audience=Audience.CUSTOMER,
        event="article",
        recipient=mail.writer.address,
        key=f"{ticket.id}.article.{mail_id}",
        name=person.name if person else "",
        language=article.language,
        payload=ArticleSent(article=(article_row(article, whole=True),)),
    )
    tx.article_outcomes.opened(ticket.id, article.number, mail.now)
    tx.outbox.add_many([signed(promise, notification_context(tx, ticket, desk, answerable=True))], mail.now)
    tx.wake("outbox")
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id, reason=f"asks for {article.name}")


def _asked(desk: Desk, mail: PlacedMail) -> Article | None:
    number = asked_article(mail.message.reply.fresh)
    person = mail.ticket.participant(mail.writer.address)
    language = (person.language if person else "") or mail.ticket.language or desk.config.desk.language
    found = desk.knowledge.article(number, language, readers=ArticleAudience.CUSTOMERS) if number else None
    return found if found is not None and found.team in ("", mail.ticket.team) else None
