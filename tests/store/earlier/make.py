"""`python -m tests.store.earlier.make`: builds the desk that upgrades are tried on, with the code of today, and what it says of itself.

`desk/` beside this file is the folder of a desk as it was written in November 2026; stories of tests/scenarios are played on it one after
another, and some mails that stories have not.  The results are `database.sqlite.xz` and `expected.json.xz`.

Run it only to make a further desk of a later version beside this one: what is checked in is what an earlier version left behind, and
making it anew with newer code would prove nothing.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from mailbridge.clock import FixedClock
from mailbridge.config import shipped
from mailbridge.config.load import load
from mailbridge.delivery.render.render import Renderer
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.errors import MailbridgeError
from mailbridge.execution.execute import execute
from mailbridge.handling import pairing
from mailbridge.notifications.model import Audience
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.people import RevokeAddresses
from mailbridge.tickets.requests import each
from tests.harness import DeskApp, TestDesk, a_mail, proven
from tests.scenarios.play import Player
from tests.scenarios.story import START, Step, Story, StoryError, stories

HERE = Path(__file__).parent
DESK, DATABASE, EXPECTED = HERE / "desk", HERE / "database.sqlite.xz", HERE / "expected.json.xz"
ENVIRONMENT = {"EARLIER_PASSWORD": "not a secret", "EARLIER_SECRET": "whsec_bm90IGEgc2VjcmV0IG9mIGFueWJvZHk="}

# Stories by their numbers: what happens in them, put together, makes nearly every kind of event.
WHOLE = (
    *("01", "02", "03", "04", "05", "06", "10", "12", "15", "18", "21", "24", "28", "30", "32", "34", "38", "40", "41", "42", "43"),
    *("44", "51", "55", "56", "57", "59", "60", "61", "63", "67", "68", "69", "70", "71", "73", "74", "77", "91", "92", "120"),
)
BEGUN = {"39": 6, "55": 2, "59": 3, "66": 3, "207": 2, "130": 2, "131": 3, "65": 2, "61": 2, "40": 2}  # and so many steps are played

OWN_TEMPLATES = ("customer.taken",)  # those that use nothing of the shipped ones, whose words may be changed

# What changes with the time of the call, or from one version to the next: by command, the keys that are left out.
LEFT_OUT: Mapping[str, frozenset[str]] = {
    "status": frozenset({"ok", "schema", "oldest_waiting", "seen_alive", "logins", "backup", "sources", "troubles"}),
    "rules explain": frozenset({"ms"}),
}


@contextmanager
def earlier_desk(folder: Path) -> Iterator[TestDesk]:
    """The desk of the folder, at its stored time."""
    with DeskApp.open(load(folder), clock=FixedClock(START)) as app:
        yield TestDesk(app, app.clock)  # type: ignore[arg-type]


def said(folder: Path, *command: str) -> Any:
    """What a command with --json prints."""
    from mailbridge.cli.main import main

    printed = StringIO()
    with redirect_stdout(printed):
        main([*command, "--desk", str(folder), "--json"])
    return json.loads(printed.getvalue())


def snapshot(folder: Path) -> dict[str, Any]:
    """Everything that the commands say about the desk in the folder, by command."""
    listed = said(folder, "tickets", "list", "--snoozed", "--limit", "1000")
    found: dict[str, Any] = {"tickets list": listed}
    found |= {f"tickets show {one['number']}": said(folder, "tickets", "show", one["number"]) for one in listed}
    found["outbox list"] = said(folder, "outbox", "list", "--limit", "5000")
    found["webhooks list"] = said(folder, "webhooks", "list", "--limit", "1000")
    found["held list"] = said(folder, "held", "list")
    found["quarantine list"] = said(folder, "quarantine", "list")
    found["docs find"] = said(folder, "docs", "find")
    found["search E-52"] = said(folder, "search", "E-52")
    found["rules explain MB-1"] = said(folder, "rules", "explain", "MB-1")
    found["report time"] = said(folder, "report", "time", "--week", "2026-W48")
    found["status"] = without(said(folder, "status"), LEFT_OUT["status"])
    found["outbox show"] = {str(one["id"]): said(folder, "outbox", "show", str(one["id"])) for one in found["outbox list"][:40]}
    found["templates"] = {name: previewed(folder, name) for name in OWN_TEMPLATES}
    for mail in sorted((folder / "mails").glob("*.eml")):
        found[f"rules explain {mail.name}"] = without(said(folder, "rules", "explain", str(mail)), LEFT_OUT["rules explain"])
    return found


def previewed(folder: Path, name: str) -> dict[str, str]:
    """The desk's own template on the first of the made-up mails."""
    audience, event = name.split(".")
    view = next(iter(sample_views(audience, event)))
    renderer = Renderer((folder / "templates", shipped.templates()))
    worded = renderer.render(sample_notification(Audience(audience), event, "en"), view)
    return {"subject": worded.subject, "text": worded.text, "html": worded.html}


def without(value: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key not in keys}


# -- making ------------------------------------------------------------------------------------------------------


def main() -> int:
    os.environ |= ENVIRONMENT
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "desk"
        shutil.copytree(DESK, folder)
        with earlier_desk(folder) as desk:
            play_all(desk)
            desk.assert_sound()
        pack(folder / "mailbridge.db")
        EXPECTED.write_bytes(lzma.compress(json.dumps(snapshot(folder), indent=0, sort_keys=True).encode(), preset=9))
    for file in (DATABASE, EXPECTED):
        print(f"{file.name}: {file.stat().st_size:,} bytes")
    return 0


def pack(database: Path) -> None:
    """The database is in DATABASE, without free pages."""
    with sqlite3.connect(database) as connection:
        connection.execute("VACUUM INTO ?", (str(database.with_name("packed.db")),))
    DATABASE.write_bytes(lzma.compress(database.with_name("packed.db").read_bytes(), preset=9 | lzma.PRESET_EXTREME))


def play_all(desk: TestDesk) -> None:
    """The stories, each on the tickets that come next; then mails that no story has; then stories that end while somebody is waited for."""
    known = {story.name.partition("-")[0]: story for story in stories()}
    for number in WHOLE:
        play(known[number], desk)
        desk.clock.time += timedelta(hours=1)
    for number, steps in BEGUN.items():
        play(replace(known[number], name=f"{known[number].name}-begun", steps=known[number].steps[:steps]), desk)
    more(desk)


def play(story: Story, desk: TestDesk) -> None:
    """The story's steps, its MB-1 being the next ticket of this desk.  What cannot be played on this desk is left out, and said."""
    print(story.name, flush=True)
    shutil.rmtree(desk.app.config.folder / "outgoing", ignore_errors=True)  # mails are looked for among those of this story
    first = max((ticket.id for ticket in desk.tickets()), default=0)
    steps = tuple(Step(number=step.number, values=moved(step.values, first)) for step in story.steps)
    player = Player(story=replace(story, steps=steps), desk=desk)
    for step in steps:
        try:
            player.play(step)
        except (StoryError, MailbridgeError, StopIteration) as error:
            print(f"  not from step {step.number} on: {error}")
            return


def moved(value: Any, by: int) -> Any:
    """The value with every ticket number in it raised."""
    if isinstance(value, str):
        return re.sub(r"\bMB-(\d+)\b", lambda number: f"MB-{int(number[1]) + by}", value)
    if isinstance(value, dict):
        return {moved(key, by): moved(each, by) for key, each in value.items()}
    if isinstance(value, list):
        return [moved(each, by) for each in value]
    return value


def more(desk: TestDesk) -> None:
    """Mails that wait: to go out, for a yes, for an admin, for another system."""
    for number, (sender, subject, body) in enumerate(
        (
            ("Carol Jones <carol@customer.test>", "Plotter LF-2231 is down", "It needs toner.\n\nE-52 on the panel."),
            ("Dana Pop <dana@other.test>", "Căutăm oferta", "Bună ziua,\n\nNu găsesc oferta: ștampila țării."),
            ("Ольга <olga@drugoj.test>", "Принтер не печатает", "Здравствуйте!\n\nПринтер не печатает."),
        )
    ):
        mail = a_mail(body, from_=sender, subject=subject, message_id=f"<waits{number}@more.test>")
        address = sender.partition("<")[2].rstrip(">")
        desk.feed(proven(mail, address.partition("@")[2]), mail_from=address)
    leaver = "leaver@customer.test"
    mail = a_mail("Goodbye.", from_=leaver, subject="I leave", message_id="<leaver@more.test>")
    desk.feed(proven(mail, "customer.test"), mail_from=leaver)
    with desk.app.store.write() as tx:
        tx.addresses.suspend(leaver, None, "asked for no more mail")
    desk.deliver()
    for number in range(12):  # more than an agent hears of one by one, and more than a stranger is answered
        stranger = "stranger@nowhere.test" if number < 7 else f"guest{number}@guests.test"
        mail = a_mail(f"Question {number}", from_=stranger, subject=f"Question {number}", message_id=f"<many{number}@more.test>")
        desk.feed(mail, mail_from=stranger)
    waits = desk.accept(b"From: x\r\n\r\nA mail that nobody has worked on yet.\r\n", mail_from="")
    aside = desk.accept(b"From: y\r\n\r\nA mail that could not be read.\r\n", mail_from="")
    now, app = desk.clock.time, desk.app
    bogdan = app.policy().organisation.agents["bogdan"]
    with app.store.write() as tx:
        assert waits < aside
        tx.inbox.quarantine(aside, "reading took longer than 20 s, three times", now)
        tx.addresses.suspend("gone@customer.test", now + timedelta(days=3), "bounced: 550 5.1.1 no such user here")
        tx.cursors.set("support", "INBOX", 7, 4711)
        pairing.request(tx, bogdan, "bogdan@desk.test", desk_address="support@desk.test", now=now, chance=lambda size: bytes(range(size)))
        revoke = each([RevokeAddresses(address="carol@customer.test")])
        execute(tx, app.desk(), desk.ticket(), revoke, Actor(kind=ActorKind.ADMIN, name="root"), now)


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        DeskApp.shared.close()
