"""Which version of the IANA zone database this process goes by."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import TZPATH


def zone_database(folders: tuple[str, ...] = TZPATH) -> str:
    """Like "2025b": that of the machine, which comes first, else of the package tzdata.  "unknown" where the machine's does not say."""
    for folder in map(Path, folders):
        if (folder / "Etc" / "UTC").is_file():
            return _of_machine(folder)
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return "unknown"


def _of_machine(folder: Path) -> str:
    """From the first line of tzdata.zi, "# version 2025b", or from the file +VERSION."""
    for name in ("tzdata.zi", "+VERSION"):
        try:
            with (folder / name).open(encoding="ascii", errors="replace") as file:
                words = file.readline().split()
        except OSError:
            continue
        if words:
            return words[-1]
    return "unknown"
