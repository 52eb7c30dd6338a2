"""The version of the IANA time zone database that this process uses."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import TZPATH


def zone_database(folders: tuple[str, ...] = TZPATH) -> str:
    """A version like "2025b": of the system's database, else of the package tzdata.  "unknown" if the system's has no version."""
    for folder in map(Path, folders):
        if (folder / "Etc" / "UTC").is_file():
            return _of_machine(folder)
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return "unknown"


def _of_machine(folder: Path) -> str:
    """The version from the first line of tzdata.zi ("# version 2025b") or from the file +VERSION."""
    for name in ("tzdata.zi", "+VERSION"):
        try:
            with (folder / name).open(encoding="ascii", errors="replace") as file:
                words = file.readline().split()
        except OSError:
            continue
        if words:
            return words[-1]
    return "unknown"
