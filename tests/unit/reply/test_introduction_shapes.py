"""Introductions put together from what programs write: each day, date, time, name and frame of a language, whole and wrapped.

Each language's samples are always the same ones; what is wanted is that the words above are all that is left.
"""

from __future__ import annotations

import random
import textwrap

import pytest

from mailbridge.reply.extract import extract
from tests.unit.reply.introduction_pieces import NAMES, PIECES

SAMPLES = 250
ABOVE = ("It works now, thanks.\n", "First paragraph here.\n\nCould you check it again tomorrow?\n")
BELOW = ("\n> quoted\n> more\n", "> quoted\n>\n> more\n", "\nHello,\n\nquoted without marks.\n\nBye\n", "\n\n| quoted\n| more\n")
LANGUAGE_FREE = {"any", "date-address"}
NORDIC = {"sv", "da", "no"}
ALIKE = {"sv": NORDIC, "da": NORDIC, "no": NORDIC, "ja": {"ja", "en"}, "ru": {"ru", "en"}, "sr": {"sr", "hr"}}


def introduction(chance: random.Random, language: str) -> str:
    pieces = PIECES[language]
    line = chance.choice(pieces.frames).format(
        w=chance.choice(pieces.days), d=chance.choice(pieces.dates), t=chance.choice(pieces.times), n=chance.choice(NAMES)
    )
    line = " ".join(line.split())
    for wide, narrow in ((" ,", ","), (",,", ","), ("、 ", "、"), (" )", ")"), (", )", ")")):
        line = line.replace(wide, narrow)
    return line


def wrapped(chance: random.Random, line: str) -> str:
    """The line as programs break it: not at all, at a width, or at an angle bracket."""
    at = chance.choice(("", "", "76", "60", "50", "before <", "behind <", "before >", "behind >"))
    if at.isdigit():
        return "\n".join(textwrap.wrap(line, int(at), break_long_words=False, break_on_hyphens=False))
    bracket = at[-1:]
    if not bracket or bracket not in line:
        return line
    broken = {"before <": "\n<", "behind <": "<\n", "before >": "\n>", "behind >": ">\n"}[at]
    place = line.index(bracket)
    return f"{line[:place].rstrip(' ') if at == 'before <' else line[:place]}{broken}{line[place + 1 :].lstrip(' ')}"


@pytest.mark.parametrize("language", PIECES)
def test_words_above_an_introduction_are_all_that_is_left(language: str) -> None:
    chance = random.Random(f"introductions in {language}")
    wrong = []
    for _ in range(SAMPLES):
        above = chance.choice(ABOVE)
        text = above + chance.choice(("\n", "")) + wrapped(chance, introduction(chance, language)) + "\n" + chance.choice(BELOW)
        reply = extract(text, subject="Re: It")
        if reply.fresh != above.strip():
            wrong.append(text)

    assert len(wrong) <= SAMPLES // 100, "\n=====\n".join(wrong)


@pytest.mark.parametrize("language", PIECES)
def test_introduction_tells_the_language_of_the_program(language: str) -> None:
    chance = random.Random(f"languages of {language}")
    for _ in range(SAMPLES):
        text = "It works.\n\n" + introduction(chance, language) + "\n\n> quoted\n"
        reasons = [span.reason.removeprefix("attribution:") for span in extract(text).spans if span.reason.startswith("attribution")]

        assert set(reasons) <= LANGUAGE_FREE | ALIKE.get(language, {language}), text


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("sv", "Den mån 5 mars 2018 kl 10:15 skrev Jane Roe <jane@roe.test>:"),
        ("sv", "Den 2018-03-05 kl. 10:15, skrev Jane Roe:"),
        ("sv", "lör 3 mars 2018 kl. 10:15 skrev Jane Roe <jane@roe.test>:"),
        ("da", "Den man. 5. mar. 2018 kl. 10.15 skrev Jane Roe <jane@roe.test>:"),
        ("da", "Den 05/03/2018 kl. 10.15 skrev Jane Roe <jane@roe.test>:"),
        ("da", "Den 5. marts 2018 kl. 10.15 skrev Jane Roe <jane@roe.test>:"),
        ("no", "man. 5. mar. 2018 kl. 10:15 skrev Jane Roe <jane@roe.test>:"),
        ("no", "tir. 6. des. 2018 kl. 10:15 skrev Jane Roe <jane@roe.test>:"),
        ("no", "mandag 5. mars 2018 skrev Jane Roe <jane@roe.test>:"),
    ],
)
def test_dates_tell_neighbours_with_the_same_words_apart(language: str, line: str) -> None:
    assert extract(f"OK.\n\n{line}\n\n> q\n").spans[1].reason == f"attribution:{language}"
