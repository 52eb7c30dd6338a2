"""What changed rules would do otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mailbridge.rules.load import load
from mailbridge.rules.policy import Policy
from mailbridge.rules.tools.backtest import BacktestReport, Case, Side, backtest, text, to_json
from mailbridge.rules.tools.backtest_html import page
from mailbridge.rules.tools.examples import facts_of_example

HERE = Path(__file__).parent
OLD = """
- {name: printers, when: {header: {subject: {contains: printer}}}, then: {team: support}}
- {name: bills, when: {header: {subject: {contains: invoice}}}, then: {type: question}}
"""


def policy(rules: str) -> Policy:
    files = {f"rules/{path.name}": path.read_text(encoding="utf-8") for path in (HERE / "desk").glob("*.yaml")}
    loaded = load(files | {"rules/routing/1.yaml": rules})
    assert loaded.policy is not None, loaded.problems
    return loaded.policy


def replayed(old: str, new: str, subjects: Iterable[str]) -> BacktestReport:
    before, after = policy(old), policy(new)
    cases = (
        Case(name=f"MB-{n}", subject=s, facts=facts_of_example(before, {"from": "a@b.example", "subject": s}))
        for n, s in enumerate(subjects, 1)
    )
    sides = [Side(rules=each.rules, organisation=each.organisation) for each in (before, after)]
    return backtest(sides[0], sides[1], cases)


def test_the_same_rules_change_nothing() -> None:
    report = replayed(OLD, OLD, ["printer", "invoice", "x"])

    assert (report.mails, report.changed, report.lost, report.differences) == (3, 0, 0, ())


def test_a_difference_names_the_rule_that_decides_now() -> None:
    new = OLD.replace("{team: support}", "{team: field-service, priority: high}")
    report = replayed(OLD, new, ["printer a", "printer b", "invoice"])

    assert (report.mails, report.changed, report.lost) == (3, 2, 0)
    assert [(d.what, d.before, d.after, d.rule, d.gone, d.count) for d in report.differences] == [
        ("priority", "", "high", "printers", False, 2),
        ("team", "support", "field-service", "printers", False, 2),
    ]
    assert report.differences[0].samples == (("MB-1", "printer a"), ("MB-2", "printer b"))


def test_a_rule_that_is_gone_is_named_and_its_mails_are_lost() -> None:
    report = replayed(OLD, OLD.strip().splitlines()[1], ["printer"])

    assert (report.changed, report.lost) == (1, 1)
    assert [(d.before, d.after, d.rule, d.gone) for d in report.differences] == [("support", "", "printers", True)]


def test_ten_samples_are_kept_of_many() -> None:
    report = replayed(OLD, OLD.replace("{team: support}", "{drop: true}"), ["printer"] * 25)

    assert {d.what: (d.count, len(d.samples)) for d in report.differences} == {"team": (25, 10), "drop": (25, 10)}


def test_the_table_is_what_people_read() -> None:
    report = replayed(OLD, OLD.replace("{team: support}", "{team: field-service}"), ["printer offline", "printer two", "x", "y"])

    assert text(report, 4.1).splitlines() == [
        "4 mails replayed in 4.1 s.  2 (50.0%) would go elsewhere.",
        '  support → field-service        2   printers   e.g. MB-1 "printer offline", MB-2',
        "Nothing is lost: 0 mails match no rule that did before.",
    ]


def test_json_has_the_same() -> None:
    made = to_json(replayed(OLD, OLD.replace("{team: support}", "{team: field-service}"), ["printer", "x"]))

    assert (made["mails"], made["changed"], made["share"]) == (2, 1, 0.5)
    assert made["differences"][0]["samples"] == [{"mail": "MB-1", "subject": "printer"}]


def test_the_page_draws_the_flow_and_believes_nothing_a_sender_wrote() -> None:
    report = replayed(OLD, OLD.replace("{team: support}", "{team: field-service}"), ["printer <script>alert(1)</script>"])
    made = page(report, "aaa", "bbb")

    assert "<svg" in made
    assert "support → field-service: 1" in made
    assert "<script" not in made
    assert "&lt;script&gt;" in made


def test_the_page_of_no_change_says_so() -> None:
    assert "nothing changes" in page(replayed(OLD, OLD, ["x"]), "a", "b")
