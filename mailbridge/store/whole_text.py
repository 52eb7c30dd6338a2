"""What a mail's whole text adds to what its ticket is found by already: quotes, signatures, lines for the desk, and the end of long texts.

Most quotes repeat what the ticket holds.  A line is indexed again only where no mail that stays on the ticket brings the same words in the
same order, so that every word, and every row of words that follow each other in a line, finds the ticket.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from mailbridge.message.search_words import MOST_CHARACTERS, words

MOST_PARTS = 32  # entries of one mail, each of at most MOST_CHARACTERS: the first two million characters are found
_OVERLAP = 256  # characters that a line too long for one entry repeats in the next, for words and short rows at the border

Line = tuple[str, ...]  # its words


def lines_of(text: str) -> Iterator[Line]:
    """The words of each line that has any."""
    return (found for found in (tuple(words(piece)) for line in text.splitlines() for piece in _pieces(line)) if found)


def is_whole(fresh: str, text: str) -> bool:
    """Whether what the person wrote now is all of the text, and fits into one entry."""
    return text.strip() == fresh.strip() and len(text) < MOST_CHARACTERS // 2


def parts(head: str, fresh: str, text: str, earlier: Iterable[str]) -> list[str]:
    """The further entries of a mail.  None where its first one (`head`, which holds subject and names of files, and `fresh`) and the texts
    of `earlier` mails of its ticket hold all of its lines; no more of `earlier` is taken than is needed.  Each entry begins with what the
    person wrote now, so that words of both are found together."""
    new = _new_lines(_indexed(f"{head}\n{fresh}"), f"{fresh}\n{text}")
    for said in earlier if new else ():
        for line in lines_of(said):
            new.pop(line, None)
        if not new:
            return []
    beginning = f"{head}\n{fresh}\n"[: MOST_CHARACTERS // 4]
    return [beginning + part for part in _joined(new.values(), MOST_CHARACTERS - len(beginning))][:MOST_PARTS]


def _indexed(entry: str) -> set[Line]:
    """The lines that an entry made of this text holds whole: what stands beyond its end, and a line cut there, are not among them."""
    if len(entry) <= MOST_CHARACTERS:
        return set(lines_of(entry))
    return set(lines_of(entry[:MOST_CHARACTERS].rpartition("\n")[0]))


def _new_lines(have: Collection[Line], text: str) -> dict[Line, str]:
    """The lines of the text that are not there yet, each once, by their words."""
    pieces = (piece for line in text.splitlines() for piece in _pieces(line))
    new: dict[Line, str] = {}
    for piece in pieces:
        found = tuple(words(piece))
        if found and found not in have:
            new.setdefault(found, piece)
    return new


def _pieces(line: str) -> Sequence[str]:
    """The line, in pieces that fit into an entry."""
    most = MOST_CHARACTERS // 2
    return [line[start : start + most] for start in range(0, len(line), most - _OVERLAP)] if len(line) > most else [line]


def _joined(lines: Iterable[str], most: int) -> Iterator[str]:
    """The lines together, in texts of at most `most` characters."""
    part: list[str] = []
    size = 0
    for line in lines:
        if part and size + len(line) + 1 > most:
            yield "\n".join(part)
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    if part:
        yield "\n".join(part)
