"""The language of a mail's text.  Scripts that only one of our languages uses decide at once, the rest is py3langid's."""

from __future__ import annotations

import re
from functools import cache

from py3langid.langid import LanguageIdentifier

from mailbridge.message.model import Reply, SpanKind

# Fewer languages to choose from, fewer mistakes: these are the ones a desk of ours can be asked in.
LANGUAGES = "ar bg cs da de el en es et fi fr he hr hu it ja ko lt lv nl no pl pt ro ru sk sl sv tr uk vi zh".split()
# Dummy text and legal phrases are Latin; nobody writes to us in it.
FOREIGN = "la"
CUT = 1000  # characters looked at; the answer does not change after that, the time does
FEWEST_LETTERS = 10
SURE = 0.55
SURE_IF_SHORT = 0.8
SHORT = 40

# Addresses, links and words with digits are the same in all languages.
NO_WORDS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|\S*\d\S*|[<>\[\]{}|*_#=~]+")
LETTERS = re.compile(r"[^\W\d_]")
# One script, one language (of ours).  Kana before Han: Japanese is written in both.
SCRIPTS = (
    (re.compile("[\u3040-\u30ff\uff66-\uff9f]"), "ja", 0.1),
    (re.compile("[\uac00-\ud7a3\u1100-\u11ff]"), "ko", 0.3),
    (re.compile("[\u4e00-\u9fff\u3400-\u4dbf]"), "zh", 0.3),
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), "el", 0.3),
    (re.compile("[\u0590-\u05ff]"), "he", 0.3),
)


def language_of(text: str) -> str:
    """ISO 639-1 code of the language of `text`, '' where it is too short or could be several."""
    words = NO_WORDS.sub(" ", text[: 2 * CUT])[:CUT].strip()
    letters = len(LETTERS.findall(words))
    if not letters:
        return ""
    for script, language, share in SCRIPTS:
        found = len(script.findall(words))
        if found >= 2 and found >= share * letters:
            return language
    if letters < FEWEST_LETTERS:
        return ""
    language, confidence = identifier().classify(words)
    sure = confidence >= (SURE if letters >= SHORT else SURE_IF_SHORT)
    return str(language) if sure and language != FOREIGN else ""


def language_of_mail(reply: Reply, text: str) -> str:
    """The language of what was written now, else that of the person's mail program, as it introduces the quote."""
    return language_of(reply.fresh or text) or program_language(reply)


def program_language(reply: Reply) -> str:
    """The language that the reason of the first quote or forward names ('attribution:fr')."""
    spoken = (span.reason.rpartition(":")[2] for span in reply.spans if span.kind in {SpanKind.QUOTE, SpanKind.FORWARD})
    return next((language for language in spoken if language in LANGUAGES), "")


@cache
def identifier() -> LanguageIdentifier:
    """The model, loaded when the first text comes (0.4 s, 80 MB)."""
    model = LanguageIdentifier.from_model_file("data/model.npz.xz", norm_probs=True)
    model.set_languages([*LANGUAGES, FOREIGN])
    # The columns of the other languages are not needed again.
    model._full_model = ()
    return model
