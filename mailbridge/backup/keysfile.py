"""The keys file: all secrets of a desk in one JSON file that is stored apart from its backups.

It changes only when a secret changes.  Nightly backups therefore name the same file, and an operator has to store a new one only when
`mailbridge backup` says so.  A manifest names the file by its SHA-256.  The random `salt` keeps that hash from helping to guess passwords.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mailbridge.backup import folders
from mailbridge.backup.deskfiles import Secret
from mailbridge.errors import Permanent
from mailbridge.ops.private import private_folder

FORMAT = 1
_PATTERN = "mailbridge-keys-*.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRows:
    """The secrets of a desk: rows by table, and files."""

    tables: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict, repr=False)
    files: tuple[Secret, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenKeys:
    """The keys file of a backup.  `is_new`: no keys file with these secrets was in the folder, so one was written."""

    file: Path
    sha256: str
    is_new: bool


def write(folder: Path, keys: SecretRows, desk: str, now: datetime) -> WrittenKeys:
    """Writes a keys file with these secrets into the folder and syncs it, unless the folder has one already."""
    private_folder(folder)
    content = _content(keys)
    for file in sorted(folder.glob(_PATTERN), reverse=True):
        if _same(file, content):
            return WrittenKeys(file=file, sha256=folders.sha256(file), is_new=False)
    salt = secrets.token_hex(32)
    document = {"format": FORMAT, "desk": desk, "made_at": now.isoformat(), "salt": salt, **content}
    raw = json.dumps(document, indent=1).encode() + b"\n"
    file = folder / f"mailbridge-keys-{now:%Y%m%dT%H%M%S}-{salt[:8]}.json"
    folders.replace(file, raw)
    return WrittenKeys(file=file, sha256=hashlib.sha256(raw).hexdigest(), is_new=True)


def read(file: Path) -> SecretRows:
    """The secrets in the keys file.  Raises Permanent where it is damaged or has a format that this program does not know."""
    try:
        document = json.loads(file.read_bytes())
        tables = {name: tuple(_row(row, _value_back) for row in rows) for name, rows in document["tables"].items()}
        files = tuple(Secret(path=one["path"], content=base64.b64decode(one["content"])) for one in document["files"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Permanent("this is no keys file, or it is damaged", file=file) from error
    if document["format"] != FORMAT:
        raise Permanent(f"keys file of format {document['format']}, this program knows {FORMAT}; use a newer mailbridge", file=file)
    return SecretRows(tables=tables, files=files)


def _content(keys: SecretRows) -> dict[str, Any]:
    return {
        "tables": {name: [_row(row, _value) for row in rows] for name, rows in sorted(keys.tables.items())},
        "files": [{"path": one.path, "content": base64.b64encode(one.content).decode()} for one in _sorted(keys.files)],
    }


def _sorted(files: Sequence[Secret]) -> list[Secret]:
    return sorted(files, key=lambda one: one.path)


def _same(file: Path, content: Mapping[str, Any]) -> bool:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and all(document.get(name) == value for name, value in content.items())


def _row(row: Mapping[str, Any], change: Any) -> dict[str, Any]:
    return {name: change(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return {"bytes": base64.b64encode(value).decode()}
        case datetime():
            return {"time": value.isoformat()}
        case _:
            return value


def _value_back(value: Any) -> Any:
    match value:
        case {"bytes": str(text)}:
            return base64.b64decode(text)
        case {"time": str(text)}:
            return datetime.fromisoformat(text)
        case _:
            return value
