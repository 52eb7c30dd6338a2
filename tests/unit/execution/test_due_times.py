"""The mail that answers `#why`: the same facts as text, as HTML and as bars, in every language, readable in light and in dark."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.delivery.render.render import shipped_templates
from mailbridge.delivery.render.sentences import sentence
from mailbridge.delivery.render.template_context import DeskView, TemplateContext, TicketView
from mailbridge.execution.due_times import FOLDED, MOST_FINISHED, MOST_INTERVALS, _intervals, due_times, timeline
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.agents import DueTimes
from mailbridge.notifications.summary_model import Summary
from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Targets
from mailbridge.sla.history import Answer, ClockHistory, Mode, ModeChange, TeamChange
from mailbridge.sla.levels import Run
from mailbridge.sla.segments import PauseReason, Segment, Standing, TargetKind
from mailbridge.sla.why import why
from tests.builders import a_ticket
from tests.compiled import SHIPPED

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TARGETS = Targets(response=2 * HOUR, next_response=HOUR, resolution=100 * HOUR)
LIGHT, DARK = "#ffffff", "#212429"


def desk(targets: Targets = TARGETS) -> Organisation:
    team = Team(name="support", title="Support", calendar=Calendar(name="round the clock"), unclaimed_after=None)
    return Organisation(teams={"support": team}, targets=dict.fromkeys(Priority, targets))


def explained(history: ClockHistory, now: datetime, language: str = "en", **ticket: object) -> DueTimes:
    return due_times("#why", a_ticket(**ticket), history, desk(), now, language)


def past(*modes: ModeChange, answers: int = 0) -> ClockHistory:
    """Asked at the start, and again before each answer but the first."""
    asked = tuple(START + number * HOUR for number in range(answers or 1))
    return ClockHistory(
        opened_at=START,
        heard_at=START,
        asked=asked,
        answers=tuple(Answer(at=moment + MINUTE) for moment in asked[: answers or 0]),
        modes=modes,
        teams=(TeamChange(at=START, team="support"),),
    )


def waits(often: int) -> ClockHistory:
    return past(
        *(
            ModeChange(at=START + number * 10 * MINUTE, mode=Mode.WAITS if number % 2 else Mode.RUNS, status="waiting")
            for number in range(1, often)
        )
    )


def worded(payload: DueTimes, language: str = "en") -> tuple[str, str]:
    notification = Notification(
        ticket=1, audience=Audience.AGENT, event="why", recipient="ana@desk.test", key="k", language=language, payload=payload
    )
    view = TemplateContext(
        desk=DeskView(name="Desk", address="desk@desk.test"), ticket=TicketView(number="MB-1", subject="<b>x</b>"), zone="Asia/Kathmandu"
    )
    mail = SHIPPED.render(notification, view)
    return mail.text, mail.html


def test_many_intervals_are_folded_in_the_middle_and_none_is_lost() -> None:
    payload = explained(waits(80), START + 20 * HOUR)
    of_one = [row for row in payload.intervals if row.run == 2]
    assert len(of_one) == MOST_INTERVALS
    assert [row.kind for row in of_one].count(FOLDED) == 1
    assert all(before.end == after.start for before, after in pairwise(of_one))
    assert (of_one[0].start, sum(row.percent for row in of_one)) == (START, 100)


def test_the_oldest_runs_of_a_clock_that_ran_often_are_left_out() -> None:
    payload = explained(past(answers=9), START + 20 * HOUR)
    names = [row.name[0].key for row in payload.rows]
    assert names.count("target.next-response") == MOST_FINISHED
    assert [one.count for one in payload.more] == [8 - MOST_FINISHED]
    assert names.count("target.response") == names.count("target.resolution") == 1


def test_a_late_target_says_since_when_and_a_ticket_without_targets_that_it_has_none() -> None:
    payload = explained(past(), START + 3 * HOUR)
    last = [row for row in payload.intervals if row.run == 1][-1]
    assert (last.kind, last.start, last.end) == ("late", START + 2 * HOUR, None)
    nothing = due_times("#why", a_ticket(), past(), desk(Targets()), START)
    assert (nothing.rows, [one.key for one in nothing.said]) == ((), ["why.none"])
    assert "no SLA targets" in worded(nothing)[0]


@given(
    st.lists(
        st.tuples(st.sampled_from(["counted", "closed", "late"]), st.integers(0, 10**7), st.booleans()), min_size=1, max_size=MOST_INTERVALS
    )
)
def test_a_timeline_is_always_a_hundred_percent_and_every_part_can_be_seen(parts: list[tuple[str, int, bool]]) -> None:
    widths = timeline([(kind, timedelta(seconds=length), timedelta(seconds=length if counts else 0)) for kind, length, counts in parts])
    assert sum(widths) == 100
    assert min(widths) >= 1


@pytest.mark.parametrize("language", ["en", "ro", "ru"])
def test_text_html_and_bars_say_the_same(language: str) -> None:
    payload = explained(waits(7), START + 20 * HOUR, language, fields=(("sla", "gold"), ("contract", "acme-<gold>")))
    text, html = worded(payload, language)
    plain = unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(style|title).*?</\1>", "", html)))
    words = " ".join(plain.split())
    said = [part for line in text.splitlines()[1:] for part in re.split(r"\s{2,}", line.strip()) if part]
    assert len(said) > 2 * len(payload.intervals)
    assert [part for part in said if part not in words] == []
    bars = [[int(width) for width in re.findall(r'<td class="time [^>]*width="(\d+)%"', row)] for row in html.split("<tr>")]
    assert [sum(row) for row in bars if row] == [100] * len(payload.rows)
    assert "<img" not in html
    assert "<gold>" not in html
    assert language == "en" or not re.search(r"\b(?:counted|closed|paused|due|within)\b", text)


@pytest.mark.parametrize("language", ["en", "ro", "ru"])
def test_every_pause_kind_and_outcome_has_its_words(language: str) -> None:
    """A word that the catalogue lacks would be shown as its key."""
    for reason in PauseReason:
        standing = Standing(start=START, end=None, reason=reason, status="acme")
        segment = Segment(promise=TargetKind.RESPONSE, start=START, end=None, standing=(standing,))
        run = Run(segment=segment, budget=HOUR, calendar=Calendar())
        [one] = _intervals(run, why(run, START), desk(), language)
        assert not sentence(one.said, language, str).startswith("why."), reason
    others = [f"why.{kind}" for kind in ("closed", "holiday", "late", "now", "none", "scale")]
    for key in (*(f"target.{kind}" for kind in TargetKind), *others):
        assert sentence(Summary(key=key, values={"team": "x"}), language, str) != key


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, ground: str) -> float:
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_bars_stand_out_in_light_and_in_dark() -> None:
    """Bars 3 to 1 (WCAG 2.2, 1.4.11); words are in test_mail_looks.py."""
    folder = Path(shipped_templates()) / "mail"
    page, layout = ((folder / name).read_text(encoding="utf-8") for name in ("agent.why.j2", "layout.html.j2"))
    bars = dict(re.findall(r'"(\w+)": "(#\w{6})"', page))
    dark = dict(re.findall(r"\.time-(\w+) \{ background: (#\w{6})", layout))
    assert bars.keys() == dark.keys() == {"counted", "closed", "holiday", "paused", "folded", "late"}
    assert {kind: contrast(colour, LIGHT) for kind, colour in bars.items() if contrast(colour, LIGHT) < 3} == {}
    assert {kind: contrast(colour, DARK) for kind, colour in dark.items() if contrast(colour, DARK) < 3} == {}
    assert f".card {{ background: {DARK}" in layout
