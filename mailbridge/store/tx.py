"""One open transaction, with one attribute an aggregate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa

from mailbridge.store.activities import Activities
from mailbridge.store.addresses import Addresses
from mailbridge.store.agenda import Agenda
from mailbridge.store.articles import ArticleOutcomes, Articles
from mailbridge.store.audit import AuditQueries
from mailbridge.store.blobs import Blobs
from mailbridge.store.clocks import Clocks
from mailbridge.store.cursors import Cursors
from mailbridge.store.customer_changes import CustomerChanges
from mailbridge.store.erasure import Erasure
from mailbridge.store.events import Events
from mailbridge.store.feeds import Feeds
from mailbridge.store.files import Files
from mailbridge.store.finished_runs import FinishedRuns
from mailbridge.store.grants import Grants
from mailbridge.store.held import HeldMails
from mailbridge.store.history import History
from mailbridge.store.hours import Hours
from mailbridge.store.inbox import InboxTable
from mailbridge.store.inline_images import InlineImageCounts
from mailbridge.store.job_failures import JobFailures
from mailbridge.store.keys import KeyTable
from mailbridge.store.lease_holders import LeaseHolders
from mailbridge.store.mails import Mails
from mailbridge.store.old_mails import OldMails
from mailbridge.store.openings import Openings
from mailbridge.store.outbox import Outbox
from mailbridge.store.pairings import Pairings
from mailbridge.store.passed_uids import PassedUidTable
from mailbridge.store.policies import Policies
from mailbridge.store.ratings import Ratings
from mailbridge.store.receipts import Receipts
from mailbridge.store.search import Search
from mailbridge.store.shadow import Shadow
from mailbridge.store.sign_ins import SignIns
from mailbridge.store.solved import SolvedRequests
from mailbridge.store.sources import Sources
from mailbridge.store.sql import Sql
from mailbridge.store.state import StateTable
from mailbridge.store.tickets import Tickets
from mailbridge.store.volumes import Volumes
from mailbridge.store.waits import Waits
from mailbridge.store.wake import CHANNEL
from mailbridge.store.web_sessions import WebSessions
from mailbridge.store.webhooks import WebhookTable
from mailbridge.store.wishes import WishTable

_NOTIFY = sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("channel", type_=sa.Text)))


class Tx:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self.blobs = Blobs(sql)
        self.receipts = Receipts(sql)
        self.audit = AuditQueries(sql)
        self.passed_uids = PassedUidTable(sql)
        self.inbox = InboxTable(sql, self.blobs, self.receipts)
        self.held = HeldMails(sql)
        self.lease_holders = LeaseHolders(sql)
        self.mails = Mails(sql, self.blobs, InlineImageCounts(sql))
        self.search = Search(sql)
        self.files = Files(sql)
        self.erasure = Erasure(sql, self.search)
        self.tickets = Tickets(sql)
        self.solved = SolvedRequests(sql)
        self.waits = Waits(sql)
        self.volumes = Volumes(sql)
        self.events = Events(sql)
        self.activities = Activities(sql)
        self.hours = Hours(sql)
        self.agenda = Agenda(sql)
        self.ratings = Ratings(sql)
        self.clocks = Clocks(sql)
        self.finished_runs = FinishedRuns(sql)
        self.feeds = Feeds(sql)
        self.job_failures = JobFailures(sql)
        self.outbox = Outbox(sql)
        self.shadow = Shadow(sql)
        self.cursors = Cursors(sql)
        self.old_mails = OldMails(sql)
        self.addresses = Addresses(sql)
        self.openings = Openings(sql)
        self.keys = KeyTable(sql)
        self.pairings = Pairings(sql)
        self.grants = Grants(sql)
        self.policies = Policies(sql)
        self.history = History(sql)
        self.state = StateTable(sql)
        self.customers = CustomerChanges(sql, self.state)
        self.wishes = WishTable(sql, self.state, self.customers)
        self.articles = Articles(sql, self.state)
        self.article_outcomes = ArticleOutcomes(sql)
        self.sources = Sources(sql)
        self.webhooks = WebhookTable(sql)
        self.sign_ins = SignIns(sql)
        self.web_sessions = WebSessions(sql)
        self.woken: set[str] = set()

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that is kept or undone alone, as one mail of a batch.  Raises what went wrong inside; after StoreAway the whole
        transaction is lost."""
        return self._sql.savepoint()

    @contextmanager
    def caused_by(self, trace: str) -> Iterator[None]:
        """Outgoing mails that are made during the block carry this trace id, that of the mail that causes them."""
        self.outbox.cause = trace
        try:
            yield
        finally:
            self.outbox.cause = ""

    def wake(self, channel: str) -> None:
        """Whoever waits on the channel looks again once this transaction is committed."""
        if not self._sql.is_sqlite and channel not in self.woken:
            self._sql.value(_NOTIFY, {"channel": channel})
        self.woken.add(channel)
