"""Whole answers put together: words, a farewell, an app's line, an introduction, a quote with or without marks, a footer."""

from __future__ import annotations

import random

import pytest

from mailbridge.reply.extract import extract

WORDS = (
    "Thanks!",
    "It works now, thank you very much for the quick help.",
    "Hi Jane,\n\nplease send two.\n\nWhen will they come?",
    "ok",
    "Yes, Tuesday is fine.\nAt ten?",
    "Please see my answers:\n- the left door\n- since Monday",
)
FAREWELLS = (
    "",
    "",
    "Best regards,\nBob Smith",
    "Thanks,\nBob",
    "Mit freundlichen Grüßen\nBob Smith\nStores Ltd\nTel. +49 30 12345",
    "--\nBob",
    "-- \nBob Smith\nStores",
)
APP_LINES = ("", "", "", "Sent from my iPhone", "Get Outlook for iOS<https://aka.ms/x>")
LINES_ABOVE = (
    "On Mon, Mar 5, 2018 at 10:15 AM Jane Roe <jane@roe.test> wrote:",
    "Am 05.03.2018 um 10:15 schrieb Jane Roe:",
    "Le lun. 5 mars 2018 à 10:15, Jane Roe <jane@roe.test> a écrit :",
    "On 5 Mar 2018, at 10:15, Jane Roe <jane@roe.test> wrote:",
)
HEADERS_ABOVE = (
    "-----Original Message-----\nFrom: Jane Roe [mailto:jane@roe.test]\nSent: Monday, March 5, 2018 10:15 AM\nTo: Bob\nSubject: RE: Door",
    "________________________________\nVon: Jane Roe <jane@roe.test>\nGesendet: Montag, 5. März 2018 10:15\nAn: Bob\nBetreff: AW: Tor",
)
QUOTES = (
    "Hello Bob,\n\nis the door open?\n\nRegards\nJane",
    "Is it?\n\nOn Sun, Mar 4, 2018 at 9:00 AM Bob <bob@roe.test> wrote:\n\nThe door is stuck.\n\nSent from my iPhone",
    "Dear Bob,\n\nwe had a look.\n\n* door: open\n* window: closed\n\nKind regards,\n\nJane Roe\nDesk\n\n"
    "This e-mail is confidential and intended solely for the addressee.",
)
FOOTERS = (
    "",
    "",
    "\n_______________________________________________\nusers mailing list\nusers@lists.roe.test\nhttps://lists.roe.test/x\n",
    "\nThis message contains confidential information and is intended only for the individual named. If you are not the named addressee "
    "you should not disseminate it.\n",
    "\n-- \nYou received this message because you are subscribed.\n",
)


@pytest.mark.parametrize("seed", range(10))
def test_words_and_perhaps_the_farewell_are_all_that_is_left(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        words, farewell, quote = chance.choice(WORDS), chance.choice(FAREWELLS), chance.choice(QUOTES)
        marked = chance.random() < 0.5
        above = chance.choice(LINES_ABOVE if marked else LINES_ABOVE + HEADERS_ABOVE)
        below = "\n".join(f"> {line}".rstrip() for line in quote.split("\n")) + "\n" + chance.choice(FOOTERS) if marked else quote
        text = "\n\n".join(filter(None, (words, farewell, chance.choice(APP_LINES), above, below)))

        fresh = extract(text, subject="Re: Door").fresh

        assert fresh in {words, f"{words}\n\n{farewell}".rstrip()}, text
