"""The language of a mail's text.  Scripts that only one of our languages uses decide at once; otherwise n-grams decide."""

from __future__ import annotations

import re
from functools import cache

from mailbridge.message import ngrams
from mailbridge.message.model import Reply, SpanKind

# A smaller choice gives fewer errors: these are the languages in which a desk can receive mail.
LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ka",
    "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
# The model has Latin only to detect dummy text such as lorem ipsum.
DUMMY = "la"
CUT = 600  # characters examined; more text costs time and does not change the result
FEWEST_LETTERS = 10
SURE = 0.55
SURE_IF_SHORT = 0.8
SHORT = 40

# Addresses, links and words with digits do not depend on the language.
NO_WORDS = re.compile(r"(?<!\S)(?:\S{0,3}(?:https?://|www\.)\S+|\S*[@\d]\S*)|[<>\[\]{}|*_#=~]+")
QUOTED_NAME = re.compile(r'"[^"\n]{0,100}"|<[^>\n]{0,200}>')
LETTERS = re.compile(r"[^\W\d_]")
# So similar that the model divides its confidence between them; the likelier one is returned.
NEIGHBOURS = frozenset({"hr", "sr"})
# Scripts that one language of ours uses.  Kana before Han: Japanese uses both.
SCRIPTS = (
    (re.compile("[\u3040-\u30ff\uff66-\uff9f]"), "ja", 0.1),
    (re.compile("[\uac00-\ud7a3\u1100-\u11ff]"), "ko", 0.3),
    (re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"), "zh", 0.3),
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), "el", 0.3),
    (re.compile("[\u0590-\u05ff]"), "he", 0.3),
    (re.compile("[\u0e00-\u0e7f]"), "th", 0.3),
    (re.compile("[\u10a0-\u10ff\u1c90-\u1cbf]"), "ka", 0.3),
    (re.compile("[\u0900-\u097f]"), "hi", 0.3),
)


def language_of(text: str) -> str:
    """ISO 639-1 code of the language of `text`, '' where it is too short or ambiguous."""
    found = guess(text)
    return "" if found == DUMMY else found


def language_of_mail(reply: Reply, text: str) -> str:
    """The language of the new text, else that of the person's mail program, by its signature or the line above the quote.

    Dummy text has no language; without one from the mail program either, the result is English.
    """
    found = guess(reply.fresh or text)
    if found and found != DUMMY:
        return found
    return program_language(reply) or ("en" if found == DUMMY else "")


def guess(text: str) -> str:
    """As `language_of`, with DUMMY for dummy text."""
    words = NO_WORDS.sub(" ", text[: 2 * CUT])[:CUT].strip()
    letters = len(LETTERS.findall(words))
    if not letters:
        return ""
    if not words.isascii() and (language := by_script(words, letters)):
        return language
    if letters < FEWEST_LETTERS:
        return ""
    return classified(words, SURE if letters >= SHORT else SURE_IF_SHORT)


def by_script(words: str, letters: int) -> str:
    for script, language, share in SCRIPTS:
        found = len(script.findall(words))
        if found >= 2 and found >= share * letters:
            return language
    return ""


def classified(words: str, sure: float) -> str:
    shares = model().probabilities(words)
    language, confidence = next(iter(shares.items()))
    if confidence < sure and language in NEIGHBOURS:
        confidence = sum(shares[other] for other in NEIGHBOURS)
    return language if confidence >= sure else ""


def program_language(reply: Reply) -> str:
    """The language in the reason of a cut ('attribution:fr', 'mobile-signature:de'), else that of the line above the quote."""
    for span in reply.spans:
        if span.kind is not SpanKind.FRESH and (language := span.reason.rpartition(":")[2]) in LANGUAGES:
            return language
    quotes = (reply.text[span.start : span.start + 400] for span in reply.spans if span.kind in {SpanKind.QUOTE, SpanKind.FORWARD})
    first = next((line.strip("> \t") for line in next(quotes, "").splitlines() if line.strip("> \t")), "")
    words = QUOTED_NAME.sub(" ", NO_WORDS.sub(" ", first)).strip()
    return program_word(words) if first.endswith(":") and len(LETTERS.findall(words)) >= 4 else ""


def program_word(words: str) -> str:
    found = classified(words, SURE)
    return "" if found == DUMMY else found


@cache
def model() -> ngrams.Model:
    """The model, loaded at the first text (0.1 s of processor time, 26 MB)."""
    return ngrams.load()
