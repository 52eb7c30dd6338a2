"""How alike a new request and solved ones are: the BM25 of the knowledge base, with the counts of all solved requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailbridge.knowledge.base import MINIMUM, share
from mailbridge.knowledge.bm25 import IndexedText, TextIndex, is_code, weight
from mailbridge.knowledge.terms import terms

MOST_TERMS = 40  # of one solved request
MOST_ASKED = 16  # terms of a new request that candidates are looked for with
_LEAST_ABOUT = 3  # terms that say what a request is about; a shorter subject is helped out by the first words of the text


def request_terms(subject: str, text: str, language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The terms of a request: of its subject with what else says what it is about, and of its text; each term once."""
    title = tuple(dict.fromkeys(terms(subject, language)))
    body = tuple(dict.fromkeys(terms(text, language)))
    about = (*title, *(term for term in body if term not in title))[: max(_LEAST_ABOUT, len(title))]
    return about[:MOST_TERMS], body[: MOST_TERMS - min(len(about), MOST_TERMS)]


def asked_terms(title: Sequence[str], body: Sequence[str]) -> tuple[str, ...]:
    """The terms that candidates are looked for with: those of the subject, codes, then the longest."""
    ordered = sorted(dict.fromkeys((*title, *body)), key=lambda term: (not is_code(term), term not in title, -len(term), term))
    return tuple(ordered[:MOST_ASKED])


def candidates(holding: Mapping[str, Sequence[int]], among: int, most: int) -> tuple[int, ...]:
    """The tickets that share the most weight of terms.  `holding`: the tickets with each term, of `among` in all."""
    scores: dict[int, float] = {}
    for term, found in holding.items():
        worth = weight(term, len(found), among)
        for ticket in found:
            scores[ticket] = scores.get(ticket, 0.0) + worth
    return tuple(sorted(scores, key=lambda ticket: (-scores[ticket], -ticket))[:most])


def most_similar(
    asked: Sequence[str], texts: Sequence[IndexedText], *, among: int, holding: Mapping[str, int], most: int
) -> tuple[tuple[int, int], ...]:
    """The places of the texts that are similar enough, best first, each with its score from 1 to 100.  `holding`: how many of all requests,
    which are `among`, hold each of the asked terms."""
    index = TextIndex(texts, among=among, holding=holding)
    scored = ((hit.place, share(hit, index.own_score(hit.place))) for hit in index.search(asked, most=most))
    return tuple((place, score) for place, score in scored if score >= MINIMUM)
