"""A story read from its folder: `story.yaml`, with mails beside it where they are longer than a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
SHIPPED = FOLDER.parent.parent / "rules"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday

MAIL = {
    *("from", "to", "cc", "answer", "about", "subject", "text", "html", "attach", "eml", "forged", "file", "robot", "message-id", "date"),
    *("quotes", "invitation", "came", "in-reply-to", "late"),
}
STEP = MAIL | {"mailbox", "release", "past"} | {"wait", "until", "told", "outcome", "says", "hides", "look", "rules", "why"}
STORY = {"title", "why", "desk", "rules", "identities", "suggests", "shadow", "steps", "then"}
# libyaml reads ten times as fast; PyYAML may be built without it.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class StoryError(Exception):
    """The story says something that nobody understands; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happens, and what must come of it."""

    number: int
    values: Mapping[str, Any]

    @property
    def is_mail(self) -> bool:
        return bool({"from", "answer", "eml"} & set(self.values))

    def moment(self, now: datetime) -> datetime:
        """When the step happens: `wait` counts from the step before, `until` is a weekday and an hour to come (UTC)."""
        if "wait" in self.values:
            return now + duration(str(self.values["wait"]))
        if "until" in self.values:
            return coming(str(self.values["until"]), now)
        return now


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    name: str
    folder: Path
    title: str
    why: str
    steps: tuple[Step, ...]
    then: Mapping[str, Any] = field(default_factory=dict)
    desk: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)
    identities: tuple[Mapping[str, str], ...] = ()
    suggests: bool = False  # `suggest_answers` of [knowledge]
    shadow: bool = False  # `shadow` of [desk]

    @property
    def house(self) -> dict[str, str]:
        """The rules of the desk the story names (a folder of `desks`), with the statuses we ship."""
        if not self.desk:
            return {}
        folder = FOLDER / "desks" / self.desk
        files = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml")}
        if not files:
            raise StoryError(f"{self.name}: there is no desk {self.desk!r} in {folder.parent}")
        return {"statuses.yaml": (SHIPPED / "statuses.yaml").read_text(encoding="utf-8"), **files}


def read(folder: Path) -> Story:
    """The story of the folder.  Raises StoryError for keys that nobody reads."""
    try:
        told = yaml.load((folder / "story.yaml").read_text(encoding="utf-8"), _LOADER)
    except yaml.YAMLError as err:
        raise StoryError(f"{folder.name}/story.yaml: {err}") from err
    _known(told, STORY, f"{folder.name}/story.yaml")
    steps = tuple(Step(number=number, values=values) for number, values in enumerate(told["steps"], start=1))
    for step in steps:
        _known(step.values, STEP, f"{folder.name}/story.yaml, step {step.number}")
    return Story(
        name=folder.name,
        folder=folder,
        title=told["title"],
        why=str(told["why"]),
        steps=steps,
        then=told.get("then") or {},
        desk=told.get("desk") or "",
        rules=told.get("rules") or {},
        identities=tuple(told.get("identities") or ()),
        suggests=bool(told.get("suggests")),
        shadow=bool(told.get("shadow")),
    )


@cache
def stories() -> tuple[Story, ...]:
    """All stories, in the order of their folders' names."""
    return tuple(read(path.parent) for path in sorted(FOLDER.glob("*/story.yaml")))


def duration(text: str) -> timedelta:
    """'90m', '2h', '3d', '1w' or several of them: '1d 2h'."""
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks", "s": "seconds"}
    whole = timedelta()
    for part in text.split():
        if part[-1] not in units or not part[:-1].isdigit():
            raise StoryError(f"{part!r} is no duration; write 90m, 2h, 3d or 1w")
        whole += timedelta(**{units[part[-1]]: int(part[:-1])})
    return whole


def coming(text: str, now: datetime) -> datetime:
    """The next 'tue 09:00' after now."""
    day, _, hour = text.lower().partition(" ")
    if day not in WEEKDAYS:
        raise StoryError(f"{text!r} is no day and hour; write tue 09:00")
    hours, _, minutes = (hour or "09:00").partition(":")
    at = now.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0)
    at += timedelta(days=(WEEKDAYS.index(day) - at.weekday()) % 7)
    return at if at > now else at + timedelta(days=7)


def _known(values: Mapping[str, Any], keys: set[str], where: str) -> None:
    unknown = set(values) - keys
    if unknown:
        raise StoryError(f"{where}: nobody reads {', '.join(sorted(unknown))}; known are {', '.join(sorted(keys))}")
