"""The catalogues: every event has its sentence in every language, in every plural form, with every placeholder."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime
from gettext import GNUTranslations
from io import BytesIO
from typing import Any, get_args

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from mailbridge.delivery.render.sentences import DOMAIN, LOCALES, languages, sentence
from mailbridge.notifications.summary import Viewer, summaries, summary
from mailbridge.notifications.summary_model import Summary, unpacked
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.relations import Undone
from mailbridge.tickets.events import Event, TicketEvent
from tests.builders import an_organisation
from tests.samples import sample
from tests.unit.cli.test_history import WORDS

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LANGUAGES = ("en", "ro", "ru")
# A new event is tried without an entry in WORDS.  What an undo leaves is a key of the catalogues, so WORDS alone has its samples.
ANY = [sample(kind) for kind in get_args(TicketEvent) if kind is not Undone]
AGENT = Actor(kind=ActorKind.AGENT, name="bogdan")
EVENTS = [Event(ticket=1, at=AT, actor=AGENT, what=what) for what in (*ANY, *(what for what, _ in WORDS))]
# The table of sentences that words.j2 of earlier releases had, by what its sentences showed: rows of before have these values.
BEFORE = {
    "closed": "status", "reopened": "status", "status": "status", "team": "team", "yours": "number agent", "assigned": "number agent",
    "given-back": "number agent", "priority": "priority", "type": "type", "tagged": "tags", "untagged": "tags", "field": "name value",
    "subject": "subject", "opened": "number", "due": "at", "due-none": "", "snoozed": "at", "woken": "", "alert": "promise alert at",
    "undelivered": "address reason", "joined": "address", "left": "address", "revoked": "address", "requester": "address",
    "channel": "channel", "invitation": "address answer", "meeting": "at length place", "meeting-at": "at length place",
    "meeting-off": "at length place", "worked": "id length what", "worked-on": "id length what", "travelled": "id length what",
    "travelled-on": "id length what", "corrected": "id length was", "taken-back": "id length", "estimated": "length",
    "escalated": "to level", "waits": "line who", "asked": "line who", "reminded": "id", "agreed": "line who reason",
    "rejected": "line who reason", "waits-answer": "line who", "agreed-answer": "line who reason", "rejected-answer": "line who reason",
    "expired-answer": "line who reason", "expired": "line who reason", "merged": "number", "absorbed": "number", "mail-went": "number",
    "mail-came": "number", "linked": "relation number", "playbook": "name numbers", "undone": "count", "kept": "fields", "stays-mail": "",
    "stays-invitation": "", "stays-erased": "", "erased": "count",
}  # fmt: skip


def when(moment: datetime) -> str:
    return f"{moment:%d.%m. %H:%M}"


def po(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def strings(message: Any) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def name(message: Any) -> str:
    return str(message.id[0] if isinstance(message.id, tuple) else message.id)


KEYS = {name(message) for message in po("en") if message.id}


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_there_is_a_catalogue_for_each_language() -> None:
    assert languages() == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event.what).__name__)
def test_every_event_has_a_sentence_in_every_language(event: Event, language: str) -> None:
    for viewer in (Viewer(ticket=1, me="bogdan", organisation=an_organisation()), Viewer()):
        for one in summaries([event], viewer, messages=True):
            said = sentence(one, language, when)
            assert one.key in KEYS
            assert said
            assert not {"{", "}"} & set(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_missing_or_has_other_placeholders_than_in_english(language: str) -> None:
    english = {name(message): message for message in po("en") if message.id}
    there = {name(message): message for message in po(language) if message.id}
    assert there.keys() == english.keys()
    for key, message in there.items():
        assert not message.fuzzy
        wanted = placeholders(strings(english[key])[0])
        assert len(strings(message)) == (po(language).num_plurals if message.pluralizable else 1)
        assert [placeholders(text) for text in strings(message)] == [wanted] * len(strings(message)), key
        assert all(strings(message))


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_of_the_unicode_cldr(language: str) -> None:
    rule = Locale(language).plural_form
    catalogue = compiled(po(language))
    forms = {(rule(count), catalogue.ngettext("undone", "undone", count).replace(str(count), "#")) for count in range(300)}
    assert len(forms) == len({category for category, _ in forms}) == po(language).num_plurals


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "1 change undone"),
        ("en", 2, "2 changes undone"),
        ("ro", 1, "1 modificare anulată"),
        ("ro", 19, "19 modificări anulate"),
        ("ro", 20, "20 de modificări anulate"),
        ("ru", 1, "отменено 1 изменение"),
        ("ru", 3, "отменено 3 изменения"),
        ("ru", 11, "отменено 11 изменений"),
        ("ru", 21, "отменено 21 изменение"),
        ("de", 2, "2 changes undone"),
    ],
)
def test_numbers_have_their_plural(language: str, count: int, said: str) -> None:
    assert sentence(Summary(key="undone", values={"count": str(count)}, count=count), language, when) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_edited_one(language: str) -> None:
    """`make catalogues` was run after the last change of events.po."""
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        assert messages(GNUTranslations(file)) == messages(compiled(po(language)))


def messages(catalogue: GNUTranslations) -> dict[object, str]:
    """All but the header, which names the version of Babel."""
    return {key: text for key, text in vars(catalogue)["_catalog"].items() if key}


def compiled(catalogue: Catalog) -> GNUTranslations:
    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return GNUTranslations(file)


def test_an_event_of_another_ticket_begins_with_its_number() -> None:
    told = summaries(EVENTS, Viewer(me="bogdan", ticket=2, organisation=an_organisation()))
    assert all(one.on == "MB-1" and sentence(one, "en", when).startswith("MB-1: ") for one in told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", BEFORE)
def test_rows_of_earlier_programs_are_still_worded(key: str, language: str) -> None:
    values = {name: AT.isoformat() if name == "at" else "2" if name == "count" else f"<{name}>" for name in BEFORE[key].split()}
    [one] = unpacked(json.dumps([[key, values]]))
    said = sentence(one, language, when)
    assert key in KEYS
    assert not {"{", "}"} & set(said)
    [elsewhere] = unpacked(json.dumps([[key, {**values, "on": "MB-9"}]]))
    assert sentence(elsewhere, language, when) == f"MB-9: {said}"


def test_a_variant_without_a_message_has_that_of_its_key() -> None:
    assert sentence(Summary(key="linked", variant="cousin", values={"relation": "cousin", "number": "MB-2"}), "en", when) == "cousin MB-2"


def test_a_word_of_a_stranger_is_never_a_placeholder() -> None:
    event = next(event for event in EVENTS if type(event.what).__name__ == "SubjectChanged")
    one = summary(event, Viewer())
    assert sentence(Summary(key=one.key, values={"subject": "{at} {0} %s"}), "en", when) == 'subject "{at} {0} %s"'
