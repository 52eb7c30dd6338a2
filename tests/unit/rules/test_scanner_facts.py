"""`spamtest`, `virustest` and `spam` where the desk has scanners of its own: they count, and no header answers for a silent one."""

from __future__ import annotations

import pytest

from mailbridge.message.model import Message
from mailbridge.rules import scores
from mailbridge.rules.facts import Facts, facts_of
from tests.builders import NOW, an_organisation

CLEAN = {"x-virus-status": ["Clean"], "x-spam-score": ["1.0"]}
DIRTY = {"x-virus-status": ["Infected"], "x-spam-score": ["20"]}


def facts(**found: object) -> Facts:
    return facts_of(Message(), now=NOW, organisation=an_organisation(), **found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "headers", "virustest"),
    [
        ({}, {}, 0),
        ({}, CLEAN, 1),
        ({}, DIRTY, 5),
        ({"virus": ""}, DIRTY, 1),
        ({"virus": "Eicar-Test-Signature"}, CLEAN, 5),
        ({"virus": "Heuristics.Limits.Exceeded.MaxFileSize"}, CLEAN, 4),
        ({"unscanned": frozenset({"virus"})}, CLEAN, 0),
        ({"unscanned": frozenset({"spam"})}, CLEAN, 1),
    ],
)
def test_a_scanner_of_ours_says_whether_there_is_a_virus(found: dict[str, object], headers: dict[str, list[str]], virustest: int) -> None:
    assert scores.virustest(facts(**found), headers) == virustest


@pytest.mark.parametrize(
    ("found", "headers", "spamtest", "score"),
    [
        ({}, {}, 0, None),
        ({}, DIRTY, 10, 20.0),
        ({"spam": (0.0, 15.0)}, DIRTY, 1, 0.0),
        ({"spam": (15.0, 15.0)}, CLEAN, 6, 15.0),
        ({"spam": (-3.0, 15.0)}, DIRTY, 1, -3.0),
        ({"unscanned": frozenset({"spam"})}, CLEAN, 0, None),
        ({"unscanned": frozenset({"virus"})}, CLEAN, 2, 1.0),
    ],
)
def test_a_filter_of_ours_says_how_much_it_is_spam(
    found: dict[str, object], headers: dict[str, list[str]], spamtest: int, score: float | None
) -> None:
    assert (scores.spamtest(facts(**found), headers), scores.spam_score(facts(**found), headers)) == (spamtest, score)
