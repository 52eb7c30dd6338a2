"""`mailbridge kb`, with the article and the answer that the manual shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "manual" / "knowledge.md").read_text(encoding="utf-8")
ARTICLE, ANSWER = re.findall(r"^```markdown\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
MAIL = (
    b"From: Carol <carol@customer.test>\r\nTo: support@desk.test\r\nSubject: Printer\r\nMessage-ID: <1@customer.test>\r\n\r\n"
    b"The paper does not come out, and the display shows error E-52.\r\n"
)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == exits.OK
    (folder / "knowledge" / "KB-17.md").write_text(ARTICLE, encoding="utf-8")
    (folder / "answers" / "visit.md").write_text(ANSWER, encoding="utf-8")
    (tmp_path / "mail.eml").write_bytes(MAIL)
    capsys.readouterr()
    return folder


def run(desk: Path, *arguments: str) -> int:
    return main(["--desk", str(desk), "kb", *arguments])


def test_the_texts_of_the_manual_have_no_mistake_and_are_listed(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(desk, "check") == exits.OK
    assert capsys.readouterr().out == "1 article, 1 answer: no mistakes\n"

    run(desk, "list")
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["KB-17", "en", "customers"]
    run(desk, "list", "--answers", "--json")
    (answer,) = json.loads(capsys.readouterr().out)
    assert (answer["name"], answer["fields"], answer["language"]) == ("visit", {"day": None}, "en")
    run(desk, "list", "--language", "ro", "--json")
    assert json.loads(capsys.readouterr().out) == []


def test_what_a_mail_would_get_is_told(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = str(desk.parent / "mail.eml")

    assert run(desk, "suggest", mail) == exits.OK
    assert re.search(r"^KB-17 +\d+ +yes +Error E-52", capsys.readouterr().out, re.MULTILINE)
    assert run(desk, "suggest", mail, "--language", "ro", "--json") == exits.MISTAKES
    found = json.loads(capsys.readouterr().out)
    assert (found["minimum"], found["customer"], [one["number"] for one in found["agents"]]) == (60, [], ["KB-17"])


def test_mistakes_are_named_here_and_by_check(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "knowledge" / "KB-18.md").write_text("---\nid: KB-18\ntitle: x\nteam: nobody\n---\nText\n")
    (desk / "answers" / "visit.md").write_text(ANSWER.replace("{{ day }}", "{{ dya }}"))

    assert run(desk, "check", "--json") == exits.MISTAKES
    told = [(one["file"], one["line"], one["message"]) for one in json.loads(capsys.readouterr().out)["problems"]]
    assert told == [("knowledge/KB-18.md", 4, 'unknown team "nobody"'), ("answers/visit.md", 8, 'unknown field "dya"')]
    assert main(["--desk", str(desk), "check", "--json"]) == exits.MISTAKES
    found = json.loads(capsys.readouterr().out)["problems"]
    assert [(one["file"], one["line"], one["message"]) for one in found if not one["warning"]] == sorted(told)
    assert run(desk, "list") == exits.OK
    assert "1 mistake in the files" in capsys.readouterr().err


def test_a_rule_suggests_only_articles_that_there_are(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = "- name: kb\n  when: {header: {subject: {contains: x}}}\n  then: {suggest: [KB-17, KB-71]}\n"
    (desk / "rules" / "routing" / "90-kb.yaml").write_text(rule)

    assert main(["--desk", str(desk), "check", "--json"]) == exits.MISTAKES
    found = json.loads(capsys.readouterr().out)["problems"]
    assert [(one["line"], one["message"]) for one in found if not one["warning"]] == [(3, 'unknown article "KB-71"')]
