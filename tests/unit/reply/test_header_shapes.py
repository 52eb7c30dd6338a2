"""Copied headers put together from the words of each language: plain, bold, indented, quoted, set apart, under every title."""

from __future__ import annotations

import random

import pytest

from mailbridge.reply.extract import extract
from tests.unit.reply.header_words import RECIPIENTS, SENDERS, WORDS, Words

SAMPLES = 200
ABOVE = ("It works now, thanks.", "First paragraph here.\n\nCould you check it again tomorrow?")
BELOW = ("Hello,\n\nquoted text here.\n\nBye", "quoted text here", "> quoted\n> text")
TITLES = ("-----{}-----", "----- {} -----", "-------- {} --------", "*-------- {} --------*", "---------- {} ---------", "{}:", "{}:\n")
RULES = ("", "", "________________________________", "---", "====\n", " ------------------------------\n")
LABELS = ("{}: {}", "{}:{}", "{} : {}", "*{}:* {}", "**{}:** {}", "*{}*: {}", "_{}:_ {}")
# By place among sender, date, recipients, subject and copies: as the programs order them.
ORDERS = ((0, 1, 2, 3), (0, 1, 3, 2), (0, 1, 2, 4, 3), (3, 0, 1, 2), (1, 0, 2, 3), (0, 1, 3), (0, 2, 1, 3))


def block(chance: random.Random, words: Words, *, gap: str, indent: str) -> str:
    fields = (
        (chance.choice(words.sender), chance.choice(SENDERS)),
        (chance.choice(words.date), chance.choice(words.dates)),
        (chance.choice(words.to), chance.choice(RECIPIENTS)),
        (chance.choice(words.subject), chance.choice(("Re: Door", "RE: Ticket 5: the door", "Door"))),
        (chance.choice(words.cc), chance.choice(RECIPIENTS)),
    )
    label = chance.choice(LABELS)
    return indent + f"{gap}{indent}".join(label.format(*fields[place]) for place in chance.choice(ORDERS))


def heading(chance: random.Random, words: Words) -> str:
    if chance.random() < 0.5:
        return chance.choice(RULES)
    return chance.choice(TITLES).format(chance.choice(words.originals + words.forwards))


@pytest.mark.parametrize("language", WORDS)
def test_words_above_copied_headers_are_all_that_is_left(language: str) -> None:
    chance = random.Random(f"headers in {language}")
    for _ in range(SAMPLES):
        above, below = chance.choice(ABOVE), chance.choice(BELOW)
        indent = chance.choice(("", "", "   ", "> " if below.startswith(">") else ""))
        headers = block(chance, WORDS[language], gap=chance.choice(("\n", "\n", "\n", "\n\n")), indent=indent)
        text = f"{above}\n\n{heading(chance, WORDS[language])}\n{headers}\n\n{below}\n"

        reply = extract(text, subject=chance.choice(("Re: Door", "Door")))

        assert reply.fresh == above, text


@pytest.mark.parametrize("language", WORDS)
def test_each_title_set_apart_by_dashes_begins_the_quote(language: str) -> None:
    for title in WORDS[language].originals + WORDS[language].forwards:
        assert extract(f"It works.\n\n-----{title}-----\n\nIt does not.\n").fresh == "It works.", title


def test_title_in_unknown_words_belongs_to_the_headers_below_it() -> None:
    headers = "From: Jane Roe <jane@roe.test>\nSent: Monday, March 5, 2018 10:15 AM\nTo: Bob\nSubject: Door\n"

    for title in ("----- Ujumbe wa awali -----", "Jane Roe ---03/05/2018 10:15:33 AM---Door"):
        assert extract(f"It works.\n\n{title}\n\n{headers}\nq\n").fresh == "It works."


@pytest.mark.parametrize(
    "sender", ["From: Jane Roe <jane@roe.test>", "De : Jane Roe <jane@roe.test>", "Von: Jane Roe [mailto:jane@roe.test]"]
)
def test_one_sender_line_set_apart_begins_the_quote(sender: str) -> None:
    assert extract(f"It works.\n\n{sender}\n\nDoes it?\n").fresh == "It works."


@pytest.mark.parametrize(
    "text",
    [
        "The header says\n\nFrom: Shop <shop@roe.test>\n\nwhich is not ours.",
        "The header is:\n\nFrom: Shop <shop@roe.test>\n\nIs that ours?",
        "New entry\n\nFrom: Jane Roe <jane@roe.test>\nPhone: 12345\nMessage: The door is stuck.",
        "From: Jane Roe <jane@roe.test>\n\nThe door is stuck.",
    ],
    ids=["sentence-goes-on", "announced", "form", "nothing-above"],
)
def test_one_sender_line_inside_a_letter_stays(text: str) -> None:
    assert extract(text).fresh == text


def test_raw_header_with_what_servers_put_above_it_is_no_part_of_the_letter() -> None:
    header = (
        "Return-Path: <jane@roe.test>\nReceived: from mx.roe.test by x; Mon, 5 Mar 2018 10:15:00 +0000\nMIME-Version: 1.0\n"
        "From: Jane <jane@roe.test>\nTo: bob@roe.test\nSubject: Door\nDate: Mon, 5 Mar 2018 10:15:00 +0000\n"
    )

    assert extract(f"{header}\nIt is stuck.\n", subject="Door").fresh == "It is stuck."
