"""Separates the files of a desk into those that a backup holds and the secrets, which go into the keys file.

Every file that a key of mailbridge.toml names is included (`config.sections` knows these keys).  A file is a secret unless its key is in
PUBLIC.  A password in a URL makes mailbridge.toml a secret too; the backup then holds it without the password.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mailbridge.config import sections
from mailbridge.config.load import FILE
from mailbridge.config.reading import Reading
from mailbridge.config.sections.section import Section
from mailbridge.errors import ConfigError

PUBLIC = frozenset({"ca_file", "tls_cert"})
FOLDERS = ("rules", "templates", "knowledge", "answers")
CREDENTIAL = "systemd credential "
_PARAMETER = re.compile(r"([?&]password=)[^\s\"'&]+")
_PASSWORD = re.compile(r"(://[^\s:/@\"']*:)[^\s\"']+(?=@)")
_HIDDEN = r"\1PASSWORD-IN-THE-KEYS-FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A file of the keys file.  `path`: relative to the desk's folder, or absolute where the file is outside it."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFiles:
    """The files of a desk.

    `text`: mailbridge.toml without passwords.  `others`: path in the desk's folder and file of each file that is copied unchanged.
    """

    text: bytes
    others: tuple[tuple[str, Path], ...]
    secrets: tuple[Secret, ...]
    variables: tuple[str, ...]  # environment variables and systemd credentials that hold secrets; the keys file has no copy of them


def collect(folder: Path) -> DeskFiles:
    """Reads the files of the desk's folder.  Raises OSError where a file and ConfigError where mailbridge.toml cannot be read."""
    text = (folder / FILE).read_text(encoding="utf-8")
    reading = Reading()
    document = sections.read(FILE, text, reading)
    if document is None:  # without it the files that it names are unknown, and the backup would be incomplete
        raise ConfigError(tuple(reading.problems), str(folder))
    named = list(_named(document, folder))
    public = _PASSWORD.sub(_HIDDEN, _PARAMETER.sub(_HIDDEN, text))
    secrets = [Secret(path=_path(folder, file), content=file.read_bytes()) for key, file in named if key not in PUBLIC]
    if public != text:
        secrets.append(Secret(path=FILE, content=text.encode()))
    apart = {secret.path for secret in secrets}
    others = {_path(folder, file): file for key, file in named if key in PUBLIC and file.is_relative_to(folder)}
    for name in FOLDERS:
        others |= {_path(folder, file): file for file in sorted((folder / name).rglob("*")) if file.is_file()}
    return DeskFiles(
        text=public.encode(),
        others=tuple((path, file) for path, file in sorted(others.items()) if path not in apart),
        secrets=tuple(sorted(secrets, key=lambda secret: secret.path)),
        variables=tuple(sorted(_variables(document))),
    )


def _named(document: Iterable[Section], folder: Path) -> Iterator[tuple[str, Path]]:
    """Key and absolute path of each file that the configuration names, each file once."""
    seen: set[Path] = set()
    for section in document:
        for key, value in section.values.items():
            if isinstance(value, Path) and (file := (folder / value).absolute()) not in seen:
                seen.add(file)
                yield key, file


def _variables(document: Iterable[Section]) -> set[str]:
    """Names of environment variables, and of systemd credentials with the prefix CREDENTIAL."""
    values = [(key, value) for section in document for key, value in section.values.items()]
    credentials = {f"{CREDENTIAL}{value}" for key, value in values if key.endswith("_credential")}
    return {value for key, value in values if key.endswith("_env")} | credentials


def _path(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
