"""No mail of ours makes anybody scroll sideways, on a phone or on a desktop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pictures.draw import WIDTHS, measure
from tests.scenarios.play import playing
from tests.scenarios.story import Story, stories
from tests.servers.processes import program

pytestmark = pytest.mark.servers

# One story for each kind of mail: long subjects and file names, tables of commands, quotes, alerts.
STORIES = ("01-", "07-", "20-", "28-")


@pytest.mark.parametrize("story", [story for story in stories() if story.name.startswith(STORIES)], ids=lambda story: story.name)
def test_mail_fits_the_window(story: Story, tmp_path: Path) -> None:
    browser = program("chromium", "chromium")
    letters = [letter for _, played in playing(story, tmp_path) for letter in played.letters]
    assert letters
    for letter in letters:
        for name, across in WIDTHS.items():
            size = measure(letter, browser, across)
            assert size.wide <= size.room, f"{letter['Subject']!r} to {letter['To']} is too wide for a {name}"
