"""The questions behind `#report ratings` and `mailbridge report ratings`: grades by team and agent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from mailbridge.mail_commands.rating_words import BEST
from mailbridge.organisation.availability import midnight
from mailbridge.organisation.model import Organisation
from mailbridge.store.ratings import GradeCount
from mailbridge.store.tx import Tx

LONG = timedelta(days=30)  # of a report that names no days


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingSums:
    """The grades of an agent of a team, or of the whole team (`agent` '').  `counts`: of the grades 1 to 5, in this order."""

    team: str
    agent: str
    counts: tuple[int, ...]

    @property
    def count(self) -> int:
        return sum(self.counts)

    @property
    def average(self) -> float:
        return sum(grade * count for grade, count in enumerate(self.counts, start=1)) / max(1, self.count)


def ratings_of(tx: Tx, organisation: Organisation, first: date, last: date, *, team: str = "", agent: str = "") -> list[RatingSums]:
    """The sums of these days (of the default team's clock), each team before its agents.  `team`, `agent`: of these alone."""
    zone = organisation.teams[organisation.default_team].calendar.zone
    found = tx.ratings.between(midnight(first, zone), midnight(last + timedelta(days=1), zone))
    kept = [one for one in found if team in ("", one.team) and agent in ("", one.agent)]
    sums: list[RatingSums] = []
    for name in sorted({one.team for one in kept}):
        of_team = [one for one in kept if one.team == name]
        sums.append(_sums(name, "", of_team))
        sums += [_sums(name, who, [one for one in of_team if one.agent == who]) for who in sorted({one.agent for one in of_team}) if who]
    return sums


def _sums(team: str, agent: str, found: Iterable[GradeCount]) -> RatingSums:
    counts = [0] * BEST
    for one in found:
        counts[one.grade - 1] += one.count
    return RatingSums(team=team, agent=agent, counts=tuple(counts))
