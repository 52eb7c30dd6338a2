"""Unproven mails in an agent's name, of which nothing or only a part is done before the agent confirms.

waiting -> agreed: the inbox row is worked again, with the agent's confirmation.  waiting -> released: the same, by the administrator.
waiting -> refused: nothing more is done.

A mail waits until somebody decides; none expires.  A notice is a mail to the agent that lists held mails and can be answered with yes or
no.  Its number is the smallest inbox id in its list, so no two notices have the same number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.incoming import UNDECIDED, held


class What(StrEnum):
    """Which part of the mail is held."""

    MAIL = "mail"  # all of it
    LINES = "lines"  # its commands; its text was processed


class HeldAnswer(StrEnum):
    WAITING = "waiting"
    AGREED = "agreed"
    RELEASED = "released"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMail:
    """A held mail, by the id of its inbox row.

    `why`: a key.  `reasons`: what the source said of the sender.  `lines`: the commands, or the first lines of a mail that is held as a
    whole, for display.  `ticket`: its placement; None: none yet.
    """

    inbox: int
    agent: str
    what: What
    why: str
    came_at: datetime
    reasons: tuple[str, ...] = ()
    subject: str = ""
    lines: str = ""
    ticket: int | None = None
    state: HeldAnswer = HeldAnswer.WAITING
    notice: int | None = None


_ADD = dialects.upsert(held)
_THIS = held.c.inbox == sa.bindparam("which")
_GET = sa.select(held).where(_THIS)
_WAITING = sa.select(held).where(UNDECIDED).order_by(held.c.agent, held.c.inbox).limit(sa.bindparam("most"))
_COUNT = sa.select(sa.func.count()).select_from(held).where(UNDECIDED)
_UNTOLD = _WAITING.where(held.c.notice.is_(None))
_UNTOLD_OF = _UNTOLD.where(held.c.agent == sa.bindparam("of"))
_OF_NOTICE = sa.select(held).where(held.c.notice == sa.bindparam("number")).order_by(held.c.inbox)
_CAME = _WAITING.where(held.c.came_at >= sa.bindparam("since"), held.c.came_at < sa.bindparam("until"))
_TELL = held.update().where(held.c.inbox.in_(sa.bindparam("ids", expanding=True))).values(notice=sa.bindparam("number"))
_DECIDE = held.update().where(_THIS, held.c.state == HeldAnswer.WAITING).values(state=sa.bindparam("became"))


class HeldMails:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, mail: HeldMail) -> None:
        """Holds the mail for its agent."""
        row = {name: getattr(mail, name) for name in (column.name for column in held.c)}
        self._sql.change(_ADD, {**row, "why": "\t".join((mail.why, *mail.reasons))})  # the column holds both

    def get(self, inbox: int) -> HeldMail | None:
        row = self._sql.row(_GET, {"which": inbox})
        return _mail(row) if row else None

    def waiting(self, limit: int = 1000) -> list[HeldMail]:
        """All mails that wait for an answer, by agent, oldest first."""
        return [_mail(row) for row in self._sql.rows(_WAITING, {"most": limit})]

    def count(self) -> int:
        """How many wait for an answer."""
        return int(self._sql.value(_COUNT))

    def came(self, since: datetime, until: datetime, limit: int = 1000) -> list[HeldMail]:
        """The mails of this time that still wait, by agent, oldest first."""
        return [_mail(row) for row in self._sql.rows(_CAME, {"since": since, "until": until, "most": limit})]

    def untold(self, agent: str | None = None, limit: int = 1000) -> list[HeldMail]:
        """The mails without a notice, by agent, oldest first."""
        rows = self._sql.rows(_UNTOLD_OF, {"of": agent, "most": limit}) if agent else self._sql.rows(_UNTOLD, {"most": limit})
        return [_mail(row) for row in rows]

    def of_notice(self, number: int) -> list[HeldMail]:
        """The mails of a notice, in its order, whatever became of them."""
        return [_mail(row) for row in self._sql.rows(_OF_NOTICE, {"number": number})]

    def tell(self, mails: Sequence[int], notice: int | None) -> None:
        """This notice lists these mails; None: they are listed by none and wait for the next one."""
        self._sql.change(_TELL, {"ids": list(mails), "number": notice})

    def decide(self, inbox: int, became: HeldAnswer) -> bool:
        """Records the answer of the agent or the administrator; False where there was one before."""
        return self._sql.change(_DECIDE, {"which": inbox, "became": became}) == 1


def _mail(row: Row) -> HeldMail:
    values = row._asdict()
    why, *reasons = values["why"].split("\t")
    parts = {"why": why, "reasons": tuple(reasons), "what": What(values["what"]), "state": HeldAnswer(values["state"])}
    return HeldMail(**{**values, **parts})
