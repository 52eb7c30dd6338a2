"""The whole conformance run as a test: no measure may fall below what it once reached (floors.json, in per cent)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.checks import Verdict
from tests.conformance.hostile import judge_hostile
from tests.conformance.report import TABLE, measures, rate, table
from tests.conformance.run import judge_corpus
from tests.conformance.suites import corpus, default_corpus

FLOORS: dict[str, float] = json.loads(Path(__file__).with_name("floors.json").read_text("utf-8"))
CORPUS = default_corpus()
HOSTILE = CORPUS.parent / "hostile"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; MAILBRIDGE_CORPUS names another folder")


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    found = judge_corpus(corpus(CORPUS))
    return found + (judge_hostile(HOSTILE) if HOSTILE.is_dir() else [])


@pytest.mark.parametrize("measure", FLOORS)
def test_measure_keeps_its_floor(verdicts: list[Verdict], measure: str) -> None:
    cell = measures(verdicts).get(measure)
    if cell is None:
        pytest.skip(f"nothing in {CORPUS} is about {measure}")
    assert rate(cell) >= FLOORS[measure], "\n" + table(verdicts, worst=40, only=measure)


def test_every_measure_has_a_floor_and_a_column(verdicts: list[Verdict]) -> None:
    assert set(measures(verdicts)) <= set(FLOORS)
    assert set(FLOORS) == {measure for column in TABLE for measure in column.measures}
