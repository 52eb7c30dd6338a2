"""Restores a backup as a desk, or verifies it: restores it to a scratch database and compares the rows.  It overwrites no existing data."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mailbridge import __version__
from mailbridge.backup import folders, keep, keysfile, manifest
from mailbridge.backup.keysfile import SecretRows
from mailbridge.backup.manifest import Manifest
from mailbridge.config.load import FILE as CONFIG
from mailbridge.errors import MailbridgeError, Permanent
from mailbridge.ops import crash
from mailbridge.store import copying
from mailbridge.store.engine import Store
from mailbridge.store.restoring import STATE_KEY, Restored

PROOF_KEY = "backup-proof"
ELSEWHERE = "secrets-elsewhere"  # secrets whose files were outside the desk's folder
_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result of a check.  `problems`: a sentence each; empty where the restored rows are the same as those in the backup."""

    folder: Path
    made_at: datetime | None
    rows: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreResult:
    """A restored desk.

    `held`: mails of the outbox that wait for a release.  `elsewhere`: secret files to be put back outside the desk's folder.
    `variables`: environment variables and systemd credentials to be set again.
    """

    folder: Path
    database: str  # without its password
    held: int
    has_keys: bool
    elsewhere: tuple[str, ...]
    variables: tuple[str, ...]


# -- verify in a scratch database ------------------------------------------------------------------------------


def check(folder: Path, *, scratch: Path | None = None, database: str = "", scratch_url: str = "", keys: Path | None = None) -> Checked:
    """Restores the backup to a scratch database and compares its rows with the manifest.

    `scratch`: the folder for an SQLite database; None: the system's folder for temporary files.  For PostgreSQL, `scratch_url` names an
    empty database.  Without it a database is created and dropped on the server of `database`.  `keys`: a keys file to check as well.
    A damaged backup is reported in `problems`.  Raises Permanent where there is no place for a PostgreSQL database.
    """
    problems = manifest.wrong_files(folder)
    try:
        known = manifest.read(folder)
    except MailbridgeError as error:
        return Checked(folder=folder, made_at=None, rows=0, problems=(*problems, str(error)))
    if keys is not None:
        problems += _wrong_keys(known, keys)
    with _empty_place(known, scratch, database, scratch_url) as url:
        problems += _tried(folder, known, url)
    return Checked(folder=folder, made_at=known.made_at, rows=known.rows, problems=tuple(problems))


def note(store: Store, checked: Checked, now: datetime) -> None:
    """Records in the store, for `mailbridge status` and the metrics, and in the backup itself that it was verified."""
    keep.mark_verified(checked.folder, now, __version__)
    made_at = checked.made_at.isoformat() if checked.made_at else ""
    with store.write() as tx:
        tx.state.set(PROOF_KEY, {"folder": str(checked.folder), "at": now.isoformat(), "made_at": made_at}, now)


@contextmanager
def _empty_place(known: Manifest, scratch: Path | None, database: str, scratch_url: str) -> Iterator[str]:
    if known.kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="mailbridge-check-", dir=scratch) as place:
            yield f"{_SQLITE}{place}/{known.database}"
    elif scratch_url:
        yield scratch_url
    elif database.startswith("postgresql:"):
        with copying.scratch_database(database) as url:
            yield url
    else:
        raise Permanent("this backup is of PostgreSQL: name an empty database: --scratch postgresql://USER@HOST/DATABASE")


def _tried(folder: Path, known: Manifest, url: str) -> list[str]:
    """The differences in the restored database.  Without any, the database is also migrated to this program's schema, as in a restore."""
    try:
        _load(folder, known, url)
        problems = copying.compare(url, known.schema, known.tables)
        if not problems:
            with closing(Store(url)) as store:
                store.finish_restore(Restored(backup=folder.name, revision=known.revision, at=known.made_at, schema=known.schema))
    except MailbridgeError as error:
        return [f"{known.database} cannot be restored: {error}"]
    return problems


def _load(folder: Path, known: Manifest, url: str) -> None:
    """Loads the rows of the backup into the database at `url`."""
    if known.kind == "sqlite":
        folders.copy(folder / known.database, Path(url.removeprefix(_SQLITE)))
    else:
        copying.load(folder / known.database, url, known.schema, int(known.server))
    crash.point("restore.loaded")


def _wrong_keys(known: Manifest, keys: Path) -> list[str]:
    if folders.sha256(keys) == known.keys_sha256:
        return []
    return [f"{keys} is not the keys file of this backup, or it is damaged: it needs {known.keys_file}"]


# -- restore ---------------------------------------------------------------------------------------------------


def restore(folder: Path, into: Path, now: datetime, *, keys: Path | None = None, database: str = "") -> RestoreResult:
    """Restores the backup as a desk in the folder `into`, with its database.  After a crash the folder is complete or absent.

    `database`: the URL to restore into; '' for the one in mailbridge.toml.  Raises Permanent where the backup or the keys file is damaged,
    or where `into` or the database exists already.
    """
    into = into.absolute()
    known = _sound(folder, keys)
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Permanent("there is something already, and nothing is overwritten: name another folder", folder=into)
    apart = keysfile.read(keys) if keys else SecretRows()
    crash.point("restore.checked")
    partial = _cleared(into)
    elsewhere = _write_files(folder, partial, apart)
    crash.point("restore.files_written")
    place = _place(known, partial, database, folder.name)
    restored = Restored(backup=folder.name, revision=known.revision, at=now, schema=known.schema, secrets=apart.tables)
    held = _restore_database(folder, known, place, restored)
    folders.finish(partial, into)
    crash.point("restore.renamed")
    shown = place.final or f"{_SQLITE}{into / place.inside}"
    with closing(Store(shown)) as store:
        safe = store.url
    return RestoreResult(
        folder=into,
        database=safe,
        held=held,
        has_keys=bool(keys),
        elsewhere=tuple(elsewhere),
        variables=known.variables,
    )


def _sound(folder: Path, keys: Path | None) -> Manifest:
    """The manifest of the backup.  Raises Permanent where a file of it was changed, or where `keys` is not its keys file."""
    wrong = manifest.wrong_files(folder)
    if wrong:
        raise Permanent(f"the backup is damaged: {'; '.join(wrong)}", folder=folder)
    known = manifest.read(folder)
    wrong = _wrong_keys(known, keys) if keys else []
    if wrong:
        raise Permanent(wrong[0])
    return known


def _cleared(into: Path) -> Path:
    """Creates an empty partial folder beside `into`.  A partial folder of a killed restore is removed first."""
    into.parent.mkdir(parents=True, exist_ok=True)
    name = f"restore-{into.name}"
    shutil.rmtree(into.parent / f"{folders.PARTIAL}{name}", ignore_errors=True)
    return folders.new_partial(into.parent, name)


def _write_files(folder: Path, partial: Path, apart: SecretRows) -> list[str]:
    """Writes the desk's files into `partial`.  Returns the paths of the secrets that belong outside the desk's folder."""
    secrets = {one.path: one.content for one in apart.files}
    for name in folders.files_in(folder / manifest.DESK):
        if name not in secrets:
            folders.copy(folder / manifest.DESK / name, partial / name)
    for name, content in secrets.items():
        outside = Path(name).is_absolute()
        folders.write(partial / ELSEWHERE / name.lstrip("/") if outside else partial / name, content)
    return [name for name in secrets if Path(name).is_absolute()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """`url`: where the database is written.  Where it is in the end: `inside`, a path in the desk's folder, or `final`, a URL."""

    url: str
    inside: str = ""
    final: str = ""


def _place(known: Manifest, partial: Path, database: str, backup: str) -> _Place:
    url = database or _configured(partial)
    kind = url.partition(":")[0]
    if kind != known.kind:
        raise Permanent(f"the backup is of {known.kind}, and the database to restore into is {kind}: name one with --database")
    if "PASSWORD-IN-THE-KEYS-FILE" in url:
        raise Permanent("the password of the database is in the keys file: give it with --keys, or name the database with --database")
    if kind != "sqlite":
        return _Place(url=url, final=url)
    path = Path(url.removeprefix(_SQLITE))
    if not database and not path.is_absolute():
        return _Place(url=f"{_SQLITE}{partial / path}", inside=path.as_posix())
    path = path.absolute()
    _refuse_other(path, backup)
    path.parent.mkdir(parents=True, exist_ok=True)
    return _Place(url=f"{_SQLITE}{path.with_name(folders.PARTIAL + path.name)}", final=f"{_SQLITE}{path}")


def _configured(partial: Path) -> str:
    data: dict[str, Any] = tomllib.loads((partial / CONFIG).read_text(encoding="utf-8"))
    return str(data.get("store", {}).get("url", "sqlite:///mailbridge.db"))


def _refuse_other(path: Path, backup: str) -> None:
    """Raises Permanent where the file exists, unless a killed restore of this backup left it and no daemon has run on it since."""
    if not path.exists():
        return
    with closing(Store(f"{_SQLITE}{path}")) as store, store.read() as tx:
        said, alive = tx.state.get(STATE_KEY) or {}, tx.state.set_at("daemon")
    if said.get("backup") != backup or (alive and alive >= datetime.fromisoformat(said["at"])):
        raise Permanent("there is a database already, and nothing is overwritten: move it away", file=path)


def _restore_database(folder: Path, known: Manifest, place: _Place, restored: Restored) -> int:
    if known.kind == "sqlite":
        made = Path(place.url.removeprefix(_SQLITE))
        for leftover in ("", "-wal", "-shm"):
            made.with_name(made.name + leftover).unlink(missing_ok=True)
    _load(folder, known, place.url)
    different = copying.compare(place.url, known.schema, known.tables)
    if different:
        raise Permanent(f"what was restored is not what was backed up: {'; '.join(different)}")
    crash.point("restore.compared")
    with closing(Store(place.url)) as store:
        held = store.finish_restore(restored)
        store.checkpoint()
    crash.point("restore.settled")
    if known.kind == "sqlite" and place.final:
        made, final = (Path(url.removeprefix(_SQLITE)) for url in (place.url, place.final))
        folders.sync(made)
        made.rename(final)
        folders.sync_folder(final.parent)
    crash.point("restore.before_rename")
    return held
