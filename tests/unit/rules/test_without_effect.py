"""Words that this version reads and does not act on are told, not passed over."""

from __future__ import annotations

from mailbridge.rules.examples import without_effect
from mailbridge.rules.load import load
from tests.harness import RULES

ASKS = """
- name: hire
  when: {header: {subject: {contains: vpn}}}
  then: {team: network, playbook: new-hire}
"""


def test_playbook_is_warned_of_at_the_rule_that_asks_for_it() -> None:
    files = {f"rules/{name}": text for name, text in RULES.items()} | {"rules/routing/30-hooks.yaml": ASKS, "rules/types.yaml": "playbooks: [new-hire]"}
    policy = load(files).policy
    assert policy is not None
    (problem,) = without_effect(policy)
    assert (problem.file, problem.line, problem.warning) == ("rules/routing/30-hooks.yaml", 2, True)
    assert problem.message == '"playbook" has no effect in this version'
