"""The demo's samples: complete, filled in from the mail they answer, and compared with what came of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailbridge.cli.demo_samples import FOLDER, Ours, Sample, SampleOutcome, differences, read_ours, sample_mail, samples, subject_of
from mailbridge.errors import Permanent

OURS = Ours(
    recipient="bogdan@agents.demo.example", reply_to="support+mb1.c.x@demo.example", message_id="<mb1@demo.example>", subject="[MB-1] VPN"
)
ALL = samples()


def test_there_are_a_dozen_samples_of_every_kind_the_demo_promises() -> None:
    assert len(ALL) >= 12
    assert {sample.expect["outcome"] for sample in ALL} >= {"ticket", "append", "duplicate"}
    assert {sample.expect.get("kind") for sample in ALL} >= {"human", "auto-reply", "bounce"}
    assert len({sample.expect.get("language") for sample in ALL} - {None}) >= 3
    assert sum("follows" in sample.expect for sample in ALL) >= 2


def test_every_mail_in_the_folder_is_sent() -> None:
    assert {sample.file for sample in ALL} == {path.name for path in FOLDER.glob("*.eml")}


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: f"{sample.file}:{sample.is_}")
def test_a_sample_has_places_to_fill_exactly_when_it_answers_a_mail(sample: Sample) -> None:
    text = (FOLDER / sample.file).read_text(encoding="utf-8")

    assert bool(re.search(r"%[A-Z_]+%", text)) == (sample.answers is not None)


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: f"{sample.file}:{sample.is_}")
def test_a_letter_is_ready_for_the_wire(sample: Sample) -> None:
    made = sample_mail(sample, OURS if sample.answers else None)

    assert b"\n" not in made.raw.replace(b"\r\n", b"")
    assert not re.search(rb"%[A-Z_]+%", made.raw)
    assert all(recipient.endswith("@demo.example") for recipient in made.recipients)
    assert made.recipients
    assert "@" in made.message_id
    assert (made.mail_from == "") == sample.null_sender


def test_our_mail_is_read_as_a_mail_program_reads_it_for_a_reply() -> None:
    raw = (
        b"From: Desk <support@demo.example>\r\nTo: Eva <eva@demo.example>\r\nReply-To: support+mb1@demo.example\r\n"
        b"Subject: =?utf-8?Q?f=C3=A4llt?=\r\n aus\r\nMessage-ID: <a@b>\r\n\r\nx"
    )

    assert read_ours(raw) == Ours(
        recipient="eva@demo.example", reply_to="support+mb1@demo.example", message_id="<a@b>", subject="=?utf-8?Q?f=C3=A4llt?= aus"
    )
    assert subject_of(raw) == "fällt aus"


def test_what_was_not_expected_is_told_and_what_nobody_expected_is_not_compared() -> None:
    sample = Sample(file="x.eml", is_="", expect={"team": "billing", "told": ["agent.new"], "status": "new"})

    assert differences(sample, SampleOutcome(outcome="ticket", team="billing", told=("agent.new",), status="new", language="de")) == []
    assert differences(sample, SampleOutcome(outcome="ticket", team="support", status="new")) == [
        'x.eml: team is "support", expected "billing"',
        "x.eml: told is nothing, expected agent.new",
    ]


def test_an_expectation_that_nothing_can_answer_is_a_mistake_of_the_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "samples.toml").write_text('[[sample]]\nfile = "a"\nis = "b"\nexpect = { colour = "red" }\n', encoding="utf-8")
    monkeypatch.setattr("mailbridge.cli.demo_samples.FOLDER", tmp_path)

    with pytest.raises(Permanent, match="expects something unknown: colour"):
        samples()
