"""Makes a backup of a running desk.  After a crash at any point the new backup is complete or absent, and older ones are unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailbridge import __version__
from mailbridge.backup import deskfiles, folders, keysfile, manifest
from mailbridge.backup.manifest import Manifest
from mailbridge.config.load import FILE as CONFIG
from mailbridge.config.model import Config
from mailbridge.errors import Permanent
from mailbridge.ops import crash
from mailbridge.ops.private import new_private_file
from mailbridge.store import copying
from mailbridge.store.engine import Store

STATE_KEY = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBackup:
    """A complete backup on the disk, and its keys file."""

    folder: Path
    manifest: Manifest
    keys: keysfile.WrittenKeys


def make(config: Config, to: Path, keys_folder: Path, now: datetime) -> MadeBackup:
    """Adds a backup to the folder `to`.  It holds everything that was committed when the copy of the database began.

    Raises Permanent where `keys_folder` is inside `to`, InUse while another backup is written there, and StoreAway, ConfigError or OSError
    where the database or a file cannot be read or written.
    """
    to, keys_folder = to.absolute(), keys_folder.absolute()
    if keys_folder.resolve().is_relative_to(to.resolve()):
        raise Permanent("keys belong apart from backups: whoever has both can write as the desk; name another folder", keys=keys_folder)
    with folders.alone_in(to):
        final = _free_name(to, now)
        partial = folders.new_partial(to, final.name)
        crash.point("backup.began")
        made = _fill(config, partial, keys_folder, now)
        crash.point("backup.before_rename")
        folders.finish(partial, final)
        crash.point("backup.renamed")
    return MadeBackup(folder=final, manifest=made[0], keys=made[1])


def note(store: Store, made: MadeBackup, now: datetime) -> None:
    """Records the backup in the store, for `mailbridge status` and the metrics."""
    said = {"folder": str(made.folder), "at": made.manifest.made_at.isoformat(), "rows": made.manifest.rows}
    with store.write() as tx:
        tx.state.set(STATE_KEY, said, now)


def _fill(config: Config, partial: Path, keys_folder: Path, now: datetime) -> tuple[Manifest, keysfile.WrittenKeys]:
    kind = "sqlite" if config.store_url.startswith("sqlite:") else "postgresql"
    database = partial / manifest.DATABASES[kind]
    new_private_file(database).close()
    copied = copying.copy(config.store_url, database)
    crash.point("backup.database_copied")
    files = deskfiles.collect(config.folder)
    folders.write(partial / manifest.DESK / CONFIG, files.text)
    for name, file in files.others:
        folders.copy(file, partial / manifest.DESK / name)
    crash.point("backup.desk_copied")
    keys = keysfile.SecretRows(tables=copied.secrets, files=files.secrets)
    written = keysfile.write(keys_folder, keys, config.desk.address, now)
    crash.point("backup.keys_written")
    described = Manifest(
        made_at=now,
        program=__version__,
        desk=config.desk.address,
        kind=copied.kind,
        revision=copied.revision,
        schema=copied.schema,
        server=copied.server,
        keys_file=written.file.name,
        keys_sha256=written.sha256,
        variables=files.variables,
        tables=copied.tables,
    )
    manifest.write(partial, described)
    crash.point("backup.manifest_written")
    return described, written


def _free_name(to: Path, now: datetime) -> Path:
    """A path in `to` that does not exist, named by the time in UTC: names sort by time."""
    name = f"{now:%Y%m%dT%H%M%SZ}"
    return next(path for number in range(1, 1000) if not (path := to / (name if number == 1 else f"{name}-{number}")).exists())
