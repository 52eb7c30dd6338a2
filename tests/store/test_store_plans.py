"""No statement of the store scans a table that grows.

Every public method of the store runs once on filled, analysed tables (a desk of some years: most mails done, most letters sent, most
tickets closed), and the plan of every statement it sends is read with EXPLAIN.  A method that nobody asks here fails the test, so that
a new statement cannot be forgotten.  `UNASKED` names the few that may read a whole table, each with its reason.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailbridge.customers.change import EntryChanged
from mailbridge.customers.entry import EntryId, EntryPart
from mailbridge.errors import LeaseLost
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Attachment
from mailbridge.notifications.model import Audience, Notification, Senders
from mailbridge.notifications.webhook_model import Call
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Deadline
from mailbridge.sla.closed_times import ClosedTimes
from mailbridge.sla.history import FinishedRun
from mailbridge.store.articles import ArticleState
from mailbridge.store.audit import LostMail
from mailbridge.store.cursors import Start
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from mailbridge.store.held import HeldAnswer, HeldMail, What
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.old_mails import OldMail
from mailbridge.store.passed_uids import Passed, UidPlace
from mailbridge.store.queue import LeaseQueue
from mailbridge.store.receipts import Receipt
from mailbridge.store.schema import metadata
from mailbridge.store.solved import SolvedRequest
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.events import Event
from mailbridge.tickets.hours.ledger import EntryKind, EntrySource, LedgerEntry
from mailbridge.tickets.model import Activity, Participant, Plan, Ticket, WorkKind
from tests.servers.postgres import Postgres
from tests.store.filled import MANY, fill

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEASE = timedelta(minutes=5)
PLACE = UidPlace("support", "INBOX", 7)
BY_IMAP = Envelope(source=Source.IMAP, received_at=NOW, account="support", folder="INBOX", uidvalidity=7, uid=90_000)
MAIL = StoredMail(direction=Direction.IN, received_at=NOW, message_id="new@x", fingerprint="new", ticket=1, references=("r@x",))
FILE = Attachment(part="2", name="a", content_type="text/plain", size=1, sha256="", content=b"a")
LETTER = Notification(ticket=1, audience=Audience.CUSTOMER, event="received", recipient="jo@customer.test", key="new", message_id="new@d")
TICKET = Ticket(
    id=9_001,
    subject="s",
    status="new",
    priority=Priority.LOW,
    team="t",
    created_at=NOW,
    updated_at=NOW,
    version=1,
    participants=(Participant(address="jo@customer.test"),),
)
SENDERS = tuple(Senders(addresses=("a@x",), others=others) for others in (False, True))
FINISHED = FinishedRun(promise="response", start=NOW, end=NOW, budget=LEASE, calendar=Calendar(), due_at=NOW)
CHANGED = EntryChanged(id=EntryId(customer="acme", part=EntryPart.PERSON, key="a@x"), name="a@x", before=None, after=(("role", "buyer"),))
CALL = Call(key="new", ticket=1, rule="r", event="ticket.opened", url="https://hooks.test/x", body="{}")
WORK = Activity(id=1, agent="bogdan", kind=WorkKind.WORKED, day=NOW.date(), minutes=5)
BURNED = LedgerEntry(key="k", kind=EntryKind.BURN, source=EntrySource.WORK, day=NOW.date(), seconds=-60, at=NOW)
SOLVED = SolvedRequest(ticket=9_001, team="t1", language="en", answer=1, title=("e52",), body=("printer",))
MANY_ENTRIES = 1_000_000  # a job asks for what is newer than it has seen
PLAN = Plan(id=1, agent="bogdan", at=NOW, minutes=60)
HAPPENED = Event(ticket=9_001, at=NOW, actor=Actor(kind=ActorKind.RULE), what=MessageAdded(author="jo"))

# Methods that may scan: a person asks for them, seldom, and waits.
UNASKED: dict[str, str] = {
    "audit.lanes": "an audit looks at all mails, once a day",
    "audit.closed": "an audit looks at all mails, once a day",
    "audit.gaps": "an audit looks at all mails, once a day",
    "audit.rows_lost": "an audit looks at all mails, once a day",
    "audit.unreceipted": "an audit looks at all mails, once a day",
    "audit.mails_lost": "an audit looks at all mails, once a day",
    "audit.tickets_lost": "an audit looks at all mails, once a day",
    "audit.contents_lost": "an audit looks at all mails, once a day",
    "audit.outcomes": "an audit looks at all mails, once a day",
    "audit.erased": "an audit looks at all mails, once a day",
    "audit.fetched": "an audit looks at all mails, once a day",
    "audit.removed": "an audit looks at all mails, once a day",
    "audit.epochs": "an audit looks at all mails, once a day",
    "audit.folders": "an audit looks at all mails, once a day",
    "shadow.mails": "the report of shadow mode lists every mail",
    "shadow.tickets": "the report of shadow mode lists every ticket",
    "shadow.letters": "the report of shadow mode counts every outgoing mail",
    "shadow.calls": "the report of shadow mode counts every call",
    "shadow.never_call": "shadow mode ends once",
    "outbox.end_shadow": "shadow mode ends once",
    "history.count": "a back-test looks at all mails",
    "history.openings": "a back-test looks at all mails, a page at a time",
    "tickets.counts": "`status` counts all tickets by status, from the index alone",
    "lease_holders.all": "it has one row for each process of the desk",
    "lease_holders.remove_others": "it has one row for each process of the desk",
    "sources.all": "it has one row for each source of the configuration",
    "finished_runs.committed": "it asks the database nothing",
    "job_failures.all": "the table has rows only for what fails now",
    "job_failures.untold": "the table has rows only for what fails now",
    "job_failures.tell": "the table has rows only for what fails now",
    "job_failures.look_again": "the table has rows only for what fails now",
    "sources.clip": "it has one row for each source of the configuration",
    "feeds.clip": "it has one row for each calendar feed",
    "job_failures.counts": "the table has rows only for what fails now",
    "articles.all": "read when articles are loaded; people write them",
    "article_outcomes.counts": "`kb report` counts all",
    "article_outcomes.scored": "learned from once an hour, the latest rows alone",
    "addresses.list": "`status` lists all suspended addresses",
    "old_mails.any": "stops at the first row",
    "search.forget_removed": "a part of erasing",
    "erasure.erase": "erasing asks who else holds a content; it is confirmed by hand",
}



def as_queue(queue: LeaseQueue[Any, Any], *states: str) -> None:
    """Whatever the three queues have in common.  Without a state a list walks from the newest row on, as far as it needs to."""
    for state in states:
        queue.list(state)
        queue.list(state, since=NOW)
    queue.counts(finished=False)
    queue.is_due(NOW), queue.oldest(), queue.next_due(), queue.get(1)
    unless_lost(lambda: queue.renew(1, "w", NOW, LEASE))
    queue.release("w"), queue.release(), queue.requeue(1, NOW)
    queue.clip(NOW), queue.look_again(NOW)
    queue.release_held(1), queue.has_held(1)


def unless_lost(change: Callable[[], object]) -> None:
    with suppress(LeaseLost):
        change()


QUESTIONS: dict[str, Callable[[Tx], object]] = {
    "inbox.add_many": lambda tx: tx.inbox.add_many([(b"a", BY_IMAP)]),
    "cursors.start": lambda tx: (
        tx.cursors.start("support", "INBOX", 7),
        tx.cursors.set_start("support", "INBOX", 7, Start(below=9, first=True, anew=False, wanted="*")),
    ),
    "old_mails": lambda tx: (
        tx.old_mails.add([OldMail(key="k", message_id="a@x", thread="a@x")]),
        tx.old_mails.known(["k"]),
        tx.old_mails.tickets_of(["a@x"]),
        tx.old_mails.go_on_at(1, ["a@x"]),
    ),
    "outbox, held": lambda tx: (
        tx.outbox.hold(LETTER, NOW, NOW),
        tx.outbox.to_bundle(NOW),
        tx.outbox.held_due(NOW, ["overdue"]),
        tx.outbox.told_between("a@x", NOW, NOW, ["overdue"], 10),
        tx.outbox.of_first_connect(),
        tx.outbox.waits_for_release(1),
        tx.outbox.has_told("a@x", NOW, ["new"], 10),
        tx.outbox.let_go(1, NOW),
        tx.outbox.collected(NOW),
        tx.outbox.collected_until(LETTER, "quiet"),
        tx.outbox.told_with(LETTER, "quiet", ["taken"], "told"),
        tx.outbox.let_go_as(1, LETTER, NOW),
        tx.outbox.bundle(1, NOW),
        tx.outbox.not_dotted(1, NOW, owner="w"),
        tx.outbox.keep_back(1, "kept back by a restore"),
        tx.outbox.keep_in_shadow(1),
    ),
    "inbox.claim": lambda tx: tx.inbox.claim("w", 10, LEASE, NOW),
    "inbox.others_at_work": lambda tx: tx.inbox.others_at_work("host:1:", NOW),
    "inbox.finish": lambda tx: tx.inbox.finish(1, "ticket", NOW),
    "inbox.defer": lambda tx: tx.inbox.defer(1, NOW, forget_attempt=False),
    "inbox.earlier_waiting": lambda tx: tx.inbox.earlier_waiting(["a@x", "b@x"], 9),
    "inbox.quarantined": lambda tx: tx.inbox.quarantined(),
    "inbox, one mail": lambda tx: (tx.inbox.drop(1, "spam", NOW), tx.inbox.quarantine(1, "odd", NOW)),
    "inbox as a queue": lambda tx: as_queue(tx.inbox, "new", "dropped"),
    "outbox as a queue": lambda tx: as_queue(tx.outbox, "queued", "failed"),
    "webhooks as a queue": lambda tx: as_queue(tx.webhooks, "queued", "failed"),
    "webhooks.add_many": lambda tx: tx.webhooks.add_many([CALL], NOW),
    "webhooks.claim": lambda tx: tx.webhooks.claim("w", 10, LEASE, NOW),
    "webhooks.claim_of_server": lambda tx: tx.webhooks.claim_of_server("w", 10, LEASE, NOW, ["https://a.test", "https://b.test"]),
    "webhooks.is_due_without": lambda tx: tx.webhooks.is_due_without(["https://a.test"], NOW),
    "webhooks.of_ticket": lambda tx: tx.webhooks.of_ticket(1),
    "webhooks, one call": lambda tx: (
        unless_lost(lambda: tx.webhooks.done(1, "w", NOW, status=204, answer="")),
        unless_lost(lambda: tx.webhooks.defer(1, "w", NOW, status=500, answer="")),
        unless_lost(lambda: tx.webhooks.fail(1, "w", NOW, status=500, answer="")),
        tx.webhooks.discard(1, "no", NOW),
    ),
    "activities.set": lambda tx: tx.activities.set(replace(TICKET, activities=(WORK,))),
    "agenda.set": lambda tx: tx.agenda.set(replace(TICKET, plans=(PLAN,))),
    "agenda.between, of one": lambda tx: tx.agenda.between(NOW, NOW + timedelta(days=7), "bogdan"),
    "agenda.between, of all": lambda tx: tx.agenda.between(NOW, NOW + timedelta(days=7)),
    "activities.spent": lambda tx: tx.activities.spent("incident"),
    "activities.between, of one": lambda tx: tx.activities.between(WORK.day, WORK.day, "bogdan"),
    "activities.between, of all": lambda tx: tx.activities.between(WORK.day, WORK.day),
    "hours": lambda tx: (
        tx.hours.of_bank("c7", "gold"),
        tx.hours.for_standing("c7", "gold"),
        tx.hours.of_ticket(7),
        tx.hours.add("c7", "gold", [BURNED]),
        tx.hours.changed_after(MANY_ENTRIES),
        tx.hours.tell("c7", "gold", "p", "80", NOW),
    ),
    "blobs": lambda tx: (tx.blobs.has("0"), tx.blobs.get(f"{1:064x}"), tx.blobs.put(b"new"), tx.blobs.put_many([b"new", b"other"])),
    "mails.add": lambda tx: tx.mails.add(MAIL),
    "mails.add_attachments": lambda tx: tx.mails.add_attachments(tx.mails.add(MAIL), 1, [FILE]),
    "mails.by_fingerprint": lambda tx: tx.mails.by_fingerprint("f"),
    "mails.of_ticket": lambda tx: tx.mails.of_ticket(1),
    "mails.tickets_knowing": lambda tx: tx.mails.tickets_knowing(["a@x", "b@x"]),
    "mails.has_message_id": lambda tx: tx.mails.has_message_id("m7@x.test"),
    "held.came": lambda tx: (tx.held.came(NOW, NOW), tx.held.count()),
    "held": lambda tx: (
        tx.held.add(HeldMail(inbox=1, agent="a1", what=What.MAIL, why="unproven", came_at=NOW)),
        tx.held.get(1),
        tx.held.waiting(),
        tx.held.untold(),
        tx.held.untold("a1"),
        tx.held.of_notice(3),
        tx.held.tell([1, 2], 1),
        tx.held.decide(1, HeldAnswer.AGREED),
    ),
    "inbox, a mail that was held": lambda tx: (tx.inbox.explain(1, "the agent said no"), tx.inbox.reopen(1)),
    "mails.tickets_referring_to": lambda tx: tx.mails.tickets_referring_to("a@x"),
    "mails.sent_before": lambda tx: tx.mails.sent_before("a@x"),
    "mails.thread_of": lambda tx: tx.mails.thread_of(1, ["jo@customer.test"]),
    "mails.attachments": lambda tx: tx.mails.attachments(1),
    "mails.set_ticket": lambda tx: tx.mails.set_ticket(1, 1),
    "mails, one mail": lambda tx: (tx.mails.get(1), tx.mails.heads_of(1), tx.mails.explanation(1)),
    "files": lambda tx: (tx.files.find(ticket=1), tx.files.get(1), tx.files.find("3999", ticket=1)),
    "tickets.reserve": lambda tx: (tx.tickets.reserve(), tx.tickets.continue_at(50_000), tx.tickets.get(1), tx.tickets.surviving(1)),
    "tickets.late": lambda tx: tx.tickets.late(NOW),
    "tickets.save": lambda tx: (tx.tickets.save(TICKET, expected_version=0), tx.tickets.save(TICKET, expected_version=1)),
    "tickets.get_many": lambda tx: tx.tickets.get_many([1, 2]),
    "tickets.of_address": lambda tx: tx.tickets.of_address("jo@customer.test"),
    "tickets.load": lambda tx: tx.tickets.load(),
    "tickets.awake_counts": lambda tx: tx.tickets.awake_counts(NOW),
    "tickets.team_load": lambda tx: tx.tickets.team_load(),
    "tickets.requesters": lambda tx: (tx.tickets.requesters(closed_since=NOW), tx.tickets.open_requesters()),
    "volumes": lambda tx: (
        tx.volumes.opened(NOW, NOW + timedelta(days=7)),
        tx.volumes.closed(NOW, NOW + timedelta(days=7)),
        tx.volumes.rules(NOW, NOW + timedelta(days=7)),
        tx.volumes.queues(NOW),
        tx.volumes.requesters(),
    ),
    "waits.since": lambda tx: list(tx.waits.since(NOW)),
    "tickets.closed_between": lambda tx: tx.tickets.closed_between(NOW, NOW),
    "wishes": lambda tx: (
        tx.wishes.version(),
        tx.wishes.since(0),
        tx.wishes.add([(("quiet", "a", ""), (("when", "evenings"),))], Actor(kind=ActorKind.AGENT, name="a"), NOW),
    ),
    "ratings": lambda tx: (tx.ratings.set(1, team="t", agent="a", grade=5, at=NOW), tx.ratings.between(NOW, NOW)),
    "tickets.find open": lambda tx: tx.tickets.find(open=True, team="t"),
    "tickets.find assignee": lambda tx: tx.tickets.find(open=True, assignee="ana"),
    "tickets.find requester": lambda tx: tx.tickets.find(requester="jo@customer.test"),
    "events": lambda tx: (tx.events.append([HAPPENED], 1), tx.events.of_ticket(1), tx.events.first(1), tx.events.last_version(1)),
    "events, untold": lambda tx: tx.events.untold(1),
    "events.message": lambda tx: (tx.events.message(1, 1), tx.events.message_number(1, 1)),
    "events.of_clocks": lambda tx: tx.events.of_clocks([1, 2]),
    "mails.received": lambda tx: tx.mails.received([1, 2]),
    "clocks.set": lambda tx: tx.clocks.set(1, [Deadline(promise="p", step="s", due_at=NOW)], NOW),
    "clocks.due": lambda tx: tx.clocks.due(NOW, 10),
    "clocks.breach": lambda tx: tx.clocks.breach(1, "response"),
    "clocks.acted": lambda tx: tx.clocks.acted([1, 2]),
    "clocks.act": lambda tx: tx.clocks.act(1, "a rule", NOW),
    "clocks.re_arm": lambda tx: tx.clocks.re_arm(1, "a rule"),
    "clocks.clip": lambda tx: tx.clocks.clip("send", NOW),
    "clocks.due_of": lambda tx: tx.clocks.due_of(1, NOW),
    "clocks.run_again": lambda tx: tx.clocks.run_again(1),
    "job_failures": lambda tx: (
        tx.job_failures.failed("sweep", "1", "MB-1", "KeyError", NOW),
        tx.job_failures.is_known("sweep", "1"),
        tx.job_failures.waiting("sweep", NOW),
        tx.job_failures.due("sweep", NOW, 10),
        tx.job_failures.forget("sweep", "1"),
        tx.job_failures.forget_retried("sweep", NOW),
    ),
    "clocks.tickets_after": lambda tx: (tx.clocks.tickets_after(1, 10), tx.tickets.open_after(1, 10)),
    "articles.version": lambda tx: tx.articles.version(),
    "articles.get": lambda tx: tx.articles.get(17),
    "articles.add": lambda tx: tx.articles.add(title="T", language="en", text="x", team="it", author="ana", above=3, now=NOW),
    "articles.decide": lambda tx: tx.articles.decide(17, ArticleState.ACCEPTED, "mara", NOW),
    "article_outcomes.shown": lambda tx: tx.article_outcomes.shown(1, {17: 80}, NOW),
    "article_outcomes.opened": lambda tx: tx.article_outcomes.opened(1, 17, NOW),
    "article_outcomes.solved": lambda tx: tx.article_outcomes.solved(1, 17, NOW),
    "solved.closed_after": lambda tx: tx.solved.closed_after(NOW, 1, NOW, 200),
    "solved.put": lambda tx: tx.solved.put(SOLVED),
    "solved.remove": lambda tx: tx.solved.remove(7),
    "solved.holding": lambda tx: tx.solved.holding("e52", team="t1", language="en", most=1_000),
    "solved.count": lambda tx: tx.solved.count(team="t1", language="en", most=10_000),
    "solved.get_many": lambda tx: tx.solved.get_many([1, 2]),
    "feeds.all": lambda tx: tx.feeds.all(),
    "feeds.expect": lambda tx: tx.feeds.expect(["https://x.test/a.ics"]),
    "feeds.claim": lambda tx: tx.feeds.claim("https://x.test/a.ics", NOW, NOW),
    "feeds.fetched": lambda tx: tx.feeds.fetched("https://x.test/a.ics", ClosedTimes(), NOW),
    "feeds.try_again": lambda tx: tx.feeds.try_again(),
    "feeds.failed": lambda tx: tx.feeds.failed("https://x.test/a.ics", "why"),
    "finished_runs.of_tickets": lambda tx: tx.finished_runs.of_tickets([1, 2]),
    "finished_runs.keep": lambda tx: tx.finished_runs.keep(9_001, [FINISHED], NOW),
    "finished_runs.forget": lambda tx: tx.finished_runs.forget(1, [FINISHED]),
    "finished_runs.remember": lambda tx: tx.finished_runs.remember([FINISHED.calendar], NOW),
    "finished_runs.calendar": lambda tx: tx.finished_runs.calendar("none"),
    "clocks.of_tickets": lambda tx: tx.clocks.of_tickets([1, 2]),
    "clocks.due_times": lambda tx: tx.clocks.due_times([1, 2]),
    "clocks.fire": lambda tx: tx.clocks.fire(1, NOW),
    "clocks.stop": lambda tx: (tx.clocks.stop(1), tx.clocks.stop(1, "p")),
    "clocks.of_ticket": lambda tx: tx.clocks.of_ticket(1),
    "clocks.next_due": lambda tx: tx.clocks.next_due(),
    "outbox.add_many": lambda tx: tx.outbox.add_many([LETTER], NOW),
    "outbox.claim": lambda tx: (tx.outbox.claim("s", 10, LEASE, NOW), tx.outbox.claim("other", 10, LEASE, NOW)),
    "outbox.claim by sender": lambda tx: (
        *(tx.outbox.by(some).is_due(NOW) for some in SENDERS),
        *(tx.outbox.by(some).claim("t", 10, LEASE, NOW) for some in SENDERS),
        tx.outbox.pending_by_sender(),
    ),
    "outbox.mark_dot": lambda tx: unless_lost(lambda: tx.outbox.mark_dot(1, "s", NOW)),
    "outbox.sent": lambda tx: tx.outbox.sent(1, NOW),
    "outbox.lost": lambda tx: tx.outbox.lost(NOW),
    "outbox.kept_back": lambda tx: tx.outbox.kept_back(),
    "outbox, one mail": lambda tx: (
        *(tx.outbox.mark_rendered(1, b"x"), tx.outbox.defer(1, NOW, "busy"), tx.outbox.fail(1, "no", NOW)),
        *(tx.outbox.suppress(1, "cap", NOW), tx.outbox.of_ticket(1)),
    ),
    "outbox.by_message_id": lambda tx: tx.outbox.by_message_id("o@d"),
    "outbox.latest": lambda tx: tx.outbox.latest("jo@customer.test", NOW - timedelta(minutes=5), ["received"]),
    "outbox.count_since": lambda tx: tx.outbox.count_since("jo@customer.test", NOW, event="received"),
    "outbox.count_all_since": lambda tx: tx.outbox.count_all_since(NOW),
    "cursors.get": lambda tx: tx.cursors.get("support", "INBOX"),
    "cursors": lambda tx: (tx.cursors.set("support", "INBOX", 7, 1), tx.cursors.to_acknowledge("support", "INBOX")),
    "cursors.acknowledged": lambda tx: tx.cursors.acknowledged("support", "INBOX", 7, [1]),
    "receipts": lambda tx: (
        tx.receipts.give([Receipt("imap", "support", "INBOX", 5, 7, 10_005, "0" * 64, "m@x", None, NOW)]),
        tx.receipts.close(("imap", "support", "INBOX"), 5, "withdrawn", "spam", NOW),
        tx.receipts.replace("support", "INBOX", 7, [10_005]),
    ),
    "audit, one mail": lambda tx: tx.audit.put_back(
        LostMail(("smtp", "", ""), 1, 9_000_000, None, None, "m@x", "s", f"{1:064x}", True, "", NOW, None)
    ),
    "passed_uids": lambda tx: (
        tx.passed_uids.add(PLACE, [1, 2, 9], Passed.GONE, NOW),
        tx.passed_uids.of(PLACE),
        tx.passed_uids.want(PLACE, [3], NOW),
        tx.passed_uids.wanted(PLACE, 10),
        tx.passed_uids.fetched(PLACE, [3]),
    ),
    "by_trace": lambda tx: (tx.inbox.by_trace("01KB8Z2V5Q4M0N7X3W9T6R1D8C"), tx.outbox.by_trace("01KB8Z2V5Q4M0N7X3W9T6R1D8C")),
    "addresses": lambda tx: (tx.addresses.suspend("jo@customer.test", NOW, "bounced"), tx.addresses.lift("jo@customer.test")),
    "addresses.lift_bounced": lambda tx: tx.addresses.lift_bounced("jo@customer.test"),
    "openings": lambda tx: (
        tx.openings.lock("unproven:c1@x.test"),
        tx.openings.of_sender("unproven:c1@x.test", NOW - timedelta(hours=1)),
        tx.openings.of_form("form:www1@x.test", NOW - timedelta(hours=1)),
        tx.openings.add("unproven:c1@x.test", NOW, ticket=1, size=1, receipt=True),
        tx.openings.group(1, 1),
        tx.openings.forget(NOW - timedelta(days=9000)),
    ),
    "inbox.unfetched": lambda tx: tx.inbox.unfetched(5, 10),
    "inbox.kept": lambda tx: tx.inbox.kept(NOW - timedelta(days=1), NOW),
    "addresses.suspended": lambda tx: tx.addresses.suspended("jo@customer.test", NOW),
    "search.add": lambda tx: tx.search.add(90_000, subject="Printer", fresh="It hums.", names=["hum.mp3"]),
    "search.add_whole": lambda tx: tx.search.add_whole(90_000, ticket=1, subject="Printer", fresh="It hums.", text="It hums.\n> Does it?"),
    "search.add_again": lambda tx: tx.search.add_again([1]),
    "search.find": lambda tx: tx.search.find("printer 3999"),
    "search.find of customer": lambda tx: tx.search.find("printer 3999", customer="jo@customer.test"),
    "pictures": lambda tx: tx.mails.add_attachments(tx.mails.add(MAIL), 1, [FILE], sender="jo@customer.test", pictures=[FILE]),
    "search.remove": lambda tx: tx.search.remove(1, "Printer 1"),
    "state": lambda tx: (tx.state.set("k", 1, NOW), tx.state.get("k"), tx.state.set_at("k"), tx.state.take("k", NOW)),
    "sources": lambda tx: (
        tx.sources.watch(["imap:support/INBOX"], NOW),
        tx.sources.proven("imap:support/INBOX", "it answered", NOW),
        tx.sources.failed("imap:support/INBOX", "refused", NOW, NOW),
        tx.sources.mail_came("imap:support/INBOX", NOW, NOW),
        tx.sources.is_silent("imap:support/INBOX", ""),
        tx.sources.set_notified("imap:support/INBOX", "failing", NOW),
        tx.sources.get("imap:support/INBOX"),
        tx.sources.forget(["imap:support/INBOX"]),
    ),
    "sources.arrivals": lambda tx: (
        tx.sources.database_clock(),
        tx.sources.oldest_transaction(),
        tx.sources.came(3_900, 50),
        tx.sources.add_arrivals({("imap:support/INBOX", 493_000): (2, 900)}),
        tx.sources.arrivals("imap:support/INBOX", 490_000),
        tx.sources.forget_arrivals(["imap:support/INBOX"], 480_000),
    ),
    "grants": lambda tx: (
        *(
            tx.grants.ensure("login"),
            tx.grants.claim("login", "w", NOW, NOW + LEASE),
            tx.grants.finish_renewal(Grant(account="login"), "w"),
        ),
        *(tx.grants.replace(Grant(account="login")), tx.grants.get("login"), tx.grants.all(), tx.grants.release()),
        tx.grants.clip(NOW),
    ),
    "lease_holders": lambda tx: (
        tx.lease_holders.register("host:1", "1.0", NOW),
        tx.lease_holders.renew(1, NOW),
        tx.lease_holders.bury(1, 1),
        tx.lease_holders.remove(1),
    ),
    "keys": lambda tx: (tx.keys.ensure(NOW, bytes), tx.keys.live(), tx.keys.rotate(NOW, bytes)),
    "pairings": lambda tx: (
        tx.pairings.request("a1", "a1@x.test", "0", NOW, NOW + timedelta(days=1)),
        tx.pairings.by_nonce("0"),
        tx.pairings.answer(1, "imap:support", "{}", "proven", NOW),
        tx.pairings.note(1, "nothing was signed"),
        tx.pairings.replace_earlier(1, "a1@x.test", "imap:support", NOW),
        tx.pairings.proven(),
        tx.pairings.all(),
        tx.pairings.end("a1", NOW),
    ),
    "sign_ins": lambda tx: (
        tx.sign_ins.request("a1", "a1@x.test", NOW, NOW + LEASE),
        tx.sign_ins.get(1),
        tx.sign_ins.count_try(1, NOW),
        tx.sign_ins.use(1, NOW),
        tx.sign_ins.forget(NOW - LEASE),
    ),
    "web_sessions": lambda tx: (
        tx.web_sessions.start("0", "a1", "Firefox", NOW),
        tx.web_sessions.by_secret("0"),
        tx.web_sessions.of("a1"),
        tx.web_sessions.seen(1, NOW),
        tx.web_sessions.end("a1", 1, NOW),
        tx.web_sessions.end_all("a1", NOW),
        tx.web_sessions.forget(NOW - LEASE),
    ),
    "customers": lambda tx: (
        tx.customers.add([CHANGED], HAPPENED.actor, 1, NOW),
        tx.customers.since(0),
        tx.customers.of("acme", 10),
        tx.customers.version(),
    ),
    "policies": lambda tx: (
        tx.policies.remember("v", {"a": "b"}, NOW),
        tx.policies.get("v"),
        tx.policies.first_used("v"),
        tx.policies.history(),
    ),
}


@pytest.fixture(scope="module")
def filled_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "desk.db"
    path.write_bytes(sqlite_template.read_bytes())
    filled(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def sqlite_desk(filled_sqlite: Path) -> str:
    """As a desk runs: nothing of ours runs ANALYZE on SQLite, so its planner knows no numbers."""
    return f"sqlite:///{filled_sqlite}"


@pytest.fixture(scope="module")
def analysed_sqlite_desk(filled_sqlite: Path) -> str:
    """As after an operator ran ANALYZE."""
    path = filled_sqlite.with_name("analysed.db")
    path.write_bytes(filled_sqlite.read_bytes())
    return analysed(f"sqlite:///{path}")


@pytest.fixture(scope="module")
def postgres_desk(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    with postgres.database(postgres_template) as url:
        yield analysed(filled(url))


def filled(url: str) -> str:
    store = Store(url)
    with store.write() as tx:
        fill(tx)
    store.checkpoint()
    store.close()
    return url


def analysed(url: str) -> str:
    store = Store(url)
    with store.write() as tx:
        tx._sql.connection.exec_driver_sql("ANALYZE")
    store.close()
    return url


@pytest.fixture(
    params=["sqlite_desk", "analysed_sqlite_desk", pytest.param("postgres_desk", marks=pytest.mark.servers)],
    ids=["sqlite", "sqlite analysed", "postgresql"],
    scope="module",
)
def desk(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store with the rows of some years, shared by the tests here: each undoes what it did."""
    opened = Store(str(request.getfixturevalue(request.param)))
    yield opened
    opened.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_growing_table_is_scanned(desk: Store, name: str) -> None:
    assert scans_of(desk, QUESTIONS[name]) == []


def test_a_scan_is_seen(desk: Store) -> None:
    assert scans_of(desk, lambda tx: tx.tickets.find(team="t", text="printer")) != []


def test_every_method_of_the_store_is_asked(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    with desk.read() as tx:
        rooms = {name: type(value) for name, value in vars(tx).items() if type(value).__module__.startswith("mailbridge.store")}
    rooms.pop("_sql", None)
    for room, kind in rooms.items():
        for method in methods(kind):
            monkeypatch.setattr(kind, method, noting(f"{room}.{method}", getattr(kind, method), asked))
    for question in QUESTIONS.values():
        run(desk, question)
    everything = {f"{room}.{method}" for room, kind in rooms.items() for method in methods(kind)}
    assert everything - asked - UNASKED.keys() == set()
    assert UNASKED.keys() <= everything - asked


def methods(kind: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]


def noting(name: str, method: Callable[..., object], asked: set[str]) -> Callable[..., object]:
    def noted(*given: object, **named: object) -> object:
        asked.add(name)
        return method(*given, **named)

    return noted


class Undone(Exception):
    """Ends a transaction of which nothing is to stay."""


def run(desk: Store, question: Callable[[Tx], object]) -> None:
    with suppress(Undone), desk.write() as tx:
        question(tx)
        raise Undone


def scans_of(desk: Store, question: Callable[[Tx], object]) -> list[str]:
    asked: list[tuple[str, object]] = []

    def remember(connection: object, cursor: object, statement: str, parameters: object, context: object, many: bool) -> None:
        asked.append((statement, parameters[0] if many else parameters))

    scans: list[str] = []
    with suppress(Undone), desk.write() as tx:
        connection = tx._sql.connection
        sa.event.listen(connection, "before_cursor_execute", remember)
        tx._sql.driver = tx._sql.driver and Remembering(tx._sql.driver, asked)
        try:
            question(tx)
        finally:
            sa.event.remove(connection, "before_cursor_execute", remember)
        assert asked
        scans = [scan for statement, parameters in asked for scan in scanned(connection, statement, parameters)]
        raise Undone
    return scans


class Remembering:
    """SQLite's driver, which also writes down what it is told past SQLAlchemy."""

    def __init__(self, driver: Any, asked: list[tuple[str, object]]) -> None:
        self._driver, self._asked = driver, asked

    def execute(self, statement: str, parameters: object) -> Any:
        self._asked.append((statement, parameters))
        return self._driver.execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any) -> Any:
        self._asked.append((statement, parameters[0]))
        return self._driver.executemany(statement, parameters)


# An index that holds only the rows wanted may be walked: that is what partial ones are for.
PARTIAL = frozenset(
    str(index.name)
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None and index.name not in {"ix_mails_message_id", "ix_inbox_uid"}
) - {"ix_inbox_done", "ix_outbox_sent", "ix_outbox_counted"}
GROWING = frozenset(MANY)
# SQLite calls every look into FTS5 a scan; those with M in their plan are asked for a MATCH.
MATCHED = re.compile(r"SCAN mail_search VIRTUAL TABLE INDEX \d+:=?M")
SQLITE_SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")


def scanned(connection: sa.Connection, statement: str, parameters: object) -> list[str]:
    """The steps of the statement's plan that read a growing table, or an index over all of it, from one end to the other."""
    if " ".join(statement.split()).upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "SET ", "SELECT PG_NOTIFY")):
        return []
    if connection.dialect.name == "sqlite":
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        return [f"{step}: {statement}" for step in plan if is_sqlite_scan(step)]
    # The words of a few thousand mails are read faster than looked up; what counts is that the index can answer.
    connection.exec_driver_sql(f"SET LOCAL enable_seqscan = {'off' if 'mail_search' in statement else 'on'}")
    [[[top]]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    return [f"{step}: {statement}" for step in steps(top["Plan"]) if is_postgres_scan(step)]


def is_sqlite_scan(step: str) -> bool:
    found = SQLITE_SCAN.match(step)
    return bool(found) and not MATCHED.match(step) and table_of(found[1]) in GROWING and found[2] not in PARTIAL


def table_of(name: str) -> str:
    return {"earlier": "mails", "erased": "mails"}.get(name, name)


def steps(step: dict) -> Iterator[dict]:
    yield step
    for below in step.get("Plans", ()):
        yield from steps(below)


def is_postgres_scan(step: dict) -> bool:
    if step.get("Relation Name") not in GROWING or "Scan" not in step["Node Type"]:
        return False
    if step["Node Type"] == "Seq Scan":
        return True
    return "Index Cond" not in step and "Recheck Cond" not in step and step.get("Index Name") not in PARTIAL and "TID Cond" not in step
