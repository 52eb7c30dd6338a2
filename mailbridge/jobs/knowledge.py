"""The articles and answers in use: from the desk's folders, and articles that were written and accepted by mail.

A file with a mistake is left out and its mistake logged; `mailbridge check` and `mailbridge kb check` name it.  The others stay in use: a
suggestion that is missing does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from time import perf_counter

from mailbridge.clock import Clock
from mailbridge.config.model import Config
from mailbridge.errors import Problem
from mailbridge.knowledge import folder
from mailbridge.knowledge.base import Knowledge, built
from mailbridge.knowledge.files import answers, articles
from mailbridge.knowledge.learned import learned_minimum
from mailbridge.knowledge.model import Article, ReadyAnswer
from mailbridge.ops import log as logs
from mailbridge.store.articles import ArticleState
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

log = logs.get("knowledge")

MOST_OUTCOMES = 5_000
LEARNED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeFiles:
    """What the files say, and the mistakes in them."""

    articles: tuple[Article, ...]
    answers: tuple[ReadyAnswer, ...]
    problems: tuple[Problem, ...]


def read_files(config: Config, teams: tuple[str, ...] | None = None) -> KnowledgeFiles:
    """The articles and answers in the folders of the desk.  `teams` None: any name is a team."""
    written, unread = folder.read(config.articles_folder, "knowledge")
    ready, unread_too = folder.read(config.answers_folder, "answers")
    found, problems = articles(written, config.desk.language, teams=teams)
    texts, further = answers(ready, config.desk.language, teams=teams)
    return KnowledgeFiles(articles=found, answers=texts, problems=(*unread, *unread_too, *problems, *further))


def accepted_articles(tx: Tx, files: KnowledgeFiles) -> tuple[Article, ...]:
    """The articles of the files, and those accepted by mail whose number no file has: for the team whose manager accepted each."""
    numbers = {one.number for one in files.articles}
    written = (one for one in tx.articles.all(ArticleState.ACCEPTED) if one.number not in numbers)
    return (
        *files.articles,
        *(Article(number=one.number, title=one.title, language=one.language, text=one.text, team=one.team) for one in written),
    )


def least_score(tx: Tx) -> int:
    """The least score of a suggestion, learned from the latest outcomes."""
    return learned_minimum(tx.article_outcomes.scored(MOST_OUTCOMES))


class KnowledgeReloader:
    """Holds the knowledge base in use.  All methods may be called from any thread."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config, self._store, self._clock = config, store, clock
        self._lock = Lock()
        self._seen = self._taken = self._state()
        self._version: object = None
        self._learned_at = clock.now()
        self._knowledge: Knowledge | None = None

    @property
    def current(self) -> Knowledge:
        """The knowledge base, read and indexed at the first use: commands that need no article wait for none."""
        if self._knowledge is None:
            with self._lock:
                self._knowledge = self._knowledge or self._load()
        return self._knowledge

    def load(self) -> None:
        """Reads and indexes now what would be read at the first use."""
        log.debug("knowledge_ready", articles=len(self.current.articles))

    def refresh(self, *, at_once: bool = False) -> None:
        """Takes changed files once they are the same in two calls, and articles accepted by mail.  `at_once`: do not wait (SIGHUP)."""
        with self._lock:
            state = self._state()
            settled, self._seen = at_once or state == self._seen, state
            if self._knowledge is None:
                return
            if (settled and state != self._taken) or self._accepted_since():
                self._taken = state
                self._knowledge = self._load()
            elif self._knowledge.articles and abs(self._clock.now() - self._learned_at) >= LEARNED_EVERY:
                self._learn(self._knowledge)

    def _accepted_since(self) -> bool:
        with self._store.read() as tx:
            return tx.articles.version() != self._version

    def _learn(self, known: Knowledge) -> None:
        self._learned_at = self._clock.now()
        with self._store.read() as tx:
            least = least_score(tx)
        if least != known.minimum:
            log.info("knowledge_learned", before=known.minimum, after=least)
            self._knowledge = replace(known, minimum=least)

    def _state(self) -> tuple[folder.State, folder.State]:
        return folder.state(self._config.articles_folder), folder.state(self._config.answers_folder)

    def _load(self) -> Knowledge:
        begun = perf_counter()
        files = read_files(self._config)
        with self._store.read() as tx:
            self._version = tx.articles.version()
            found, least = accepted_articles(tx, files), least_score(tx)
        self._learned_at = self._clock.now()
        knowledge = built(found, files.answers, language=self._config.desk.language, minimum=least)
        if knowledge.articles or knowledge.answers or files.problems:
            counts = {"articles": len(knowledge.articles), "answers": len(knowledge.answers), "mistakes": len(files.problems)}
            log.info("knowledge_loaded", **counts, minimum=least, seconds=round(perf_counter() - begun, 3))
        for problem in files.problems:
            log.warning("knowledge_mistake", file=problem.file, line=problem.line, mistake=problem.message)
        return knowledge
