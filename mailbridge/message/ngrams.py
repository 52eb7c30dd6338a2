"""Language detection by byte n-grams: naive Bayes with the model file `languages.model`.

The file holds the trained numbers of py3langid for the languages that mailbridge knows.  tools/language_model.py makes it;
docs/adr/0027-reduced-language-model.md gives the reason.

Layout: a line of JSON (`languages`, one for each column, a name may repeat; `priors`, floats; `lowest` and `step` of the scale; `grams`,
the number of n-grams of each length; `terms` of the licence), then data compressed by zlib: the n-grams, shortest first, without
separators, then column by column one octet for each n-gram.
"""

from __future__ import annotations

import json
import math
import unicodedata
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("languages.model")

LONGEST = 5  # octets of a gram
OCTETS = 2_000  # of a text in UTF-8 that are examined
# The scores of all languages are added in one integer, three octets for each language.  A gram adds at most WEIGHT * 255, and each
# repetition of it less, so OCTETS * WEIGHT * 255 < 2 ** 24 keeps a sum within its three octets.
LANE = 3
WEIGHT = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    languages: tuple[str, ...]
    priors: tuple[float, ...]
    lowest: float  # logarithm of the probability that the octet 0 stands for
    step: float  # difference of the logarithm for one step of the octet
    grams: tuple[Mapping[int, int], ...]  # for each length from 1 to LONGEST: the gram as an integer -> its row number
    rows: tuple[int, ...]  # for each gram LANE octets for each language, the first language in the lowest

    def probabilities(self, text: str) -> dict[str, float]:
        """The share of each language, likeliest first.  All shares are equal where the text has no gram of the model."""
        octets = _octets(text)
        found = self._found(octets)
        scores = self._scores(found) if found else [0.0] * len(self.languages)
        # The square root keeps the shares comparable between short and long texts.
        root = math.sqrt(len(octets) or 1)
        best = max(scores)
        shares = [math.exp((score - best) / root) for score in scores]
        whole = sum(shares)
        total: dict[str, float] = dict.fromkeys(self.languages, 0.0)
        for language, share in zip(self.languages, shares, strict=True):
            total[language] += share / whole
        return dict(sorted(total.items(), key=lambda item: item[1], reverse=True))

    def _found(self, octets: bytes) -> Counter[int]:
        """How often each gram occurs.  At each position the longest gram that ends there counts."""
        # Unrolled for each length: this is the innermost loop of parsing, and a loop over the lengths takes twice as long.
        of_1, of_2, of_3, of_4, of_5 = (numbers.get for numbers in self.grams)
        found: list[int] = []
        last = 0  # the last octets as one integer; no gram begins with an octet 0, so the beginning of the text needs no special case
        for octet in octets:
            last = (last << 8 | octet) & 0xFF_FFFF_FFFF
            if (
                (row := of_5(last)) is not None
                or (row := of_4(last & 0xFFFF_FFFF)) is not None
                or (row := of_3(last & 0xFF_FFFF)) is not None
                or (row := of_2(last & 0xFFFF)) is not None
                or (row := of_1(octet)) is not None
            ):
                found.append(row)
        return Counter(found)

    def _scores(self, found: Counter[int]) -> list[float]:
        """The logarithm of each language's probability, up to a constant."""
        once, several, weights = 0, 0, 0
        for row, count in found.items():
            if count == 1:
                once += self.rows[row]
                weights += WEIGHT
            else:
                weight = round(WEIGHT * math.log2(1 + count))  # ln(1 + count) in units of ln(2) / WEIGHT
                several += weight * self.rows[row]
                weights += weight
        sums = (WEIGHT * once + several).to_bytes(LANE * len(self.languages), "little")
        unit = math.log(2) / WEIGHT
        return [
            unit * (self.lowest * weights + self.step * int.from_bytes(sums[at * LANE : (at + 1) * LANE], "little")) + prior
            for at, prior in enumerate(self.priors)
        ]


def _octets(text: str) -> bytes:
    text = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
    return text.encode("utf-8", "surrogatepass")[:OCTETS]


def load(file: Path = FILE) -> Model:
    """The model in `file`.  Raises OSError, or ValueError if the file is incomplete."""
    head, _, packed = file.read_bytes().partition(b"\n")
    try:
        known = json.loads(head)
        return _model(known, zlib.decompress(packed))
    except (ValueError, KeyError, zlib.error) as error:
        raise ValueError(f"{file} is not a whole language model; install mailbridge-desk again") from error


def _model(known: Mapping[str, Any], data: bytes) -> Model:
    numbers: list[dict[int, int]] = []
    at, first = 0, 0
    for length, count in enumerate(known["grams"], start=1):
        grams = (int.from_bytes(data[at + number * length : at + (number + 1) * length], "big") for number in range(count))
        numbers.append(dict(zip(grams, range(first, first + count), strict=True)))
        at, first = at + count * length, first + count
    if len(numbers) != LONGEST or len(data) != at + first * len(known["languages"]):
        raise ValueError("its parts do not fit together")
    return Model(
        languages=tuple(known["languages"]),
        priors=tuple(known["priors"]),
        lowest=known["lowest"],
        step=known["step"],
        grams=tuple(numbers),
        rows=_rows(data[at:], len(known["languages"]), first),
    )


def _rows(columns: bytes, languages: int, size: int) -> tuple[int, ...]:
    width = LANE * languages
    spread = bytearray(width * size)
    for column in range(languages):
        spread[LANE * column :: width] = columns[column * size : (column + 1) * size]
    return tuple(int.from_bytes(spread[row * width : (row + 1) * width], "little") for row in range(size))
