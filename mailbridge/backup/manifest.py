"""manifest.json: the contents of a backup, with digests of the rows.  SHA256SUMS: the hashes of its files, in the form of sha256sum(1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mailbridge.backup import folders
from mailbridge.errors import Permanent
from mailbridge.store.snapshot import Batch, TableDigest

FORMAT = 1
FILE = "manifest.json"
SUMS = "SHA256SUMS"
PROOF = "verified.json"  # written after a check without problems
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
DESK = "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`keys_sha256`: the hash of the backup's keys file.  `variables`: environment variables and systemd credentials with secrets."""

    made_at: datetime
    program: str
    desk: str
    kind: str
    revision: str
    schema: str
    server: str
    keys_file: str
    keys_sha256: str
    variables: tuple[str, ...]
    tables: tuple[TableDigest, ...]

    @property
    def database(self) -> str:
        return DATABASES[self.kind]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def write(folder: Path, manifest: Manifest) -> None:
    """Writes manifest.json and SHA256SUMS into the folder.  They list all files that are in it already."""
    sums = {name: folders.sha256(folder / name) for name in folders.files_in(folder)}
    document = {
        "format": FORMAT,
        "made_at": manifest.made_at.isoformat(),
        "program": manifest.program,
        "desk": manifest.desk,
        "kind": manifest.kind,
        "revision": manifest.revision,
        "schema": manifest.schema,
        "server": manifest.server,
        "keys_file": manifest.keys_file,
        "keys_sha256": manifest.keys_sha256,
        "variables": manifest.variables,
        "tables": [_table(table) for table in manifest.tables],
        "files": [{"path": name, "size": (folder / name).stat().st_size, "sha256": digest} for name, digest in sums.items()],
    }
    folders.write(folder / FILE, json.dumps(document, indent=1).encode() + b"\n")
    sums[FILE] = folders.sha256(folder / FILE)
    folders.write(folder / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode())


def read(folder: Path) -> Manifest:
    """The manifest of the backup in `folder`.  Raises Permanent where there is none, or where this program cannot read it."""
    try:
        document = json.loads((folder / FILE).read_bytes())
    except FileNotFoundError as error:
        raise Permanent("there is no backup: manifest.json is missing", folder=folder) from error
    except ValueError as error:
        raise Permanent(f"manifest.json is damaged: {error}", folder=folder) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Permanent(f"not a backup of format {FORMAT}; use the mailbridge that made it, or a newer one", folder=folder)
    try:
        return _manifest(document)
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent(f"manifest.json is damaged: {error!r}", folder=folder) from error


def wrong_files(folder: Path) -> list[str]:
    """A sentence for each file that is missing, was added or was changed after the backup."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [f"{SUMS} is missing"]
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = {name for name in folders.files_in(folder) if name not in (SUMS, PROOF) and not name.startswith(folders.PARTIAL)}
    told = [f"{name} is missing" for name in sorted(expected.keys() - found)]
    told += [f"{name} is not in {SUMS}" for name in sorted(found - expected.keys())]
    return told + [f"{name} was changed after the backup" for name in sorted(found & expected.keys()) if _differs(folder, name, expected)]


def _differs(folder: Path, name: str, expected: Mapping[str, str]) -> bool:
    return folders.sha256(folder / name) != expected[name]


def _table(table: TableDigest) -> dict[str, Any]:
    batches = [[one.first, one.last, one.rows, one.sha256] for one in table.batches]
    return {"name": table.name, "columns": table.columns, "rows": table.rows, "portions": batches}


def _manifest(document: Mapping[str, Any]) -> Manifest:
    tables = tuple(
        TableDigest(
            name=table["name"],
            columns=tuple(table["columns"]),
            rows=table["rows"],
            batches=tuple(Batch(first=first, last=last, rows=rows, sha256=digest) for first, last, rows, digest in table["portions"]),
        )
        for table in document["tables"]
    )
    names = ("program", "desk", "kind", "revision", "schema", "server", "keys_file", "keys_sha256")
    values = {name: str(document[name]) for name in names}
    if values["kind"] not in DATABASES:
        raise ValueError(f"no database of kind {values['kind']}")
    made_at = datetime.fromisoformat(document["made_at"])
    return Manifest(made_at=made_at, variables=tuple(document["variables"]), tables=tables, **values)
