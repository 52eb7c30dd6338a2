"""`mailbridge templates`: without a desk the shipped templates, in a desk also its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbridge.cli.main import main

OLD = '{% extends "mail/customer.txt.j2" %}{% block message %}\nDone: {{ ticket.number }}.\n{% endblock %}\n'


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["init", str(tmp_path / "desk")]) == 0
    capsys.readouterr()
    return tmp_path / "desk"


def test_check_names_old_files_and_wrong_words_and_fails_only_for_mistakes(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = desk / "templates/mail/en/customer.closed.txt.j2"
    old.parent.mkdir(parents=True)
    old.write_text(OLD, encoding="utf-8")

    assert main(["templates", "check", "--desk", str(desk)]) == 0
    said = capsys.readouterr().out
    assert "mail/en/customer.closed.txt.j2: warning" in said
    assert "write mail/customer.closed.j2" in said

    words = desk / "templates/locales/ro/mail.po"
    words.parent.mkdir(parents=True)
    words.write_text('msgid "Your request %(number)s is open again."\nmsgstr "Deschisă: %(nmber)s"\n', encoding="utf-8")
    assert main(["templates", "check", "--desk", str(desk), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["errors"] == 1
    assert [(one["file"], one["line"]) for one in told["problems"] if not one["warning"]] == [("locales/ro/mail.po", 1)]


def test_preview_writes_one_page_with_the_desks_own_words(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = desk / "templates/locales/ro/mail.po"
    words.parent.mkdir(parents=True)
    words.write_text('msgid "The latest message:"\nmsgstr "Cel mai nou mesaj:"\n', encoding="utf-8")

    assert main(["templates", "preview", "--desk", str(desk), "--lang", "ro", "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Cel mai nou mesaj:" in page
    assert "Bună ziua, Ana Pop!" in page
    assert str(tmp_path / "page.html") in capsys.readouterr().out
    assert main(["templates", "preview", "--desk", str(desk), "--lang", "xx"]) == 2
