"""Okapi BM25 over texts with titles, in memory (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009).

A term of the title or of the keywords counts as five of the body, a code such as `e52` weighs twice as much as a word.  The same texts
give the same scores everywhere; no database takes part.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from math import log

TITLE_WEIGHT = 5
_K1 = 1.2
_B = 0.75
_MOST = _K1 + 1  # what a term counts that is in a text again and again
MOST_ASKED = 300  # different terms of one query, the rarest of them
MOST_LOOKED_AT = 25_000  # places of one query: its time is bounded, and what is left out is in many texts
COMMON = 0.5  # a term in more than this share of the texts says nothing about one of them
FEW = 8  # texts, of which no term is common


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A text that shares terms with a query; a code counts as two of them."""

    place: int
    score: float
    shared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedText:
    """A text in terms."""

    title: Sequence[str]
    keywords: Sequence[str] = ()
    body: Sequence[str] = ()


class TextIndex:
    """An index of texts, which are called by their place, from 0.

    `among` > 0: the texts are a choice from so many, in which a term of `holding` is in so many texts; of every other term the choice is
    taken as a sample.
    """

    def __init__(self, texts: Iterable[IndexedText], *, among: int = 0, holding: Mapping[str, int] | None = None) -> None:
        postings: dict[str, tuple[array[int], array[int]]] = {}
        lengths = array("I")
        titles: list[tuple[str, ...]] = []
        for place, text in enumerate(texts):
            counts = Counter(text.body)
            for term in (*text.title, *text.keywords):
                counts[term] += TITLE_WEIGHT
            lengths.append(len(text.title) + len(text.keywords) + len(text.body))
            titles.append(tuple(dict.fromkeys(text.title)))
            for term, count in counts.items():
                places, frequencies = postings.setdefault(term, (array("I"), array("H")))
                places.append(place)
                frequencies.append(min(count, 0xFFFF))
        self._postings, self._lengths, self._titles = postings, lengths, titles
        average = max(1.0, sum(lengths) / len(lengths)) if lengths else 1.0
        # The longer a text, the less a term counts.
        self._damping = array("d", [_K1 * (1 - _B + _B * length / average) for length in lengths])
        self._among, self._known = max(among, len(lengths)), holding or {}

    def __len__(self) -> int:
        return len(self._lengths)

    def search(self, query: Iterable[str], *, most: int, wanted: Callable[[int], bool] = lambda _: True) -> list[Hit]:
        """The texts that share a term with the query, best first, of equal scores the earlier text first."""
        scores: dict[int, float] = {}
        damping = self._damping
        shared: Counter[int] = Counter()
        for term, weight in self._asked(query):
            places, frequencies = self._postings[term]
            for place, frequency in zip(places, frequencies, strict=True):  # `_saturated` is written out: this line is most of the time
                scores[place] = scores.get(place, 0.0) + weight * (frequency * _MOST / (frequency + damping[place]))
            shared.update(places)
            if is_code(term):
                shared.update(places)
        # Two sorts that make no pairs: five thousand new tuples would often start a garbage collection of everything that is known.
        best = islice(filter(wanted, sorted(sorted(scores), key=scores.__getitem__, reverse=True)), most)
        return [Hit(place=place, score=scores[place], shared=shared[place]) for place in best]

    def own_score(self, place: int) -> float:
        """What the text scores for its whole title: beside it a score says how much of what the text is about was asked for."""
        asked = self._asked(self._titles[place])
        return sum(weight * self._saturated(place, self._frequency(term, place)) for term, weight in asked)

    def _asked(self, query: Iterable[str]) -> list[tuple[str, float]]:
        """The terms that some text has and that are not common, the rarest first."""
        limit = self._among * COMMON if self._among > FEW else self._among
        known = {term for term in query if term in self._postings and self._holding(term) <= limit}
        rarest = sorted(known, key=lambda term: (len(self._postings[term][0]), term))[:MOST_ASKED]
        places = accumulate(len(self._postings[term][0]) for term in rarest)
        return [(term, self._weight(term)) for term, looked_at in zip(rarest, places, strict=True) if looked_at <= MOST_LOOKED_AT]

    def _weight(self, term: str) -> float:
        return weight(term, self._holding(term), self._among)

    def _holding(self, term: str) -> float:
        """How many of all texts hold the term."""
        return self._known.get(term) or len(self._postings[term][0]) * self._among / len(self)

    def _saturated(self, place: int, frequency: int) -> float:
        return frequency * _MOST / (frequency + self._damping[place])

    def _frequency(self, term: str, place: int) -> int:
        places, frequencies = self._postings[term]
        return frequencies[bisect_left(places, place)]


def weight(term: str, holding: float, among: int) -> float:
    """What a term weighs that `holding` of `among` texts hold."""
    found = log(1 + max(0.0, among - holding + 0.5) / (holding + 0.5))
    return 2 * found if is_code(term) else found


def is_code(term: str) -> bool:
    """Whether the term is of letters and digits, such as `e52`."""
    return not term.isalpha() and not term.isdigit()
