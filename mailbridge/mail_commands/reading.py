"""Parses the lines of a mail that begin with `#`, as commands and questions.

Only lines at the top or the end of the new text are read (never quote, signature or attachment) that begin with `#` and a letter.  Each is
either understood or reported with the nearest command.  None of them goes to the customer.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.config.suggest import SURE, nearest
from mailbridge.mail_commands import names
from mailbridge.mail_commands.command_table import OPPOSITES, WORDS
from mailbridge.mail_commands.model import (
    Author,
    ChannelArgument,
    CommandLine,
    LineProblem,
    Meaning,
    OnBehalf,
    ParsedMail,
    Reads,
    SendArticle,
    UseAnswer,
    WriteTo,
)
from mailbridge.mail_commands.normalise import cleaned
from mailbridge.mail_commands.vocabulary import fold, time_words, vocabulary, word_in
from mailbridge.tickets.command_types.people import SetRequester
from mailbridge.tickets.command_types.values import SetChannel
from mailbridge.tickets.command_types.work import RecordWork

MOST_LINES = 50  # at either end of a mail; more lines with # are pasted text
MOST_AT_ONCE = 100  # tickets, people or links of one line
_LONGEST_MISSPELLED = 200  # characters of an argument that is checked for misspelled words of time


def read(fresh: str, author: Author) -> ParsedMail:
    """The command lines at the top and at the end of `fresh`, in order, and the text between them."""
    lines = fresh.splitlines()
    top = _run(lines, author)
    end = _run(lines[top:][::-1], author)
    middle = lines[top : len(lines) - end]
    before = [cleaned(line) for line in lines[:top] if _is_for_desk(line, author)]
    after = [cleaned(line) for line in lines[len(lines) - end :] if _is_for_desk(line, author)]
    spoken = before + after
    understood = (*(understand(line, author) for line in before), *(replace(understand(line, author), below=True) for line in after))
    notes = [_argument(line) for line, meant in zip(spoken, understood, strict=True) if meant.word == "note" and _argument(line)]
    return ParsedMail(lines=understood, text="\n".join([*notes, "\n".join(middle).strip()]).strip())


def understand(line: str, author: Author) -> CommandLine:
    """One line as commands or a question, or its problem."""
    text = cleaned(line)
    said, minus = _said(text)
    word = vocabulary(author.language).words.get(said)
    if word is None or (minus and word not in OPPOSITES):
        return CommandLine(text=text, word=said, problem="unknown", nearest=_nearest(said, _argument(text), author))
    rule, argument = WORDS[word], _argument(text)
    if rule.needs and not argument:
        return CommandLine(text=text, word=word, problem="argument-missing", nearest=_in_their_words(word, said, author))
    meant, tickets = _meant(word, argument, OPPOSITES[word] if minus else rule.reads, author)
    line_of = CommandLine(text=text, word=word, tickets=tickets)
    match meant:
        case LineProblem(problem=problem, nearest=nearest, detail=detail):
            if problem == "argument-unknown" and not nearest:
                nearest = _spelled_right(said, argument, author)
                problem = problem if nearest else "argument-unclear"
            written = text[1:].split(maxsplit=1)[0].rstrip(":.,;!").lower()
            nearest = f"#{written} {nearest}" if nearest else _in_their_words(word, said, author)
            return replace(line_of, problem=problem, nearest=nearest, detail=detail)
        case tuple() if len(set(meant)) > MOST_AT_ONCE or len(tickets) > MOST_AT_ONCE:
            return replace(line_of, tickets=(), problem="argument-unclear", nearest=_in_their_words(word, said, author))
        case tuple():
            return replace(line_of, commands=tuple(dict.fromkeys(meant)))
        case OnBehalf() | WriteTo() | ChannelArgument():
            return replace(line_of, opening=meant)
        case SendArticle() | UseAnswer():
            return replace(line_of, insert=meant)
        case _:
            return replace(line_of, question=meant)


def stands_for_itself(line: str) -> bool:
    """Whether a line begins like a command line: a # and a letter, or #?."""
    text = cleaned(line)
    return len(text) > 1 and text[0] == "#" and (text[1].isalpha() or text[1] == "?" or (text[1] == "-" and text[2:3].isalpha()))


def on_a_ticket(line: CommandLine) -> CommandLine:
    """`#for` and `#channel` on an existing ticket: set the requester and the channel.  `#to` opens a ticket; here it does nothing."""
    match line.opening:
        case OnBehalf(address=address, name=name):
            return replace(line, opening=None, commands=(SetRequester(address=address, name=name),))
        case ChannelArgument(name=channel):
            return replace(line, opening=None, commands=(SetChannel(channel=channel),))
        case WriteTo(people=people):
            copied = ", ".join(address for address, _ in people)
            return replace(line, opening=None, problem="new-mail-only", nearest=f"#cc {copied}")
        case _:
            return line


def _meant(word: str, argument: str, reads: Reads, author: Author) -> tuple[Meaning, tuple[int, ...]]:
    """The meaning of the argument, and the named tickets."""
    if word == "merge":
        return _merged(argument, reads, author)
    if not WORDS[word].others and not WORDS[word].first:
        return reads(argument, author), ()
    inner, tickets = _targets(argument, author, at_end=WORDS[word].others)
    if not tickets:
        return reads(argument, author), ()
    if WORDS[word].needs and not inner:
        return LineProblem(problem="argument-missing"), ()
    meant = reads(inner, author)
    at_end = names.ticket(argument.split()[0], author.prefix) is None
    if at_end and isinstance(meant, tuple) and any(isinstance(c, RecordWork) and (c.text or c.place) for c in meant):
        return reads(argument, author), ()  # "#time 45m as in MB-7": the ticket is part of the text
    return meant, tickets


def _merged(argument: str, reads: Reads, author: Author) -> tuple[Meaning, tuple[int, ...]]:
    """`MB-7 MB-8 into MB-3`: merges those into that one; else merges this ticket."""
    known, words = vocabulary(author.language), argument.replace(",", " ").split()
    between = next((n for n, word in enumerate(words) if n and fold(word) in known.into), None)
    if between is None:
        return reads(argument, author), ()
    goes = [names.ticket(word, author.prefix, bare_number=True) for word in words[:between] if fold(word) not in known.also]
    if None in goes:
        return LineProblem(problem="argument-unknown"), ()
    return reads(" ".join(words[between:]), author), tuple(dict.fromkeys(number for number in goes if number is not None))


def _targets(argument: str, author: Author, *, at_end: bool) -> tuple[str, tuple[int, ...]]:
    """The argument without the tickets at its end, or else at its start, and those tickets."""
    words = argument.replace(",", " , ").split()
    behind, rest = _leading(words[::-1] if at_end else [], author)
    if behind:
        return " ".join(rest[::-1]).replace(" ,", ","), tuple(dict.fromkeys(behind[::-1]))
    before, rest = _leading(words, author)
    return " ".join(rest).replace(" ,", ","), tuple(dict.fromkeys(before))


def _leading(words: list[str], author: Author) -> tuple[list[int], list[str]]:
    """The tickets that the words begin with, perhaps with commas and "and" between them, and the words after."""
    ids: list[int] = []
    for at, word in enumerate(words):
        number = names.ticket(word, author.prefix)
        if number is not None:
            ids.append(number)
        elif not ids or (word != "," and fold(word) not in vocabulary(author.language).also):
            return ids, words[at:]
    return ids, []


def _run(lines: list[str], author: Author) -> int:
    """How many lines from here are command lines or blank, up to the last command line.  A # alone is blank."""
    length = count = 0
    for number, line in enumerate(lines, start=1):
        if count < MOST_LINES and _is_for_desk(line, author):
            length, count = number, count + 1
        elif cleaned(line) not in ("", "#"):
            break
    return length


def _is_for_desk(line: str, author: Author) -> bool:
    if stands_for_itself(line):
        return True
    text = cleaned(line)
    # "# Close": a phone inserted the blank. Other lines like it are headings.
    glued = "#" + text[1:].lstrip()
    return text.startswith("# ") and stands_for_itself(glued) and not understand(glued, author).problem


def _said(text: str) -> tuple[str, bool]:
    """The word of a line, normalised, and whether a minus precedes it."""
    word = text[1:].split(maxsplit=1)[0] if text[1:].split() else ""
    return fold(word.lstrip("-").rstrip(":.,;!")), word.startswith("-")


def _argument(text: str) -> str:
    rest = text[1:].split(maxsplit=1)
    return rest[1] if len(rest) > 1 else ""


def _nearest(said: str, argument: str, author: Author) -> str:
    """The line with the nearest command: with its own argument where that is valid, else with an example."""
    known = vocabulary(author.language).words
    own = [fold(name) for word in WORDS for name in (word, *word_in(author.language, word).names.split())]
    near = nearest(said, own, likeness=SURE) or nearest(said, known)
    whole = f"#{near} {argument}".rstrip()
    return whole if near and not understand(whole, author).problem else _in_their_words(known[near], near, author) if near else ""


def _spelled_right(said: str, argument: str, author: Author) -> str:
    """The argument with corrected words of days, months, units or hours, if it is valid then."""
    if len(argument) > _LONGEST_MISSPELLED:
        return ""
    known = time_words(author.language)
    words = [nearest(fold(word), known, likeness=SURE) or word for word in argument.split()]
    tried = " ".join(words)
    return tried if fold(tried) != fold(argument) and not understand(f"#{said} {tried}", author).problem else ""


def _in_their_words(word: str, said: str, author: Author) -> str:
    """A usage in the language of the word."""
    for language in (author.language, "en", "ro", "ru"):
        if said in fold(word_in(language, word).names).split():
            return word_in(language, word).usage[0]
    return word_in(author.language, word).usage[0]
