"""Findings about the desk itself: daemon, database, clock, sources, backups, calendar feeds, and authentication of the agents' mails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from mailbridge.config.model import Config
from mailbridge.doctor.model import Finding, doubtful, right, wrong
from mailbridge.health.names import expected
from mailbridge.organisation.model import Organisation
from mailbridge.store.pairings import Pairing
from mailbridge.store.source_health import SourceHealth

ALIVE_WITHIN = timedelta(minutes=2)
BACKUP_WITHIN = timedelta(days=8)
SKEW = timedelta(seconds=2)
LONG_TRANSACTION = timedelta(minutes=10)


def daemon(seen: datetime | None, now: datetime) -> Finding:
    if seen is not None and now - seen <= ALIVE_WITHIN:
        return right("desk", "daemon", f"seen alive {seen:%Y-%m-%d %H:%M:%SZ}")
    return wrong("desk", "daemon", f"last seen alive {seen:%Y-%m-%d %H:%MZ}" if seen else "the daemon has never run here", "mailbridge run")


def shadow() -> Finding:
    return right("desk", "shadow mode", "mailboxes are only looked at, and nothing is sent")


def clock(ours: datetime, theirs: datetime | None, who: str) -> Finding:
    """Compares our clock with that of `who`.  `theirs`: None where no server tells its time; the finding is then doubtful."""
    if theirs is None:
        return doubtful(
            "desk",
            "clock",
            "no server to compare with (SQLite, IMAP and SMTP do not report a time)",
            "run an NTP client: timedatectl",
        )
    off = abs(ours - theirs)
    said = f"{off.total_seconds():.1f} s off the clock of {who}"
    return right("desk", "clock", said) if off <= SKEW else wrong("desk", "clock", said, "run an NTP client on both machines: timedatectl")


def transactions(oldest: timedelta | None) -> Finding:
    """`oldest`: the age of the oldest open transaction of the database; None where it is not known (SQLite)."""
    if oldest is None or oldest < LONG_TRANSACTION:
        return right("database", "transactions", "no long-running transaction")
    return wrong(
        "database",
        "transactions",
        f"one has been open since {oldest}",
        "find it in pg_stat_activity and end it: it prevents VACUUM from removing dead rows",
    )


def rights(trouble: str) -> Finding:
    if trouble:
        return wrong("database", "rights", trouble, "the user of the desk must own the database and its files")
    return right("database", "rights", "readable and writable")


def backup(proven: Mapping[str, Any] | None, made: Mapping[str, Any] | None, now: datetime) -> Finding:
    """The age of the newest verified backup: one that was restored and compared.

    `proven`, `made`: what the store holds about the last verified backup and about the last backup; None where there is none.
    """
    if proven is None:
        said = "a backup was made, but no backup has been test-restored" if made else "no backup was found"
        return doubtful(
            "desk", "backup", said, "mailbridge backup DIR, then mailbridge restore --check DIR; or [backup] to in mailbridge.toml"
        )
    age = now - datetime.fromisoformat(proven["made_at"])
    said = f"the newest test-restored backup is {age.days} days old"
    return (
        right("desk", "backup", said)
        if age <= BACKUP_WITHIN
        else doubtful("desk", "backup", said, "mailbridge backup DIR; restore --check DIR")
    )


def sources(known: list[SourceHealth], config: Config, now: datetime, *, is_alive: bool) -> Iterator[Finding]:
    """Yields a finding for each source from its stored health.  Without a running daemon, silence of a source is not reported."""
    within = expected(config)
    for one in known:
        state = one.state(now, within.get(one.name) if is_alive else None)
        seen = f"last success {one.proven_at:%Y-%m-%d %H:%MZ}, {one.proof}" if one.proven_at else "no success yet"
        if why := one.why(state):
            yield wrong(
                "sources",
                one.name,
                why,
                "see the login of the same name above; if it is silent, send it a mail from outside and check forwards and filters",
            )
        else:
            yield right("sources", one.name, seen)


def feeds(known: Iterable[tuple[str, int, str]]) -> Iterator[Finding]:
    """Yields a finding for each calendar feed.  `known`: address, number of events, error ('' where the feed works)."""
    for address, events, trouble in known:
        if trouble:
            remedy = "open the URL in a browser and check [calendars] in mailbridge.toml; until then the last fetched days stay in force"
            yield doubtful("calendars", address, trouble, remedy)
        else:
            yield right("calendars", address, f"{events} event{'' if events == 1 else 's'}")


def agents(organisation: Organisation, pairings: list[Pairing], seen: Mapping[str, Any]) -> Iterator[Finding]:
    """Yields, for each agent and source, how the agent's mails are authenticated, or why they are not.

    `seen`: source -> what its newest mails showed (cli.check_trust.ObservedTrust).
    """
    for agent in organisation.agents.values():
        found = False
        mine = [one for one in pairings if one.agent == agent.name and one.believes]
        for pairing in mine:
            found = True
            yield right("agents", f"{agent.name} by {pairing.source}", f"paired: {pairing.result}")
        for source, showed in seen.items():
            count, reasons = showed.proven.get(agent.name, 0), showed.unproven.get(agent.name)
            if count and not reasons:
                found = True
                yield right("agents", f"{agent.name} by {source}", f"{_mails(count)} authenticated")
            elif reasons:
                found = True
                why, times = reasons.most_common(1)[0]
                said = (
                    f"{_mails(count)} authenticated, {sum(reasons.values())} not: {why}"
                    if count
                    else f"not authenticated, {_mails(times)}: {why}"
                )
                verdict = doubtful if count else wrong
                yield verdict("agents", f"{agent.name} by {source}", said, _proof(agent.name, source))
        if not found:
            yield doubtful("agents", agent.name, "no mail from this agent has arrived yet", "ask the agent to write to the desk")


def _proof(agent: str, source: str) -> str:
    """The remedy: how mails of this agent from this source can be authenticated.  Pairing works for IMAP mailboxes only."""
    if source.startswith("imap:"):
        return f"mailbridge agents pair {agent}, or sign the agents' mail with DKIM"
    if source == "pipe":
        return "have your mail server add Authentication-Results to each mail, or sign the agents' mail with DKIM; see mailbridge check"
    return "name your mail server in trusted_peers, and have it add Authentication-Results to each mail, including internal mail"


def _mails(count: int) -> str:
    return f"{count} mail{'' if count == 1 else 's'}"
