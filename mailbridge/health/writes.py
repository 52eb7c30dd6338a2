"""What to do where the database takes no writes, and how much space the desk needs."""

from __future__ import annotations

from mailbridge.config.model import Config
from mailbridge.ops import log as logs
from mailbridge.ops.disk import DiskSpace, megabytes, space_of
from mailbridge.store.engine import Store

LOG = 64 << 20  # bytes of SQLite's write-ahead log
READ_ONLY = ("readonly", "read-only")

log = logs.get("health")


def needed(config: Config) -> int:
    """Bytes that must be free: for the largest mail twice, in the log and in the database, and for the log."""
    return 2 * config.limits.mail_size + LOG


def space(store: Store, config: Config) -> DiskSpace | None:
    """The space in the folder of the database file, with PostgreSQL in the desk's folder."""
    return space_of(store.path.parent if store.path is not None else config.folder)


def space_advice(found: DiskSpace, config: Config) -> str:
    """Which file system is short of space, how much is needed, and what to do."""
    return (
        f"the file system {found.mount} has {megabytes(found.free)} free, the desk needs {megabytes(needed(config))}: "
        "delete old backups, logs and other files there (never mailbridge.db and the files beside it), make it larger, "
        f"or stop the desk, move {found.folder} and change url in [store]"
    )


def write_advice(reason: str, store: Store, config: Config) -> str:
    """Why the database takes no writes, and what to do."""
    said = f"the database takes no writes ({reason})"
    if store.path is None:
        return f"{said}: look at the log and the disk of PostgreSQL; mail is answered with 451 or stays on its server until then"
    found = space(store, config)
    if found is not None and found.free < needed(config):
        return f"{said}: {space_advice(found, config)}"
    if any(word in reason for word in READ_ONLY):
        return f"{said}: the file system or the file {store.path} is read-only, or belongs to another user: mount, ls -l"
    return f"{said}: look at the disk of {store.path}: dmesg, df, ls -l"


class WriteWatch:
    """Logs that the database takes no writes, and that it does again, once each: a mail about it could not be stored."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store, self._config = store, config
        self._told = False

    def look(self) -> str:
        """Why the database takes no writes, and what to do; '' where it takes them."""
        reason = self._store.write_trouble
        advice = write_advice(reason, self._store, self._config) if reason else ""
        if reason and not self._told:
            log.error("store_takes_no_writes", reason=reason, advice=advice)
        if self._told and not reason:
            log.info("store_takes_writes_again")
        self._told = bool(reason)
        return advice
