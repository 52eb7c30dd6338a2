"""What the knowledge base has for a new request: articles for its writer in the receipt, and for agents with their news of it.

A desk without articles asks the store nothing.  Only what the writer wrote now is compared, and only in the writer's language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.handling.solved_like import solved_like
from mailbridge.knowledge.base import MOST_SUGGESTED, WHEN_NOBODY_IS_FREE
from mailbridge.knowledge.model import Article, ArticleAudience, article_number
from mailbridge.knowledge.suggest import asked_text
from mailbridge.message.markdown import first_paragraph, to_plain
from mailbridge.notifications.context import NOTHING_SUGGESTED, Suggestions
from mailbridge.notifications.events.estimates import RECEIPT
from mailbridge.notifications.payloads.knowledge import ArticleRow, FitRow
from mailbridge.organisation.availability import is_at_work, slots
from mailbridge.organisation.follow_the_sun import region_of
from mailbridge.organisation.model import Organisation, Team
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import Open

SHORT = 600  # characters of an article that goes into a mail whole
BEGINNING = 300  # characters of a longer one


def suggestions(tx: Tx, desk: Desk, judged: JudgedMail, opened: Open, *, answerable: bool) -> Suggestions:
    """What is suggested for the ticket that this mail opens.  `answerable`: its writer gets a receipt."""
    known, mail = desk.knowledge, judged.mail
    solved = solved_like(tx, desk, mail, opened)
    if not known.articles or mail.imported:
        return replace(NOTHING_SUGGESTED, solved=solved) if solved else NOTHING_SUGGESTED
    chosen = _by_rule(judged.verdict.suggest)
    told = answerable and not mail.written_to and _has_receipt(desk, judged, opened)
    offered = _for_writer(desk, mail, opened, chosen) if told else ()
    return Suggestions(
        articles=tuple(article_row(article) for article, _ in offered),
        scores=tuple((article.number, score) for article, score in offered),
        start=tuple(article_row(article) for article in _starts(tx, desk, mail, opened)) if told else (),
        fits=_for_agents(desk, mail, opened, chosen),
        solved=solved,
    )


def _has_receipt(desk: Desk, judged: JudgedMail, opened: Open) -> bool:
    """Whether the team tells its customers that their mail came, in the words that hold articles."""
    team = desk.organisation.teams.get(opened.team) or desk.organisation.teams.get(desk.organisation.default_team)
    return not judged.verdict.reply_template and team is not None and RECEIPT in team.tells


def article_row(article: Article, *, whole: bool = False) -> ArticleRow:
    """The article for a mail: all of it where it is short or `whole`, else its beginning."""
    short = whole or len(to_plain(article.text)) <= SHORT
    text = article.text if short else first_paragraph(article.text, BEGINNING)
    return ArticleRow(number=article.name, title=article.title, text=text, whole=short, videos=article.videos)


def is_anybody_free(team: Team | None, organisation: Organisation, now: datetime) -> bool:
    """Whether somebody of the team is at work now, or a deputy."""
    if team is None:
        return False
    here = region_of(team, organisation, now)
    return any(is_at_work(slot.agent, here, organisation, now) for slot in slots(here, organisation, now))


def _by_rule(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(number for name in names if (number := article_number(name)) is not None)


def _for_writer(desk: Desk, mail: PlacedMail, opened: Open, chosen: tuple[int, ...]) -> tuple[tuple[Article, int], ...]:
    """What rules name, then what fits well with its score; where nobody of the team is free, the best there is."""
    known, language = desk.knowledge, opened.language or desk.config.desk.language
    named = (known.article(number, language, readers=ArticleAudience.CUSTOMERS) for number in chosen)
    free = is_anybody_free(desk.organisation.teams.get(opened.team), desk.organisation, mail.now)
    least = known.minimum if free else WHEN_NOBODY_IS_FREE
    fits = known.fits(asked_text(mail.message), language, readers=ArticleAudience.CUSTOMERS, team=opened.team, least=least)
    found = {article.number: (article, 0) for article in named if article is not None}
    for fit in fits:
        found.setdefault(fit.article.number, (fit.article, fit.score))
    return tuple(found.values())[:MOST_SUGGESTED]


def _starts(tx: Tx, desk: Desk, mail: PlacedMail, opened: Open) -> tuple[Article, ...]:
    """Where to start, for somebody of whom there is no ticket yet."""
    found = desk.knowledge.starts(opened.language or desk.config.desk.language, opened.team)[:1]
    if not found or tx.tickets.find(requester=opened.requester.address, limit=1):
        return ()
    return found


def _for_agents(desk: Desk, mail: PlacedMail, opened: Open, chosen: tuple[int, ...]) -> tuple[FitRow, ...]:
    """Named by the title in the language of the customer, in which `#send` sends them."""
    known, language = desk.knowledge, opened.language or desk.config.desk.language
    named = (known.article(number, language) for number in chosen)
    fits = known.fits_for_agents(asked_text(mail.message), language, opened.team)
    found = {article.number: article for article in (*filter(None, named), *(fit.article for fit in fits))}
    return tuple(
        FitRow(number=one.name, title=one.title, customers=one.audience is ArticleAudience.CUSTOMERS)
        for one in list(found.values())[:MOST_SUGGESTED]
    )
