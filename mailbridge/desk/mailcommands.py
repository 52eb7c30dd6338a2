"""Commands as lines of a mail: `#close`, `#assign ana`, `#priority high`.

Read from what the person wrote now (never quote, signature or attachment), at its top or its end: lines that begin with `#` followed by
a letter.  Every such line is either understood or reported back with the nearest command; none vanishes into the customer's mail.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from mailbridge.desk.commands import Assign, Close, Command, Note, Reopen, SetPriority, SetStatus, SetTeam
from mailbridge.desk.model import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One command line of a mail as it stood there.  Exactly one of `command`, `help` and `problem` speaks.

    `problem` is the key of what is wrong: 'unknown' (with `nearest`), 'argument-missing', 'argument-unknown'.
    """

    text: str
    word: str
    command: Command | None = None
    help: bool = False
    problem: str = ""
    nearest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An agent's mail taken apart: command lines, and the text that is left for people."""

    lines: tuple[Line, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A command word: what it is for the manual, and how its argument becomes a Command."""

    usage: str
    make: Callable[[str, str], Command | None]  # (argument, the agent's own name) -> command, None: argument not understood
    needs: bool = True


def _priority(argument: str, _me: str) -> Command | None:
    try:
        return SetPriority(priority=Priority(argument.lower()))
    except ValueError:
        return None


WORDS: dict[str, Word] = {
    "close": Word(usage="#close", make=lambda _argument, _me: Close(), needs=False),
    "reopen": Word(usage="#reopen", make=lambda _argument, _me: Reopen(), needs=False),
    "take": Word(usage="#take", make=lambda _argument, me: Assign(agent=me), needs=False),
    "assign": Word(usage="#assign ana", make=lambda argument, _me: Assign(agent=argument.lower().lstrip("@"))),
    "team": Word(usage="#team network", make=lambda argument, _me: SetTeam(team=argument.lower())),
    "status": Word(usage="#status waiting", make=lambda argument, _me: SetStatus(status=argument.lower())),
    "priority": Word(usage="#priority high", make=_priority),
    "note": Word(usage="#note", make=lambda _argument, _me: Note(), needs=False),
    "help": Word(usage="#help", make=lambda _argument, _me: None, needs=False),
}
SHORT = {
    "prio": "priority",
    "p": "priority",
    "solve": "close",
    "solved": "close",
    "done": "close",
    "mine": "take",
    "internal": "note",
    "?": "help",
}


def read(fresh: str, me: str) -> Written:
    """The commands at the top and at the end of `fresh`, in order, and the text between them."""
    lines = fresh.splitlines()
    top = _run(lines)
    end = _run(lines[top:][::-1])
    middle = lines[top : len(lines) - end]
    spoken = [line for line in lines[:top] + lines[len(lines) - end :] if _is_command(line)]
    text = "\n".join(middle).strip()
    notes = [_argument(line) for line in spoken if _word(line) == "note" and _argument(line)]
    return Written(lines=tuple(understand(line, me) for line in spoken), text="\n".join([*notes, text]).strip())


def understand(line: str, me: str) -> Line:
    """One line as a command, or what is wrong with it."""
    word, argument = _word(line), _argument(line)
    known = WORDS.get(word)
    if known is None:
        nearest = next(iter(get_close_matches(word, [*WORDS, *SHORT], n=1, cutoff=0.6)), "")
        return Line(text=line.strip(), word=word, problem="unknown", nearest=WORDS[SHORT.get(nearest, nearest)].usage if nearest else "")
    if word == "help":
        return Line(text=line.strip(), word=word, help=True)
    if known.needs and not argument:
        return Line(text=line.strip(), word=word, problem="argument-missing", nearest=known.usage)
    command = known.make(argument, me)
    if command is None:
        choices = get_close_matches(argument.lower(), [str(p) for p in Priority], n=1, cutoff=0.4)
        return Line(text=line.strip(), word=word, problem="argument-unknown", nearest=choices[0] if choices else known.usage)
    return Line(text=line.strip(), word=word, command=command)


def _run(lines: list[str]) -> int:
    """How many lines from here are commands or blank, as far as the last command goes."""
    length = 0
    for number, line in enumerate(lines, start=1):
        if _is_command(line):
            length = number
        elif line.strip():
            break
    return length


def _is_command(line: str) -> bool:
    stripped = _plain(line)
    return len(stripped) > 1 and stripped[0] == "#" and (stripped[1].isalpha() or stripped[1] == "?")


def _word(line: str) -> str:
    word = _plain(line)[1:].split(maxsplit=1)[0].rstrip(":.,;").lower()
    return SHORT.get(word, word)


def _argument(line: str) -> str:
    rest = _plain(line)[1:].split(maxsplit=1)
    return rest[1].strip(" \"'“”„«»‘’") if len(rest) > 1 else ""


def _plain(line: str) -> str:
    """The line as its writer saw it: no-break and other odd blanks are blanks.  Invisible characters stay, so that a word with a
    zero-width letter in it matches no command (look-alikes run nothing)."""
    return "".join(" " if unicodedata.category(char) == "Zs" else char for char in line).strip()
