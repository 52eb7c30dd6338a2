"""What a suggested first answer costs: `python -m benchmarks.solved [DATABASE-URL]`.  Prints figures, leaves 1 where a limit is missed.

100,000 solved tickets of one team are stored with 12 terms each, frequent and rare ones as in languages
the similar tickets of a mail of 80 words: at most 100 ms of processor time in the slowest of 100 mails, 30 ms in the middle
"""

from __future__ import annotations

import random
import sys
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.rules import Figure
from mailbridge.handling.solved_like import compared
from mailbridge.knowledge.similar import request_terms
from mailbridge.store.engine import Store
from mailbridge.store.solved import SolvedRequest

TICKETS, TERMS, MAILS, BATCH = 100_000, 12, 100, 2_000


def main() -> int:
    chance = random.Random(20261130)
    words = [f"{chance.choice('bcdfghklmnprst')}{chance.choice('aeiou')}{number:x}x" for number in range(30_000)]
    weights = [*accumulate(1 / rank for rank in range(1, len(words) + 1))]

    def text(length: int) -> str:
        return " ".join(chance.choices(words, cum_weights=weights, k=length))

    with TemporaryDirectory() as name:
        store = Store(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(name) / 'mailbridge.db'}")
        store.upgrade()
        begun = perf_counter()
        for first in range(1, TICKETS + 1, BATCH):
            with store.write() as tx:
                for number in range(first, first + BATCH):
                    title, body = request_terms(text(3), text(TERMS - 3), "en")
                    tx.solved.put(SolvedRequest(ticket=number, team="it", language="en", answer=number, title=title, body=body))
        print(f"{TICKETS:,} solved requests stored in {perf_counter() - begun:.0f} s")
        times, clock = [], []
        with store.read() as tx:
            for _ in range(MAILS):
                mail = text(4), text(80)
                begun, started = process_time(), perf_counter()
                compared(tx, *mail, team="it", language="en")
                times.append(process_time() - begun)
                clock.append(perf_counter() - started)
    times.sort()
    figures = [
        Figure("similar tickets of a mail of 80 words, the median", times[MAILS // 2] * 1000, "ms", 30.0),
        Figure(f"the slowest of {MAILS}", times[-1] * 1000, "ms", 100.0),
    ]
    print("\n".join(map(str, figures)))
    print(f"by the clock, the median: {sorted(clock)[MAILS // 2] * 1000:.1f} ms")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
