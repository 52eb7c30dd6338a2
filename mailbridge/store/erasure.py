"""Contents that are gone for good: what mails said, their files, the words they are found by, and the letters of ours that repeat them.

That there was a mail, from whom, when and how long, stays; so does its fingerprint, so that a copy that comes later is known and not
filed anew.  A content that something else needs too (the same file on another ticket, a mail that still waits) stays for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from mailbridge.outbox.model import Notification, State
from mailbridge.store.documents import dump, load
from mailbridge.store.schema import attachments, blobs, held, inbox, mails, outbox
from mailbridge.store.search import Search
from mailbridge.store.sql import Sql

ERASED = "erased"  # why a letter that carried it was not sent

_THESE: sa.BindParameter[list[int]] = sa.bindparam("mails", expanding=True)
_MAILS = sa.select(mails.c.id, mails.c.subject, mails.c.fresh, mails.c.text, mails.c.sha256, mails.c.inbox).where(mails.c.id.in_(_THESE))
_FILES = sa.select(attachments.c.mail, attachments.c.name, attachments.c.sha256).where(attachments.c.mail.in_(_THESE))
# A copy that came in too has a raw content of its own (its Received lines differ).
_ARRIVALS = sa.select(inbox.c.sha256).where(sa.or_(inbox.c.mail.in_(_THESE), inbox.c.id.in_(sa.bindparam("arrivals", expanding=True))))
_OTHERS = sa.select(mails.c.id).where(mails.c.ticket == sa.bindparam("of"), mails.c.id.not_in(_THESE))  # their quotes may repeat what goes
_EMPTY = mails.update().where(mails.c.id.in_(_THESE)).values(subject="", text="", fresh="", html="", sha256=None, explanation=None)
_NO_FILES = attachments.delete().where(attachments.c.mail.in_(_THESE))

_erased = mails.alias("erased")
# The mail that asks for it is among them, and its arrival is not told yet what became of it.
_of_erased = sa.exists().where(sa.or_(_erased.c.id == inbox.c.mail, _erased.c.inbox == inbox.c.id), _erased.c.sha256.is_(None))
_FORGET = blobs.delete().where(
    blobs.c.sha256.in_(sa.bindparam("names", expanding=True)),
    ~sa.exists().where(mails.c.sha256 == blobs.c.sha256),
    ~sa.exists().where(attachments.c.sha256 == blobs.c.sha256),
    ~sa.exists().where(inbox.c.sha256 == blobs.c.sha256, ~_of_erased),
)

_NOT_HELD = held.update().where(held.c.inbox.in_(sa.bindparam("arrivals", expanding=True))).values(state="refused", subject="", lines="")
_CARRIES = outbox.c.mail.in_(_THESE)
_LETTERS = sa.select(outbox.c.id, outbox.c.payload).where(_CARRIES)
_WORDLESS = outbox.update().where(sa.or_(outbox.c.ticket == sa.bindparam("of"), _CARRIES)).values(rendered=None)
_UNSAID = outbox.update().where(outbox.c.id == sa.bindparam("letter")).values(payload=sa.bindparam("bare"))
_UNSENT = (
    outbox.update()
    .where(_CARRIES, outbox.c.state.in_((State.QUEUED, State.DEFERRED, State.SENDING)))
    .values(state=State.SUPPRESSED, error=ERASED, lease_owner=None, lease_until=None)
)


class Erasure:
    def __init__(self, sql: Sql, search: Search) -> None:
        self._sql = sql
        self._search = search

    def erase(self, ticket: int, ids: Sequence[int]) -> None:
        """Nothing the store holds repeats what these mails of the ticket said."""
        these = {"mails": list(ids)}
        if not ids:
            return
        found, files = self._sql.rows(_MAILS, these), self._sql.rows(_FILES, these)
        for mail in found:
            names = [file.name for file in files if file.mail == mail.id]
            self._search.remove(mail.id, "\n".join((mail.subject, *names, mail.fresh, mail.text)))
        came = {"arrivals": [mail.inbox for mail in found if mail.inbox is not None]}
        arrivals = self._sql.rows(_ARRIVALS, {**these, **came})
        self._sql.change(_NOT_HELD, came)
        self._silence(ticket, these)
        self._sql.change(_EMPTY, these)
        self._search.add_again([row.id for row in self._sql.rows(_OTHERS, {**these, "of": ticket})])
        self._sql.change(_NO_FILES, these)
        contents = {row.sha256 for row in (*found, *files, *arrivals) if row.sha256}
        if contents:
            self._sql.change(_FORGET, {"names": sorted(contents)})

    def _silence(self, ticket: int, these: dict[str, list[int]]) -> None:
        """Letters on their way that carry the mails are not sent; those that were say what they were, and no more."""
        self._sql.change(_UNSENT, these)
        self._sql.change(_WORDLESS, {**these, "of": ticket})
        letters = self._sql.rows(_LETTERS, these)
        bare = [(row.id, replace(load(row.payload, Notification), values=())) for row in letters]
        self._sql.change(_UNSAID, [{"letter": id, "bare": dump(letter)} for id, letter in bare])
