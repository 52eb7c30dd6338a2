"""Each command that a mail shows is written in the language of the mail, and means there what it means in English."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailbridge.delivery.render.catalogues import Catalogues, shipped_po
from mailbridge.delivery.render.messages import shipped_messages
from mailbridge.delivery.render.render import shipped_templates
from mailbridge.mail_commands.locales import LOCALES
from mailbridge.mail_commands.model import Author, CommandLine
from mailbridge.mail_commands.reading import understand
from mailbridge.mail_commands.vocabulary import fold
from mailbridge.organisation.model import Agent, Organisation, Team

MESSAGES = shipped_messages(shipped_templates())
COMMANDS = sorted({message.id for message in MESSAGES if message.id.startswith("#") and not message.context})
ORGANISATION = Organisation(
    teams={"ana": Team(name="ana", title="Ana", members=("ana",))},
    agents={"ana": Agent(name="ana", title="Ana Pop", address="ana@desk.example")},
)
AGENT = Author(me="ana", now=datetime(2026, 11, 19, 10, 0, tzinfo=UTC), prefix="MB", organisation=ORGANISATION)
VALUES = {"message": "MB-7/3", "number": "KB-17", "address": "carol@acme.example", "plan": "2", "name": "weekly"}
SHOWN = re.compile(r"(?<![\w&/#])#([^\W\d_][\w-]*)")


def meant(line: str, language: str) -> CommandLine:
    """What an agent's program sends, with the placeholders filled in."""
    values = VALUES | ({"number": "MB-9"} if "KB" not in line and line.startswith(("#merge", "#unește", "#объединить")) else {})
    line = re.sub(r"\b(NAME|NUME|ИМЯ)@\S+", "carol@acme.example", line % values)
    return replace(understand(re.sub(r"\b(NAME|NUME|ИМЯ)\b", "ana", line), replace(AGENT, language=language)), text="")


@pytest.mark.parametrize("line", COMMANDS)
@pytest.mark.parametrize("language", ["ro", "ru"])
def test_a_command_in_a_mail_means_the_same_in_each_language(language: str, line: str) -> None:
    told, english = meant(Catalogues().of(language).text(line), language), meant(line, "en")
    assert english.word in LOCALES["en"].words
    assert told == replace(english, nearest=told.nearest)


@pytest.mark.parametrize("language", ["en", "ro", "ru"])
def test_each_command_in_a_sentence_is_a_word_of_its_language(language: str) -> None:
    names = {fold(name) for word in LOCALES[language].words.values() for name in word.names.split()}
    texts = (
        [message.id for message in MESSAGES]
        if language == "en"
        else [one for entry in shipped_po(language).entries for one in entry.strings]
    )
    assert {word for text in texts for word in SHOWN.findall(text) if fold(word) not in names} == set()
