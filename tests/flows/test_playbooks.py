"""A rule starts a playbook: each task is a ticket, once, in the transaction of the mail; teams hear of them and customers do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailbridge.cli.main import cli
from mailbridge.execution.record import record
from mailbridge.notifications.model import Audience
from mailbridge.organisation.priority import Priority
from mailbridge.rules.load import load
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.relations import StartPlaybook
from mailbridge.tickets.command_types.values import Close
from mailbridge.tickets.decide import decide
from tests.builders import command_context
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

PLAYBOOKS = """
playbooks:
  new-colleague:
    title: New colleague
    tasks:
      - {title: Make the account, team: network, assignee: clara, due: 1d, type: request, text: "Ask for the start date first."}
      - {title: Prepare the laptop, priority: low}
      - {title: Welcome call, role: manager}
"""
STARTS = """
- name: somebody new
  when: {header: {subject: {contains: new colleague}}}
  then: {team: support, priority: high, playbook: new-colleague}
- name: somebody new after all
  when: {all: [{reply: true}, {body: {contains: she starts}}]}
  then: {playbook: new-colleague}
"""
FILES = RULES | {
    "playbooks.yaml": PLAYBOOKS,
    "routing/20-playbooks.yaml": STARTS,
    "types.yaml": "types: [request]\n",
}
CONFIG = '[desk]\nname = "Acme Support"\naddress = "support@desk.test"\n'


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES, store_url=store_url) as made:
        yield made
        made.assert_sound()


def test_each_task_is_a_ticket_of_its_own_linked_both_ways(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="A new colleague on Monday"))

    parent, *tasks = desk.tickets()
    assert parent.playbooks == ("new-colleague",)
    assert parent.links == tuple(("has-task", task.id) for task in tasks)
    assert [(task.subject, task.links) for task in tasks] == [
        (title, (("task-of", parent.id),)) for title in ("Make the account", "Prepare the laptop", "Welcome call")
    ]


def test_a_task_has_the_team_agent_date_type_and_urgency_that_the_playbook_says(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="A new colleague on Monday"))

    account, laptop, call = desk.tickets()[1:]
    assert (account.team, account.assignee, account.type, account.priority) == ("network", "clara", "request", Priority.HIGH)
    assert account.due_at == desk.clock.now() + timedelta(hours=8), "a day is 8 hours of work"
    assert (laptop.team, laptop.assignee, laptop.priority, laptop.due_at) == ("support", "", Priority.LOW, None)
    assert call.assignee == "mara", "the manager of the team of the first ticket"


def test_the_teams_hear_of_the_tasks_with_what_is_to_be_done_and_no_customer_does(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="A new colleague on Monday"))
    account = desk.tickets()[1]

    told = [promise for promise in desk.promises() if promise.ticket == account.id]
    assert {promise.audience for promise in told} == {Audience.AGENT}
    assert {promise.recipient for promise in told} == {"clara@desk.test"}
    letters = [str(mail.get_body(("plain",)).get_content()) for mail in desk.deliver() if mail["To"] and "clara" in mail["To"]]  # type: ignore[union-attr]
    assert any("Ask for the start date first." in text for text in letters)
    assert [p.event for p in desk.promises(Audience.CUSTOMER)] == ["received"], "of the first ticket alone"


def test_a_task_is_promised_to_nobody_and_has_its_own_date(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="A new colleague on Monday"))
    account, laptop, _ = desk.tickets()[1:]

    with desk.app.store.read() as tx:
        of_account = {(clock.deadline.promise, clock.deadline.step) for clock in tx.clocks.of_ticket(account.id)}
        of_laptop = {(clock.deadline.promise, clock.deadline.step) for clock in tx.clocks.of_ticket(laptop.id)}
    assert of_account == {("due", "warning"), ("due", "due")}
    assert of_laptop == {("claim", "unclaimed")}, "somebody has to take it"


def test_a_copy_of_the_mail_and_a_second_rule_start_nothing_more(desk: TestDesk) -> None:
    mail = a_mail(subject="A new colleague on Monday")
    desk.feed(mail)
    desk.feed(mail)
    desk.feed(proven(a_mail("she starts at nine", message_id="<two@customer.test>", in_reply_to="<one@customer.test>"), "customer.test"))

    assert len(desk.tickets()) == 4


def test_a_reply_can_start_it_too(desk: TestDesk) -> None:
    desk.feed(a_mail("Can you help?"))
    desk.feed(proven(a_mail("she starts at nine", message_id="<two@customer.test>", in_reply_to="<one@customer.test>"), "customer.test"))

    assert [task.subject for task in desk.tickets()[1:]] == ["Make the account", "Prepare the laptop", "Welcome call"]


def test_closing_a_task_tells_no_customer(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="A new colleague on Monday"))
    task = desk.tickets()[1]
    before = len(desk.promises(Audience.CUSTOMER))

    close(desk, task.id)

    assert desk.ticket(task.id).closed_at is not None
    assert len(desk.promises(Audience.CUSTOMER)) == before


def close(desk: TestDesk, number: int) -> None:
    policy = desk.app.policy()
    about = command_context(actor=Actor(kind=ActorKind.ADMIN), now=desk.clock.now(), organisation=policy.organisation)
    decision = decide(desk.ticket(number), Close(), about)
    assert decision.ticket is not None
    with desk.app.store.write() as tx:
        record(tx, decision.ticket, decision.events, (), policy.organisation, desk.clock.now())


def test_an_unknown_playbook_is_refused_with_the_nearest_name(desk: TestDesk) -> None:
    desk.feed(a_mail())
    about = command_context(actor=Actor(kind=ActorKind.ADMIN), now=desk.clock.now(), organisation=desk.app.policy().organisation)

    decision = decide(desk.ticket(), StartPlaybook(name="new-coleague"), about)

    assert (decision.refused, decision.nearest) == ("unknown-playbook", "new-colleague")


def test_the_first_ticket_shows_how_many_tasks_are_done(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        desk.feed(a_mail(subject="A new colleague on Monday"))
        close(desk, 3)
    (tmp_path / "mailbridge.toml").write_text(CONFIG)

    def said(*words: str) -> str:
        result = CliRunner().invoke(cli, ["tickets", "show", "MB-1", *words, "--desk", str(tmp_path)], standalone_mode=False)
        assert result.exception is None, result.exception
        return result.output

    assert "tasks 1 of 3 done" in said()
    assert '  ✓ MB-3  "Prepare the laptop"  closed' in said()
    assert '  · MB-2  "Make the account"  new · network · clara · due' in said()
    assert [(task["number"], task["open"]) for task in json.loads(said("--json"))["tasks"]] == [
        ("MB-2", True),
        ("MB-3", False),
        ("MB-4", True),
    ]


def broken(playbooks: str) -> list[str]:
    files = {f"rules/{name}": text for name, text in (FILES | {"playbooks.yaml": playbooks}).items()}
    return [f"{problem.line}: {problem.message}" for problem in load(files).problems]


def test_mistakes_in_a_playbook_are_named_where_they_stand() -> None:
    task = "playbooks:\n  new-colleague:\n    tasks:\n      - {title: A, "

    assert broken(task + "team: netwrk}\n") == ['4: unknown team "netwrk"']
    assert broken(task + "assignee: claro}\n") == ['4: unknown agent "claro"']
    assert broken(task + "assignee: clara, role: manager}\n") == ['4: "role" beside "assignee"']
    assert broken(task + "duue: 1d}\n") == ['4: unknown key "duue" in a task']
    assert broken("playbooks:\n  new-colleague: {tasks: []}\n")[0] == "2: expected a list of tasks, not an empty list"
    assert broken("playbooks: {}\n") == ['4: unknown playbook "new-colleague"', '7: unknown playbook "new-colleague"']


def test_an_agents_line_starts_it_too_and_once(desk: TestDesk) -> None:
    desk.feed(a_mail("Can you help?"))
    notice = desk.promise_to("bogdan@desk.test", "new")
    for number, line in enumerate(("#playbook new-colleague", "#playbook new-colleague", "#playbook new-coleague")):
        answer = a_mail(
            line, from_="bogdan@desk.test", to=notice.reply_to, message_id=f"<{number}@desk.test>", in_reply_to=f"<{notice.message_id}>"
        )
        desk.feed(proven(answer), mail_from="bogdan@desk.test", rcpt_to=(notice.reply_to,))

    assert [task.subject for task in desk.tickets()[1:]] == ["Make the account", "Prepare the laptop", "Welcome call"]
    told = [dict(promise.values) for promise in desk.promises(Audience.AGENT, "commands")]
    assert len(told) == 3
    assert "new-colleague" in str(told[2]), "the nearest name is told"
