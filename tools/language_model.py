"""Makes mailbridge/message/languages.model from the model in the package py3langid: `make language-model`, or with a path to write to.

py3langid (BSD-3-Clause) comes with 142 languages and 100,052 n-grams, 130 MB in memory with the numpy that it needs.  A desk knows 40
languages.  This keeps their columns and those n-grams that tell them apart, each number as one octet.  The same package gives the same
file, octet for octet; a test compares.
"""

from __future__ import annotations

import json
import sys
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from py3langid.langid import LanguageIdentifier

from mailbridge.message.language import DUMMY, LANGUAGES, SCRIPTS
from mailbridge.message.ngrams import FILE, LONGEST

# With fewer, mails of the conformance corpus get another language than by the whole model; with these, none does.
TELLING = 60_000
# Languages that have a script of their own are told by it; they keep what sets them apart in a text of several scripts.
TELLING_OF_A_SCRIPT = 1_000
OCTET = 255

TERMS = (
    "Made from the model of py3langid {version}, BSD-3-Clause. Copyright (c) 2021, Adrien Barbaresi; original code copyright (c) 2011 "
    "Marco Lui. The terms are in LICENSE.py3langid."
)


def main(target: Path = FILE) -> None:
    """`target` is written."""
    whole = LanguageIdentifier.from_model_file("data/model.npz.xz", norm_probs=True)
    columns = [at for at, language in enumerate(whole.nb_classes) if language in {*LANGUAGES, DUMMY}]
    languages = [whole.nb_classes[at] for at in columns]
    table = whole.nb_ptc.astype(np.float32)[:, columns]
    named = grams(whole)
    fitting = (feature for feature in telling(table, languages) if len(named[feature]) <= LONGEST)
    kept = sorted(fitting, key=lambda feature: (len(named[feature]), named[feature]))
    chosen = table[kept]
    lowest, highest = float(chosen.min()), float(chosen.max())
    octets = np.rint((chosen - lowest) / (highest - lowest) * OCTET).astype(np.uint8)
    lengths = [len(named[feature]) for feature in kept]
    head = {
        "languages": languages,
        "priors": [float(whole.nb_pc[at]) for at in columns],
        "lowest": lowest,
        "step": (highest - lowest) / OCTET,
        "grams": [lengths.count(length) for length in range(1, LONGEST + 1)],
        "terms": TERMS.format(version=version("py3langid")),
    }
    data = b"".join(named[feature] for feature in kept) + octets.T.tobytes()
    target.write_bytes(json.dumps(head).encode("ascii") + b"\n" + zlib.compress(data, 9))


def grams(whole: Any) -> dict[int, bytes]:
    """Features of the package's automaton with the octets each stands for: the shortest way from the first state to one that tells it."""
    moves = np.frombuffer(whole.tk_nextmove, dtype=f"u{whole.tk_nextmove.itemsize}").reshape(-1, 256)
    ways: dict[int, bytes] = {0: b""}
    found: dict[int, bytes] = {}
    waiting = [0]
    for state in waiting:
        feature = whole.tk_output[state]
        if feature >= 0:
            found.setdefault(feature, ways[state])
        for octet, following in enumerate(moves[whole.tk_row[state]].tolist()):
            if following not in ways:
                ways[following] = ways[state] + bytes([octet])
                waiting.append(following)
    return found


def telling(table: Any, languages: list[str]) -> set[int]:
    """The features that tell the languages apart: frequent in one, and more so than in the others."""
    of_a_script = {language for _, language, _ in SCRIPTS}
    others = [at for at, language in enumerate(languages) if language not in of_a_script]
    kept = set(_best(_telling(table[:, others]).max(axis=1), TELLING))
    each = _telling(table)
    for at, language in enumerate(languages):
        if language in of_a_script:
            kept.update(_best(each[:, at], TELLING_OF_A_SCRIPT))
    return kept


def _telling(table: Any) -> Any:
    return np.exp(table) * (table - table.mean(axis=1, keepdims=True))


def _best(values: Any, count: int) -> list[int]:
    chosen: list[int] = np.argsort(-values, kind="stable")[:count].tolist()
    return chosen


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
