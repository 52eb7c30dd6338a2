"""The knowledge base: all articles with an index for each language, and all answers ready to send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mailbridge.knowledge.bm25 import Hit, IndexedText, TextIndex
from mailbridge.knowledge.model import Article, ArticleAudience, Fit, ReadyAnswer
from mailbridge.knowledge.terms import terms

MOST_ARTICLES = 5_000
MINIMUM = 60  # a suggestion to a customer has at least this score, until outcomes teach another
FOR_AGENTS = 30  # who knows the subject sees at once what does not fit
WHEN_NOBODY_IS_FREE = 1  # the best there is, where the customer waits anyway
MOST_SUGGESTED = 3
ONE_WORD = 45  # the most that one shared word is worth


@dataclass(frozen=True, slots=True, kw_only=True)
class InLanguage:
    """The articles in one language, in the order of the index."""

    articles: tuple[Article, ...]
    index: TextIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the desk knows.  `minimum`: the least score of a suggestion to a customer.  `language`: of the desk."""

    language: str = "en"
    articles: tuple[Article, ...] = ()
    answers: tuple[ReadyAnswer, ...] = ()
    minimum: int = MINIMUM
    languages: Mapping[str, InLanguage] = field(default_factory=dict)

    def fits(
        self, text: str, language: str, *, readers: ArticleAudience, team: str | None, least: int, most: int = MOST_SUGGESTED
    ) -> tuple[Fit, ...]:
        """The articles in this language that fit the text, best first.  `team` None: of every team."""
        known = self.languages.get(language)
        if known is None:
            return ()
        found = known.index.search(terms(text, language), most=most, wanted=lambda place: _is_wanted(known.articles[place], readers, team))
        fits = (Fit(article=known.articles[hit.place], score=share(hit, known.index.own_score(hit.place))) for hit in found)
        return tuple(fit for fit in fits if fit.score >= least)

    def fits_for_agents(
        self, text: str, language: str, team: str | None, *, most: int = MOST_SUGGESTED, least: int = FOR_AGENTS
    ) -> tuple[Fit, ...]:
        """The articles in any language that fit the text, each number once, in `language` where it is there."""
        found = [
            fit
            for each in self.languages
            for fit in self.fits(text, each, readers=ArticleAudience.AGENTS, team=team, least=least, most=most)
        ]
        best: dict[int, Fit] = {}
        for fit in sorted(found, key=lambda fit: (-fit.score, fit.article.number)):
            best.setdefault(fit.article.number, fit)
        shown = (Fit(article=self.article(number, language) or fit.article, score=fit.score) for number, fit in best.items())
        return tuple(shown)[:most]

    def article(self, number: int, language: str, *, readers: ArticleAudience = ArticleAudience.AGENTS) -> Article | None:
        """The article in this language, else the desk's, else English, else any."""
        found = {one.language: one for one in self.articles if one.number == number and _may_read(one, readers, None)}
        return next((found[one] for one in (language, self.language, "en") if one in found), next(iter(found.values()), None))

    def starts(self, language: str, team: str) -> tuple[Article, ...]:
        """The articles for people who write for the first time."""
        return tuple(a for a in self.articles if a.start and a.language == language and _may_read(a, ArticleAudience.CUSTOMERS, team))

    def answer(self, name: str, languages: Sequence[str], team: str) -> ReadyAnswer | None:
        """The answer of this name in the first of these languages that there is, then in any; of this team, or of every team."""
        found = {one.language: one for one in self.answers if one.name == name and one.team in ("", team)}
        return next((found[one] for one in languages if one in found), next(iter(found.values()), None))

    def answers_for(self, team: str | None) -> tuple[ReadyAnswer, ...]:
        """The answers that agents of the team may send, each name in each language.  None: of every team."""
        return tuple(one for one in self.answers if team is None or one.team in ("", team))


EMPTY = Knowledge()


def built(articles: Iterable[Article], answers: Iterable[ReadyAnswer] = (), *, language: str = "en", minimum: int = MINIMUM) -> Knowledge:
    """The knowledge base of these articles, at most MOST_ARTICLES of them."""
    kept = tuple(sorted(articles, key=lambda one: (one.number, one.language)))[:MOST_ARTICLES]
    languages = {one.language for one in kept}
    return Knowledge(
        language=language,
        articles=kept,
        answers=tuple(sorted(answers, key=lambda one: (one.name, one.language))),
        minimum=minimum,
        languages={each: _in_language([one for one in kept if one.language == each]) for each in sorted(languages)},
    )


def _in_language(articles: Sequence[Article]) -> InLanguage:
    return InLanguage(articles=tuple(articles), index=TextIndex(_text(one) for one in articles))


def _text(article: Article) -> IndexedText:
    language = article.language
    keywords = terms(" ; ".join(article.keywords), language)
    return IndexedText(title=terms(article.title, language), keywords=keywords, body=terms(article.text, language))


def _is_wanted(article: Article, readers: ArticleAudience, team: str | None) -> bool:
    """Whether the article may be found by its words; "where to start" is offered to new customers, whatever they write."""
    return _may_read(article, readers, team) and not (article.start and readers is ArticleAudience.CUSTOMERS)


def _may_read(article: Article, readers: ArticleAudience, team: str | None) -> bool:
    if readers is ArticleAudience.CUSTOMERS and article.audience is not ArticleAudience.CUSTOMERS:
        return False
    return team is None or article.team in ("", team)


def share(hit: Hit, whole: float) -> int:
    """From 1 to 100; less than the least of a suggestion where a single word is shared: "start" is in many mails."""
    share = min(100, round(100 * hit.score / whole)) if whole else 0
    return share if hit.shared > 1 else min(share, ONE_WORD)
