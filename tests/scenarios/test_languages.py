"""Every mail that customers, agents and managers can get, caused the way it is caused in a desk, in each language of the desk.

`languages/events.yaml` names the steps for each event.  An event that is not in it, or that its steps do not cause, fails.  All words of
the mails are in the language, each recipient has one subject a ticket, and header and references are short.  Mails to administrators are
about the desk itself, in the language of its configuration: they are rendered with sample values, because a silent server or a full disk
takes long to cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import Message
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.handling.pairing import request
from mailbridge.ids import system_chance
from mailbridge.notifications.model import Audience, Notification
from tests import compiled
from tests.harness import a_config, a_desk, a_mail, proven
from tests.scenarios.play import Player
from tests.scenarios.story import SHIPPED, START, Step, Story
from tests.web.browser import SETTINGS, Browser, pages_of

FOLDER = Path(__file__).parent / "languages"
LANGUAGES = ("en", "ro", "ru")
EVENTS: dict[str, list[dict[str, Any]]] = yaml.safe_load((FOLDER / "events.yaml").read_text(encoding="utf-8"))
TEXTS: dict[str, Any] = yaml.safe_load((FOLDER / "texts.yaml").read_text(encoding="utf-8"))
TO_PEOPLE = re.compile(r"(?:customer|agent|manager)\.")


def text(template: str, language: str) -> str:
    """The text with what people write in this language in place of its names."""
    return re.sub(r"\$\{(\w+)\}", lambda found: language if found[1] == "language" else TEXTS[found[1]][language], template)


def desk_of(language: str) -> Story:
    """The desk, on which nothing has happened yet."""
    files = yaml.safe_load((FOLDER / "desk.yaml").read_text(encoding="utf-8"))
    statuses = {"statuses.yaml": (SHIPPED / "statuses.yaml").read_text(encoding="utf-8")}
    rules = {**statuses, **{name: text(content, language) for name, content in files.items()}}
    return Story(name=f"languages-{language}", folder=FOLDER, title="", why="", steps=(), rules=rules)


def filled(value: Any, language: str) -> Any:
    """The value of a step with the texts in this language."""
    if isinstance(value, dict):
        return {name: filled(inner, language) for name, inner in value.items()}
    return text(value, language) if isinstance(value, str) else value


def told(player: Player, steps: list[dict[str, Any]], language: str, number: int) -> Iterator[Notification]:
    """Who is told because of the steps."""
    known = {one.key for one in player.desk.promises()}
    for place, values in enumerate(steps):
        given = {name: value for name, value in values.items() if name != "run"}
        player.play(Step(number=number * 100 + place, values=filled(given, language)))
        for job in values.get("run", ()):
            CAUSES[job](player) if job in CAUSES else getattr(player.desk.app.jobs, job)()
        player.seen = len(player.desk.deliver())
    yield from (one for one in player.desk.promises() if one.key not in known)


def unsubscribe(player: Player) -> None:
    """Bogdan's mail program ends the digest."""
    digest = next(letter for letter in reversed(player.desk.sent()) if letter["List-Unsubscribe"])
    to = unquote(str(digest["List-Unsubscribe"]).removeprefix("<mailto:").partition("?")[0])
    raw = a_mail("", from_="bogdan@desk.test", to=to, subject="unsubscribe", message_id="<end@desk.test>")
    player.desk.feed(proven(raw), rcpt_to=(to,))


def many_mails(player: Player) -> None:
    """More mails within a minute than agents are told of one by one."""
    for number in range(13):
        raw = a_mail("LF-2231", from_=f"guest{number}@guest.test", subject=f"LF-2231 {number}", message_id=f"<g{number}@guest.test>")
        player.desk.feed(proven(raw, "guest.test"))


def pair(player: Player) -> None:
    """As `mailbridge agents pair bogdan` does."""
    desk = player.desk
    agent = desk.app.policy().organisation.agents["bogdan"]
    with desk.app.store.write() as tx:
        request(tx, agent, agent.address, desk_address="support@desk.test", now=desk.clock.now(), chance=system_chance)


def sign_in(player: Player) -> None:
    """Bogdan asks for a link on the page."""
    Browser(app=pages_of(player.desk)).post("/sign-in", address="bogdan@desk.test")


CAUSES = {"unsubscribe": unsubscribe, "many_mails": many_mails, "pair": pair, "sign_in": sign_in}


@contextmanager
def a_desk_in(folder: Path, language: str) -> Iterator[Player]:
    """The desk with the articles and answers that we ship."""
    story = desk_of(language)
    for texts in ("knowledge", "answers"):
        copytree(SHIPPED.parent / texts, folder / texts)
    settings = replace(a_config(folder).desk, language=language)
    with a_desk(folder, rules=dict(story.rules), desk=settings, web=SETTINGS) as desk:
        desk.clock.time = START
        yield Player(story=story, desk=desk)


@cache
def every_event() -> tuple[str, ...]:
    return tuple(event for event in compiled.SHIPPED.events() if TO_PEOPLE.match(event))


def test_every_event_has_its_steps() -> None:
    """Whoever adds a mail says how it is caused."""
    assert set(EVENTS) == set(every_event())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_comes_in_the_language(language: str, tmp_path: Path) -> None:
    seen: set[str] = set()
    notifications: dict[str, Notification] = {}
    with a_desk_in(tmp_path, language) as player:
        for number, (event, steps) in enumerate(EVENTS.items()):
            new = list(told(player, steps, language, number))
            seen |= {one.kind for one in new}
            assert event in seen, f"{event} is not caused by its steps, but {sorted({one.kind for one in new})}"
            notifications |= {one.message_id: one for one in new}
        letters = player.desk.sent()
    sent = {id: notifications[id].kind for letter in letters if (id := str(letter["Message-ID"]).strip("<> ")) in notifications}
    assert set(EVENTS) <= set(sent.values()), f"not sent: {set(EVENTS) - set(sent.values())}"
    wrong = {(kind, word) for id, kind in sent.items() for word in foreign(letter_of(letters, id), language)}
    assert sorted(one for one in wrong if one[1] not in _QUOTED.get(one[0], ())) == []
    for letter in letters:
        assert len(letter.as_bytes().split(b"\n\n", 1)[0]) < 4_096
        assert len(str(letter["References"] or "")) <= 1_500
    subjects = subjects_of(letters)
    assert {about: found for about, found in subjects.items() if len(found) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_mails_to_administrators_are_in_the_language_of_the_desk(language: str) -> None:
    """All words but those of the values: names, and reasons as the log has them."""
    for event in (one for one in compiled.SHIPPED.events() if one.startswith("admin.")):
        name = event.partition(".")[2]
        notification = sample_notification(Audience.ADMIN, name, language)
        given = set(re.findall(r"[^\W\d_]{2,}", " ".join(VOCABULARY[event].values())))
        for view in sample_views("admin", name):
            mail = compiled.SHIPPED.render(notification, view)
            said = _FOR_PROGRAMS.sub(" ", f"{mail.subject}\n{mail.text}")
            words = set(re.findall(r"[^\W\d_]{2,}", _NO_WORDS.sub(" ", said))) - given - _TECHNICAL
            assert sorted(word for word in words if is_foreign(word, language)) == [], event


# Commands, keys and names that an administrator types or looks for.
_FOR_PROGRAMS = re.compile(r'"?mailbridge [a-z][^"\n]*"?|mailbridge(?:\.toml)?|\[(?:limits|backup)\]|\w+_(?:file|expires)|timedatectl')
_TECHNICAL = frozenset(
    "OAuth IMAP Message ID UTC EET UID client secret Acme Support take keep failed item job".split()  # noqa: SIM905
)


def letter_of(letters: list[Message], id: str) -> Message:
    return next(letter for letter in letters if id in str(letter["Message-ID"]))


def subjects_of(letters: list[Message]) -> dict[tuple[str, str], set[str]]:
    """The subjects of the mails to each recipient about each ticket."""
    found: dict[tuple[str, str], set[str]] = {}
    for letter in letters:
        for number in re.findall(r"\[(MB-\d+)\]", str(letter["Subject"])):
            found.setdefault((str(letter["To"]), number), set()).add(str(letter["Subject"]))
    return found


# What stands in a mail in any language: addresses, commands with their arguments, numbers, names and lines of files, words of servers.
_NO_WORDS = re.compile(
    r"""(?:mailto|https?|cid):[^\s"'<>]+ | ^rules/.* | 5\.1\.1\ smtp;.* | \((?:dmarc=|DMARC\ )[^)]*\) | profile\ own:.*
    | <[^>]*> | &\w+; | \S+@\S+ | \#[^\s<]+(?:[ \t]+[!-;=?-~]+(?!\w))* | \b[A-Z]{2,}-\d+\b | \[pair-\w+\]
    | \b[\w-]+\.(?:csv|txt|md|yaml|ics|p7m)\b
    | 1\ =\ (?:friday\ 14:00|none)""",
    re.VERBOSE | re.MULTILINE,
)


def foreign(letter: Message, language: str) -> list[str]:
    """The words of the mail that are of another language."""
    words = set()
    for part in [str(letter["Subject"]), *readable(letter)]:
        words |= set(re.findall(r"[^\W\d_]{2,}", _NO_WORDS.sub(" ", part)))
    return sorted(word for word in words if is_foreign(word, language))


def readable(letter: Message) -> list[str]:
    """The text and the visible text of the HTML; invitations and files for spreadsheets are for programs."""
    texts = []
    for part in letter.walk():
        if part.get_content_type() in ("text/plain", "text/html") and not part.get_filename():
            said = (part.get_payload(decode=True) or b"").decode(part.get_content_charset() or "utf-8")  # type: ignore[union-attr]
            texts.append(re.sub(r"(?s)<(style|head)\b.*?</\1>", " ", said))
    return texts


def is_foreign(word: str, language: str) -> bool:
    match language:
        case "ru":
            return word.isascii() and word not in _NAMES
        case "ro":
            return word.lower() in _ENGLISH or bool(re.search("[\u0400-\u04ff]", word))
    return bool(re.search("[\u0400-\u04ffăâîșț]", word.lower())) and word != "Iași"


# Mails that show lines of the desk's own files.
_QUOTED = {"agent.left": frozenset(re.findall(r"\w+", (FOLDER / "desk.yaml").read_text(encoding="utf-8"))) | {"ru"}}
_OF_DESK = yaml.safe_load((FOLDER / "texts.yaml").read_text(encoding="utf-8"))["names"]
_NAMES = frozenset(_OF_DESK.split())
_ENGLISH = frozenset("the and your you this that was were with from for of to not has have been by".split())  # noqa: SIM905
