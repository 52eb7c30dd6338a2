"""The object of `mailbridge status --json` is the one that the manual describes, key by key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mailbridge.backup.keysfile import WrittenKeys
from mailbridge.backup.make import MadeBackup, note
from mailbridge.backup.manifest import Manifest
from mailbridge.backup.restore import PROOF_KEY
from mailbridge.cli.canary_lines import about
from mailbridge.cli.check_feeds import FeedHealth
from mailbridge.cli.options import OpenDesk
from mailbridge.cli.status import DeskStatus, look
from mailbridge.conversation.canary import ArrivedCanary, CanaryWatch, Leg
from mailbridge.doctor.audit import STATE_KEY as AUDIT_KEY
from mailbridge.doctor.audit import document
from mailbridge.doctor.audit_model import AuditReport
from mailbridge.jobs.backup import FAILED_KEY
from mailbridge.jobs.clock_jump import after_step
from mailbridge.oauth.health import End, ExpiryKind, OAuthForecast
from tests.harness import TestDesk, a_desk

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BY_NAME = {"inbox", "outbox", "ways_out", "webhooks", "tickets", "audit.why"}  # their keys are states, servers, reasons


def described() -> list[str]:
    text = (ROOT / "docs" / "manual" / "commands.md").read_text(encoding="utf-8")
    table = text.partition("| key of `status --json` |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, flags=re.MULTILINE)


def keys(value: Any, at: str = "") -> Iterator[str]:
    """The path of each value: `sources[].state`."""
    if isinstance(value, Mapping) and at not in BY_NAME:
        for name, one in value.items():
            yield from keys(one, f"{at}.{name}" if at else name)
    elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
        yield from keys(value[0], f"{at}[]")
    else:
        yield at


def test_the_manual_describes_each_key_and_no_other(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.jobs_may_fail = True
        happened(desk)
        found = look(OpenDesk(config=desk.app.config, store=desk.app.store), desk.clock.now())
    shown = {"ok": True, **{name: getattr(found, name) for name in DeskStatus.__slots__}}
    shown |= {"logins": [LOGIN.as_json()], "feeds": [asdict(FEED)], "canary": [about(CANARY, NOW)]}

    written = described()

    assert sorted(keys(shown)) == sorted(written)
    assert len(written) == len(set(written))


LOGIN = OAuthForecast(
    **{"name": "support", "provider": "microsoft", "flow": "device", "who": "", "state": "ok", "note": "", "troubles": (), "now": NOW},
    token_expires_at=NOW,
    ends=(End(login="support", kind=ExpiryKind.LOGIN, at=NOW),),
)  # fmt: skip
FEED = FeedHealth(address="https://feeds.test/a", fetched_at=NOW, age_s=1.0, fault="", events=0, skipped=0, trouble="")

CANARY = CanaryWatch(
    to="support@desk.test",
    last=ArrivedCanary(sent=NOW, came=NOW, seconds=0.0, legs=(Leg(name="mx.desk.test", seconds=0.0),)),
)


def happened(desk: TestDesk) -> None:
    """Everything that `status` has keys for, recorded by the functions that record it; of backups only their results."""
    now, store = desk.clock.now(), desk.app.store
    desk.app.policy()
    (desk.app.config.folder / "rules" / "teams.yaml").write_text("teams: [")
    desk.app.rules.refresh(at_once=True)
    after_step(store, timedelta(hours=2), now, lambda tx, before, after: None)
    words = ("program", "desk", "revision", "schema", "server", "keys_file", "keys_sha256")
    manifest = Manifest(made_at=now, kind="sqlite", variables=(), tables=(), **dict.fromkeys(words, ""))
    note(store, MadeBackup(folder=Path("b"), manifest=manifest, keys=WrittenKeys(file=Path("k"), sha256="", is_new=True)), now)
    with store.write() as tx:
        tx.state.set(PROOF_KEY, {"folder": "b", "at": now.isoformat(), "made_at": now.isoformat()}, now)
        tx.state.set(FAILED_KEY, {"at": now.isoformat(), "reason": "full", "since": now.isoformat()}, now)
        tx.state.set(AUDIT_KEY, document(AuditReport(at=now, sources=(), folders=(), missing=())), now)
        tx.job_failures.failed("sweep", "1", "MB-1", "KeyError", now)
        tx.sources.proven("outgoing", "it answered", now)
