"""`mailbridge check` renders the desk's own templates as the desk would: with the shipped ones behind them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mailbridge.cli.check import template_problems
from mailbridge.config import shipped
from mailbridge.config.model import Config, DeskSettings

OWN = """{% extends "mail/customer.txt.j2" %}
{% block subject %}{{ ticket | thread(words.your_request) }}{% endblock %}
{% block message %}
We have it: {{ ticket.number }}.
{% endblock %}
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(folder=tmp_path, desk=DeskSettings(name="D", address="support@real.com"))


def written(config: Config, name: str, text: str) -> None:
    file = config.templates_folder / "mail" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_desk_without_templates_has_no_problems(config: Config) -> None:
    assert template_problems(config) == ()


def test_a_template_may_use_the_shipped_parts_and_words(config: Config) -> None:
    written(config, "customer.received.j2", OWN.replace(".txt.j2", ".j2"))

    assert template_problems(config) == ()


def test_a_template_of_the_last_release_goes_on_working_and_is_named(config: Config) -> None:
    written(config, "en/customer.received.txt.j2", OWN)

    (problem,) = template_problems(config)

    assert (problem.file, problem.warning) == ("mail/en/customer.received.txt.j2", True)
    assert "write mail/customer.received.j2" in problem.hint


def test_a_copy_of_a_shipped_template_has_no_problems(config: Config) -> None:
    written(config, "customer.closed.j2", "")
    shutil.copy(shipped.templates() / "mail" / "customer.closed.j2", config.templates_folder / "mail")

    assert template_problems(config) == ()


def test_a_mistake_is_told_with_its_line(config: Config) -> None:
    written(config, "en/customer.received.txt.j2", OWN.replace("ticket.number", "ticket.nubmer"))

    (problem, _outdated) = template_problems(config)

    assert (problem.file, problem.line) == ("mail/en/customer.received.txt.j2", 4)
    assert "nubmer" in problem.message


def test_a_mistake_in_a_part_is_told_where_shipped_mails_use_it(config: Config) -> None:
    written(config, "customer.txt.j2", '{% extends "mail/layout.txt.j2" %}\n{% block body %}{{ words.no_such_word }}{% endblock %}\n')

    found = template_problems(config)

    assert ("mail/customer.txt.j2", 2) in {(problem.file, problem.line) for problem in found if "no_such_word" in problem.message}


def test_a_mistake_in_an_own_catalogue_is_told_and_a_missing_sentence_is_not(config: Config) -> None:
    file = config.templates_folder / "locales" / "ro" / "mail.po"
    file.parent.mkdir(parents=True)
    file.write_text('msgid "Our hours: %(hours)s."\nmsgstr ""\n', encoding="utf-8")
    assert template_problems(config) == ()
    file.write_bytes('msgid "Our hours: %(hours)s."\nmsgstr "Programul: î"\n'.encode("iso-8859-2"))

    (problem,) = template_problems(config)

    assert (problem.file, problem.line, problem.warning) == ("locales/ro/mail.po", 2, False)


def test_a_mistake_that_raises_in_a_part_is_told_with_the_line_of_the_mail(config: Config) -> None:
    """`p()` of parts.txt.j2 is where the value is used first."""
    shipped_text = (shipped.templates() / "mail" / "customer.taken.j2").read_text(encoding="utf-8")
    written(
        config,
        "customer.taken.j2",
        shipped_text.replace("number=ticket.number) }}{% endblock", "number=1) }}{% endblock").replace("ticket.number", "ticket.nubmer"),
    )

    problem = template_problems(config)[0]

    assert (problem.file, problem.line) == ("mail/customer.taken.j2", 5)
    assert problem.message == 'unknown value .nubmer; did you mean "number"?'
