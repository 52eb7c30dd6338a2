"""The words of a text in a normal form of our own, so that both databases find the same, and the knowledge base as well.

PostgreSQL removes accents only with an extension that the desk's owner may not have, and neither database splits text without blanks.
Here `Wörld` becomes `world`, `Straße` `strasse`, `Ｆax` `fax`.  Text in a script without blanks becomes pairs of characters, 打印机 is
打印 印机 机, so that every part of at least two characters is found without a dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

MOST_CHARACTERS = 65_536  # of one text; keeps the entry of a mail below PostgreSQL's limit of 1 MB
_LONGEST = 64  # characters of one word; what is longer (a web address in base64) counts as several that follow each other
_PIECE = 256  # characters normalised at once: sorting the accents of one letter takes quadratic time

_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
_UNFOLDED = str.maketrans(_LETTERS)  # letters that Unicode does not decompose
_LETTER = re.compile(f"[{''.join(_LETTERS)}]")
_RARE = re.compile("[\U00010000-\U0010ffff]")

# Thai, Lao, Myanmar and Khmer; Japanese, Chinese and Korean.  Koreans do write blanks, but what is looked for stands inside such words.
_UNPARTED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3105-\u312f"
    "\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
RUN = re.compile(f"(?P<unparted>[{_UNPARTED}]+)|[^\\W_{_UNPARTED}]+")
_SIGN = re.compile(f"[{_UNPARTED}]")
_WORD = re.compile(f"[^\\W_]{{1,{_LONGEST}}}")
_PLAIN_WORD = re.compile(f"[a-z0-9]{{1,{_LONGEST}}}")

Row = list[str]  # a word sequence


def folded(text: str) -> str:
    """The text in lower case, without accents, in compatibility form (NFKC)."""
    if text.isascii():
        return text.lower()
    return "".join(_casefolded(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE))


def words(text: str) -> Row:
    """All words of the text in order, for the index."""
    if text.isascii():
        return _PLAIN_WORD.findall(text[:MOST_CHARACTERS].lower())
    plain = folded(text[:MOST_CHARACTERS])[:MOST_CHARACTERS]
    if not _SIGN.search(plain):
        return _WORD.findall(plain)
    found: Row = []
    for run in RUN.finditer(plain):
        found += _parted(run[0], 1, 2) if run["unparted"] else _parted(run[0], _LONGEST, _LONGEST)
    return found


def _parted(run: str, step: int, size: int) -> Row:
    return [run[start : start + size] for start in range(0, len(run), step)]


def _casefolded(piece: str) -> str:
    if piece.isascii():
        return piece.lower()
    plain = unicodedata.normalize("NFKD", piece).casefold()
    if _LETTER.search(plain):
        plain = plain.translate(_UNFOLDED)
    plain = _accents(0x300, 0x10000).sub("", plain)
    if _RARE.search(plain):  # apart: one of these in it makes a set of characters twenty times as slow
        plain = _accents(0x10000, 0x20000).sub("", plain)
    return unicodedata.normalize("NFKC", plain)


@cache
def _accents(first: int, end: int) -> re.Pattern[str]:
    """What sits on a letter.  Classes up to 9 make other letters and stay: the nukta of Hindi, the voicing of kana, the virama."""
    return re.compile(f"[{''.join(filter(_is_accent, map(chr, range(first, end))))}]+")


def _is_accent(character: str) -> bool:
    return unicodedata.combining(character) > 9
