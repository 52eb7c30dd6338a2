"""Tables of tickets, their people, events, activities and clocks."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, Id, UtcDateTime

# Conditions of partial indexes.  A query uses such an index only where it repeats the condition word for word.
RUNNING = sa.text("state = 'running'")
OPEN = sa.text("open IS TRUE")

counters = sa.Table(  # ticket numbers of SQLite; PostgreSQL uses the sequence below
    "counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

ticket_number = sa.Sequence("ticket_number", metadata=metadata)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False, index=True),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("team", CleanText, nullable=False),
    sa.Column("assignee", CleanText, nullable=False),
    sa.Column("requester", CleanText, nullable=False, index=True),  # lower case
    sa.Column("subject", CleanText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("data", CleanText, nullable=False),  # the whole Ticket as JSON
    sa.Column("snoozed_until", UtcDateTime),  # not in the lists until then
    sa.Index("ix_tickets_closed_at", "closed_at"),
    sa.Index("ix_tickets_created_at", "created_at"),
    partial_index("ix_tickets_open_team", "team", where=OPEN),
    partial_index("ix_tickets_open_assignee", "assignee", where=OPEN),
)

participants = sa.Table(
    "participants",
    metadata,
    sa.Column("address", CleanText, primary_key=True),  # lower case
    sa.Column("ticket", sa.BigInteger, primary_key=True, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ticket", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor", CleanText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", CleanText, nullable=False),  # JSON
    sa.Column("mail", sa.BigInteger),
    sa.Column("untold", CleanText),  # JSON: who was not told of this act and why, on its first event; NULL for nobody
    sa.UniqueConstraint("ticket", "seq"),
)

activities = sa.Table(  # the activities of tickets, as in each ticket's document
    "activities",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("activity", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("type", CleanText, nullable=False),  # of the ticket
    sa.Column("agent", CleanText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),  # ISO 8601: its order is that of the days
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("charged", sa.Integer, nullable=False),
    sa.Column("km", sa.Float, nullable=False),
    sa.Column("place", CleanText, nullable=False),
    sa.Column("billable", sa.Boolean, nullable=False),
    sa.Column("text", CleanText, nullable=False),
    sa.Index("ix_activities_agent", "agent", "day"),
    sa.Index("ix_activities_day", "day"),
    sa.Index("ix_activities_type", "type", "ticket"),
    sqlite_with_rowid=False,
)

ratings = sa.Table(  # the customer's grade of each rated ticket, as in its document
    "ratings",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("team", CleanText, nullable=False),
    sa.Column("agent", CleanText, nullable=False),
    sa.Column("grade", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_ratings_at", "at"),
    sqlite_with_rowid=False,
)

agenda = sa.Table(  # planned work and appointments of open tickets, as in each ticket's document
    "agenda",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("plan", sa.Integer, primary_key=True, autoincrement=False),  # 0: the appointment
    sa.Column("agent", CleanText, nullable=False),
    sa.Column("begins_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
    sa.Index("ix_agenda_agent", "agent", "begins_at"),
    sa.Index("ix_agenda_begins", "begins_at"),
    sqlite_with_rowid=False,
)

clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ticket", sa.BigInteger, nullable=False),
    sa.Column("promise", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("fired_at", UtcDateTime),
    sa.Column("calendar", sa.Text),  # the version by which it was computed; NULL: by none, or before versions were kept
    sa.UniqueConstraint("ticket", "promise", "step", "due_at"),
    partial_index("ix_clocks_running", "due_at", where=RUNNING),
)

finished_runs = sa.Table(  # of clocks, as they ended
    "finished_runs",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("promise", sa.Text, primary_key=True),
    sa.Column("team", sa.Text, primary_key=True),
    sa.Column("started_at", UtcDateTime, primary_key=True),
    sa.Column("ended_at", UtcDateTime, primary_key=True),
    sa.Column("budget", sa.BigInteger, nullable=False),  # seconds
    sa.Column("due_at", UtcDateTime),
    sa.Column("calendar", sa.Text, nullable=False),
    sa.Column("standing", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

calendars = sa.Table(  # every version of working hours by which a clock was computed
    "calendars",
    metadata,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
