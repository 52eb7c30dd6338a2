"""Backups by the daemon: decides when one is due, makes it, tests its restore, and deletes old ones.

The time of the last backup is in the store, so a restart neither skips nor repeats one.  A backup may take long, so it runs in its own
thread, which ends with the process.  An unfinished backup does not count.

The administrators get one mail when backups begin to fail, and one when they work again.
"""

from __future__ import annotations

import errno
from datetime import datetime, timedelta
from threading import Thread

from mailbridge.backup import keep, make, restore
from mailbridge.clock import Clock
from mailbridge.config.model import Backup, Config
from mailbridge.errors import InUse, MailbridgeError, StoreAway
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import BackupNews
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

log = logs.get("backup")

FAILED_KEY = "backup-failed"
REST = timedelta(minutes=15)  # pause after a failure


def due(backup: Backup, made_at: datetime | None, failed_at: datetime | None, now: datetime) -> bool:
    """Whether the next backup is due."""
    if failed_at is not None and now - failed_at < REST:
        return False
    if made_at is None:
        return True
    if backup.at is None:
        return now - made_at >= backup.every
    latest = datetime.combine(now.date(), backup.at, tzinfo=now.tzinfo)
    return made_at < (latest if latest <= now else latest - timedelta(days=1))


class Backups:
    """Makes backups.  The ticker calls `look` every minute."""

    def __init__(self, store: Store, config: Config, clock: Clock) -> None:
        self._store, self._config, self._clock = store, config, clock
        self._thread: Thread | None = None

    def look(self) -> None:
        """Starts a backup in its thread if one is due."""
        if self._thread is not None and self._thread.is_alive():
            return
        if self._is_due():
            self._thread = Thread(target=self._guarded, name="backup", daemon=True)
            self._thread.start()

    def one(self) -> make.MadeBackup:
        """Makes a backup, tests it if configured, deletes those that no retention rule keeps.  Records an error, then raises it."""
        try:
            return self._one()
        except (MailbridgeError, OSError) as error:
            self._failed(error)
            raise

    def _is_due(self) -> bool:
        with self._store.read() as tx:
            said, failed = tx.state.get(make.STATE_KEY), tx.state.get(FAILED_KEY)
        made_at, failed_at = (datetime.fromisoformat(one["at"]) if one else None for one in (said, failed))
        return due(self._config.backup, made_at, failed_at, self._clock.now())

    def _guarded(self) -> None:
        try:
            self.one()
        except (MailbridgeError, OSError) as error:
            log.error("backup_failed", error=str(error))
        except Exception as error:  # internal errors are also logged and shown in `status`
            log.exception("backup_failed")
            self._failed(error)

    def _one(self) -> make.MadeBackup:
        config, to = self._config, self._config.backup.to
        if to is None:
            raise ValueError("[backup] to is not set")
        made = make.make(config, to, config.backup_keys, self._clock.now())
        make.note(self._store, made, self._clock.now())
        log.info("backup_made", folder=made.folder.name, rows=made.manifest.rows, new_keys=made.keys.is_new)
        if config.backup.check:
            self._prove(made)
        gone = keep.prune(to, config.backup.keep)
        self._works()
        log.info("backup_done", folder=made.folder.name, removed=len(gone))
        return made

    def _prove(self, made: make.MadeBackup) -> None:
        checked = restore.check(made.folder, database=self._config.store_url, keys=made.keys.file)
        if checked.problems:
            raise MailbridgeError("the backup is not what it should be", folder=made.folder, problems="; ".join(checked.problems[:5]))
        restore.note(self._store, checked, self._clock.now())

    def _failed(self, error: Exception) -> None:
        """Records the failure.  Mails the administrators if the previous backup did not fail."""
        now, reason = self._clock.now(), str(error) if isinstance(error, MailbridgeError | OSError) else f"{type(error).__name__}: {error}"
        try:
            with self._store.write() as tx:
                before = tx.state.take(FAILED_KEY, now)
                since = (before or {}).get("since") or now.isoformat()
                tx.state.set(FAILED_KEY, {"at": now.isoformat(), "reason": reason, "since": since}, now)
                if before is None:
                    self._notify(tx, since, now, reason=reason, remedy=remedy(error))
        except StoreAway as away:
            log.warning("store_away", error=str(away))

    def _works(self) -> None:
        """Clears the failure.  Mails the administrators if they were mailed about it."""
        now = self._clock.now()
        with self._store.write() as tx:
            before = tx.state.take(FAILED_KEY, now)
            tx.state.set(FAILED_KEY, None, now)
            if before is not None:
                self._notify(tx, before.get("since") or before["at"], now, reason="", remedy="")

    def _notify(self, tx: Tx, since: str, now: datetime, *, reason: str, remedy: str) -> None:
        made, desk = tx.state.get(make.STATE_KEY), self._config.desk
        last = f"{datetime.fromisoformat(made['at']):%Y-%m-%d %H:%M UTC}" if made else ""
        said = BackupNews(reason=reason, remedy=remedy, last=last, since=f"{datetime.fromisoformat(since):%Y-%m-%d %H:%M UTC}")
        key = f"{since}:{'failed' if reason else 'works'}"
        tx.outbox.add_many(admin_notifications(desk.admins, "backup", key, said, desk.address, desk.language), now)
        tx.wake("outbox")


def remedy(error: Exception) -> str:
    """The advice about the failure: a key of `backup_remedies` in `words`, and the file that it is about."""
    file = getattr(error, "filename", None) or ""
    match getattr(error, "errno", None):
        case errno.ENOSPC | errno.EDQUOT:
            return "space|"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"rights|{file}"
        case errno.ENOENT:
            return f"missing|{file}"
    return "in-use|" if isinstance(error, InUse) else "other|"
