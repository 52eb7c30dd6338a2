"""What the timer does: each method is one job at one moment.  `schedule` says how often they run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailbridge.clock import Clock
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.held import notify_held
from mailbridge.health.arrivals import count_arrivals, look_for_silence
from mailbridge.health.notices import notify_sources
from mailbridge.jobs.alerts import notify_alerts
from mailbridge.jobs.attempts import Item, JobRuns, when_due
from mailbridge.jobs.bundles import notify_bundles
from mailbridge.jobs.clock_jump import clip_times
from mailbridge.jobs.collected import notify_collected
from mailbridge.jobs.contract_ends import notify_contract_ends
from mailbridge.jobs.deadlines import sweep
from mailbridge.jobs.digests import notify_digests
from mailbridge.jobs.failures import notify_job_failures
from mailbridge.jobs.feeds import fetch_feeds
from mailbridge.jobs.hours import keep_hours, pause_clocks
from mailbridge.jobs.kept import list_kept
from mailbridge.jobs.login_ends import notify_login_ends
from mailbridge.jobs.ratings import ask_ratings
from mailbridge.jobs.receipts import notify_receipts
from mailbridge.jobs.recompute import recompute
from mailbridge.jobs.rematch_changed import rematch_changed
from mailbridge.jobs.reports import notify_reports
from mailbridge.jobs.solved_requests import keep_solved_requests
from mailbridge.jobs.spam_review import review_spam
from mailbridge.jobs.statements import send_statements
from mailbridge.jobs.timed_rules import run_timed_rules
from mailbridge.jobs.unfetched import notify_unfetched
from mailbridge.jobs.waiting import measure_waiting
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx


class DeskJobs:
    """The jobs of a desk.  `desk`, `desk_of_files`: the desk of the moment (`App.desk`, `App.desk_of_files`)."""

    def __init__(
        self, store: Store, clock: Clock, runs: JobRuns, *, desk: Callable[[], Desk], desk_of_files: Callable[[], Desk]
    ) -> None:
        self._store, self._clock, self._runs = store, clock, runs
        self._desk, self._desk_of_files = desk, desk_of_files

    def sweep(self, now: datetime | None = None) -> int:
        """Fires every deadline up to now, and sends held notifications; how many."""
        now, desk, run = now or self._clock.now(), self._desk(), self._runs.run
        run("recompute", lambda: recompute(self._store, desk, now))
        run("rematch", lambda: rematch_changed(self._store, desk, now))
        fired = run("sweep", lambda: sweep(self._store, desk, now)) or 0
        run("alerts", lambda: notify_alerts(self._store, desk, now))
        run("collected", lambda: notify_collected(self._store, desk, now))
        run("ratings", lambda: ask_ratings(self._store, desk, now))
        run("receipts", lambda: notify_receipts(self._store, desk, now))
        held = run("held", lambda: notify_held(self._store, desk, now, self._attempt_held)) or 0
        return fired + held + (run("bundles", lambda: notify_bundles(self._store, desk, now)) or 0)

    def _attempt_held(self, tx: Tx, agent: str, run: Callable[[], bool]) -> bool | None:
        return when_due(tx, Item(job="held", key=agent, about=f"mails of {agent} that wait for a yes"), self._clock.now(), run)

    def keep_hours(self) -> int:
        """Records what the hour banks are due, tells who has to know, stops clocks where a bank is empty; how many entries."""
        now, desk = self._clock.now(), self._desk()
        made = self._runs.run("hours", lambda: keep_hours(self._store, desk, now)) or 0
        self._runs.run("hours-pause", lambda: pause_clocks(self._store, desk, now))
        return made

    def run_timed_rules(self, now: datetime | None = None) -> int:
        """Lets the rules by time look at the open tickets; how often they acted."""
        return run_timed_rules(self._store, self._desk(), now or self._clock.now())

    def measure_waiting(self, now: datetime | None = None) -> int:
        """Measures how long customers wait for the first answer; of how many groups of tickets it is known."""
        return measure_waiting(self._store, self._desk(), now or self._clock.now())

    def keep_solved_requests(self, now: datetime | None = None) -> int:
        """Adds closed tickets to the solved requests that new ones are compared with; how many were looked at."""
        return keep_solved_requests(self._store, self._desk(), now or self._clock.now())

    def notify_digests(self, now: datetime | None = None) -> int:
        """Sends the morning digests that are due; how many."""
        return notify_digests(self._store, self._desk(), now or self._clock.now())

    def notify_reports(self, now: datetime | None = None) -> int:
        """Sends the reports that are due; how many."""
        return notify_reports(self._store, self._desk(), now or self._clock.now())

    def send_statements(self, now: datetime | None = None) -> int:
        """Sends the monthly statements of hour banks that are due; how many."""
        return send_statements(self._store, self._desk(), now or self._clock.now())

    def notify_contract_ends(self, now: datetime | None = None) -> int:
        """Notifies people of contracts that end in 60, 30 or 7 days; how many new mails."""
        return notify_contract_ends(self._store, self._desk(), now or self._clock.now())

    def list_kept(self, now: datetime | None = None) -> int:
        """Mails the admins today's list of mails without a ticket; how many mails a new list names."""
        return list_kept(self._store, self._desk(), now or self._clock.now())

    def review_spam(self, now: datetime | None = None) -> int:
        """Mails the managers the list of mails that are held because of their senders; how many mails it is about."""
        return review_spam(self._store, self._desk(), now or self._clock.now())

    def fetch_feeds(self) -> int:
        """Fetches the calendar feeds whose time has come; how many."""
        desk = self._desk_of_files()
        return fetch_feeds(self._store, desk.config.calendars, desk.policy.feeds, self._clock)

    def count_arrivals(self, now: datetime | None = None) -> int:
        """Counts the mails of the inbox by source and hour; how many were new."""
        canaries = bool(self._desk_of_files().config.canary_addresses)
        return count_arrivals(self._store, now or self._clock.now(), canaries=canaries)

    def look_for_silence(self, now: datetime | None = None) -> int:
        """Marks each source that has been silent for an unlikely time; how many are new."""
        desk = self._desk()
        return look_for_silence(self._store, desk, now or self._clock.now()) if desk.config.health.silence else 0

    def notify_sources(self, now: datetime | None = None) -> int:
        """Notifies the admins of sources that fail or work again; how many changes."""
        return notify_sources(self._store, self._desk(), now or self._clock.now())

    def notify_unfetched(self, now: datetime | None = None) -> int:
        """Notifies the admins of mails that IMAP servers do not give; how many."""
        return notify_unfetched(self._store, self._desk(), now or self._clock.now())

    def notify_job_failures(self, now: datetime | None = None) -> int:
        """Notifies the admins of what jobs could not do; how many failures are new."""
        return notify_job_failures(self._store, self._desk_of_files(), now or self._clock.now())

    def notify_login_ends(self) -> int:
        """Notifies the admins of logins that expire soon; how many new mails."""
        return notify_login_ends(self._store, self._desk_of_files().config, self._clock.now())

    def clip_times(self) -> int:
        """No next try, lease or last run lies further ahead than its longest wait; how many rows were changed."""
        return clip_times(self._store, self._clock.now())
