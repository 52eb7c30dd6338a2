"""Lines that introduce a quote, as clients write them in their users' languages, whole and wrapped."""

from __future__ import annotations

import textwrap

import pytest

from mailbridge.reply.extract import extract

from tests.unit.reply.introductions import INTRODUCTIONS  # isort: skip

LANGUAGE_FREE = {"date-address", "any"}
SCANDINAVIAN = {"sv", "da", "no"}  # share their set phrases


def accepted(language: str) -> set[str]:
    return LANGUAGE_FREE | (SCANDINAVIAN if language in SCANDINAVIAN else {language})
NAMES = [f"{language}-{number}" for number, (language, _) in enumerate(INTRODUCTIONS)]


@pytest.mark.parametrize(("language", "line"), INTRODUCTIONS, ids=NAMES)
@pytest.mark.parametrize("width", [1000, 76, 60, 40])
@pytest.mark.parametrize("below", ["> quoted\n> more\n", "Hello,\nquoted without marks.\n"], ids=["marked", "unmarked"])
def test_introduction_begins_the_quote(language: str, line: str, width: int, below: str) -> None:
    wrapped = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    if len(wrapped) > 4:
        pytest.skip("clients wrap over four lines at most")

    reply = extract("It works now.\n\n" + "\n".join(wrapped) + "\n\n" + below)

    assert reply.fresh == "It works now."
    assert reply.spans[1].reason.removeprefix("attribution:") in accepted(language)
