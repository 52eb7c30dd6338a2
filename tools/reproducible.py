"""What builds share so that the same sources give the same bytes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NEVER = 315532800  # 1980-01-01, the first moment that a zip file can say


def epoch() -> int:
    """Seconds since 1970 that every built file gets: SOURCE_DATE_EPOCH, else the time of the last commit, else 1980."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    done = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else NEVER


def aged(folder: Path) -> None:
    """Everything in the folder is as old as `epoch`."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (epoch(), epoch()), follow_symlinks=False)


def environ() -> dict[str, str]:
    """The environment of a build."""
    return {**os.environ, "SOURCE_DATE_EPOCH": str(epoch()), "PYTHONHASHSEED": "0"}


def installer() -> list[str]:
    """pip for this environment's Python, from the environment or from the Python below it."""
    here = importlib.util.find_spec("pip") is not None
    python = Path(sys.executable) if here else Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
