"""What `mailbridge tickets show` says of work, escalation and what waits for a yes, above the ticket's story."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from mailbridge.cli.tickets import headline
from mailbridge.tickets.model import Activity, Approval, ApprovalKind, WorkKind
from tests.builders import LATER, NOW, a_ticket
from tests.harness import a_config


def test_planned_against_spent_the_way_up_and_what_waits(tmp_path: Path) -> None:
    done = Activity(id=1, agent="bogdan", kind=WorkKind.WORKED, day=date(2026, 11, 23), minutes=50, charged=60)
    road = Activity(id=2, agent="bogdan", kind=WorkKind.TRAVELLED, day=date(2026, 11, 23), minutes=40, charged=45)
    waiting = Approval(
        id=1, kind=ApprovalKind.APPROVAL, line="#time 9h", asker="bogdan", approvers=("mara", "clara"), asked_at=NOW, expires_at=LATER
    )
    ticket = a_ticket(
        estimate=90, estimate_most=150, estimated_by="history", activities=(done, road), chain="printers", level=2, approvals=(waiting,)
    )

    lines = headline(ticket, a_config(tmp_path)).splitlines()

    assert lines[3:] == [
        "estimated 1 h 30 min, rarely more than 2 h 30 min (by history), 50 min worked, 1 h 45 min charged",
        "escalated to level 2 of printers",
        "#time 9h of bogdan waits for mara or clara until 2026-11-23 10:00Z",
    ]


def test_only_what_is_known_is_said(tmp_path: Path) -> None:
    config = a_config(tmp_path)

    assert headline(a_ticket(estimate=30, estimated_by="type"), config).splitlines()[3:] == ["estimated 30 min (by type)"]
    assert headline(a_ticket(level=1), config).splitlines()[3:] == ["escalated to level 1"]
    assert len(headline(a_ticket(), config).splitlines()) == 3
