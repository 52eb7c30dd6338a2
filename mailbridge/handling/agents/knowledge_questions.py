"""What agents ask of the knowledge base by mail: `#kb`, `#answers`."""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.suggesting import article_row
from mailbridge.knowledge.base import MOST_ARTICLES
from mailbridge.knowledge.model import Article
from mailbridge.knowledge.terms import terms
from mailbridge.mail_commands.model import FindArticles
from mailbridge.message.markdown import first_paragraph
from mailbridge.notifications.payloads.knowledge import AnswerRow, AnswersFound, ArticlesFound, FoundArticleRow
from mailbridge.tickets.model import Ticket

MOST_ROWS = 10  # articles in one mail
MOST_ANSWERS = 50
_BEGINNING = 160


def articles_for(desk: Desk, mail: PlacedMail, asked: str, question: FindArticles, ticket: Ticket | None) -> ArticlesFound:
    """One article by its number, those that fit the words, or those that fit the ticket of the mail; else all."""
    language = desk.organisation.agents[mail.agent].language or desk.config.desk.language
    if question.number:
        article = desk.knowledge.article(question.number, language)
        rows = (article_row(article, whole=True),) if article else ()
        return ArticlesFound(asked=asked, words="" if article else asked, article=rows)
    words = question.words or (ticket.subject if ticket else "")
    found = _fitting(desk, words, language) if words else _all(desk, language)
    shown = tuple(_row(article) for article in found[:MOST_ROWS])
    more = len(found) - MOST_ROWS if len(found) > MOST_ROWS else None
    return ArticlesFound(asked=asked, words=words, rows=shown, count=len(found), more=more)


def _fitting(desk: Desk, words: str, language: str) -> list[Article]:
    fits = desk.knowledge.fits_for_agents(words, language, None, most=MOST_ARTICLES, least=1)
    return [fit.article for fit in fits]


def _all(desk: Desk, language: str) -> list[Article]:
    """Each number once, in the agent's language where it is there."""
    numbers = dict.fromkeys(article.number for article in desk.knowledge.articles)
    found = (desk.knowledge.article(number, language) for number in numbers)
    return [article for article in found if article is not None]


def _row(article: Article) -> FoundArticleRow:
    return FoundArticleRow(
        number=article.name,
        title=article.title,
        language=article.language,
        audience=article.audience,
        begins=first_paragraph(article.text, _BEGINNING),
    )


def answers_for(desk: Desk, mail: PlacedMail, asked: str, words: str, ticket: Ticket | None) -> AnswersFound:
    """The answers ready to send for the ticket's team, or for any of the agent's; with words those that hold all of them."""
    language = (ticket.language if ticket else "") or desk.config.desk.language
    teams = [ticket.team] if ticket else list(desk.organisation.teams_of(mail.agent))
    found = {one.name: one for team in teams or [""] for one in desk.knowledge.answers_for(team)}
    shown = [desk.knowledge.answer(name, (language, "en"), one.team) or one for name, one in sorted(found.items())]
    wanted = set(terms(words, language))
    kept = [one for one in shown if wanted <= {*terms(f"{one.name} {one.about} {one.text}", language)}]
    rows = tuple(
        AnswerRow(
            name=one.name,
            about=one.about or first_paragraph(one.text, _BEGINNING),
            usage=" ".join([f"#answer {one.name}", *(f'{field}="{default or "…"}"' for field, default in one.asked)]),
        )
        for one in kept[:MOST_ANSWERS]
    )
    more = len(kept) - MOST_ANSWERS if len(kept) > MOST_ANSWERS else None
    return AnswersFound(asked=asked, words=words, rows=rows, count=len(kept), more=more)
