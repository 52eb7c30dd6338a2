"""`mailbridge status`: the state of the desk, with an exit code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailbridge.cli import exits
from mailbridge.cli.options import OpenDesk, desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, safe, when
from mailbridge.errors import StoreAway

if TYPE_CHECKING:
    from mailbridge.config.model import Backup, Config
    from mailbridge.store.job_failures import JobFailure
    from mailbridge.store.source_health import SourceHealth

WAITING_TOO_LONG = timedelta(minutes=5)
PROBE_KEY = "write-probe"
BACKUP_KEYS = {"made": "backup", "proven": "backup-proof", "failed": "backup-failed"}  # -> key of the state in the store
CLOCK_SHOWN = timedelta(hours=1)
SHADOW = "shadow: mailboxes are only looked at, and nothing is sent (mailbridge shadow report)"
MOST_FAILURES = 10  # of jobs, that are listed
HEARTBEAT_TOO_OLD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskStatus:
    """The desk's health from its store.  `troubles`: a sentence for each problem; empty where there is none."""

    schema: str
    writes: Mapping[str, Any]  # whether the database takes writes, and the space where the desk writes
    inbox: Mapping[str, int]
    oldest_waiting: datetime | None
    outbox: Mapping[str, int]
    ways_out: Mapping[str, Mapping[str, int]]  # server -> its mails that are to be sent, by state; empty where there is one server only
    webhooks: Mapping[str, int]
    tickets: Mapping[str, int]
    held: int  # mails in agents' names that wait for confirmation
    for_release: int  # outgoing mails that are held after a first connect
    suspended: int
    shadow: bool  # nothing is sent
    logins: tuple[Mapping[str, Any], ...]
    rules: Mapping[str, Any]
    seen_alive: datetime | None
    backup: Mapping[str, Any]  # made: the last good backup; proven: the last verified one; failed: the error since then
    sources: tuple[Mapping[str, Any], ...]
    feeds: tuple[Mapping[str, Any], ...]  # calendar feeds
    audit: Mapping[str, Any]  # result of the last audit
    canary: tuple[Mapping[str, Any], ...]  # mails of the desk to itself, by address
    jobs: tuple[Mapping[str, Any], ...]  # what jobs could not do
    clock: Mapping[str, Any]  # the last step of the machine's clock: at, seconds, steps
    troubles: tuple[str, ...]


@click.command()
@desk_option
@json_option
def status(folder: Path, as_json: bool) -> int:
    """Show the state of the desk.  Exit code 1 if something needs attention."""
    try:
        with open_desk(folder) as desk:
            found = look(desk, datetime.now(UTC))
    except StoreAway as away:
        return _without_database(folder, away, as_json)
    if as_json:
        print_json({"ok": not found.troubles, **{name: getattr(found, name) for name in DeskStatus.__slots__}})
    else:
        show(desk, found)
    return exits.MISTAKES if found.troubles else exits.OK


def _without_database(folder: Path, away: StoreAway, as_json: bool) -> int:
    """Tells why there is no state to show, and what to do."""
    from mailbridge.config.load import load
    from mailbridge.health.writes import write_advice
    from mailbridge.store.engine import Store

    config = load(folder)
    trouble = write_advice(str(away.where.get("reason", away.what)), Store(config.store_url), config)
    if as_json:
        print_json({"ok": False, "troubles": [trouble]})
    else:
        click.echo(f"attention  {safe(trouble)}")
    return exits.MISTAKES


def write_state(desk: OpenDesk, now: datetime) -> Mapping[str, Any]:
    """Writes a row, and looks at the space: `takes_writes`, `why` not, `free` and `needed` bytes, `folder`, and `trouble` with advice."""
    from mailbridge.health.writes import needed, space, space_advice, write_advice

    why = ""
    try:
        with desk.store.write() as tx:
            tx.state.set(PROBE_KEY, now.isoformat(), now)
    except StoreAway as away:
        why = str(away.where.get("reason", away.what))
    found, least = space(desk.store, desk.config), needed(desk.config)
    is_short = found is not None and found.free < least
    trouble = write_advice(why, desk.store, desk.config) if why else space_advice(found, desk.config) if found and is_short else ""
    return {
        "takes_writes": not why,
        "why": why,
        "free": found.free if found else None,
        "needed": least,
        "folder": str(found.folder) if found else "",
        "trouble": trouble,
    }


def look(desk: OpenDesk, now: datetime) -> DeskStatus:
    """The state of the desk, read in one transaction, with what is wrong."""
    from mailbridge.cli.canary_lines import about as about_canary
    from mailbridge.cli.canary_lines import watches_of
    from mailbridge.cli.check_feeds import feed_healths
    from mailbridge.oauth.health import healths_in

    canaries = tuple(about_canary(watch, now) for watch in watches_of(desk, desk.config.canary_addresses))
    addresses, writes = _feeds(desk), write_state(desk, now)
    with desk.store.read() as tx:
        feeds = feed_healths(addresses, tx.feeds.all(), desk.config.calendars, now) if addresses else ()
        logins, failures = healths_in(tx, desk.config, now), tx.job_failures.all(MOST_FAILURES + 1)
        seen_alive, clock = tx.state.set_at("daemon"), tx.state.get("clock-set") or {}
        is_alive = seen_alive is not None and now - seen_alive <= HEARTBEAT_TOO_OLD
        found = DeskStatus(
            schema=desk.store.current() or "",
            writes=writes,
            inbox=tx.inbox.counts(),
            oldest_waiting=tx.inbox.oldest(),
            outbox=tx.outbox.counts(),
            ways_out=by_server(tx.outbox.pending_by_sender(), desk.config) if desk.config.further_outgoing else {},
            webhooks=tx.webhooks.counts(),
            tickets=tx.tickets.counts(),
            held=tx.held.count(),
            for_release=len(tx.outbox.of_first_connect()),
            suspended=len(tx.addresses.list()),
            shadow=desk.config.desk.shadow,
            logins=tuple(login.as_json() for login in logins),
            rules=tx.state.get("rules") or {},
            seen_alive=seen_alive,
            backup={name: tx.state.get(key) for name, key in BACKUP_KEYS.items()},
            sources=tuple(about(source, desk.config, now, is_alive) for source in tx.sources.all()),
            feeds=tuple(asdict(one) for one in feeds),
            audit=tx.state.get("audit") or {},
            canary=canaries,
            jobs=tuple(asdict(one) for one in failures[:MOST_FAILURES]),
            clock={name: clock[name] for name in ("at", "seconds", "steps") if name in clock},
            troubles=(),
        )
        kept_back = len(tx.outbox.kept_back(1000))
    of_others = (
        *(one.trouble for one in feeds if one.trouble),
        *audit_troubles(found.audit),
        *job_troubles(failures),
        *_kept_back_troubles(kept_back),
        *(trouble for login in logins for trouble in login.troubles),
    )
    return replace(found, troubles=(*_own_troubles(found, desk.config, clock, now), *of_others))


def _own_troubles(found: DeskStatus, config: Config, clock: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What is wrong with the database, the clock, the queues, the daemon, the backup and the sources."""
    if found.writes["trouble"]:
        yield found.writes["trouble"]
    yield from clock_troubles(clock, now)
    # A daemon that cannot write has no heartbeat, and a restart would not help it.
    alive = found.seen_alive if found.writes["takes_writes"] else now
    yield from troubles(found.inbox, found.oldest_waiting, found.outbox, found.webhooks, found.rules, alive, now)
    yield from backup_troubles(config.backup, found.backup, now)
    yield from source_troubles(found.sources)


def by_server(counts: Mapping[tuple[str, str], int], config: Config) -> Mapping[str, Mapping[str, int]]:
    """Server -> number of its mails by state, from the numbers by sender and state."""
    found: dict[str, dict[str, int]] = {server.name: {} for server in config.outgoing_servers}
    for (sender, state), number in counts.items():
        of_server = found[config.outgoing_of(sender).name]
        of_server[state] = of_server.get(state, 0) + number
    return found


def _feeds(desk: OpenDesk) -> tuple[str, ...]:
    """Addresses of the calendar feeds that the rules in force name.  Their text is loaded from the store, not from the folder."""
    from mailbridge.rules.load import load

    with desk.store.read() as tx:
        version = (tx.state.get("rules") or {}).get("version")
        texts = tx.policies.get(version) if version else None
    if not texts or "feeds" not in texts.get("rules/teams.yaml", ""):
        return ()
    policy = load(texts).policy
    return policy.feeds if policy else ()


def _kept_back_troubles(count: int) -> tuple[str, ...]:
    """Outgoing mails that are held after a restore.  They may have been sent after the backup, so a person decides."""
    if not count:
        return ()
    return (f"{count} mails are kept back since a restore: mailbridge release --why restore, then --send or --discard",)


def clock_troubles(known: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """The last step of the clock, for an hour."""
    if not known or abs(now - (at := datetime.fromisoformat(known["at"]))) > CLOCK_SHOWN:
        return ()
    way = "ahead" if known["seconds"] > 0 else "back"
    return (f"the clock of the machine was set {way} by {timedelta(seconds=abs(known['seconds']))} at {when(at)}: timedatectl",)


def audit_troubles(audited: Mapping[str, Any]) -> tuple[str, ...]:
    """What the last audit missed, and what it could not compare."""
    missing, faults = audited.get("missing", 0), audited.get("faults", ())
    found = [f"{missing} accepted {'mail is' if missing == 1 else 'mails are'} missing: mailbridge audit"] if missing else []
    return (*found, *(f"the audit could not compare {fault}" for fault in faults))


def backup_troubles(wanted: Backup, known: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """Problems of the automatic backups that [backup] configures."""
    if wanted.to is None:
        return ()
    found = []
    made, failed = known["made"], known["failed"]
    if failed:
        found.append(f"the last backup failed: {failed['reason']}")
    if made and now - datetime.fromisoformat(made["at"]) > (timedelta(days=1) if wanted.at else wanted.every) * 2:
        found.append(f"the last good backup was made {when(datetime.fromisoformat(made['at']))}: run mailbridge backup, or see the log")
    return tuple(found)


def about(source: SourceHealth, config: Config, now: datetime, is_alive: bool) -> Mapping[str, Any]:
    """The health of a source, for text and JSON.  Without a running daemon, silence of the source is not reported."""
    from mailbridge.health.names import expected

    state = source.state(now, expected(config).get(source.name) if is_alive else None)
    return {
        "source": source.name,
        "state": state,
        "why": source.why(state),
        "proof": source.proof,
        "last_success": source.proven_at,
        "last_mail": source.mail_at,
        "last_failure": source.failed_at,
        "last_reason": source.reason,
        "failing_since": source.failing_since,
        "next_try": source.next_at,
    }


def source_troubles(sources: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """A sentence for each source that fails, or that has been silent for too long."""
    return tuple(f"{one['source']}: {one['why']}: mailbridge doctor" for one in sources if one["why"])


def job_troubles(failures: Sequence[JobFailure]) -> tuple[str, ...]:
    """A sentence for each of the oldest failures of jobs."""
    found = [
        f"the job {one.job} could not do {one.about or 'its work'} (attempts: {one.tries}, since {when(one.since)}): {one.reason}; "
        f"the next attempt is at {when(one.next_at)}, the log has the details"
        for one in failures[:MOST_FAILURES]
    ]
    return (*found, *(["there are more failures of jobs: see mailbridge_job_failures in the metrics"] if failures[MOST_FAILURES:] else []))


def source_row(one: Mapping[str, Any]) -> str:
    """`imap:support/INBOX  ok, proven 2026-11-21 14:02Z, last mail 2026-11-21 13:58Z`."""
    said = [str(one["state"]), f"working {when(one['last_success']) or 'never'}"]
    said += [f"last mail {when(one['last_mail'])}"] if one["last_mail"] else []
    said += [f"last failure {when(one['last_failure'])}"] if one["last_failure"] else []
    said += [f"next try {when(one['next_try'])}"] if one["next_try"] else []
    return f"{one['source']}  {', '.join(said)}"


def canary_row(one: Mapping[str, Any]) -> str:
    """`support@acme.example  came back after 3.2 s, 2026-11-21 14:02Z`."""
    said = f"came back after {one['seconds']:.1f} s, {when(one['arrived'])}" if one["arrived"] else "none came yet"
    return f"{one['to']}  {said}{', late' if one['late_since'] else ''}"


def troubles(
    inbox: Mapping[str, int],
    oldest: datetime | None,
    outbox: Mapping[str, int],
    webhooks: Mapping[str, int],
    rules: Mapping[str, Any],
    seen_alive: datetime | None,
    now: datetime,
) -> tuple[str, ...]:
    """A sentence for each problem that needs a person, with the next step."""
    found = []
    if seen_alive is None:
        found.append("the daemon has never run here: mailbridge run")
    elif now - seen_alive > HEARTBEAT_TOO_OLD:
        found.append(f"the daemon was last seen alive at {when(seen_alive)}: run mailbridge run, or see its log")
    if oldest and now - oldest > WAITING_TOO_LONG:
        found.append(f"mail has been waiting since {when(oldest)}: mailbridge queue list --state new")
    if inbox.get("quarantined"):
        found.append(f"{inbox['quarantined']} in quarantine: mailbridge quarantine list")
    if outbox.get("failed"):
        found.append(f"{outbox['failed']} could not be delivered: mailbridge outbox list --state failed")
    if webhooks.get("failed"):
        found.append(f"{webhooks['failed']} webhooks could not be called: mailbridge webhooks list --state failed")
    if problems := rules.get("problems"):
        mistakes = f"{len(problems)} mistake{'' if len(problems) == 1 else 's'}, the first {problems[0]}"
        found.append(f"the rules on disk are broken ({mistakes}); version {rules.get('version', '?')} stays in force: mailbridge check")
    return tuple(found)


def show(desk: OpenDesk, found: DeskStatus) -> None:
    config = desk.config
    alive = when(found.seen_alive) or "never"
    rows = [
        ("desk", f"{config.desk.name} <{config.desk.address}> in {config.folder}"),
        ("daemon", f"last seen alive {alive}"),
        ("rules", f"version {found.rules.get('version', 'unknown')}"),
        ("database", f"schema {found.schema}{_free(found.writes)}"),
        ("mail in", counted(found.inbox) + (f", the oldest waiting since {when(found.oldest_waiting)}" if found.oldest_waiting else "")),
        ("tickets", counted(found.tickets)),
        ("mail out", counted(found.outbox)),
    ]
    rows[1:1] = [("mode", SHADOW)] if found.shadow else []
    rows += [("way out", f"{name}  {counted(numbers)}") for name, numbers in found.ways_out.items()]
    rows += [("held", f"{_waiting(found.held)} for confirmation by agents: mailbridge held list")] if found.held else []
    rows += [("release", f"{_waiting(found.for_release)} after a first connect: mailbridge release")] if found.for_release else []
    rows += [("webhooks", counted(found.webhooks))] if any(found.webhooks.values()) else []
    rows += [("login", f"{login['name']} at {login['provider']}: {login['state']}") for login in found.logins]
    rows += [("suspended", f"{found.suspended} bouncing addresses")] if found.suspended else []
    rows += [("backup", _ages(found.backup))] if found.backup["made"] or desk.config.backup.to else []
    rows += [("canary", canary_row(one)) for one in found.canary]
    rows += [("source", source_row(one)) for one in found.sources]
    rows += [("feed", f"{one['address']}  {feed_row(one)}") for one in found.feeds]
    for name, value in rows:
        click.echo(f"{name:10} {safe(value)}")
    for trouble in found.troubles:
        click.echo(f"attention  {safe(trouble)}")


def _free(writes: Mapping[str, Any]) -> str:
    from mailbridge.ops.disk import megabytes

    return f", {megabytes(writes['free'])} free in {writes['folder']}" if writes["free"] is not None else ""


def feed_row(one: Mapping[str, Any]) -> str:
    """`fetched 2026-11-21 14:02Z, 14 events`, with the number of events that could not be read."""
    unread = f", {one['skipped']} of them unreadable" if one["skipped"] else ""
    return f"fetched {when(one['fetched_at']) or 'never'}, {one['events']} event{'' if one['events'] == 1 else 's'}{unread}"


def _waiting(count: int) -> str:
    return "1 mail waits" if count == 1 else f"{count} mails wait"


def _ages(backup: Mapping[str, Any]) -> str:
    made, proven = backup["made"], backup["proven"]
    last = f"last {when(datetime.fromisoformat(made['at']))}" if made else "none yet"
    proof = f"that of {when(datetime.fromisoformat(proven['made_at']))} proven by a restore" if proven else "never proven by a restore"
    return f"{last}, {proof}"


def counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in numbers.items() if number) or "none"
