"""All tables of the database.  The modules in `tables` declare them, the migrations create them, a test compares both on both databases.

`mail_search` is not among them: it differs between SQLite and PostgreSQL, and is in migration 0002 and in `dialects`.

No foreign key refers to `tickets`: a ticket's number is reserved before its row is written, and its events, clocks and notifications are
written by the same transaction in any order.  Partial indexes contain only the rows in use (waiting mails, unsent notifications, running
clocks), so their size depends on the current work and not on the history.
"""

from mailbridge.store.tables import (  # noqa: F401  (each adds its tables to `metadata`)
    access,
    customers,
    desk,
    hours,
    incoming,
    knowledge,
    mails,
    outgoing,
    receipts,
    solved,
    tickets,
    web,
)
from mailbridge.store.tables.base import metadata as metadata
