"""The alert rules and the board that come along ask for metrics that there are, by labels that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ALERTS = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
BOARD = json.loads((ROOT / "deploy" / "grafana" / "mailbridge.json").read_text(encoding="utf-8"))


def known() -> dict[str, set[str]]:
    """Metric -> its labels, from the manual, which another test compares with the program."""
    manual = (ROOT / "docs" / "manual" / "running.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(mailbridge_\w+)` \| ([^|]*)\| ([^|]*)", manual, flags=re.MULTILINE)
    found: dict[str, set[str]] = {}
    for name, labels, about in rows:
        for each in [f"{name}_bucket"] if about.startswith("histogram") else [name]:
            found[each] = set(re.findall(r"`(\w+)`", labels))
    return found


def expressions() -> Iterator[tuple[str, str]]:
    yield from ((alert["alert"], alert["expr"]) for alert in ALERTS)
    yield from ((panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"])
    yield from ((annotation["name"], annotation["expr"]) for annotation in BOARD["annotations"]["list"])


@pytest.mark.parametrize(("name", "expression"), list(expressions()))
def test_each_expression_asks_for_metrics_that_there_are(name: str, expression: str) -> None:
    metrics = known()
    for metric, labels in re.findall(r"(mailbridge_\w+)(?:\{([^}]*)\})?", expression):
        assert metric in metrics, f"{name} asks for {metric}"
        assert set(re.findall(r"(\w+)=~?\"", labels)) <= metrics[metric], name


def test_each_alert_says_what_to_do() -> None:
    assert [alert["alert"] for alert in ALERTS if not {"summary", "what_to_do"} <= set(alert["annotations"])] == []
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS)


def test_panels_do_not_lie_over_each_other() -> None:
    taken = [
        (x, y)
        for panel in BOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
