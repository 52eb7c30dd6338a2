"""The words of mails: each sentence of a template is in every catalogue, and the compiled catalogues are the edited ones."""

from __future__ import annotations

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po as babel_read_po

from mailbridge.delivery.render import template_check
from mailbridge.delivery.render.catalogues import DOMAIN, LOCALES, Catalogues, shipped_languages, shipped_po
from mailbridge.delivery.render.messages import placeholders, shipped_messages
from mailbridge.delivery.render.po import BadCatalogue, read_po
from mailbridge.delivery.render.render import Renderer, shipped_templates
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.delivery.render.template_check import catalogue_problems, outdated
from mailbridge.notifications.model import Audience
from tests.compiled import SHIPPED
from tools.catalogues import compiled

MESSAGES = shipped_messages(shipped_templates())
LANGUAGES = ("ro", "ru")


@pytest.fixture(autouse=True)
def messages_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """`catalogue_problems` parses all shipped templates each time that it is called."""
    monkeypatch.setattr(template_check, "shipped_messages", {shipped_templates(): MESSAGES}.__getitem__)


def file_of(language: str, ending: str = "po") -> Path:
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.{ending}"


def own(folder: Path, language: str, text: str) -> Path:
    file = folder / "locales" / language / "mail.po"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return folder


def text_of(renderer: Renderer, event: str, language: str) -> str:
    return renderer.render(sample_notification(Audience.CUSTOMER, event, language), sample_views("customer", event)[0]).text


def test_romanian_and_russian_come_along() -> None:
    assert shipped_languages() == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_of_a_template_is_in_the_catalogue(language: str) -> None:
    """`make catalogues` was run after the last change of a template or of words.py."""
    there = {(entry.context, entry.id, entry.plural) for entry in shipped_po(language).entries}
    assert there == {(message.context, message.id, message.plural) for message in MESSAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_edited_one(language: str) -> None:
    """`make catalogues` was run after the last change of mail.po."""
    with file_of(language, "mo").open("rb") as file:
        now = vars(GNUTranslations(file))["_catalog"]
    again = vars(GNUTranslations(BytesIO(compiled(file_of(language), language))))["_catalog"]
    assert {key: text for key, text in now.items() if key} == {key: text for key, text in again.items() if key}


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_reader_of_po_files_reads_what_babel_reads(language: str) -> None:
    with file_of(language).open("rb") as file:
        babel = babel_read_po(file, locale=language, abort_invalid=True)
    read = {
        (message.context or "", message.id[0] if isinstance(message.id, tuple) else message.id): (
            tuple(message.string) if isinstance(message.string, tuple) else (message.string,)
        )
        for message in babel
        if message.id
    }
    assert {(entry.context, entry.id): entry.strings for entry in shipped_po(language).entries} == read


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_shows_the_values_of_its_message_and_no_other(language: str) -> None:
    for entry in shipped_po(language).entries:
        wanted = placeholders(entry.id) | placeholders(entry.plural)
        assert {placeholders(text) - wanted for text in entry.strings} <= {frozenset()}, entry.id


def test_the_values_of_a_sentence_are_found_in_both_forms() -> None:
    assert placeholders("%(num)s of 80 %%, %(day)s") == {"num", "day"}
    assert placeholders("{moment}, in {span}") == {"moment", "span"}
    assert placeholders("a brace { alone") == frozenset()


@pytest.mark.parametrize(("number", "said"), [("1", "1 minut"), ("19", "19 minute"), ("20", "20 de minute"), ("101", "101 minute")])
def test_numbers_have_the_forms_of_romanian(number: str, said: str) -> None:
    catalogue = Catalogues().of("ro")
    assert catalogue.plural("%(num)s minute", "%(num)s minutes", int(number)) % {"num": number} == said


@pytest.mark.parametrize(("number", "said"), [("1", "1 минута"), ("3", "3 минуты"), ("11", "11 минут"), ("21", "21 минута")])
def test_numbers_have_the_forms_of_russian(number: str, said: str) -> None:
    catalogue = Catalogues().of("ru")
    assert catalogue.plural("%(num)s minute", "%(num)s minutes", int(number)) % {"num": number} == said


def test_a_desks_own_sentence_comes_before_ours_from_the_next_mail_on(tmp_path: Path) -> None:
    renderer = Renderer([tmp_path, shipped_templates()])
    assert "To add something, reply to this mail." in text_of(renderer, "reopened", "en")
    own(tmp_path, "en", 'msgid "To add something, reply to this mail."\nmsgstr "Write back <any> time & day."\n')
    assert "Write back <any> time & day." in text_of(renderer, "reopened", "en")
    html = renderer.render(sample_notification(Audience.CUSTOMER, "reopened", "en"), sample_views("customer", "reopened")[0]).html
    assert "Write back &lt;any&gt; time &amp; day." in html


def test_a_language_is_one_file(tmp_path: Path) -> None:
    own(
        tmp_path,
        "de",
        'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\nmsgctxt "hello_name"\nmsgid "Hello {name},"\n'
        'msgstr "Guten Tag {name},"\n\nmsgctxt "marker"\nmsgid "## Please write your answer above this line ##"\n'
        'msgstr "## Antwort oben ##"\n',
    )
    renderer = Renderer([tmp_path, shipped_templates()])
    said = text_of(renderer, "reopened", "de")
    assert "Guten Tag Ana Pop," in said
    assert "is open again" in said  # what the language lacks is English
    assert "## Antwort oben ##" in renderer.markers()
    assert "de" in renderer.languages()


def test_a_slip_in_a_translation_holds_no_mail_back_and_check_names_it(tmp_path: Path) -> None:
    own(tmp_path, "ro", 'msgid "Your request %(number)s is open again."\nmsgstr "Cererea %(nmuber)s e deschisă."\n')
    renderer = Renderer([tmp_path, shipped_templates()])
    html = renderer.render(sample_notification(Audience.CUSTOMER, "reopened", "ro"), sample_views("customer", "reopened")[0]).html
    assert "Your request MB-1042 is open again." in html
    (problem, *_) = [one for one in catalogue_problems(shipped_templates(), tmp_path) if not one.warning]
    assert (problem.file, problem.line) == ("locales/ro/mail.po", 1)
    assert "nmuber" in problem.message


def test_check_names_what_no_mail_says_and_what_is_fuzzy(tmp_path: Path) -> None:
    own(
        tmp_path,
        "ro",
        'msgid "To add something, reply to this mial."\nmsgstr "x"\n\n#, fuzzy\nmsgid "The message:"\nmsgstr "Mesaj:"\n\n'
        'msgid "Our hours: %(hours)s."\nmsgstr ""\n',
    )
    found = [(one.line, one.message) for one in catalogue_problems(shipped_templates(), tmp_path) if one.file == "locales/ro/mail.po"]
    assert found == [
        (1, 'no mail says "To add something, reply to this mial."'),
        (5, 'fuzzy, so not used: "The message:"'),
        (8, 'not translated: "Our hours: %(hours)s."'),
    ]


@pytest.mark.parametrize(("text", "line"), [('msgid "a\nmsgstr "b"\n', 1), ("<<<<<<< HEAD\n", 1), ('msgid "a"\nmsgstr "b" "c"x\n', 2)])
def test_a_file_that_is_no_catalogue_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(BadCatalogue) as failure:
        read_po(text)
    assert failure.value.line == line
    own(tmp_path, "ro", text)
    assert ("locales/ro/mail.po", line) in {(one.file, one.line) for one in catalogue_problems(shipped_templates(), tmp_path)}


_RULE = 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural={};\\n"\n\nmsgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\n'


@pytest.mark.parametrize(
    "text",
    ["<<<<<<< HEAD\n", "\udce9", *map(_RULE.format, ["nosuch", "n%0", "n-9", "2", "(" * 40 + "n" + ")" * 40])],
)
def test_a_file_that_is_no_catalogue_holds_no_mail_and_no_start_back(tmp_path: Path, text: str) -> None:
    own(tmp_path, "ro", "")
    (tmp_path / "locales/ro/mail.po").write_bytes(text.encode("utf-8", "surrogateescape"))
    renderer = Renderer([tmp_path, shipped_templates()])
    assert text_of(renderer, "reopened", "ro") == text_of(SHIPPED, "reopened", "ro")
    assert renderer.markers() == SHIPPED.markers()
    assert [one for one in catalogue_problems(shipped_templates(), tmp_path) if one.file == "locales/ro/mail.po" and not one.warning]


def test_own_templates_of_before_are_named_with_what_to_write_instead(tmp_path: Path) -> None:
    for name in ("en/customer.closed.txt.j2", "en/words.j2", "ro/_rows.html.j2", "customer.txt.j2", "layout.html.j2", "customer.closed.j2"):
        file = tmp_path / "mail" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x", encoding="utf-8")
    assert [(one.file, one.hint.partition(":")[0], one.warning) for one in outdated(tmp_path)] == [
        ("mail/customer.txt.j2", "write mail/customer.j2", True),
        ("mail/en/customer.closed.txt.j2", "write mail/customer.closed.j2", True),
        ("mail/en/words.j2", "write locales/en/mail.po", True),
        ("mail/ro/_rows.html.j2", "write mail/_rows.j2", True),
    ]
