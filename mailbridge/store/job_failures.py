"""What jobs could not do: one row for each item of a job whose last attempt failed, until an attempt succeeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.desk import job_failures
from mailbridge.store.types import UtcDateTime

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """`item`: the key of what the job could not do, '' for the job itself.  `about`: the same for people.  `tries` failed since `since`;
    the next one is not before `next_at`.  `reason`: the kind of error and its place in the program, without values."""

    job: str
    item: str
    about: str
    reason: str
    since: datetime
    failed_at: datetime
    next_at: datetime
    tries: int


_NOW = sa.bindparam("j_now", type_=UtcDateTime())
_OF_JOB = job_failures.c.job == sa.bindparam("j_job")
_THIS = sa.and_(_OF_JOB, job_failures.c.item == sa.bindparam("j_item"))
_ORDER = (job_failures.c.since, job_failures.c.job, job_failures.c.item)
_GET = sa.select(job_failures).where(_THIS)
_SET = dialects.upsert(job_failures)
_FORGET = job_failures.delete().where(_THIS)
_RETRIED = job_failures.delete().where(_OF_JOB, job_failures.c.next_at <= _NOW)
_WAITING = sa.select(job_failures.c.item).where(_OF_JOB, job_failures.c.next_at > _NOW)
_DUE = sa.select(job_failures).where(_OF_JOB, job_failures.c.next_at <= _NOW).order_by(*_ORDER).limit(sa.bindparam("j_most"))
_ALL = sa.select(job_failures).order_by(*_ORDER).limit(sa.bindparam("j_most"))
_UNTOLD = sa.select(job_failures).where(job_failures.c.told_at.is_(None)).order_by(*_ORDER)
_TELL = job_failures.update().where(job_failures.c.told_at.is_(None)).values(told_at=_NOW)
_LOOK_AGAIN = job_failures.update().where(job_failures.c.next_at > sa.bindparam("j_latest", type_=UtcDateTime())).values(next_at=_NOW)
_COUNTS = sa.select(job_failures.c.job, sa.func.count()).group_by(job_failures.c.job)


class JobFailures:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def failed(self, job: str, item: str, about: str, reason: str, now: datetime) -> JobFailure:
        """Records a failed attempt.  The pause before the next one doubles with each, up to LONGEST_PAUSE."""
        known = self._sql.row(_GET, {"j_job": job, "j_item": item})
        tries = known.tries + 1 if known else 1
        pause = min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE)
        row = {
            **{"job": job, "item": item, "about": about, "reason": reason, "since": known.since if known else now, "failed_at": now},
            **{"next_at": now + pause, "tries": tries, "told_at": known.told_at if known else None},
        }
        self._sql.change(_SET, row)
        return _failure(self._sql.row(_GET, {"j_job": job, "j_item": item}))

    def is_known(self, job: str, item: str) -> bool:
        """Whether the last attempt failed."""
        return self._sql.row(_GET, {"j_job": job, "j_item": item}) is not None

    def waiting(self, job: str, now: datetime) -> frozenset[str]:
        """The items of the job that are not to be tried at `now`."""
        return frozenset(row.item for row in self._sql.rows(_WAITING, {"j_job": job, "j_now": now}))

    def due(self, job: str, now: datetime, limit: int) -> list[JobFailure]:
        """The items of the job that are to be tried again."""
        return [_failure(row) for row in self._sql.rows(_DUE, {"j_job": job, "j_now": now, "j_most": limit})]

    def forget(self, job: str, item: str) -> int:
        """The attempt succeeded, or there is nothing to do any more; whether a failure was known."""
        return self._sql.change(_FORGET, {"j_job": job, "j_item": item})

    def forget_retried(self, job: str, now: datetime) -> int:
        """After a pass over everything that was due at `now`: forgets the items that did not fail in it."""
        return self._sql.change(_RETRIED, {"j_job": job, "j_now": now})

    def all(self, limit: int) -> list[JobFailure]:
        """The failures, the oldest first."""
        return [_failure(row) for row in self._sql.rows(_ALL, {"j_most": limit})]

    def untold(self) -> list[JobFailure]:
        """The failures that the administrators do not know."""
        return [_failure(row) for row in self._sql.rows(_UNTOLD)]

    def tell(self, now: datetime) -> None:
        """The administrators know all of them now."""
        self._sql.change(_TELL, {"j_now": now})

    def look_again(self, now: datetime, latest: datetime | None = None) -> int:
        """What is to be tried after `latest` (None: after `now`) is tried now; how many failures."""
        return self._sql.change(_LOOK_AGAIN, {"j_now": now, "j_latest": latest or now})

    def counts(self) -> Mapping[str, int]:
        """By job, how many items fail."""
        return {row[0]: row[1] for row in self._sql.rows(_COUNTS)}


def _failure(row: Row) -> JobFailure:
    names = ("job", "item", "about", "reason", "since", "failed_at", "next_at", "tries")
    return JobFailure(**{name: getattr(row, name) for name in names})
