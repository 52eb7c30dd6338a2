"""No mail of ours makes anybody scroll sideways, on a phone or on a desktop, and each can be read on a light and on a dark screen."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest

from tests.delivery.test_spam_score import letters as sample_letters
from tests.pictures.__main__ import letters
from tests.pictures.draw import WIDTHS, frames, measure
from tests.scenarios.play import playing
from tests.scenarios.story import Story, stories
from tests.servers.processes import program

pytestmark = pytest.mark.servers

# One story for each kind of mail: long subjects and file names, tables of commands, quotes, alerts.
SMALL = 360
TEXT, BARS = 4.5, 3.0  # least contrast of text, and of signs, as WCAG 2.2 asks for in 1.4.3 and 1.4.11
STORIES = ("01-", "07-", "20-", "28-", "340-")


@pytest.mark.parametrize("story", [story for story in stories() if story.name.startswith(STORIES)], ids=lambda story: story.name)
def test_mail_fits_the_window(story: Story, tmp_path: Path) -> None:
    browser = program("chromium", "chromium")
    sent = [letter for _, played in playing(story, tmp_path) for letter in played.letters]
    assert sent
    for frame in frames(sent, browser, [SMALL, *WIDTHS.values()]):
        screen = f"{frame.subject!r} at {frame.across} px, {'dark' if frame.dark else 'light'}"
        assert frame.room == frame.across
        assert frame.wide <= frame.room, f"{screen} is too wide"
        assert frame.contrast >= TEXT, f"{screen}: {frame.text!r} can hardly be read"
        assert not frame.dark or frame.bars >= BARS, f"{screen}: the bar of a quote cannot be seen"


def test_every_mail_fits_a_small_phone() -> None:
    """With everything in it, in Russian, whose words are longest; measured in one run of the browser."""
    browser = program("chromium", "chromium")
    every: dict[str, Message] = {}
    for name, raw in sample_letters():
        if name.startswith("ru/") and name not in every:  # the first sample of each has everything in it
            every[name] = message_from_bytes(raw, policy=default)
    assert len(every) > 90
    found = frames(list(every.values()), browser, [SMALL])
    assert [(frame.subject, frame.wide) for frame in found if frame.wide > frame.room] == []
    assert [(frame.subject, frame.text) for frame in found if frame.contrast < TEXT] == []


def test_the_timeline_fits_a_small_phone() -> None:
    """In each language; days and months are longest in Romanian."""
    browser = program("chromium", "chromium")
    asked = {"en": ("270-", 9, "bogdan@desk.test"), "ro": ("270-", 4, "ion@desk.test"), "ru": ("270-", 7, "olga@desk.test")}
    found = dict(letters(asked))
    assert found.keys() == asked.keys()
    for language, letter in found.items():
        size = measure(letter, browser, SMALL)
        assert (size.wide, size.room) == (SMALL, SMALL), language
