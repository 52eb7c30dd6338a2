"""What the configuration takes from outside mailbridge.toml: environment variables, files beside it, credentials of systemd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailbridge.config import names, servers
from mailbridge.config.reading import Reading, Schema, Wrong
from mailbridge.config.scalars import Forbidden
from mailbridge.config.sections import kinds
from mailbridge.config.sections.section import Section
from mailbridge.config.suggest import did_you_mean
from mailbridge.errors import Problem

# Every MAILBRIDGE_ variable that is read; any other is a slip of the pen that would go unnoticed otherwise.
STORE_URL = "MAILBRIDGE_STORE_URL"
OUTGOING_URL = "MAILBRIDGE_OUTGOING_URL"
DESK = "MAILBRIDGE_DESK"
CRASH = "MAILBRIDGE_CRASH_AT"  # names a crash point, for tests that kill the daemon
ENVIRONMENT = (DESK, STORE_URL, OUTGOING_URL, CRASH)

UNIT_CREDENTIALS = Path("/run/credentials/mailbridge.service")  # while the unit of the manual runs


def secret_keys(name: str) -> dict[str, Schema]:
    """The keys that say where the secret `name` is, and the one that people look for."""
    refused = Forbidden(
        message="a password does not belong in this file",
        hint=f'put it in a file only the daemon can read: {name}_file = "…", or in a variable: {name}_env = "…"',
    )
    return {name: refused, f"{name}_file": kinds.FILE, f"{name}_env": kinds.VARIABLE, f"{name}_credential": kinds.CREDENTIAL}


def secret_places(name: str) -> tuple[str, ...]:
    """The keys of which one says where the secret `name` is."""
    return (f"{name}_file", f"{name}_env", f"{name}_credential")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`folder` is the desk's; `named` collects the variables that the file names, which are no slips of the pen."""

    folder: Path
    variables: Mapping[str, str]
    reading: Reading
    named: set[str] = field(default_factory=set)

    def url(self, variable: str, schemes: Mapping[str, str]) -> str:
        """The URL in this variable; '' where it is not set."""
        value = self.variables.get(variable, "")
        try:
            return servers.url(schemes)(names.line(value)) if value else ""
        except Wrong as wrong:
            self._mistake(f"{variable}: {wrong}", wrong.hint)
            return value

    def check_variables(self) -> None:
        """Notes each MAILBRIDGE_ variable that nothing reads."""
        for variable in sorted(self.variables):
            if variable.startswith("MAILBRIDGE_") and variable not in (*ENVIRONMENT, *self.named):
                self._mistake(f"unknown variable {variable}", did_you_mean(variable, ENVIRONMENT))

    def _mistake(self, message: str, hint: str) -> None:
        self.reading.problems.append(Problem(file="environment", message=message, hint=hint))

    def locate_files(self, section: Section) -> None:
        """Makes the paths of the section absolute, and notes those where no file is."""
        for key, value in section.values.items():
            if isinstance(value, Path):
                section.values[key] = file = self.folder / value
                if not file.is_file():
                    section.at_value(key, f"{key}: there is no file {file}", "relative paths start at the desk's folder")

    def read_secret(self, section: Section, name: str) -> None:
        """Puts the secret that `name`_file, `name`_env or `name`_credential (of systemd) leads to into the section as `name`."""
        places = section.take(secret_places(name))
        if len(places) > 1:
            section.at_key(list(places)[-1], f"{' and '.join(places)} are both given", "keep one of them")
            return
        for key, place in places.items():
            section.values[name] = self._secret(section, key, place)

    def _secret(self, section: Section, key: str, place: str | Path) -> str:
        if isinstance(place, Path):
            return _line_of(section, key, place) if place.is_file() else ""
        if key.endswith("_credential"):
            return self._credential(section, key, place)
        self.named.add(place)
        value = self.variables.get(place, "")
        if not value:
            # Any other text may be the secret itself, written where the name of a variable belongs.
            shown = place if re.fullmatch("[A-Z_][A-Z0-9_]*", place) else f"that {key} names"
            section.at_value(key, f"the environment variable {shown} is not set", f"set {place}" if shown == place else "set it")
        return value

    def _credential(self, section: Section, key: str, credential: str) -> str:
        """What systemd keeps for this service under the name (systemd.exec(5), LoadCredential=).

        A command at the desk has no folder of its own: it reads that of the running service, as the service's user or root.
        """
        given = self.variables.get("CREDENTIALS_DIRECTORY", "")
        file = (Path(given) if given else UNIT_CREDENTIALS) / credential
        if not _is_readable(file):
            outside = "the service must run, and you must be root or its user: runuser -u mailbridge -- mailbridge …"
            hint = f"the unit needs LoadCredential={credential}:PATH, or LoadCredentialEncrypted=" if given else outside
            section.at_value(key, f"systemd gives no credential {credential}", hint)
            return ""
        return _line_of(section, key, file)


def _line_of(section: Section, key: str, file: Path) -> str:
    name = key.rpartition("_")[0]
    hint = f"one line with the {name}, readable by the user that runs mailbridge"
    try:
        found = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        section.at_value(key, f"{file} cannot be read: {reason}", hint)
        return ""
    if not found or "\n" in found:
        section.at_value(key, f"{file} does not hold one line", hint)
    return found


def _is_readable(file: Path) -> bool:
    """Path.is_file() raises where a folder on the way may not be entered."""
    try:
        with file.open("rb"):
            return True
    except OSError:
        return False
