"""Finds the colleagues whom an agent's text names: `@eva`, `@eva.pop`.  An address holds no mention, nor does a word that names nobody."""

from __future__ import annotations

import re

from mailbridge.mail_commands import names
from mailbridge.mail_commands.model import Author

MOST = 10  # of one text
_MENTION = re.compile(r"(?<![\w@.+-])@([^\W_][\w.-]{0,39})(?![\w@])")


def mentions(text: str, author: Author) -> tuple[str, ...]:
    """The short names of active agents whom the text mentions, the author left out."""
    if "@" not in text:
        return ()
    found = (names.agent(match[1].rstrip(".-"), author) for match in _MENTION.finditer(text))
    agents = author.organisation.agents
    named = (name for name in found if isinstance(name, str) and name in agents and agents[name].active and name != author.me)
    return tuple(dict.fromkeys(named))[:MOST]
