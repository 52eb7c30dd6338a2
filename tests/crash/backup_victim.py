"""Backups and restores in processes that are killed.  A fork server has the program in memory already: a process starts at once."""

from __future__ import annotations

import multiprocessing
import signal
from pathlib import Path

from mailbridge.backup import keep, make, restore
from mailbridge.config import Keep
from mailbridge.ops import crash
from tests.builders import NOW
from tests.harness import a_config


def killed(step: str, point: str, *arguments: str) -> bool:
    """Whether the step (`back_up`, `prune`, `bring_back`) died at the point; raises where it ended in another way than well."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.backup_victim"])
    process = context.Process(target=_life, args=(step, point, arguments))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode == -signal.SIGKILL


def _life(step: str, point: str, arguments: tuple[str, ...]) -> None:
    crash.arm(point)
    {"back_up": back_up, "prune": prune, "bring_back": bring_back}[step](*arguments)


def back_up(desk: str, url: str, to: str) -> make.Made:
    folder = Path(to)
    return make.make(a_config(Path(desk), store_url=url), folder, folder.with_name("keys"), NOW)


def prune(to: str) -> None:
    keep.prune(Path(to), Keep(daily=1, weekly=0))


def bring_back(backup: str, into: str, keys: str, database: str) -> None:
    restore.restore(Path(backup), Path(into), NOW, keys=Path(keys), database=database)
