"""Warnings about rules that can never fire, and none about those that can."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.rules.load import load
from mailbridge.rules.tools.unreachable import unreachable

HERE = Path(__file__).parent


def warnings(*conditions: str, end: str = "stop: true") -> list[str]:
    """What is told of rules with these conditions, each but the last of which ends the run."""
    files = {f"rules/{path.name}": path.read_text(encoding="utf-8") for path in (HERE / "desk").glob("*.yaml")}
    rules = "".join(
        f"- name: r{number}\n  when: {when}\n  then: {{type: incident}}\n  {end}\n" for number, when in enumerate(conditions, 1)
    )
    loaded = load(files | {"rules/routing/1.yaml": rules})
    assert loaded.policy is not None, loaded.problems
    return [problem.message for problem in unreachable([compiled.rule for compiled in loaded.policy.rules.rules])]


HIDDEN = [
    ("{kind: human}", "{kind: human}"),
    ("{kind: [human, list]}", "[{kind: list}, {language: ro}]"),
    ("{header: {subject: {contains: print}}}", "{header: {subject: {contains: Printer}}}"),
    ("{header: {subject: {contains: print}}}", "{header: {subject: The printer}}"),
    ("{header: {subject: {matches: 'the *'}}}", "{header: {subject: [The end, the beginning]}}"),
    ("{header: {'to, cc': {contains: x}}}", "{header: {to: {contains: xy}}}"),
    ("{address: {from: {domain: [a.example, b.example]}}}", "{address: {from: {domain: b.example}}}"),
    ("{size: {over: 1M}}", "{size: {over: 2M}}"),
    ("{exists: x-one}", "{exists: [x-two, x-one]}"),
    ("{exists: x-one}", "{header: {x-one: {contains: a}}}"),
    ("{any: [{kind: list}, {language: ro}]}", "{language: ro}"),
    ("{not: {language: [ro, ru]}}", "[{not: {language: [ro, ru, de]}}]"),
    ("[{kind: human}]", "{any: [{kind: human, language: ro}, {kind: human, language: ru}]}"),
]
SEEN = [
    ("{kind: human, language: ro}", "{kind: human}"),
    ("{header: {subject: {contains: printer}}}", "{header: {subject: {contains: print}}}"),
    ("{header: {subject: {contains: print}}}", "{header: {'subject, to': {contains: printer}}}"),
    ("{header: {subject: {contains: X, comparator: 'i;octet'}}}", "{header: {subject: {contains: x}}}"),
    ("{header: {subject: {regex: '^a'}}}", "{header: {subject: {contains: a}}}"),
    ("{size: {over: 2M}}", "{size: {over: 1M}}"),
    ("{team: support}", "{team: support}"),
    ("{kind: human}", "{kind: human, reply: true}"),
    ("{not: {language: [ro, ru, de]}}", "{not: {language: [ro, ru]}}"),
]


@pytest.mark.parametrize(("earlier", "later"), HIDDEN)
def test_a_rule_behind_a_wider_one_that_stops_can_never_fire(earlier: str, later: str) -> None:
    assert warnings(earlier, later) == ['the rule "r2" can never fire: "r1" (rules/routing/1.yaml:1) holds first and ends it']


@pytest.mark.parametrize(("earlier", "later"), SEEN)
def test_a_rule_that_may_fire_is_left_alone(earlier: str, later: str) -> None:
    assert warnings(earlier, later) == []


def test_only_rules_that_end_the_run_hide_others() -> None:
    assert warnings("{kind: human}", "{kind: human}", end="stop: false") == []


@pytest.mark.parametrize(
    "condition",
    [
        "[{kind: human}, {kind: list}]",
        "{size: {over: 2K, under: 1K}}",
        "[{size: {over: 2K}}, {any: [{size: {under: 1K}}, {kind: human}]}, {not: {kind: human}}, {size: {under: 1K}}]",
        "[{header: {subject: {contains: ab}}}, {not: {header: {subject: {contains: a}}}}]",
        "[{reply: true}, {reply: false}]",
        "[{attachment: true}, {attachment: false}]",
    ],
)
def test_a_condition_that_contradicts_itself_is_told(condition: str) -> None:
    assert warnings(condition) == ['the rule "r1" can never fire: its condition contradicts itself']


def test_a_condition_about_what_rules_choose_does_not_contradict_itself() -> None:
    assert warnings("[{team: support}, {type: incident}, {not: {tag: vpn}}]") == []
