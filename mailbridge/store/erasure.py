"""Erases contents for good: texts of mails, their files, their entries in the search index, and the outgoing mails that repeat them.

The fact of a mail, its sender, time and size stay, and its fingerprint, so that a later copy is recognised and not filed again.  A content
that another row needs (the same file on another ticket, a mail that waits) stays for that row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from mailbridge.notifications.model import OutboxState
from mailbridge.notifications.webhook_model import CHAT
from mailbridge.store.documents import dump, load_any
from mailbridge.store.search import Search
from mailbridge.store.sql import Row, Sql
from mailbridge.store.stored_notifications import dump_notification, load_as_far_as_known, without_texts
from mailbridge.store.tables.customers import customer_changes
from mailbridge.store.tables.hours import hour_entries
from mailbridge.store.tables.incoming import held, inbox
from mailbridge.store.tables.mails import attachments, blobs, mails
from mailbridge.store.tables.outgoing import outbox, webhooks
from mailbridge.store.tables.solved import solved_requests, solved_terms
from mailbridge.store.tables.tickets import events, tickets

ERASED = "erased"  # the reason on outgoing mails that were not sent

_THESE: sa.BindParameter[list[int]] = sa.bindparam("mails", expanding=True)
_MAILS = sa.select(mails.c.id, mails.c.subject, mails.c.fresh, mails.c.text, mails.c.sha256, mails.c.inbox).where(mails.c.id.in_(_THESE))
_FILES = sa.select(attachments.c.mail, attachments.c.name, attachments.c.sha256).where(attachments.c.mail.in_(_THESE))
# A received copy has its own raw content, because its Received lines differ.
_ARRIVALS = sa.select(inbox.c.sha256).where(sa.or_(inbox.c.mail.in_(_THESE), inbox.c.id.in_(sa.bindparam("arrivals", expanding=True))))
_OTHERS = sa.select(mails.c.id).where(mails.c.ticket == sa.bindparam("of"), mails.c.id.not_in(_THESE))  # quotes may repeat it
_EMPTY = mails.update().where(mails.c.id.in_(_THESE)).values(subject="", text="", fresh="", html="", sha256=None, explanation=None)
_NO_FILES = attachments.delete().where(attachments.c.mail.in_(_THESE))

_erased = mails.alias("erased")
# The mail with the command is among them, and its inbox row has no outcome yet.
_of_erased = sa.exists().where(sa.or_(_erased.c.id == inbox.c.mail, _erased.c.inbox == inbox.c.id), _erased.c.sha256.is_(None))
_FORGET = blobs.delete().where(
    blobs.c.sha256.in_(sa.bindparam("names", expanding=True)),
    ~sa.exists().where(mails.c.sha256 == blobs.c.sha256),
    ~sa.exists().where(attachments.c.sha256 == blobs.c.sha256),
    ~sa.exists().where(
        inbox.c.sha256 == blobs.c.sha256, ~_of_erased, inbox.c.id.not_in(sa.bindparam("arrivals", expanding=True))
    ),
)

_NOT_HELD = held.update().where(held.c.inbox.in_(sa.bindparam("arrivals", expanding=True))).values(state="refused", subject="", lines="")
# Held mails for the ticket were never filed, and may quote the erased text.
_HELD_FOR = sa.select(held.c.inbox).where(held.c.ticket.in_(sa.bindparam("tickets", expanding=True)))
_HELD = sa.select(held.c.subject, held.c.lines).where(held.c.inbox.in_(sa.bindparam("arrivals", expanding=True)))
_CARRIES = outbox.c.mail.in_(_THESE)
_OUTGOING = sa.select(outbox.c.id, outbox.c.payload).where(_CARRIES)

# The subject is repeated on the ticket, in its history, in webhook calls, and in mails about it or about tickets that name it.
_TICKETS: sa.BindParameter[list[int]] = sa.bindparam("tickets", expanding=True)
_MERGED = sa.select(tickets.c.id, tickets.c.data).where(tickets.c.data.like(sa.bindparam("into")))
_SUBJECTS = sa.select(tickets.c.id, tickets.c.subject, tickets.c.data).where(tickets.c.id.in_(_TICKETS))
_HISTORY = sa.select(events.c.id, events.c.data).where(events.c.ticket.in_(_TICKETS))
_CALLS = sa.select(webhooks.c.id, webhooks.c.body, webhooks.c.event).where(webhooks.c.ticket.in_(_TICKETS))
_NAMING = sa.select(outbox.c.id, outbox.c.payload).where(
    sa.or_(outbox.c.ticket.in_(_TICKETS), outbox.c.payload.like(sa.bindparam("names"), escape="\\"))
)
_UNNAMED = tickets.update().where(tickets.c.id == sa.bindparam("of")).values(subject="", data=sa.bindparam("bare"))
_UNTOLD = events.update().where(events.c.id == sa.bindparam("of")).values(data=sa.bindparam("bare"))
_UNCALLED = webhooks.update().where(webhooks.c.id == sa.bindparam("of")).values(body=sa.bindparam("bare"))
_UNWRITTEN = outbox.update().where(outbox.c.id == sa.bindparam("of")).values(payload=sa.bindparam("bare"), rendered=None)
# What was changed about customers on the ticket, in its history, and where a later change counts in the table as well.
_SAID = sa.select(events.c.id, events.c.data).where(events.c.ticket.in_(_TICKETS), events.c.kind == "customer_changed")
_later = customer_changes.alias("later")
_PASSED = (
    customer_changes.update()
    .where(customer_changes.c.ticket.in_(_TICKETS), customer_changes.c.data.is_not(None))
    .where(
        sa.exists().where(
            _later.c.customer == customer_changes.c.customer,
            _later.c.part == customer_changes.c.part,
            _later.c.key == customer_changes.c.key,
            _later.c.version > customer_changes.c.version,
        )
    )
    .values(data="{}")
)
# What a person wrote beside an entry of an hour bank that names the ticket.  The entry and its time stay.
_BY_HAND = (hour_entries.c.ticket.in_(_TICKETS), hour_entries.c.source == "hand", hour_entries.c.reason != "")
_UNREASONED = hour_entries.update().where(*_BY_HAND).values(reason="")
GONE = "(erased)"  # shown instead of a line
_REPEATS = frozenset({"subject", "line"})  # `line`: an agent's command as it stood in the mail, which an approval shows
_OLD_AND_NEW = frozenset({"subject", "before", "after"})
_UNCOMPARED = tuple(table.delete().where(table.c.ticket.in_(_TICKETS)) for table in (solved_terms, solved_requests))
# News of another ticket that suggest an answer from this one (`SolvedRow`); the text stands only in what was rendered.
_UNSUGGESTED = outbox.update().where(outbox.c.payload.like(sa.bindparam("names"))).values(rendered=None)
_WORDLESS = outbox.update().where(sa.or_(outbox.c.ticket == sa.bindparam("of"), _CARRIES)).values(rendered=None)
_UNSAID = outbox.update().where(outbox.c.id == sa.bindparam("letter")).values(payload=sa.bindparam("bare"))
_UNSENT = (
    outbox.update()
    .where(_CARRIES, outbox.c.state.in_((OutboxState.QUEUED, OutboxState.DEFERRED, OutboxState.SENDING, OutboxState.HELD)))
    .values(state=OutboxState.SUPPRESSED, error=ERASED, lease_owner=None, lease_until=None)
)


class Erasure:
    def __init__(self, sql: Sql, search: Search) -> None:
        self._sql = sql
        self._search = search
        self.happened = False  # in this transaction

    def erase(self, ticket: int, ids: Sequence[int]) -> None:
        """Erases everything in the store that repeats the text of these mails of the ticket."""
        these = {"mails": list(ids)}
        if not ids:
            return
        self.happened = True
        found, files = self._sql.rows(_MAILS, these), self._sql.rows(_FILES, these)
        for mail in found:
            names = [file.name for file in files if file.mail == mail.id]
            self._search.remove(mail.id, "\n".join((mail.subject, *names, mail.fresh, mail.text)))
        waiting = {row.inbox for row in self._sql.rows(_HELD_FOR, {"tickets": self._with_merged(ticket)})}
        came = {"arrivals": sorted(waiting | {mail.inbox for mail in found if mail.inbox is not None})}
        asked = {text for row in self._sql.rows(_HELD, came) for text in (row.subject, *row.lines.splitlines())}
        arrivals = self._sql.rows(_ARRIVALS, {**these, **came})
        self._sql.change(_NOT_HELD, came)
        self._silence(ticket, these)
        self._sql.change(_UNREASONED, {"tickets": self._with_merged(ticket)})
        self._forget_answers(ticket)
        self._sql.change(_EMPTY, these)
        self._search.add_again([row.id for row in self._sql.rows(_OTHERS, {**these, "of": ticket})])
        self._search.forget_removed()
        self._sql.change(_NO_FILES, these)
        self._forget_subjects(ticket, {mail.subject for mail in found} | asked)
        self._forget_customers(ticket)
        contents = {row.sha256 for row in (*found, *files, *arrivals) if row.sha256}
        if contents:
            self._sql.change(_FORGET, {"names": sorted(contents), **came})

    def _silence(self, ticket: int, these: dict[str, list[int]]) -> None:
        """Suppresses unsent mails with the erased text, and empties the values of those that were sent."""
        self._sql.change(_UNSENT, these)
        self._sql.change(_WORDLESS, {**these, "of": ticket})
        sent = self._sql.rows(_OUTGOING, these)
        bare = [(row.id, replace(load_as_far_as_known(row.payload)[0], payload=None)) for row in sent]
        self._sql.change(_UNSAID, [{"letter": id, "bare": dump_notification(one)} for id, one in bare])

    def _forget_subjects(self, ticket: int, subjects: set[str]) -> None:
        """Erases the subjects of the mails, of the ticket, and of the tickets that were merged into it."""
        these = {"tickets": self._with_merged(ticket)}
        named, history = self._sql.rows(_SUBJECTS, these), self._sql.rows(_HISTORY, these)
        known = {*subjects, *(row.subject for row in named)}
        known |= {text for row in history for key, text in _strings(load_any(row.data)) if key == "subject"}
        known.discard("")
        self._rewrite(_UNNAMED, [(row.id, row.data, _without(load_any(row.data), known)) for row in named])
        self._rewrite(_UNTOLD, [(row.id, row.data, _without(load_any(row.data), known)) for row in history])
        self._rewrite(_UNCALLED, [(row.id, row.body, _uncalled(row, known)) for row in self._sql.rows(_CALLS, these)])
        stored = {row.id: row.payload for one in known or {""} for row in self._sql.rows(_NAMING, {**these, "names": _like(one)})}
        self._rewrite(_UNWRITTEN, [(id, payload, _unnamed(payload, known)) for id, payload in stored.items()])

    def _forget_answers(self, ticket: int) -> None:
        """Nothing on the ticket is compared with new requests or suggested as an answer to them any more."""
        numbers = self._with_merged(ticket)
        for statement in _UNCOMPARED:
            self._sql.change(statement, {"tickets": numbers})
        self._sql.change(_UNSUGGESTED, [{"names": f'%"ticket":{number},"answer":%'} for number in numbers])

    def _forget_customers(self, ticket: int) -> None:
        """Empties what the ticket's history says of persons, locations and devices.  What is in force of them stays with the customer."""
        these = {"tickets": self._with_merged(ticket)}
        said = [(row.id, row.data, load_any(row.data)) for row in self._sql.rows(_SAID, these)]
        bare = [(id, data, {**what, **{key: what[key] and [] for key in ("before", "after")}}) for id, data, what in said]
        self._rewrite(_UNTOLD, [(id, data, dump(what)) for id, data, what in bare])
        self._sql.change(_PASSED, these)

    def _with_merged(self, ticket: int) -> list[int]:
        """The ticket and all tickets that were merged into it, directly or through others."""
        found = [ticket]
        for one in found:
            near = self._sql.rows(_MERGED, {"into": f'%"merged_into":{one}%'})
            found += [row.id for row in near if row.id not in found and load_any(row.data).get("merged_into") == one]
        return found

    def _rewrite(self, change: sa.Update, rows: Sequence[tuple[int, str, str]]) -> None:
        changed = [{"of": id, "bare": bare} for id, before, bare in rows if bare != before]
        if changed:
            self._sql.change(change, changed)


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a document, each with its key."""
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from _strings(inner, name)
        case list():
            for inner in value:
                yield from _strings(inner, key)


def _without(value: Any, subjects: set[str]) -> str:
    """The document as JSON, without the subjects."""

    def bare(value: Any, key: str) -> Any:
        match value:
            case str():
                if key == "line" and value:
                    return GONE
                return "" if key in _REPEATS or (key in _OLD_AND_NEW and value in subjects) else value
            case dict():
                return {name: bare(inner, name) for name, inner in value.items()}
            case list():
                return [bare(inner, key) for inner in value]
        return value

    return dump(bare(value, ""))


def _uncalled(row: Row, subjects: set[str]) -> str:
    """The body of a call without the subjects; a message for a chat room, whose text repeats them, is emptied."""
    return dump({"text": GONE}) if row.event.startswith(CHAT) else _without(load_any(row.body), subjects)


def _unnamed(stored: str, subjects: set[str]) -> str:
    """The stored notification without the subjects in its payload."""

    def bare(text: str) -> str:
        for subject in sorted(subjects, key=len, reverse=True):
            text = text.replace(subject, "")
        return text

    return without_texts(stored, bare)


def _like(subject: str) -> str:
    """The LIKE pattern for documents with this text in JSON; for '' a pattern that matches nothing."""
    text = dump(subject)[1:-1]
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%" if text else "\\%"
