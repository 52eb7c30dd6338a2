"""The articles and answers in use.  They are read from the desk's folders when a file changed.

A file with a mistake is left out and its mistake logged; `mailbridge check` and `mailbridge kb check` name it.  The others stay in use: a
suggestion that is missing does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from time import perf_counter

from mailbridge.config.model import Config
from mailbridge.errors import Problem
from mailbridge.knowledge import folder
from mailbridge.knowledge.base import Knowledge, built
from mailbridge.knowledge.files import answers, articles
from mailbridge.knowledge.model import Article, ReadyAnswer
from mailbridge.ops import log as logs

log = logs.get("knowledge")


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


class KnowledgeReloader:
    """Holds the knowledge base in use.  All methods may be called from any thread."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = Lock()
        self._seen = self._taken = self._state()
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
        """Takes changed files once they are the same in two calls.  `at_once`: do not wait (SIGHUP)."""
        with self._lock:
            state = self._state()
            settled, self._seen = at_once or state == self._seen, state
            if settled and state != self._taken and self._knowledge is not None:
                self._taken = state
                self._knowledge = self._load()

    def _state(self) -> tuple[folder.State, folder.State]:
        return folder.state(self._config.articles_folder), folder.state(self._config.answers_folder)

    def _load(self) -> Knowledge:
        begun = perf_counter()
        files = read_files(self._config)
        knowledge = built(files.articles, files.answers, language=self._config.desk.language)
        if self._taken != ((), ()):
            counts = {"articles": len(knowledge.articles), "answers": len(knowledge.answers), "mistakes": len(files.problems)}
            log.info("knowledge_loaded", **counts, seconds=round(perf_counter() - begun, 3))
        for problem in files.problems:
            log.warning("knowledge_mistake", file=problem.file, line=problem.line, mistake=problem.message)
        return knowledge
