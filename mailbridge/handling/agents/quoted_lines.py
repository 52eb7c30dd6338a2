"""Lines of an agent's mail that stand so in the mail of somebody else.

A quote that nobody recognised must not run as commands: whoever writes to the desk could have an agent do what they like.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import unescape
from itertools import pairwise

from mailbridge.mail_commands.model import CommandLine, ParsedMail
from mailbridge.mail_commands.normalise import cleaned
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote

QUOTED = "quoted"  # the problem of a line that is somebody else's

_LINE_END = re.compile(r"<(?:br|hr|/?(?:p|div|tr|td|li|h\d|blockquote|pre|table|ul|ol))\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_MARKS = "> \t\u00a0|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The lines of what others wrote, and which of them follow one another; blank lines, blanks and capitals aside."""

    lines: frozenset[str] = frozenset()
    text: str = ""  # the same without line ends, for a program that quotes wraps lines and drops bullets
    neighbours: frozenset[tuple[str, str]] = frozenset()


def others_of(texts: Iterable[str], pages: Iterable[str] = ()) -> Others:
    """`pages` are HTML: their hidden text counts as well, for whoever quotes it need not have seen it."""
    bodies = [_lines(text) for text in (*texts, *map(_unfolded, pages))]
    return Others(
        lines=frozenset(line for body in bodies for line in body),
        text="\n".join("".join(body) for body in bodies),
        neighbours=frozenset(pair for body in bodies for pair in pairwise(body)),
    )


def judged(written: ParsedMail, text: str, others: Others) -> ParsedMail:
    """The lines of a mail whose whole text is `text`: no command where a line stands with a neighbour as it does in somebody else's mail,
    to be asked back where it stands there alone."""
    if not others.lines or not written.lines:
        return written
    body = _lines(text)
    borrowed = {line for pair in pairwise(body) if pair in others.neighbours for line in pair}
    return replace(written, lines=tuple(_judged(line, borrowed, others) for line in written.lines))


def _judged(line: CommandLine, borrowed: set[str], others: Others) -> CommandLine:
    said = _bare(line.text)
    if line.problem or line.question is not None or (said not in others.lines and said not in others.text):
        return line
    if said in borrowed:
        return no_command(line)
    if isinstance(line.command, InternalNote):  # what stays inside does no harm
        return line
    return no_command(line) if isinstance(line.command, AgentReply) else replace(line, doubted=True)


def no_command(line: CommandLine) -> CommandLine:
    """The line as one that does nothing, and of which the agent is told so."""
    return CommandLine(text=line.text, word=line.word, problem=QUOTED)


def in_parts(text: str, parts: Sequence[str]) -> bool:
    """Whether the line stands in one of these texts."""
    said = _bare(text)
    return any(said in _lines(part) for part in parts)


def _lines(text: str) -> list[str]:
    return [bare for line in text.splitlines() if (bare := _bare(line))]


def _bare(line: str) -> str:
    return "".join(cleaned(line.lstrip(_MARKS)).split()).casefold()


def _unfolded(page: str) -> str:
    """All text of an HTML page, whether it is seen or not, line by line."""
    return unescape(_TAG.sub("", _LINE_END.sub("\n", page)))
