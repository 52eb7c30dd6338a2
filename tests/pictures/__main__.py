"""`python -m tests.pictures [--out DIR]` draws the mails of some stories in Chromium, as wide as a phone and as a desktop.

Whoever changes a template runs it, looks at every picture, and commits those in docs/pictures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

from mailbridge.ops import log
from tests.harness import DeskApp
from tests.pictures.draw import WIDTHS, chromium, draw
from tests.scenarios.play import playing
from tests.scenarios.story import stories

DOCS = Path(__file__).parents[2] / "docs/pictures"
# name of the picture: story, step, who got the mail
PICTURES = {
    "new-for-agent": ("01-", 1, "bogdan@desk.test"),
    "receipt": ("01-", 1, "carol@customer.test"),
    "lists-and-pictures": ("340-", 1, "bogdan@desk.test"),
    "left-out": ("219-", 2, "bogdan@desk.test"),
    "only-a-file": ("216-", 2, "bogdan@desk.test"),
    "answer": ("01-", 2, "carol@customer.test"),
    "commands": ("07-", 2, "bogdan@desk.test"),
    "assigned": ("05-", 2, "clara@desk.test"),
    "overdue": ("20-", 4, "mara@desk.test"),
    "passed-on": ("28-", 1, "bogdan@desk.test"),
    "list": ("75-", 5, "bogdan@desk.test"),
    "approval": ("55-", 2, "mara@desk.test"),
    "why": ("270-", 9, "bogdan@desk.test"),
    "help": ("78-", 1, "bogdan@desk.test"),
    "appointment": ("40-", 2, "carol@customer.test"),
}
# Those of the pages about a week and a day: on a phone alone.
PHONES = {
    "week-receipt": ("371-", 2, "carol@customer.test"),
    "week-taken": ("371-", 6, "carol@customer.test"),
    "week-solved": ("371-", 12, "carol@customer.test"),
    "day-digest": ("372-", 3, "bogdan@desk.test"),
    "day-new": ("372-", 4, "bogdan@desk.test"),
    "day-note": ("372-", 7, "clara@desk.test"),
}
AT_NIGHT = {"week-solved-dark": ("371-", 12, "carol@customer.test")}
PHONE = {"phone": WIDTHS["phone"]}


def letters(wanted: dict[str, tuple[str, int, str]]) -> Iterator[tuple[str, Message]]:
    """Each picture's name with its mail."""
    for story in stories():
        names = {name: place for name, place in wanted.items() if story.name.startswith(place[0])}
        if not names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for _, played in playing(story, Path(folder)):
                for name, (_, step, who) in names.items():
                    found = [letter for letter in played.letters if step == played.step.number and who in str(letter["To"])]
                    if found:
                        yield name, found[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DOCS)
    parser.add_argument("--only", default="", help="pictures whose names begin so")
    asked = parser.parse_args()
    browser = chromium()
    if browser is None:
        print("there is no Chromium on this machine; install it (Debian: apt-get install chromium)", file=sys.stderr)
        return 2
    log.configure(style="json", level="error")
    asked.out.mkdir(parents=True, exist_ok=True)
    drawn = set()
    wanted = {name: place for name, place in (PICTURES | PHONES | AT_NIGHT).items() if name.startswith(asked.only)}
    for name, letter in letters(wanted):
        draw(name, letter, browser, asked.out, WIDTHS if name in PICTURES else PHONE, dark=name in AT_NIGHT)
        drawn.add(name)
        print(f"{name}: {letter['Subject']}")
    missing = sorted(set(wanted) - drawn)
    if missing:
        print(f"no story sends these mails any more: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        DeskApp.shared.close()
