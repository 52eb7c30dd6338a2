"""A desk's own template that is older than the shipped one it was copied from."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.cli.main import main
from mailbridge.config import shipped
from mailbridge.config.load import load
from mailbridge.delivery.render.template_check import check_own
from mailbridge.delivery.render.template_copies import copied, older

CLOSED = """{% extends "mail/customer.j2" %}
{% block message %}
{{ p(_("Solved by %(name)s.", name=values.author)) }}
{% endblock %}
"""
MORE = '{{ values.reason }}\n{% include "mail/_waiting.j2" %}\n{% endblock %}\n{% block number %}{% endblock %}'
LATER = CLOSED.replace("{% endblock %}", MORE)


def warnings(tmp_path: Path, own: str, now: str) -> list[str]:
    for folder, text in (("own", own), ("shipped", now)):
        (tmp_path / folder / "mail").mkdir(parents=True)
        (tmp_path / folder / "mail" / "customer.closed.j2").write_text(text, encoding="utf-8")
    found = list(older(tmp_path / "own", tmp_path / "shipped"))
    assert all(one.warning and one.file == "mail/customer.closed.j2" for one in found)
    return [f"{one.message}: {one.hint.partition(';')[0]}" for one in found]


@pytest.mark.parametrize(
    ("own", "now", "expected"),
    [
        (copied(CLOSED), CLOSED, []),
        (copied(CLOSED).replace("Solved", "Done"), CLOSED, []),
        (CLOSED, CLOSED, []),
        (
            copied(CLOSED),
            LATER,
            ["the shipped template was changed after this one was copied: it also uses block number, mail/_waiting.j2, values.reason"],
        ),
        (
            copied(CLOSED),
            CLOSED.replace("Solved", "Done"),
            ["the shipped template was changed after this one was copied: its sentences or their order differ"],
        ),
        (CLOSED, LATER, ["the shipped template has more than this one: it also uses block number, mail/_waiting.j2, values.reason"]),
        ("{% broken", LATER, []),
    ],
)
def test_an_own_template_that_is_older_than_the_shipped_one_is_named(own: str, now: str, expected: list[str], tmp_path: Path) -> None:
    assert warnings(tmp_path, own, now) == expected


def test_the_line_of_the_warning_ends_it(tmp_path: Path) -> None:
    for folder, text in (("own", copied(CLOSED)), ("shipped", LATER)):
        (tmp_path / folder / "mail").mkdir(parents=True)
        (tmp_path / folder / "mail" / "customer.closed.j2").write_text(text, encoding="utf-8")
    (found,) = older(tmp_path / "own", tmp_path / "shipped")
    line = found.hint.partition("end with ")[2]

    (tmp_path / "own" / "mail" / "customer.closed.j2").write_text(f"{CLOSED}{line}\n", encoding="utf-8")

    assert list(older(tmp_path / "own", tmp_path / "shipped")) == []


@pytest.mark.parametrize("name", ["customer.closed", "_waiting"])
def test_a_copy_has_no_mistake_and_is_not_made_twice(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "desk")]) == 0
    own = load(tmp_path / "desk").templates_folder
    assert main(["templates", "copy", name, "--desk", str(tmp_path / "desk")]) == 0
    assert check_own(own, shipped.templates()) == ()
    assert list(older(own, shipped.templates())) == []
    assert main(["templates", "copy", name, "--desk", str(tmp_path / "desk")]) != 0
    assert "exists already" in capsys.readouterr().err
