"""The files of a desk, parted into those that a backup holds and the secrets that are kept apart.

Every key of mailbridge.toml that names a file is followed (`config.sections` knows which do).  A file counts as a secret unless its key is
known to name something public.  What stands in the text itself as a password of a URL is a secret too.
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
FOLDERS = ("rules", "templates")
CREDENTIAL = "systemd credential "
_PARAMETER = re.compile(r"([?&]password=)[^\s\"'&]+")
_PASSWORD = re.compile(r"(://[^\s:/@\"']*:)[^\s\"']+(?=@)")
_HIDDEN = r"\1PASSWORD-IN-THE-KEYS-FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A file that is kept apart.  `path`: relative to the desk's folder, or absolute where the file lies elsewhere."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFiles:
    """`text`: mailbridge.toml without passwords; `others`: files that are copied as they are, by their path in the desk's folder."""

    text: bytes
    others: tuple[tuple[str, Path], ...]
    secrets: tuple[Secret, ...]
    variables: tuple[str, ...]  # of the environment, and credentials of systemd: they hold secrets and are in no file


def collect(folder: Path) -> DeskFiles:
    """What the desk's folder holds now.  Files that cannot be read end in OSError or ConfigError: a backup without
    them would be none."""
    text = (folder / FILE).read_text(encoding="utf-8")
    reading = Reading()
    document = sections.read(FILE, text, reading)
    if document is None:  # a backup without the files that it names would be none
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
    """Key and file of each file that the configuration names; none twice."""
    seen: set[Path] = set()
    for section in document:
        for key, value in section.values.items():
            if isinstance(value, Path) and (file := (folder / value).absolute()) not in seen:
                seen.add(file)
                yield key, file


def _variables(document: Iterable[Section]) -> set[str]:
    """Names of environment variables, and of systemd credentials with CREDENTIAL before them."""
    values = [(key, value) for section in document for key, value in section.values.items()]
    credentials = {f"{CREDENTIAL}{value}" for key, value in values if key.endswith("_credential")}
    return {value for key, value in values if key.endswith("_env")} | credentials


def _path(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
