"""Whatever a judge answers with can be told: each reason stands in the shared words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mailbridge.delivery.render.words import WORDS
from mailbridge.notifications.results import LineStatus
from mailbridge.organisation.approval_policy import ApprovalTrigger

ROOT = Path(__file__).resolve().parents[3]
DESK = sorted((ROOT / "mailbridge" / "tickets").rglob("*.py"))


def said(name: str) -> set[str]:
    table = WORDS[name]
    assert isinstance(table, dict)
    return set(table)


def texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        return  # made of a status's movers; both are in the words
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def reasons() -> Iterator[str]:
    """Every text that is given as `reason` of a Refusal or `refused` of a Decision, and what `may` answers."""
    for path in DESK:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refusal", "Decision", "decided"):
                for keyword in node.keywords:
                    if keyword.arg in ("refused",) or (keyword.arg == "reason" and getattr(node.func, "id", "") == "Refusal"):
                        yield from texts(keyword.value)
            if isinstance(node, ast.FunctionDef) and node.name == "may":
                for each in ast.walk(node):
                    if isinstance(each, ast.Return) and each.value is not None:
                        yield from texts(each.value)


def test_every_refusal_is_worded() -> None:
    found = set(reasons())
    assert {"unknown-team", "agents-only"} <= found
    assert found - said("refusals") == set()
    assert {f"for-{mover}s" for mover in ("member", "manager")} <= said("refusals")


def test_every_reason_to_ask_is_worded() -> None:
    risks = ast.parse((ROOT / "mailbridge" / "tickets" / "handlers" / "risks.py").read_text(encoding="utf-8"))
    returned = {text for node in ast.walk(risks) if isinstance(node, ast.Return) and node.value is not None for text in texts(node.value)}
    assert {*returned, "many", "quoted", *ApprovalTrigger} - said("whys") == set()


def test_every_outcome_of_a_line_is_worded() -> None:
    assert set(LineStatus) == said("outcomes")
