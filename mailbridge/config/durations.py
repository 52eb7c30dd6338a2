"""Durations in configuration files: by the clock, or of working time.  Each function raises Wrong where a text cannot mean one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from mailbridge.config.quantities import within
from mailbridge.config.reading import Wrong

WORKING_DAY = timedelta(hours=8)
LONGEST_DELAY = timedelta(hours=1)  # that an answer may wait for a #stop
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,3})?\s*[wdhms]\s*)+")
_STEP = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")
_CLOCK = {"h": 3600, "m": 60, "s": 1}


def duration(text: str) -> timedelta:
    """'90m', '2h30m', '1h 30m', '14d' by the clock: a day has 24 hours."""
    return _duration(text, timedelta(days=1), timedelta(days=7))


def working_duration(text: str) -> timedelta:
    """'30m', '4h', '3d' of working time: a day has 8 hours, a week 5 days."""
    return _duration(text, WORKING_DAY, 5 * WORKING_DAY)


def clock_or_working(text: str) -> tuple[timedelta, bool]:
    """'3d' by the clock, '5 working days' of working time (8 hours each); whether it is working time."""
    found = re.fullmatch(r"(\d{1,5}) working (hour|day|week)s?", text)
    if found is None and "work" in text:
        raise Wrong(f'"{text}" is not a working time', 'write it like "5 working days" or "4 working hours"')
    if found is None:
        return duration(text), False
    return _duration(f"{found[1]}{found[2][0]}", WORKING_DAY, 5 * WORKING_DAY), True


def duration_within(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    """A duration by the clock from `least` to `most`, both allowed."""

    def parse(text: str) -> timedelta:
        seconds = _seconds(text, timedelta(days=1), timedelta(days=7))
        within(seconds, least.total_seconds(), most.total_seconds(), lambda bound: f"{bound:g}s")
        return timedelta(seconds=seconds)

    return parse


def whole_days(text: str) -> int:
    """'1d', '7d', '2w' as days."""
    length = duration(text)
    if length % timedelta(days=1):
        raise Wrong(f'"{text}" are no whole days', 'write it like "7d" or "2w"')
    return length.days


def _duration(text: str, day: timedelta, week: timedelta) -> timedelta:
    seconds = _seconds(text, day, week)
    if not 0 < seconds <= timedelta(days=3650).total_seconds():
        raise Wrong(f'"{text}" is not a possible duration', "more than nothing and at most ten years")
    return timedelta(seconds=seconds)


def _seconds(text: str, day: timedelta, week: timedelta) -> float:
    if not _DURATION.fullmatch(text):
        raise Wrong(f'"{text}" is not a duration', 'write it like "30m", "2h", "1h30m" or "3d"')
    units = {**_CLOCK, "d": day.total_seconds(), "w": week.total_seconds()}
    return sum(float(number) * units[unit] for number, unit in _STEP.findall(text))
