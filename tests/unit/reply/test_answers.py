"""Answers in odd shapes keep the words that were written now, and nothing else."""

from __future__ import annotations

import pytest

from mailbridge.reply.extract import extract
from tests.unit.reply.answers import ANSWERS, Answer


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_only_the_words_written_now_are_fresh(answer: Answer) -> None:
    reply = extract(answer.text, subject=answer.subject)

    assert reply.fresh.split() == answer.fresh.split()
