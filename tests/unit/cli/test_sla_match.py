"""`mailbridge sla match`: all candidates, the winner, and why each other one lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config.load import load
from mailbridge.organisation.priority import Priority
from mailbridge.store.engine import Store
from mailbridge.tickets.model import Participant, Ticket

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CUSTOMERS = """
customers:
  acme:
    title: Acme SRL
    domains: [acme.example]
    locations: {iasi: {}, cluj: {}}
    equipment: [{serial: LF-2231, location: iasi}]
    contracts:
      base: {sla: four-hours, since: 2026-11-21, levels: [{priority: urgent, sla: four-hours}]}
      site: {sla: four-hours, locations: [iasi]}
      past: {sla: four-hours, until: 2026-11-20}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """MB-1 about the device in Iași, under the contract of its place; MB-2 of a stranger."""
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == exits.OK
    (folder / "rules" / "customers.yaml").write_text(CUSTOMERS, encoding="utf-8")
    for routing in (folder / "rules" / "routing").glob("*.yaml"):
        routing.unlink()
    (folder / "rules" / "work.yaml").unlink()
    store = Store(load(folder).store_url)
    store.upgrade()
    fields = (("contract", "site"), ("sla", "four-hours"), ("equipment", "LF-2231"))
    with store.write() as tx:
        for address, known in (("ana@acme.example", fields), ("somebody@stranger.test", ())):
            ticket = Ticket(
                id=tx.tickets.reserve(), subject="Plotter", status="open", priority=Priority.URGENT, team="support",
                created_at=NOW, updated_at=NOW, version=1, participants=(Participant(address=address),), fields=known,
            )  # fmt: skip
            assert tx.tickets.save(ticket, expected_version=0)
    store.close()
    return folder


def printed(desk: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(["sla", "match", "--desk", str(desk), *arguments]) == exits.OK
    return capsys.readouterr().out


def test_the_table_says_why_each_candidate_lost(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(desk, capsys, "MB-1").splitlines() == [
        "Acme SRL (acme), 2026-11-21: device LF-2231, location iasi, type not known, priority urgent",
        "on the ticket: contract site, level four-hours, calendar office (the most specific contract)",
        "CONTRACT  LEVEL       FOR        WHY",
        "site      four-hours  location   wins",
        'base      four-hours  priority   less specific: "site" names the location',
        'base      four-hours  customer   less specific: "site" names the location',
        'default   targets     everybody  the contract "site" comes first',
        "past      four-hours  customer   ended on 2026-11-20",
    ]


def test_json_has_the_winner_and_all_candidates(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(desk, capsys, "MB-1", "--json"))

    assert (told["customer"], told["contract"], told["way"]) == ("acme", "site", "match")
    assert (told["winner"]["contract"], told["winner"]["names"]) == ("site", ["location"])
    assert [(one["label"], one["won"], bool(one["lost"])) for one in told["candidates"]] == [
        ("site", True, False), ("base", False, True), ("base", False, True), ("default", False, True), ("past", False, True),
    ]  # fmt: skip


def test_a_stranger_has_the_desks_own_targets(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(desk, capsys, "2", "--json"))

    assert (told["customer"], told["winner"]["label"], len(told["candidates"])) == (None, "default", 1)


def test_a_ticket_without_a_contract_is_not_said_to_have_one(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(desk, capsys, "MB-2")
    assert "(no contract covers it: the targets of rules/sla.yaml apply)" in said
    assert "most specific" not in said
