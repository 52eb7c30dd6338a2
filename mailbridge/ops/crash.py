"""Fault points: named places at which a test can kill the process.

Product code calls `point("pipeline.before_commit")` where a crash can leave work half done.  A point does nothing unless it is armed:
`arm("pipeline.before_commit")` kills at the first call, `arm("pipeline.before_commit:3")` at the third.  The signal is SIGKILL, so that
no `finally` runs, no buffer is flushed and no database connection is closed.
"""

from __future__ import annotations

import os
import signal
from threading import Lock

POINTS = (
    "intake.before_commit",
    "intake.after_commit",
    "intake.before_settle",
    "intake.after_settle",
    "pipeline.claimed",
    "pipeline.read",
    "pipeline.mail_stored",
    "pipeline.before_finish",
    "pipeline.before_commit",
    "pipeline.after_commit",
    "outbox.claimed",
    "outbox.rendered",
    "outbox.before_dot",
    "outbox.dot_committed",
    "outbox.after_dot",
    "outbox.before_sent",
    "outbox.after_sent",
    "webhooks.claimed",
    "webhooks.called",
    "oauth.claimed",
    "oauth.answered",
    "oauth.before_commit",
    "oauth.after_commit",
    "oauth.login_answered",
    "oauth.login_before_commit",
    "oauth.login_after_commit",
    "sweep.before_commit",
    "sweep.after_commit",
    "hours.before_commit",
    "receipts.before_commit",
    "recompute.before_commit",
    "recompute.after_commit",
    "backup.began",
    "backup.database_copied",
    "backup.desk_copied",
    "backup.keys_written",
    "backup.manifest_written",
    "backup.before_rename",
    "backup.renamed",
    "backup.before_prune",
    "restore.checked",
    "restore.files_written",
    "restore.loaded",
    "restore.compared",
    "restore.settled",
    "restore.before_rename",
    "restore.renamed",
)

_lock = Lock()
_armed: dict[str, int] = {}


def arm(spec: str) -> None:
    """Arms `name` or `name:N`.  Raises ValueError if the name is no fault point."""
    name, _, visits = spec.partition(":")
    if name not in POINTS:
        raise ValueError(f"no crash point named {name!r}")
    with _lock:
        _armed[name] = int(visits or 1)


def point(name: str) -> None:
    """Kills the process if this is the armed call, else returns."""
    if not _armed:
        return
    with _lock:
        left = _armed.get(name)
        if left is None:
            return
        _armed[name] = left - 1
    if left == 1:
        os.kill(os.getpid(), signal.SIGKILL)
