"""What is shown of a mail, what is folded below it, and what is left out: together they are always the whole text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.message.model import Span, SpanKind
from mailbridge.reply.showing import FOLDED_BELOW, Folded, LeftOut, shown

CUT = (SpanKind.QUOTE, SpanKind.SIGNATURE, SpanKind.DISCLAIMER)


def spans(*parts: tuple[SpanKind, str, float]) -> tuple[str, str, list[Span]]:
    """Whole text, fresh text and spans of these parts."""
    found, text = [], ""
    for kind, part, confidence in parts:
        found.append(Span(kind=kind, start=len(text), end=len(text) + len(part), confidence=confidence))
        text += part
    return text, "".join(part for kind, part, _ in parts if kind is SpanKind.FRESH).strip(), found


def test_a_sure_cut_is_counted_without_its_blank_lines() -> None:
    quote, signature = (SpanKind.QUOTE, "Ann wrote:\n> One?\n\n> Two?\n", 0.97), (SpanKind.SIGNATURE, "-- \nAnn", 0.97)
    said = spans((SpanKind.FRESH, "Yes.\n\n", 1), quote, signature)
    assert shown(*said).left_out == (LeftOut(kind=SpanKind.QUOTE, lines=3), LeftOut(kind=SpanKind.SIGNATURE, lines=2))
    assert shown(*said).folded == ()


@pytest.mark.parametrize("kind", CUT)
def test_a_cut_below_the_threshold_is_folded_and_one_at_it_is_left_out(kind: SpanKind) -> None:
    for confidence, sure in ((FOLDED_BELOW[kind] - 0.01, False), (FOLDED_BELOW[kind], True)):
        seen = shown(*spans((SpanKind.FRESH, "Yes.\n", 1), (kind, "perhaps this\n", confidence)))
        assert bool(seen.left_out) is sure
        assert seen.folded == (() if sure else (Folded(kind=kind, text="perhaps this", sure=False),))


def test_a_forward_is_always_shown() -> None:
    seen = shown(*spans((SpanKind.FRESH, "See below.\n", 1), (SpanKind.FORWARD, "From: Zoe\nOn Thursday.\n", 0.99)))
    assert seen.folded == (Folded(kind=SpanKind.FORWARD, text="From: Zoe\nOn Thursday.", sure=True),)
    assert seen.left_out == ()


def test_where_nothing_is_left_everything_is_shown() -> None:
    seen = shown(*spans((SpanKind.QUOTE, "> One?\n", 0.97), (SpanKind.QUOTE, "> Two?\n", 0.97)))
    assert seen.text == ""
    assert seen.folded == (Folded(kind=SpanKind.QUOTE, text="> One?\n> Two?", sure=True),)
    assert seen.left_out == (LeftOut(kind=SpanKind.QUOTE, lines=2),)


@pytest.mark.parametrize("found", [[], [Span(kind=SpanKind.FRESH, start=0, end=3)], [Span(kind=SpanKind.QUOTE, start=1, end=14)]])
def test_without_spans_that_fit_the_text_lines_are_counted(found: list[Span]) -> None:
    assert shown("Yes.\n> One?\n\n", "Yes.", found).left_out == (LeftOut(kind=None, lines=1),)


PARTS = st.lists(st.tuples(st.sampled_from(SpanKind), st.text("ab \n>", min_size=1, max_size=20), st.floats(0, 1)), min_size=1, max_size=6)


@given(PARTS)
def test_every_line_is_shown_or_counted(parts: list[tuple[SpanKind, str, float]]) -> None:
    parts = [(kind, f"{text}\n", confidence) for kind, text, confidence in parts]
    text, fresh, found = spans(*parts)
    seen = shown(text, fresh, found)
    folded = sum(len([line for line in part.text.splitlines() if line.strip()]) for part in seen.folded)
    written = len([line for line in fresh.splitlines() if line.strip()])
    counted = sum(part.lines for part in seen.left_out)
    whole = len([line for line in text.splitlines() if line.strip()])
    assert whole <= written + folded + counted
    if fresh:
        assert whole == written + folded + counted
