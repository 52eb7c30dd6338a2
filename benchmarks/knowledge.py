"""What the knowledge base costs: `python -m benchmarks.knowledge`.  Prints figures, leaves 1 where a limit is missed.

5,000 articles in the folder are read and indexed: at most 15 s of processor time and 250 MB more memory
the articles that fit a mail of 300 words: at most 100 ms of processor time in the slowest of 100 mails
whether a file changed, asked every few seconds: at most 0.5 s
"""

from __future__ import annotations

import random
import sys
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.rules import Figure
from mailbridge.clock import SystemClock
from mailbridge.config.model import Config, DeskSettings
from mailbridge.jobs.knowledge import KnowledgeReloader, read_files
from mailbridge.knowledge.base import built
from mailbridge.knowledge.model import ArticleAudience
from mailbridge.store.engine import Store

ARTICLES, WORDS, MAILS = 5_000, 300, 100


def main() -> int:
    seed = 20261130
    chance = random.Random(seed)
    words = [_word(chance) for _ in range(30_000)]
    weights = [*accumulate(1 / rank for rank in range(1, len(words) + 1))]  # as in languages: few words are frequent (Zipf)

    def text(length: int) -> str:
        return " ".join(chance.choices(words, cum_weights=weights, k=length))

    with TemporaryDirectory() as name:
        folder = Path(name) / "knowledge"
        folder.mkdir()
        for number in range(1, ARTICLES + 1):
            front = f"---\nid: KB-{number}\ntitle: {text(6)}\nkeywords: [{', '.join(text(3).split())}]\n---\n"
            (folder / f"KB-{number}.md").write_text(front + text(WORDS), encoding="utf-8")
        config = Config(folder=Path(name), desk=DeskSettings(name="Desk", address="support@desk.example"))
        store = Store(f"sqlite:///{Path(name) / 'mailbridge.db'}")
        store.upgrade()
        before, begun = _memory(), process_time()
        reloader = KnowledgeReloader(config, store, SystemClock())
        known = reloader.current
        load, memory = process_time() - begun, _memory() - before
        asked = []
        for _ in range(MAILS):
            mail = text(WORDS)
            begun = process_time()
            known.fits(mail, "en", readers=ArticleAudience.CUSTOMERS, team=None, least=known.minimum)
            asked.append(process_time() - begun)
        begun = perf_counter()
        reloader.refresh()
        look = perf_counter() - begun
        begun = process_time()
        read_files(config)
        built(known.articles)
        again = process_time() - begun
        store.close()
    asked.sort()
    figures = [
        Figure(f"{len(known.articles):,} articles read and indexed", load, "s", 15.0),
        Figure("the same once more, after a change", again, "s", 10.0),
        Figure("more memory", memory, "MB", 250.0),
        Figure("a mail of 300 words, the median", asked[MAILS // 2] * 1000, "ms", 50.0),
        Figure("a mail of 300 words, the slowest of 100", asked[-1] * 1000, "ms", 100.0),
        Figure("to see that no file changed", look, "s", 0.5),
    ]
    print(f"seed {seed}")
    print("\n".join(map(str, figures)))
    return 0 if all(figure.met for figure in figures) else 1


def _word(chance: random.Random) -> str:
    return "".join(chance.choice("bcdfghklmnprstv") + chance.choice("aeiou") for _ in range(chance.randint(2, 5)))


def _memory() -> float:
    """MB of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    sys.exit(main())
