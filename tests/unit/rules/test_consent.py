"""What approvals.yaml and work.yaml become."""

from __future__ import annotations

from datetime import timedelta

from mailbridge.organisation.approval_policy import ApprovalPolicy, ApprovalRule, ApprovalTrigger
from mailbridge.organisation.billing import Rounding, WorkPolicy
from mailbridge.organisation.model import Organisation
from mailbridge.rules.load import load

TEAMS = """
default: support
teams: {support: {members: [ana], managers: [maria]}, field: {members: [ana]}}
agents: {ana: {title: Ana, address: ana@desk.test}, maria: {title: Maria, address: maria@desk.test, manager: true}}
escalations: {up: [{team: field}]}
"""


def read(**files: str) -> Organisation:
    loaded = load({"rules/teams.yaml": TEAMS, **{f"rules/{name}.yaml": text for name, text in files.items()}})
    assert loaded.problems == ()
    assert loaded.policy is not None
    return loaded.policy.organisation


def test_without_the_files_nothing_needs_a_yes_and_all_work_is_charged_as_told() -> None:
    organisation = read()

    assert organisation.approval_policy == ApprovalPolicy()
    assert organisation.work == {"": WorkPolicy()}
    assert organisation.estimates == {}


def test_an_approval_has_what_it_says_and_the_usual_besides() -> None:
    text = """
approvals:
  - {what: work-over, hours: 7.5, by: [manager, ana], deputies: maria, remind-after: never, expires-after: 2d}
  - {what: escalate, to: [up, field]}
  - {what: tag}
confirm-within: 2h
many: 10
"""
    work, escalate, tag = read(approvals=text).approval_policy.approvals

    assert work == ApprovalRule(
        what=ApprovalTrigger.WORK_OVER,
        over=timedelta(hours=7.5),
        by=("manager", "ana"),
        deputies=("maria",),
        remind_after=None,
        expires_after=timedelta(hours=16),
    )
    assert escalate == ApprovalRule(what=ApprovalTrigger.ESCALATE, names=frozenset({"up", "field"}))
    assert tag == ApprovalRule(what=ApprovalTrigger.TAG)
    approval_policy = read(approvals=text).approval_policy
    assert (approval_policy.confirm_within, approval_policy.many) == (timedelta(hours=2), 10)


def test_a_team_takes_from_the_desk_what_it_does_not_say() -> None:
    organisation = read(
        work="work: {round: nearest, unit: 5m, travel: true, except: {types: [question]}}\nteams: {field: {unit: 1h, minimum: 2h}}\n",
        types="types: [question]\nestimates: {question: 1h30m}\n",
    )

    usual = WorkPolicy(rounding=Rounding.NEAREST, unit=5, travel=True, other_types=frozenset({"question"}))
    assert organisation.work[""] == usual
    assert organisation.work["field"] == WorkPolicy(
        rounding=Rounding.NEAREST, unit=60, minimum=120, travel=True, other_types=frozenset({"question"})
    )
    assert organisation.estimates == {"question": 90}
