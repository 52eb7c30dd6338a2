"""Patterns: words of all scripts, bounded cost, sets that find what each pattern finds alone."""

from __future__ import annotations

from random import Random

import pytest

from mailbridge.config.reading import Wrong
from mailbridge.rules.patterns import MAX_CAPTURED, Automaton, Pattern, PatternMatch, PatternSet, glob, is_word


def found(pattern: str, text: str) -> PatternMatch | None:
    return Pattern(pattern).find(text.encode())


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"\bпринтер\w*\b", "Наши принтеры, два", "принтеры"),
        (r"\bпринтер\b", "суперпринтер", None),
        (r"(?i)\b(öl|ÖLE)\b", "Das Öl!", "Öl"),
        (r"\bfoo\b|\bбар\b", "x бар", "бар"),
        (r"(?:\bä|b)c", "xäc", None),
        (r"(?:\bä|b)c", "x äc", "äc"),
        (r"\bprinter\b.*\berror\b", "a printer, an error.", "printer, an error"),
        (r"[\w-]+", "über-uns now", "über-uns"),
        (r"\W+", "über, uns", ", "),
        (r"a\\b", r"xa\b", r"a\b"),
        (r"\Qa\b\E", r"a\b", r"a\b"),
    ],
)
def test_words_are_those_of_every_script(pattern: str, text: str, expected: str | None) -> None:
    match = found(pattern, text)

    assert (match.text if match else None) == expected


def test_groups_are_counted_as_the_admin_wrote_them() -> None:
    match = found(r"\b(?P<kind>LF|XF)-(\d+)(?P<rest>x)?\b", "serial lf-2231.")

    assert match == PatternMatch(text="lf-2231", groups=("lf", "2231", ""), named=(("kind", "lf"), ("rest", "")))


@pytest.mark.parametrize("pattern", [r"(\bпринтер\b)", r"принтер\b.*\bx", r"\Bö"])
def test_a_boundary_that_knows_ascii_only_is_refused_beside_other_letters(pattern: str) -> None:
    with pytest.raises(Wrong, match="ASCII"):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("character", "expected"), [("a", True), ("ж", True), ("字", True), ("_", True), ("9", True), ("-", False), ("—", False), ("。", False)]
)
def test_what_a_word_is_made_of(character: str, expected: bool) -> None:
    assert is_word(character) is expected


def test_wildcards_take_the_shortest() -> None:
    match = found(glob("*-*"), "a-b-c")

    assert match is not None
    assert match.groups == ("a", "b-c")


def test_nothing_is_caught_from_a_match_that_is_too_long() -> None:
    match = found(r"(?s)(a.*z)", "a" + "b" * MAX_CAPTURED + "z")

    assert match is not None
    assert match.groups == ("",)


def test_a_large_repeat_count_looks_at_a_shorter_text_and_knows_where_the_text_ends() -> None:
    pattern = Pattern("a.{200}z")
    assert pattern.window < 2_000
    text = "a" + "b" * 200 + "z"

    assert pattern.search(text.encode()) is not None
    assert pattern.search(("b" * pattern.window + text).encode()) is None
    assert Pattern("b{200}$").search(b"b" * 100_000) is None
    assert Pattern("b{20}").window > 5_000
    assert Pattern(r"\bINV-\d{4,8}\b").window > 1 << 20


def test_an_automaton_finds_each_of_its_words() -> None:
    random = Random(3)
    words = sorted({"".join(random.choices("abcж", k=random.randint(1, 8))) for _ in range(12_000)})
    automaton = Automaton(words)

    assert len(words) > 5_000
    assert [words[number] for number in sorted(automaton.found(b"  cab\xd0\xb6b "))] == [word for word in words if word in "cabжb"]


def test_a_set_finds_what_each_pattern_finds_alone() -> None:
    random = Random(4)
    sources = [rf"{a}{glue}{b}" for a in "abcdef" for b in ("gh", "ж", "1") for glue in (".", "x?", r"\d*", "")] * 80
    patterns = [Pattern(source) for source in sources]
    together = PatternSet(patterns)

    assert len(patterns) > 5_000
    for _ in range(10):
        text = "".join(random.choices("abcdefghжx1 ", k=40)).encode()
        assert sorted(together.found(text)) == [number for number, pattern in enumerate(patterns) if pattern.search(text)]
