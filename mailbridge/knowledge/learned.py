"""The least score of a suggestion, learned from what became of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

from mailbridge.knowledge.base import MINIMUM

LEAST_OUTCOMES = 50  # with fewer nothing is learned
USEFUL = 0.1  # of ten articles that are shown, customers open one or say that it solved the request
_LOWEST, _HIGHEST, _STEP = 30, 90, 5


def learned_minimum(outcomes: Sequence[tuple[int, bool]]) -> int:
    """The lowest score from which on enough suggestions were of use; the fixed one below LEAST_OUTCOMES.

    `outcomes`: the score of each suggestion, and whether it was opened or solved the request.
    """
    if len(outcomes) < LEAST_OUTCOMES:
        return MINIMUM
    for least in range(_LOWEST, _HIGHEST, _STEP):
        # Of a band of its own, so that many good suggestions with high scores do not carry poor ones with low scores.
        band = [useful for score, useful in outcomes if least <= score < least + _STEP]
        above = [useful for score, useful in outcomes if score >= least]
        if band and above and sum(band) / len(band) >= USEFUL and sum(above) / len(above) >= USEFUL:
            return least
    return _HIGHEST
