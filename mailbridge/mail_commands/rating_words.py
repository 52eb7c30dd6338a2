"""Reads the answer to the question for a rating.

It counts where the whole text is a number from 1 to 5, a smiley or a listed phrase (with or without thanks), or where
it has the form that the question asks for: the grade in the first line, with or without "Rating:", and below it "Comment:" with a
text.  Anything else is an ordinary answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailbridge.mail_commands.customer_words import without_thanks
from mailbridge.mail_commands.vocabulary import fold

BEST = 5

_SMILEYS: Mapping[int, str] = {
    5: "😀 😃 😄 😁 😊 😍 🤩 🥰 😆 👍 ❤ 💯 :D :-D",
    4: "🙂 😌 ☺ :) :-) ;) ;-)",
    3: "😐 😑 😶 :| :-|",
    2: "🙁 ☹ 😕 😟 :( :-( :/ :-/",
    1: "😠 😡 🤬 😞 😢 😭 😤 👎",
}
_PHRASES: Mapping[int, tuple[str, ...]] = {
    5: ("very good", "excellent", "perfect", "great", "foarte bine", "foarte bun", "excelent", "perfect", "отлично", "очень хорошо"),
    4: ("good", "bine", "bun", "хорошо"),
    3: ("average", "neutral", "so so", "acceptabil", "asa si asa", "neutru", "нормально", "удовлетворительно", "средне"),
    2: ("bad", "poor", "slab", "prost", "rau", "плохо"),
    1: ("very bad", "terrible", "foarte slab", "foarte prost", "foarte rau", "очень плохо", "ужасно"),
}
_LABEL = r"(?:rating|nota|оценка)"
_COMMENT = re.compile(r"(?:comment|comentariu|комментарии)\s*:", re.IGNORECASE)
_GRADE = re.compile(rf"(?P<label>{_LABEL}\s*:\s*)?(?P<grade>[1-5])(?:\s*/\s*5)?[.!]?", re.IGNORECASE)
_INVISIBLE = re.compile("[\ufe0e\ufe0f\u200d\u200b\U0001f3fb-\U0001f3ff]")  # variants of an emoji, colours of a skin
_STARS = re.compile("[⭐★]{1,5}☆{0,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """`form`: the text has the form of the link, which no other text has by chance."""

    grade: int
    form: bool = False


def rating_in(text: str) -> Rating | None:
    """The grade that the whole text says; None for any other text."""
    first, _, rest = text.strip().partition("\n")
    rest = rest.strip()
    if rest and not _COMMENT.match(fold(rest)):
        return None
    line = fold(_INVISIBLE.sub("", first)).strip()
    found = _GRADE.fullmatch(line)
    if found:
        return Rating(grade=int(found["grade"]), form=bool(found["label"]))
    grade = _WORDS.get(" ".join(line.rstrip(".!").split()))
    if grade is None:
        grade = _PHRASE_GRADES.get(without_thanks(line))
    if grade is None and _STARS.fullmatch(line):
        grade = len(line.replace("☆", ""))
    return Rating(grade=grade) if grade is not None else None


_PHRASE_GRADES: Mapping[str, int] = {phrase: grade for grade, phrases in _PHRASES.items() for phrase in map(fold, phrases)}
_WORDS: Mapping[str, int] = {
    **{fold(_INVISIBLE.sub("", smiley)): grade for grade, smileys in _SMILEYS.items() for smiley in smileys.split()},
    **_PHRASE_GRADES,
}
