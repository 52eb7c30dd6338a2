"""Which jobs the timer runs in this process, and how often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from mailbridge.daemon.app import App
from mailbridge.health import names
from mailbridge.jobs.ticker import Job

SWEEP = timedelta(seconds=5)
TIMED_RULES = timedelta(seconds=20)
HEARTBEAT = timedelta(seconds=15)
RULES = timedelta(seconds=2)
UNFETCHED = timedelta(minutes=1)
CHECKPOINT_EVERY = timedelta(seconds=10)
CLIP = timedelta(minutes=1)
TOKENS = timedelta(seconds=15)
LOGIN_ENDS = timedelta(hours=1)
AUDIT = timedelta(minutes=5)  # looks whether one is due
KEPT = timedelta(minutes=5)
FEEDS = timedelta(seconds=15)
DIGESTS = timedelta(minutes=1)
WAITING = timedelta(minutes=15)
CONTRACT_ENDS = timedelta(minutes=15)
HOURS = timedelta(seconds=30)
SOLVED = timedelta(seconds=20)
STATEMENTS = timedelta(minutes=15)
BACKUP = timedelta(minutes=1)
ARRIVALS = timedelta(seconds=20)
SILENCE = timedelta(minutes=10)
LOOK = timedelta(seconds=15)
PING = timedelta(minutes=1)
NOTICE_EVERY = timedelta(minutes=1)
SOURCES = timedelta(seconds=10)
CANARY = timedelta(seconds=10)  # looks whether one is due, or late


def schedule(
    app: App, *, intake: bool, clocks: bool, beat: Callable[[], None], probe: Callable[[], None], stand_in: Callable[[], None]
) -> list[Job]:
    """The jobs of a process with these roles.  `beat` reports that the process lives, `probe` asks what needs no mail, `stand_in` looks
    for delivery workers that wait too long."""
    jobs = [Job(name="heartbeat", every=HEARTBEAT, run=beat), Job(name="rules", every=RULES, run=app.refresh_files)]
    jobs.append(Job(name="stand-ins", every=SOURCES, run=stand_in))
    if app.config.oauth:
        jobs.append(Job(name="oauth", every=TOKENS, run=app.logins.keep_fresh))
        if clocks:
            jobs.append(Job(name="login-ends", every=LOGIN_ENDS, run=app.jobs.notify_login_ends))
    jobs.append(Job(name="clip", every=CLIP, run=app.jobs.clip_times))
    jobs.append(Job(name="fold", every=CHECKPOINT_EVERY, run=app.store.checkpoint_passive))
    if clocks:
        jobs.append(Job(name="sweep", every=SWEEP, run=app.jobs.sweep))
        jobs.append(Job(name="timed-rules", every=TIMED_RULES, run=app.jobs.run_timed_rules))
        jobs.append(Job(name="hours", every=HOURS, run=app.jobs.keep_hours))
        jobs.append(Job(name="digests", every=DIGESTS, run=app.jobs.notify_digests))
        jobs.append(Job(name="reports", every=DIGESTS, run=app.jobs.notify_reports))
        jobs.append(Job(name="waiting", every=WAITING, run=app.jobs.measure_waiting))
        if app.config.knowledge.suggest_answers:
            jobs.append(Job(name="solved-requests", every=SOLVED, run=app.jobs.keep_solved_requests))
        jobs.append(Job(name="kept", every=KEPT, run=app.jobs.list_kept))
        jobs.append(Job(name="spam-review", every=KEPT, run=app.jobs.review_spam))
        jobs.append(Job(name="feeds", every=FEEDS, run=app.jobs.fetch_feeds))
        jobs.append(Job(name="contract-ends", every=CONTRACT_ENDS, run=app.jobs.notify_contract_ends))
        jobs.append(Job(name="statements", every=STATEMENTS, run=app.jobs.send_statements))
        jobs.append(Job(name="unfetched", every=UNFETCHED, run=app.jobs.notify_unfetched))
        jobs.append(Job(name="arrivals", every=ARRIVALS, run=app.jobs.count_arrivals))
        jobs.append(Job(name="silence", every=SILENCE, run=app.jobs.look_for_silence))
        jobs.append(Job(name="failures", every=NOTICE_EVERY, run=app.jobs.notify_job_failures))
        jobs.append(Job(name="sources", every=SOURCES, run=app.jobs.notify_sources))
        jobs.append(Job(name="store-alarm", every=SOURCES, run=app.store_alarm.look))
        jobs += _canaries(app)
        if app.config.backup.to is not None:
            jobs.append(Job(name="backup", every=BACKUP, run=app.backups.look))
    if intake:
        jobs.append(Job(name="audit", every=AUDIT, run=app.audit))
        jobs.append(Job(name="look", every=LOOK, run=app.sources.pulse.look))
        jobs.append(Job(name="ping", every=PING, run=app.sources.pulse.ping))
        jobs.append(Job(name="probe", every=names.PROBE_EVERY, run=probe))
    return jobs


def _canaries(app: App) -> list[Job]:
    """A job for each address, because a silent server holds up who sends by it; one that judges, and one that tells."""
    if not (addresses := app.config.canary_addresses):
        return []
    jobs = [
        Job(name=f"canary{f'-{number}' if number else ''}", every=CANARY, run=partial(app.canaries.send_due, to))
        for number, to in enumerate(addresses)
    ]
    jobs.append(Job(name="canary-watch", every=CANARY, run=partial(app.canaries.look, addresses)))
    jobs.append(Job(name="canary-alarm", every=CANARY, run=partial(app.canaries.tell, addresses)))
    return jobs
