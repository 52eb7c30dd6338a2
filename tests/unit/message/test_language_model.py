"""The reduced language model: made of the whole one by the script, as sure as the whole one, and exact in its integers."""

from __future__ import annotations

import math
import random
from functools import cache
from pathlib import Path

import pytest
from py3langid.langid import LanguageIdentifier

from mailbridge.message import ngrams
from mailbridge.message.language import DUMMY, LANGUAGES, SURE, SURE_IF_SHORT
from mailbridge.message.language import model as the_model
from tests.unit.message.test_languages import TEXTS
from tools import language_model


@cache
def whole() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file("data/model.npz.xz", norm_probs=True)
    identifier.set_languages([*LANGUAGES, DUMMY])
    return identifier


def parts(text: str) -> list[str]:
    """The text, and five words of it from each second word on."""
    words = text.split()
    return [text, *(" ".join(words[at : at + 5]) for at in range(0, len(words) - 4, 2))]


def sure(language: str, confidence: float, limit: float) -> str:
    return language if confidence >= limit else ""


def test_the_script_makes_the_file_that_is_here(tmp_path: Path) -> None:
    """When this fails after an upgrade of py3langid: make language-model."""
    language_model.main(tmp_path / "model")

    assert (tmp_path / "model").read_bytes() == ngrams.FILE.read_bytes()


def test_it_knows_our_languages_and_dummy_text() -> None:
    assert set(the_model().languages) == {*LANGUAGES, DUMMY}


@pytest.mark.parametrize("language", TEXTS)
def test_it_is_sure_of_what_the_whole_model_is_sure_of(language: str) -> None:
    for text in parts(TEXTS[language]):
        mine = next(iter(the_model().probabilities(text).items()))
        theirs = whole().classify(text)

        assert {sure(*mine, SURE_IF_SHORT), sure(*theirs, SURE_IF_SHORT)} - {""} <= {mine[0]}, text
        assert abs(mine[1] - theirs[1]) < 0.25, text
    assert sure(*next(iter(the_model().probabilities(TEXTS[language]).items())), SURE) == sure(*whole().classify(TEXTS[language]), SURE)


def in_floats(model: ngrams.Model, text: str) -> list[float]:
    """The scores by the definition, one language after the other."""
    found = model._found(ngrams._octets(text))
    width = len(model.languages)
    octets = {row: model.rows[row].to_bytes(width * ngrams.LANE, "little") for row in found}
    return [
        prior + sum(math.log1p(count) * (model.lowest + model.step * octets[row][at * ngrams.LANE]) for row, count in found.items())
        for at, prior in enumerate(model.priors)
    ]


def texts() -> list[str]:
    chance = random.Random(20261130)
    long = [" ".join(chance.choices(TEXTS[one].split(), k=200)) for one in ("en", "ro", "ru", "zh", "ka")]
    odd = ["e" * 5000, "\0" * 50, "\ud800 abc", "😀" * 900, "".join(map(chr, range(32, 3000)))]
    return [*TEXTS.values(), *long, *odd]


@pytest.mark.parametrize("text", texts(), ids=lambda text: ascii(text[:12]))
def test_sums_in_one_integer_are_the_sums_of_each_language(text: str) -> None:
    """A sum that flows over into the next language's octets would be off by thousands."""
    model = the_model()
    found = model._found(ngrams._octets(text))
    whole_sum = in_floats(model, text)

    assert model._scores(found) == pytest.approx(whole_sum, rel=0.01)
    assert sum(model.probabilities(text).values()) == pytest.approx(1)


def test_no_text_can_make_a_sum_flow_over() -> None:
    """All grams of a text that are different weigh most: the logarithm grows more slowly than the count."""
    assert ngrams.OCTETS * ngrams.WEIGHT * 255 < 256**ngrams.LANE
    assert all(round(ngrams.WEIGHT * math.log2(1 + count)) <= count * ngrams.WEIGHT for count in range(1, ngrams.OCTETS + 1))


def test_no_gram_begins_with_a_zero_octet() -> None:
    """Else it would be found at the start of a text, where nothing stands before."""
    assert all(gram >> 8 * length for length, grams in enumerate(the_model().grams) for gram in grams)


@pytest.mark.parametrize("broken", [b"", b"{}\n", b"short"])
def test_a_file_that_is_not_whole_is_told(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "model").write_bytes(broken)

    with pytest.raises(ValueError, match="not a whole language model"):
        ngrams.load(tmp_path / "model")
    (tmp_path / "model").write_bytes(ngrams.FILE.read_bytes()[:-100])
    with pytest.raises(ValueError, match="not a whole language model"):
        ngrams.load(tmp_path / "model")
