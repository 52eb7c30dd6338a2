"""The free space of the file system that a folder is on."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """`free`: bytes that a user without privileges may still write.  `mount`: where the file system is mounted."""

    folder: Path
    mount: Path
    free: int


def space_of(folder: Path) -> DiskSpace | None:
    """The space for this folder, or for the nearest one above it that exists; None where the file system does not say."""
    place = folder.absolute()
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
        free = shutil.disk_usage(place).free
        mount = place.resolve()
        while not os.path.ismount(mount):
            mount = mount.parent
    except OSError:
        return None
    return DiskSpace(folder=folder, mount=mount, free=free)


def megabytes(size: int) -> str:
    """`1.9 MB`, `4,210 MB`."""
    amount = size / 1e6
    return f"{amount:,.0f} MB" if amount >= 10 else f"{amount:.1f} MB"
