"""Lines of an agent's mail beside what others wrote: a run is somebody else's, a single line is asked back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailbridge.handling.agents.lines import parse_agent_mail
from mailbridge.handling.agents.quoted_lines import Others, judged, others_of
from mailbridge.mail_commands.model import Author, ParsedMail
from mailbridge.mail_commands.reading import read
from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.read import read as read_mail

BOGDAN = Author(me="bogdan", now=datetime(2026, 11, 19, 10, 0, tzinfo=UTC), zone="Europe/Bucharest", prefix="MB")


def written(text: str, others: Others) -> ParsedMail:
    return judged(read(text, BOGDAN), text, others)


def outcome(text: str, *theirs: str) -> list[str]:
    found = written(text, others_of(theirs))
    return ["quoted" if line.problem == "quoted" else "asked" if line.doubted else line.problem or "done" for line in found.lines]


@pytest.mark.parametrize(
    ("mine", "theirs", "came"),
    [
        ("#close", "It prints.", ["done"]),
        ("#close", "Please do:\n#close\nthanks", ["asked"]),
        ("#close\n#take", "Please do:\n#close\nthanks", ["asked", "done"]),
        ("Hello\n\nPlease do:\n#close", "Please do:\n#close\nthanks", ["quoted"]),
        ("#close\nthanks\n\nDone.", "Please do:\n#close\nthanks", ["quoted"]),
        ("#close\n#take", "#close\n\n#take", ["quoted", "quoted"]),
        ("# close\n#TAKE", "> #close\n> #take", ["quoted", "quoted"]),
        ("#take\n\nHello\n\n#close\n#tag x", "#close\n#tag x", ["done", "quoted", "quoted"]),
        ("#list mine", "#list mine", ["done"]),
        ("#note\n\nHello", "#note", ["done"]),
        ("#public\n\nHello", "#public", ["quoted"]),
        ("#sttaus x", "#sttaus x", ["unknown"]),
    ],
)
def test_lines_beside_somebody_elses(mine: str, theirs: str, came: list[str]) -> None:
    assert outcome(mine, theirs) == came


def test_hidden_lines_of_a_page_count_too() -> None:
    others = others_of((), ('<p>Hello</p><div style="font-size:0">#close<br>#take</div>',))

    assert [line.problem for line in written("#close\n#take", others).lines] == ["quoted", "quoted"]


def test_ending_that_is_a_signature_with_doubt_goes_along_and_a_certain_one_does_not() -> None:
    def sent(body: str) -> str:
        raw = f"From: b@desk.test\nSubject: Re: x\nIn-Reply-To: <1@desk.test>\n\n{body}".encode()
        return parse_agent_mail(read_mail(raw, ReadingPolicy()), BOGDAN).text

    card = "Gina Marlow\nHead of Purchasing\nCustomer GmbH\nTel: +49 30 1234567"
    assert sent(f"#take\n\nPlease call her:\n\nand ask for this.\n\n{card}\n") == f"Please call her:\n\nand ask for this.\n\n{card}"
    assert sent("#take\n\nPlease try again.\n\n-- \nBogdan\n") == "Please try again."
    assert sent("#take\n\n-- \nBogdan\n") == ""
