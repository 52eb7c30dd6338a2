"""`mailbridge mail inspect`: one JSON object a mail, in order, in the form that scripts rely on."""

from __future__ import annotations

import json
import mailbox
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mailbridge.cli.mail import mail
from mailbridge.cli.mail_json import failure_json
from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.pool import Readers
from tests.harness import DeskApp

KEYS = {
    "file", "ms", "size", "subject", "from", "to", "cc", "reply_to", "return_path", "date", "message_id", "in_reply_to", "references",
    "text", "html", "reply_text", "signature", "language", "is_forward", "forwarded", "attachments", "parts",
    "kind", "kind_strength", "answers_go_to",
    "kind_reasons", "suppress_auto_response", "is_auto_reply", "is_bounce", "bounced_addresses", "is_temporary", "bounce",
    "is_loop", "is_feedback_report", "is_disposition_notification", "is_mailing_list",
    "sender", "spans", "spans_text", "spans_source", "spans_choice", "charset_guesses", "defects", "fingerprint",
}  # fmt: skip

MAIL = """Authentication-Results: mx.desk.test; dmarc=pass header.from=firm.test
Received: from mail.firm.test by mx.desk.test; Mon, 2 Nov 2026 10:00:01 +0000
From: Kim Lee <kim@firm.test>
To: Support <support@desk.test>
Cc: lee@firm.test
Subject: =?utf-8?q?Drucker_f=C3=A4llt_aus?=
Date: Mon, 2 Nov 2026 11:00:00 +0100
Message-ID: <1@firm.test>
In-Reply-To: <0@desk.test>
References: <a@desk.test> <0@desk.test>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Der Drucker im zweiten Stock druckt seit heute Morgen nicht mehr.

Am 1.11.2026 um 10:00 schrieb Support <support@desk.test>:
> Womit können wir helfen?
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="seite.pdf"
Content-Transfer-Encoding: base64

SGFsbG8=
--b--
"""


@pytest.fixture(autouse=True)
def readers(monkeypatch: pytest.MonkeyPatch) -> list[Readers]:
    """The commands get the reading children that all tests share, as if each had started its own; those that commands closed."""
    closed: list[Readers] = []
    monkeypatch.setattr("mailbridge.cli.mail.Readers", DeskApp.shared.of)
    monkeypatch.setattr(Readers, "close", lambda self: closed.append(self))
    return closed


def inspect(*arguments: str | Path) -> Result:
    return CliRunner().invoke(mail, ["inspect", *map(str, arguments)])


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(5):
        (tmp_path / f"{number}.eml").write_text(MAIL.replace("<1@firm.test>", f"<{number}@firm.test>"), "utf-8")
    (tmp_path / "note.txt").write_text("no mail", "utf-8")
    return tmp_path


def test_the_object_has_exactly_the_keys_that_scripts_rely_on(folder: Path) -> None:
    [found] = objects(inspect("--jsonl", folder / "1.eml"))
    assert set(found) == KEYS


def test_the_reading_children_are_ended(folder: Path, readers: list[Readers]) -> None:
    inspect("--jsonl", folder / "1.eml")
    assert readers == [DeskApp.shared.of(ReadingPolicy())]


def test_what_was_understood_stands_under_its_key(folder: Path) -> None:
    [found] = objects(inspect("--jsonl", folder / "1.eml", "--authserv-id", "mx.desk.test"))
    assert found["file"] == str(folder / "1.eml")
    assert found["subject"] == "Drucker fällt aus"
    assert found["from"] == [{"address": "kim@firm.test", "name": "Kim Lee", "group": None}]
    assert found["cc"] == [{"address": "lee@firm.test", "name": "", "group": None}]
    assert found["date"] == "2026-11-02T10:00:00Z"
    assert (found["message_id"], found["in_reply_to"]) == ("1@firm.test", ["0@desk.test"])
    assert found["references"] == ["a@desk.test", "0@desk.test"]
    assert found["reply_text"] == "Der Drucker im zweiten Stock druckt seit heute Morgen nicht mehr."
    assert (found["language"], found["kind"], found["is_auto_reply"]) == ("de", "human", False)
    assert found["sender"] == {
        "address": "kim@firm.test",
        "name": "Kim Lee",
        "answer_to": "kim@firm.test",
        "strict": True,
        "dmarc": "pass",
        "policy": "",
        "proof": "profile own",
        "signed_fields": [],
        "verified": True,
        "reasons": ["dmarc=pass by mx.desk.test"],
    }
    [file] = found["attachments"]
    assert (file["filename"], file["content_type"], file["size"], file["part"]) == ("seite.pdf", "application/pdf", 5, "2")
    assert "content" not in file
    assert "".join(found["spans_text"][span["start"] : span["end"]] for span in found["spans"]) == found["spans_text"]


def test_the_options_say_which_addresses_and_verdicts_are_ours(folder: Path) -> None:
    [unknown] = objects(inspect("--jsonl", folder / "1.eml"))
    assert not unknown["sender"]["verified"]
    [own] = objects(inspect("--jsonl", folder / "1.eml", "--own-address", "KIM@firm.test"))
    assert (own["kind"], own["kind_reasons"], own["suppress_auto_response"]) == ("human", ["from our own address"], True)


def test_a_folder_is_read_in_the_order_of_its_names(folder: Path) -> None:
    found = objects(inspect("--jsonl", folder))
    assert [one["message_id"] for one in found] == [f"{number}@firm.test" for number in range(5)]


def test_paths_come_in_the_order_given(folder: Path) -> None:
    found = objects(inspect("--jsonl", folder / "3.eml", folder / "0.eml", folder / "2.eml"))
    assert [one["message_id"][0] for one in found] == ["3", "0", "2"]


def test_every_mail_of_an_mbox_is_named_by_its_number(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "archive.mbox")
    for number in range(3):
        box.add(MAIL.replace("<1@firm.test>", f"<{number}@firm.test>").encode())
    box.close()
    found = objects(inspect("--jsonl", tmp_path / "archive.mbox"))
    assert [(one["file"], one["message_id"]) for one in found] == [
        (f"{tmp_path / 'archive.mbox'}#{number + 1}", f"{number}@firm.test") for number in range(3)
    ]


def test_new_and_read_mails_of_a_maildir_are_there(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    box.add(MAIL.encode())
    read = mailbox.MaildirMessage(MAIL.replace("<1@", "<2@").encode())
    read.set_subdir("cur")
    box.add(read)
    assert {one["message_id"] for one in objects(inspect("--jsonl", tmp_path / "box"))} == {"1@firm.test", "2@firm.test"}


def test_garbage_is_a_mail_with_defects_and_the_next_mail_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "0.eml").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "1.eml").write_text(MAIL, "utf-8")
    result = inspect("--jsonl", tmp_path)
    assert result.exit_code == 0
    assert [one["message_id"] for one in objects(result)] == ["", "1@firm.test"]


def test_a_missing_path_is_told_in_a_sentence_and_exits_2(tmp_path: Path) -> None:
    result = inspect("--jsonl", tmp_path / "nowhere.eml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"There is no file or folder {tmp_path / 'nowhere.eml'}. Name mails, folders of them, Maildirs or mboxes.\n"


def test_no_path_at_all_is_a_usage_error() -> None:
    assert inspect("--jsonl").exit_code == 2


def test_people_get_a_few_lines(folder: Path) -> None:
    result = inspect(folder / "1.eml")
    assert result.exit_code == 0
    assert "Drucker fällt aus" in result.stdout
    assert str(folder / "1.eml") in result.stdout


def test_a_line_stays_a_line_and_the_terminal_stays_still(tmp_path: Path) -> None:
    hostile = (
        MAIL.replace("fällt aus", "x")
        .replace("_f=C3=A4llt_aus", "=1B[2J=C2=9B31m=E2=80=A8=C2=85x")
        .replace("Der Drucker", "\x1b[2J\u202eDer")
    )
    (tmp_path / "a.eml").write_text(hostile, "utf-8")
    [line] = inspect("--jsonl", tmp_path).stdout.splitlines()
    assert json.loads(line)["file"]
    for arguments in (["inspect"], ["show"], ["show", "--spans"]):
        shown = CliRunner().invoke(mail, [*arguments, str(tmp_path)]).stdout
        assert not set(shown) & set("\x1b\x9b\x85\u2028\u202e")


def test_show_prints_what_was_written_now(folder: Path) -> None:
    result = CliRunner().invoke(mail, ["show", str(folder / "1.eml")])
    assert result.stdout == "Der Drucker im zweiten Stock druckt seit heute Morgen nicht mehr.\n"


def test_show_spans_prints_everything_with_its_reason(folder: Path) -> None:
    lines = CliRunner().invoke(mail, ["show", "--spans", str(folder / "1.eml")]).stdout.splitlines()
    assert lines[0] == f"=== {folder / '1.eml'}: Drucker fällt aus (plain body used)"
    kinds = [line.split(",")[0] for line in lines if line.startswith("--- ")]
    assert kinds == ["--- fresh", "--- quote"]
    assert "> Womit können wir helfen?" in lines


def test_a_mail_that_could_not_be_read_has_an_error() -> None:
    assert failure_json("more than 20 s", file="a.eml", ms=20000.0) == {"file": "a.eml", "ms": 20000.0, "error": "more than 20 s"}


def test_show_tells_what_an_invitation_says(tmp_path: Path) -> None:
    ics = (
        "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nUID:1\nDTSTART:20261201T100000Z\nSUMMARY:Visit \x1b[31m\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    head, closing, rest = MAIL.partition("Content-Type: application/pdf")
    written = tmp_path / "visit.eml"
    written.write_text(head + "Content-Type: text/calendar; method=CANCEL\n\n" + ics + "--b\n" + closing + rest, encoding="utf-8")

    shown = CliRunner().invoke(mail, ["show", str(written)])

    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "Der Drucker im zweiten Stock druckt seit heute Morgen nicht mehr.",
        "",
        "Method: CANCEL",
        "Title: Visit [31m",
        "When: 2026-12-01 10:00 UTC",
    ]
