"""The manual of commands, generated from the tables: by mail for the rights of an agent, and complete for docs/manual."""

from __future__ import annotations

from collections.abc import Iterator

from mailbridge.mail_commands.command_table import WORDS, Room
from mailbridge.mail_commands.locales import LOCALES
from mailbridge.mail_commands.vocabulary import word_in
from mailbridge.tickets.permissions import Right

# Commands that need less than the right to work on tickets.
_LESS: dict[str, Right] = {"note": Right.NOTE, "approve": Right.ASKED, "reject": Right.ASKED, "yes": Right.ASKED, "cancel": Right.ASKED}
_LESS |= dict.fromkeys(("follow", "unfollow", "mute", "unmute", "quiet", "digest", "away", "save"), Right.NOTE)


def words_for(right: Right) -> Iterator[str]:
    """The commands for this right, in the order of the manual."""
    for room in Room:
        yield from (word for word, rule in WORDS.items() if rule.room is room and right >= needed(word))


def needed(word: str) -> Right:
    """The right that a command needs; questions need that of reading."""
    return Right.NOTE if WORDS[word].room in (Room.ASK, Room.NEW) else _LESS.get(word, Right.WORK)


def manual_rows(language: str, right: Right, only: str = "") -> list[tuple[str, ...]]:
    """Rows of the manual: section, command, usage (separated by a vertical bar), description, other names; of one command or of all."""
    chosen = [only] if only else list(words_for(right))
    return [_row(language, word) for word in chosen]


def _row(language: str, word: str) -> tuple[str, ...]:
    said = word_in(language, word)
    names = said.names.split()
    room = LOCALES.get(language, LOCALES["en"]).rooms[WORDS[word].room]
    return room, names[0], "|".join(said.usage), said.about, " ".join(f"#{name}" for name in names[1:])


def page(language: str = "en") -> str:
    """All commands as tables in Markdown, by section, for docs/manual."""
    parts = []
    for room in Room:
        words = [word for word, rule in WORDS.items() if rule.room is room]
        rows = [_markdown(language, word) for word in words]
        title = LOCALES.get(language, LOCALES["en"]).rooms[room]
        parts.append("\n".join([f"### {title}", "", "| write | what it does | also |", "|---|---|---|", *rows]))
    return "\n\n".join(parts)


def _markdown(language: str, word: str) -> str:
    _, _, usage, about, names = _row(language, word)
    ways = "<br>".join(f"`{way}`" for way in usage.split("|"))
    return f"| {ways} | {about} | {' '.join(f'`{name}`' for name in names.split())} |"
