"""Rules by time that undo each other are found from their words, and rules that do not are left alone."""

from __future__ import annotations

import pytest

from mailbridge.rules.load import load
from mailbridge.rules.tools.opposed import opposed
from tests.harness import RULES


def warned(*rules: str) -> list[str]:
    text = "".join(f"- {{name: r{number}, every: 1h, {rule}}}\n" for number, rule in enumerate(rules, start=1))
    files = {f"rules/{name}": content for name, content in RULES.items()} | {"rules/routing/30-timed.yaml": text}
    loaded = load(files)
    assert loaded.policy is not None, loaded.problems
    return [one.message for one in opposed([one.rules[0].rule for one in loaded.policy.timed])]


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("when: {priority: low}, then: {priority: high}", "when: {priority: high}, then: {priority: low}", 'priority "high" and "low"'),
        (
            "when: {untouched: 1d, not: {team: network}}, then: {team: network}",
            "when: {team: network}, then: {team: support}",
            'team "network" and "support"',
        ),
        (
            "when: {any: [{priority: low}, {tag: x, priority: high}]}, then: {priority: normal}",
            "when: {priority: normal, waiting: 1d}, then: {priority: high}",
            'priority "normal" and "high"',
        ),
        (
            "when: {field: {site: a}}, then: {fields: {site: b}}",
            "when: {field: {site: b}}, then: {fields: {site: a}}",
            'field site "b" and "a"',
        ),
    ],
)
def test_rules_that_undo_each_other(one: str, other: str, what: str) -> None:
    (told,) = warned(one, other)
    assert told == f'the rules by time "r1" and "r2" undo each other: they set {what} in turn'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # One way only: what the first makes high, the second leaves high.
        ("when: {priority: low}, then: {priority: high}", "when: {priority: normal}, then: {priority: low}"),
        # Conditions that stay true after the own action: each acts once while it holds.
        ("when: {untouched: 1d}, then: {priority: high}", "when: {untouched: 2d}, then: {priority: low}"),
        # The second does not hold where the first has acted.
        ("when: {priority: low}, then: {priority: high, tags: [x]}", "when: {priority: urgent}, then: {priority: low}"),
        # The same value.
        ("when: {priority: low}, then: {priority: high}", "when: {priority: normal}, then: {priority: high}"),
    ],
)
def test_rules_that_do_not(one: str, other: str) -> None:
    assert warned(one, other) == []
