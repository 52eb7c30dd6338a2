"""Backups and restores, as processes do them that are killed."""

from __future__ import annotations

from pathlib import Path

from mailbridge.backup import keep, make, restore
from mailbridge.config.model import Keep
from tests.builders import NOW
from tests.harness import a_config


def back_up(desk: str, url: str, to: str) -> make.MadeBackup:
    folder = Path(to)
    return make.make(a_config(Path(desk), store_url=url), folder, folder.with_name("keys"), NOW)


def prune(to: str) -> None:
    keep.prune(Path(to), Keep(daily=1, weekly=0))


def bring_back(backup: str, into: str, keys: str, database: str) -> None:
    restore.restore(Path(backup), Path(into), NOW, keys=Path(keys), database=database)
