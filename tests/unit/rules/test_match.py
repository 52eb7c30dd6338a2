"""Order, stop, captures and the trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailbridge.message.model import Message
from mailbridge.organisation.priority import Priority
from mailbridge.rules.commands import commands
from mailbridge.rules.explain import text, trace_from_json, trace_to_json, verdict_to_json
from mailbridge.rules.facts import facts_of
from mailbridge.rules.load import load
from mailbridge.rules.match import run
from mailbridge.rules.policy import Policy
from mailbridge.rules.tools.examples import facts_of_example
from mailbridge.rules.tree import AssignBy
from mailbridge.rules.verdict import Verdict
from mailbridge.tickets.command_types.relations import StartPlaybook
from mailbridge.tickets.command_types.values import Assign, SetField, SetPriority, SetStatus, SetSubject, SetTeam
from mailbridge.tickets.command_types.work import SetEstimate
from mailbridge.tickets.model import Participant, Ticket

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def policy(rules: str) -> Policy:
    files = {f"rules/{path.name}": path.read_text(encoding="utf-8") for path in (HERE / "desk").glob("*.yaml")}
    loaded = load(files | {"rules/routing/10-first.yaml": rules})
    assert loaded.policy is not None, loaded.problems
    return loaded.policy


def evaluate(rules: str, **mail: Any) -> Verdict:
    made = policy(rules)
    return run(made.rules, facts_of_example(made, {"from": "ana@acme.example", **mail}))


TWO = """
- name: first
  when: {header: {subject: {contains: printer}}}
  then: {team: field-service, priority: high, tags: printer}
- name: second
  when: {header: {subject: {contains: urgent}}}
  then: {team: support, priority: urgent, tags: [vpn, printer]}
"""


def test_a_later_rule_has_the_last_word_and_the_trace_says_so() -> None:
    verdict = evaluate(TWO, subject="urgent: printer")

    assert (verdict.team, verdict.priority, verdict.tags) == ("support", "urgent", ("printer", "vpn"))
    assert verdict.rules == ("first", "second")
    change = next(c for c in verdict.trace.steps[1].changes if c.what == "team")
    assert (change.before, change.after, change.note) == ("field-service", "support", 'chosen by "first"')


def test_a_rule_that_stops_keeps_later_ones_out() -> None:
    verdict = evaluate(TWO.replace("tags: printer}", "tags: printer}\n  stop: true"), subject="urgent: printer")

    assert verdict.rules == ("first",)
    assert verdict.trace.stopped_by == "first"


@pytest.mark.parametrize("end", ["{drop: true}", "{quarantine: looks odd}"])
def test_drop_and_quarantine_end_it(end: str) -> None:
    verdict = evaluate(f"- name: zero\n  when: {{kind: human}}\n  then: {end}\n" + TWO.lstrip(), subject="urgent: printer")

    assert verdict.rules == ("zero",)
    assert verdict.drop or verdict.quarantine == "looks odd"


def test_a_rule_sees_what_an_earlier_one_chose() -> None:
    more = "- name: third\n  when: {team: field-service, tag: printer, priority: high}\n  then: {type: incident}\n"

    assert evaluate(TWO + more, subject="printer").type == "incident"
    assert evaluate(TWO + more, subject="urgent printer").type is None


def test_captures_fill_fields_tags_and_the_subject() -> None:
    rules = r"""
- name: x
  when:
    all:
      - header: {subject: {regex: '(?P<serial>LF-\d+)', as: serial_found}}
      - body: {matches: "*code * on*", as: [_, code]}
      - address: {from: {localpart: {contains: an, as: who}}}
  then: {fields: {serial: "${serial}", code: "${code}"}, subject: "${serial_found}: error ${code}", quarantine: "by ${who}"}
"""
    verdict = evaluate(rules, subject="Problem with lf-2231 again", text="Error\ncode E-52 on screen")

    assert dict(verdict.fields) == {"serial": "lf-2231", "code": "E-52"}
    assert verdict.subject == "lf-2231: error E-52"
    assert verdict.quarantine == "by an"


def test_an_action_whose_capture_caught_nothing_is_left_out_and_told() -> None:
    rules = """
- name: x
  when: {any: [{kind: human}, {header: {subject: {regex: '(?P<no>[0-9]+)'}}}]}
  then: {fields: {number: "${no}"}, team: support}
"""
    verdict = evaluate(rules, subject="no number here")

    assert verdict.fields == ()
    assert verdict.team == "support"
    assert [c.note for c in verdict.trace.steps[0].changes if c.what == "field number"] == ["${no} caught nothing"]


def test_a_captured_tag_must_be_one_of_the_desks_tags() -> None:
    rules = "- name: x\n  when: {header: {subject: {regex: '^(?P<word>[a-z]+)'}}}\n  then: {tags: ['${word}']}\n"

    assert evaluate(rules, subject="VPN down").tags == ("vpn",)
    assert evaluate(rules, subject="nonsense").tags == ()


def test_somebody_by_name_and_somebody_by_turns_exclude_each_other() -> None:
    rules = """
- {name: a, when: {kind: human}, then: {assignee: ana}}
- {name: b, when: {header: {subject: turns}}, then: {assignee: {by: skill, skill: printers}}}
"""
    assert evaluate(rules, subject="x").assignee == "ana"
    by_turns = evaluate(rules, subject="turns")
    assert (by_turns.assignee, by_turns.assign_by, by_turns.skill) == (None, AssignBy.SKILL, "printers")


def test_a_verdict_on_a_reply_says_only_what_changes() -> None:
    made = policy("- {name: x, when: {reply: true}, then: {tags: [vpn, printer], priority: high}}\n")
    ticket = Ticket(
        id=7, subject="s", status="open", priority=Priority.NORMAL, team="support", created_at=NOW, updated_at=NOW, tags=("printer",),
        participants=(Participant(address="ana@acme.example"),),
    )  # fmt: skip
    verdict = run(made.rules, facts_of(Message(), now=NOW, organisation=made.organisation, ticket=ticket))

    assert (verdict.tags, verdict.priority, verdict.team) == (("vpn",), "high", None)
    assert verdict.trace.steps[0].changes[0].before == "normal"


@pytest.mark.parametrize(("channel", "tags"), [("phone", ("vpn",)), ("mail", ())])
def test_the_channel_of_a_ticket_counts_for_its_replies(channel: str, tags: tuple[str, ...]) -> None:
    made = policy("- {name: x, when: {channel: phone, reply: true}, then: {tags: [vpn]}}\n")
    ticket = Ticket(
        id=7, subject="s", status="open", priority=Priority.NORMAL, team="support", created_at=NOW, updated_at=NOW, channel=channel
    )  # fmt: skip

    assert run(made.rules, facts_of(Message(), now=NOW, organisation=made.organisation, ticket=ticket)).tags == tags


def test_the_age_of_the_ticket_is_by_the_clock() -> None:
    made = policy("- {name: x, when: {ticket: {age: {over: 3d}}}, then: {tags: vpn}}\n")
    ticket = Ticket(id=7, subject="s", status="open", priority=Priority.NORMAL, team="support", created_at=NOW, updated_at=NOW)

    def fires(age: timedelta) -> bool:
        return bool(run(made.rules, facts_of(Message(), now=NOW + age, organisation=made.organisation, ticket=ticket)).rules)

    assert not fires(timedelta(days=3))
    assert fires(timedelta(days=3, seconds=1))


def test_the_trace_survives_json_and_reads_like_a_sentence() -> None:
    verdict = evaluate(TWO, subject="Urgent printer")

    assert trace_from_json(trace_to_json(verdict.trace)) == verdict.trace
    shown = text(verdict.trace, 0.21)
    assert shown.splitlines() == [
        f"rules    version {verdict.trace.version}, 2 rules, 0.2 ms",
        '  ✓ 10-first  "first"',
        "      subject with printer",
        "      → team field-service, priority high, tags printer",
        '  ✓ 10-first  "second"',
        '      subject with urgent   "Urgent"',
        '      → team support (was field-service, chosen by "first"), priority urgent (was high, chosen by "first"), tags printer, vpn',
        '  = customers  contract acme-gold (of "acme")',
        '  = customers  sla gold (of the contract "acme-gold")',
    ]
    assert verdict_to_json(verdict) == {
        "team": "support",
        "priority": "urgent",
        "tags": ["printer", "vpn"],
        "sla": "gold",
        "contract": "acme-gold",
        "rules": ["first", "second"],
        "set_by": {"team": "second", "priority": "second", "tag printer": "first", "tag vpn": "second"},
    }


def test_a_near_miss_says_what_was_missing() -> None:
    rules = "- {name: x, when: [{kind: human}, {language: ro}, {header: {subject: {contains: [a1, b2]}}}], then: {team: support}}\n"
    verdict = evaluate(rules, subject="nothing", language="ru")

    assert verdict.trace.misses[0].reasons == ("language is ru, not ro", "no subject with [a1, b2]")
    assert verdict.trace.misses[0].held == 1


def test_a_trace_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="form 99"):
        trace_from_json({"form": 99})


def test_the_version_follows_the_texts() -> None:
    assert policy(TWO).version == policy(TWO).version
    assert policy(TWO).version != policy(TWO + "# another word\n").version


def test_a_mail_with_a_megabyte_line_is_looked_at_in_its_first_part_only() -> None:
    rules = "- {name: x, when: {body: {contains: needle}}, then: {team: support}}\n"

    assert evaluate(rules, text="x" * 60_000 + "needle").rules == ("x",)
    assert evaluate(rules, text="x" * 1_000_000 + "needle").rules == ()


def test_a_rule_set_knows_what_it_asks_for() -> None:
    made = policy("- {name: x, when: {any: [{load: {team: support, over: 3}}, {not: {kind: list}}]}, then: {tags: vpn}}\n")

    assert made.rules.asks == {"load", "kind"}


def test_a_verdict_on_a_reply_is_a_list_of_commands() -> None:
    rules = "- {name: x, when: {reply: true}, then: {priority: urgent, team: field-service, status: open, assignee: bogdan}}\n"

    assert tuple(command for command, _ in commands(evaluate(rules, reply=True))) == (
        SetTeam(team="field-service"),
        Assign(agent="bogdan"),
        SetPriority(priority=Priority.URGENT),
        SetStatus(status="open"),
    )
    assert not list(commands(evaluate(rules, **{"from": "nobody@known.example"})))


def test_each_command_names_the_rule_that_set_its_value_last() -> None:
    verdict = evaluate(
        "- {name: first, when: {reply: true}, then: {team: support, priority: high, tags: printer, cc: eva@acme.example}}\n"
        "- {name: second, when: {reply: true}, then: {team: field-service, tags: [printer, vpn], sla: gold}}\n",
        reply=True,
    )

    assert [(type(command).__name__, by.name) for command, by in commands(verdict)] == [
        ("SetTeam", "second"),
        ("SetPriority", "first"),
        ("AddTags", "first"),
        ("AddTags", "second"),
        ("SetField", "second"),
        ("AddParticipant", "first"),
    ]
    assert verdict.rule_of("tag printer") == "first"


def test_captures_may_name_what_there_is_whatever_case_they_are_written_in() -> None:
    when = "{header: {subject: {regex: '^for (\\w+): (\\w+)', as: [team, urgency]}}}"
    rules = f"- {{name: x, when: {when}, then: {{team: '${{team}}', priority: '${{urgency}}', notify: '${{team}}'}}}}\n"

    found = evaluate(rules, subject="For SUPPORT: High")
    assert (found.team, found.priority, found.notify) == ("support", "high", ("support",))

    missed = evaluate(rules, subject="For lunch: now")
    assert (missed.team, missed.priority, missed.notify) == (None, None, ())
    notes = {change.what: change.note for change in missed.trace.steps[0].changes}
    assert (notes["team"], notes["priority"]) == ('no team is called "lunch"', 'no priority is called "now"')
    assert notes["notify"] == 'nobody is called "lunch"'


def test_a_capture_can_be_written_in_one_case() -> None:
    when = "{header: {subject: {regex: '(lf-\\d+)', as: [serial]}}}"
    verdict = evaluate(
        f"- {{name: x, when: {when}, then: {{fields: {{a: '${{serial:upper}}', b: '${{serial:lower}}!'}}}}}}\n", subject="Lf-22"
    )

    assert verdict.fields == (("a", "LF-22"), ("b", "lf-22!"))


def test_a_reply_may_get_all_that_a_new_ticket_gets() -> None:
    then = "{team: field-service, subject: New words, sla: gold, equipment: LF-2231, location: iasi, playbook: rollout, estimate: 1h}"
    made = policy(f"- {{name: x, when: {{reply: true}}, then: {then}}}\n")
    ticket = Ticket(id=7, subject="s", status="open", priority=Priority.NORMAL, team="support", created_at=NOW, updated_at=NOW)
    verdict = run(made.rules, facts_of(Message(), now=NOW, organisation=made.organisation, ticket=ticket))
    asked = tuple(command for command, _ in commands(verdict))

    assert SetSubject(subject="New words") in asked
    assert StartPlaybook(name="rollout") in asked
    assert SetEstimate(minutes=60) in asked
    assert {(c.name, c.value) for c in asked if isinstance(c, SetField)} == {
        ("sla", "gold"),
        ("equipment", "LF-2231"),
        ("location", "iasi"),
    }
