"""`python -m tests.scenarios NAME...`: plays stories and prints what came of each step, in the words a story would expect.

`--mails` shows the mails as well; `--list` names all stories and what each shows.  Whoever writes a new story runs this, reads every
line, and copies those that are right.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.harness import DeskApp
from tests.scenarios.play import playing, shown
from tests.scenarios.story import stories


def main(names: list[str]) -> int:
    """The stories whose names begin so were played; 2 where there is none."""
    whole = "--mails" in names
    wanted = [name for name in names if not name.startswith("--")]
    if "--list" in names:
        print("\n".join(f"{story.name:48} {story.why:40} {story.title}" for story in stories()))
        return 0
    found = [story for story in stories() if not wanted or any(story.name.startswith(name) for name in wanted)]
    for story in found:
        print(f"== {story.name}: {story.title}")
        with tempfile.TemporaryDirectory() as folder:
            for player, played in playing(story, Path(folder)):
                print(f"- step {played.step.number}: {dict(played.step.values)}")
                print(f"  outcome: {played.outcome}\n  told: [{', '.join(played.told)}]")
                for letter in played.letters if whole else ():
                    print(f"  --- to {letter['To']}")
                    print("\n".join(f"    {line}" for text in shown(letter)[:2] for line in text.splitlines()))
                for number, ticket in player.tickets().items():
                    print(f"  {number}: status {ticket.status}, team {ticket.team}, assignee {ticket.assignee!r}, {ticket.priority}")
            for ticket in player.desk.tickets():
                print(f"  history MB-{ticket.id}:")
                print("".join(f"    - {line}\n" for line in player.history(ticket.id)), end="")
            print(f"  leaks: {player.leaks()}")
    return 0 if found else 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    finally:
        DeskApp.shared.close()
