"""Rules by time look at open tickets in slices, and act once while their condition holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailbridge.cli.main import cli
from mailbridge.errors import StoreAway
from mailbridge.execution.timed_rules import look
from mailbridge.jobs import timed_rules
from mailbridge.jobs.timed_rules import run_timed_rules
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.escalation import AlertRaised
from tests.builders import NOW
from tests.flows.test_changed_targets import change
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

TIMED = """
- name: raise what nobody touches
  every: 1h
  when: {untouched: 3d, priority: normal}
  then: {priority: high, notify: [mara], webhook: "https://hooks.desk.test/x"}
- name: due soon
  every: 30m
  when: {due: {within: 1h, of: response}}
  then: {tags: [soon]}
- name: waits long
  every: 1d
  when: {waiting: 5 working days}
  then: {notify: [bogdan]}
"""
FILES = {**RULES, "routing/30-timed.yaml": TIMED}
DAY = timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES) as made:
        yield made


def look_at(desk: TestDesk, **time: float) -> int:
    desk.clock.time = NOW + timedelta(**time)
    acted = desk.app.jobs.run_timed_rules()
    desk.app.jobs.sweep()
    return acted


def acted(desk: TestDesk, ticket: int = 1) -> list[str]:
    with desk.app.store.read() as tx:
        events = tx.events.of_ticket(ticket)
    return [event.what.alert for event in events if isinstance(event.what, AlertRaised) and event.what.promise == "rule"]


def test_a_rule_acts_once_while_its_condition_goes_on_holding(desk: TestDesk) -> None:
    desk.feed(a_mail())
    look_at(desk, days=2, hours=23)
    assert "raise what nobody touches" not in acted(desk)
    look_at(desk, days=3, hours=1)
    assert desk.ticket().priority is Priority.HIGH
    assert [(one.recipient, one.event) for one in desk.promises() if one.event == "rule"] == [("mara@desk.test", "rule")]
    change(desk, **{"routing/30-timed": TIMED.replace("priority: normal}", "tag: [soon]}").replace("priority: high, ", "")})
    for hour in range(2, 9):
        look_at(desk, days=3, hours=hour)
    assert acted(desk).count("raise what nobody touches") == 1, "the condition held at each look"
    with desk.app.store.read() as tx:
        (call,) = tx.webhooks.of_ticket(1)
    assert json.loads(call.call.body)["type"] == "ticket.rule"
    desk.assert_sound()


def test_it_is_armed_again_when_a_look_finds_that_the_condition_does_not_hold(desk: TestDesk) -> None:
    change(desk, **{"routing/30-timed": "- {name: ask, every: 1h, when: {untouched: 3d}, then: {notify: [mara]}}\n"})
    desk.feed(a_mail())
    look_at(desk, days=3)
    address = desk.promise_to("mara@desk.test", "rule").reply_to
    desk.feed(proven(a_mail("#note I call them.", from_="mara@desk.test", to=address, message_id="<n@desk.test>")))
    look_at(desk, days=4)
    assert acted(desk) == ["ask"]
    look_at(desk, days=7)
    assert acted(desk) == ["ask", "ask"]


def test_each_rule_looks_at_its_own_interval(desk: TestDesk) -> None:
    desk.feed(a_mail())
    look_at(desk)
    assert look_at(desk, hours=2, minutes=59) == 0
    assert look_at(desk, hours=3, minutes=10) == 0, "half an hour has not passed since the last look"
    assert look_at(desk, hours=3, minutes=29) == 1
    assert desk.ticket().tags == ("soon",)


def test_waiting_counts_working_time(desk: TestDesk) -> None:
    teams = RULES["teams.yaml"].replace("managers: [mara]}", "managers: [mara], hours: office}")
    change(desk, teams=teams + 'hours:\n  office: {zone: UTC, week: {mon-fri: "09:00-17:00"}}\n')
    desk.feed(a_mail())  # on Monday at nine
    address = desk.promise_to("bogdan@desk.test").reply_to
    desk.feed(proven(a_mail("#status waiting", from_="bogdan@desk.test", to=address, message_id="<w@desk.test>")))
    look_at(desk, days=4)
    assert "waits long" not in acted(desk)
    look_at(desk, days=7, hours=1)
    assert "waits long" in acted(desk)


def test_slices_go_on_after_a_restart_and_look_once(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_rules, "SLICE", 2)
    for number in range(5):
        desk.feed(a_mail(f"{number}", message_id=f"<{number}@customer.test>", from_=f"c{number}@c{number}.test"))
    desk.clock.time = NOW + 4 * DAY
    seen: list[int] = []

    def broken(tx, policy, rules, tickets, now):  # type: ignore[no-untyped-def]
        seen.extend(ticket.id for ticket in tickets)
        if len(seen) == 4:
            raise StoreAway("the desk ends here")
        return look(tx, policy, rules, tickets, now)

    monkeypatch.setattr(timed_rules, "look", broken)
    with pytest.raises(StoreAway):
        desk.app.jobs.run_timed_rules()
    desk.app.jobs.run_timed_rules()
    assert seen == [1, 2, 3, 4, 3, 4, 5]
    assert [acted(desk, number).count("raise what nobody touches") for number in range(1, 6)] == [1] * 5
    assert run_timed_rules(desk.app.store, desk.app.desk(), NOW + 4 * DAY) == 0


def test_the_history_and_explain_name_the_rule(desk: TestDesk) -> None:
    desk.feed(a_mail())
    look_at(desk, days=3, hours=1)
    folder = str(desk.app.config.folder)
    with desk.app.store.read() as tx:
        raised = [event.actor for event in tx.events.of_ticket(1) if event.actor.kind is ActorKind.RULE]
    assert {actor.name for actor in raised} >= {"raise what nobody touches"}
    (desk.app.config.folder / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')
    explained = CliRunner().invoke(cli, ["--desk", folder, "rules", "explain", "MB-1"])
    assert 'rule "raise what nobody touches": untouched 73 h' in explained.output, explained.output
    shown = CliRunner().invoke(cli, ["--desk", folder, "tickets", "show", "MB-1"])
    assert 'rule "raise what nobody touches" acted: untouched 73 h' in shown.output, shown.output


def test_backtest_says_where_it_would_act_and_does_nothing(desk: TestDesk, tmp_path: Path) -> None:
    desk.feed(a_mail())
    folder = desk.app.config.folder
    (folder / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')
    desk.app.rules.refresh()
    shown = CliRunner().invoke(cli, ["--desk", str(folder), "rules", "backtest", "--rules", str(folder / "rules"), "--json"])
    assert "MB-1" in json.loads(shown.output)["by_time"]["due soon"], shown.output
    assert acted(desk) == []


OPPOSED = """
- {name: up, every: 1h, when: {priority: normal}, then: {priority: high, notify: [mara]}}
- {name: down, every: 1h, when: {priority: high}, then: {priority: normal, notify: [bogdan]}}
"""


def test_rules_that_undo_each_other_act_once_until_a_person_changes_the_ticket(desk: TestDesk) -> None:
    change(desk, **{"routing/30-timed": OPPOSED})
    desk.feed(a_mail())
    for hour in range(1, 13):
        look_at(desk, hours=hour)
    assert acted(desk) == ["up", "down"]
    assert [one.recipient for one in desk.promises() if one.event == "rule"] == ["mara@desk.test", "bogdan@desk.test"]
    address = desk.promise_to("mara@desk.test", "rule").reply_to
    desk.feed(proven(a_mail("#priority high", from_="mara@desk.test", to=address, message_id="<p@desk.test>")))
    for hour in range(13, 20):
        look_at(desk, hours=hour)
    assert acted(desk)[2:] == ["down", "up"], "mara changed it: each acts once more"
    desk.assert_sound()


def test_check_warns_of_rules_that_undo_each_other(desk: TestDesk) -> None:
    folder = desk.app.config.folder
    (folder / "rules/routing/30-timed.yaml").write_text(OPPOSED)
    (folder / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')
    shown = CliRunner().invoke(cli, ["--desk", str(folder), "check"]).output
    assert 'rules/routing/30-timed.yaml:2' in shown
    assert 'the rules by time "up" and "down" undo each other: they set priority "high" and "normal" in turn' in shown, shown
