"""From the rule that names an address to the call: promised with the ticket, made afterwards, tried again, given up, made once more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import cast

import pytest
from click.testing import CliRunner

from mailbridge.cli.main import cli
from mailbridge.config.model import WebhookSettings
from mailbridge.delivery.webhooks.deliver import GIVE_UP, LONGEST_WAIT, Webhooker, backoff
from mailbridge.delivery.webhooks.http import Caller, WebhookResponse
from mailbridge.delivery.webhooks.sign import signature
from mailbridge.errors import LeaseLost
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.webhook_model import CallState, QueuedCall
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven
from tests.webhooks.hook_server import Hooks, hook_server

SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with hook_server() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, hooks: Hooks, store_url: str) -> Iterator[TestDesk]:
    calls = f"""
- name: tell the other system
  when: {{header: {{subject: {{contains: printer}}}}}}
  then: {{tags: [told], webhook: ["{hooks.url()}", "{hooks.url("/second")}"]}}
- name: tell it again
  when: {{header: {{subject: {{contains: printer}}}}}}
  then: {{webhook: "{hooks.url()}"}}
- name: tell of replies
  when: {{all: [{{reply: true}}, {{body: {{contains: urgent}}}}]}}
  then: {{webhook: "{hooks.url("/replies")}"}}
"""
    settings = WebhookSettings(hosts=("127.0.0.1",), secret=SECRET)
    with a_desk(tmp_path, rules=RULES | {"routing/20-calls.yaml": calls}, store_url=store_url, webhooks=settings) as made:
        yield made


def webhooker(desk: TestDesk) -> Webhooker:
    return Webhooker(desk.app.store, desk.app.config.webhooks, desk.clock, jitter=lambda: 0.0)


def owed(desk: TestDesk) -> list[QueuedCall]:
    with desk.app.store.read() as tx:
        return sorted(tx.webhooks.list(), key=lambda queued: queued.id)


def test_a_call_is_promised_with_the_ticket_and_made_afterwards(desk: TestDesk, hooks: Hooks) -> None:
    desk.feed(a_mail())
    assert hooks.heard == []
    assert [(queued.state, queued.call.rule) for queued in owed(desk)] == [(CallState.QUEUED, "tell the other system")] * 2

    assert webhooker(desk).one_turn() == 2

    assert [path for path, _, _ in hooks.heard] == ["/tickets", "/second"]
    assert {queued.state for queued in owed(desk)} == {CallState.DONE}


def test_the_body_says_which_ticket_and_is_signed_with_the_moment_of_the_call(desk: TestDesk, hooks: Hooks) -> None:
    desk.feed(a_mail("My secret words."))
    called_at = desk.pass_time(minutes=3)
    webhooker(desk).one_turn()

    _, header, body = hooks.heard[0]
    said = json.loads(body)
    assert (said["type"], said["data"]["rule"]) == ("ticket.opened", "tell the other system")
    ticket = said["data"]["ticket"]
    assert (ticket["number"], ticket["subject"], ticket["team"], ticket["tags"]) == ("MB-1", "Printer broken", "support", ["told"])
    assert ticket["requester"] == {"address": "carol@customer.test", "name": "Carol Jones"}
    assert b"secret words" not in body
    assert header["webhook-signature"] == signature(SECRET, header["webhook-id"], called_at, body)


def test_the_same_mail_again_promises_nothing_more(desk: TestDesk) -> None:
    desk.feed(a_mail())

    assert desk.feed(a_mail()).result.outcome is MailOutcome.DUPLICATE
    assert len(owed(desk)) == 2


def test_a_reply_is_told_by_the_rules_that_ask_for_replies(desk: TestDesk, hooks: Hooks) -> None:
    desk.feed(a_mail())
    answer = a_mail("This is urgent now.", message_id="<two@customer.test>", in_reply_to="<one@customer.test>")
    desk.feed(proven(answer, "customer.test"))
    webhooker(desk).one_turn()

    assert [(path, json.loads(body)["type"]) for path, _, body in hooks.heard][2:] == [("/replies", "ticket.replied")]


def test_what_was_not_taken_is_called_again_with_the_same_id_and_a_new_moment(desk: TestDesk, hooks: Hooks) -> None:
    hooks.answers["/tickets"] = [(500, {}), (503, {})]
    desk.feed(a_mail())
    caller = webhooker(desk)
    caller.one_turn()
    first = owed(desk)[0]
    assert (first.state, first.attempts, first.status, first.answer) == (CallState.DEFERRED, 1, 500, "500 said so")

    assert caller.one_turn() == 0, "its time has not come"
    desk.pass_time(seconds=30)
    caller.one_turn()
    desk.pass_time(seconds=60)
    caller.one_turn()

    heard = [header for path, header, _ in hooks.heard if path == "/tickets"]
    assert len({header["webhook-id"] for header in heard}) == 1
    assert len({header["webhook-signature"] for header in heard}) == 3
    assert owed(desk)[0].state is CallState.DONE


def test_a_server_may_ask_for_patience_within_bounds(desk: TestDesk, hooks: Hooks) -> None:
    hooks.answers["/tickets"] = [(429, {"Retry-After": "600"}), (429, {"Retry-After": "900000"})]
    desk.feed(a_mail())
    caller = webhooker(desk)

    caller.one_turn()
    assert owed(desk)[0].next_at == desk.clock.now() + timedelta(minutes=10)
    desk.pass_time(minutes=10)
    caller.one_turn()
    assert owed(desk)[0].next_at == desk.clock.now() + 2 * LONGEST_WAIT


@pytest.mark.parametrize(("status", "why"), [(301, "redirects are not followed"), (410, "gone for good")])
def test_an_answer_that_will_not_change_ends_it(desk: TestDesk, hooks: Hooks, status: int, why: str) -> None:
    hooks.answers["/tickets"] = [(status, {"Location": hooks.url("/elsewhere")})]
    desk.feed(a_mail())
    webhooker(desk).one_turn()

    assert owed(desk)[0].state is CallState.FAILED
    assert why in owed(desk)[0].answer


def test_after_two_days_it_is_given_up_and_status_tells(desk: TestDesk, hooks: Hooks) -> None:
    hooks.answers["/tickets"] = [(500, {})] * 3
    desk.feed(a_mail())
    caller = webhooker(desk)
    caller.one_turn()
    desk.clock.time += GIVE_UP
    caller.one_turn()

    assert owed(desk)[0].answer == "gave up after 2 days: 500 said so"
    with desk.app.store.read() as tx:
        assert tx.webhooks.counts() == {"queued": 0, "calling": 0, "deferred": 0, "failed": 1}


def test_a_host_that_is_not_allowed_any_more_is_not_called(desk: TestDesk, hooks: Hooks) -> None:
    desk.feed(a_mail())

    Webhooker(desk.app.store, WebhookSettings(), desk.clock).one_turn()

    assert hooks.heard == []
    assert owed(desk)[0].answer == '"127.0.0.1" is not among [webhooks] hosts'


def test_a_caller_that_died_is_followed_by_another_once_its_lease_is_over(desk: TestDesk, hooks: Hooks) -> None:
    desk.feed(a_mail())
    with desk.app.store.write() as tx:
        claimed = tx.webhooks.claim("dead", 10, timedelta(minutes=5), desk.clock.now())
    assert len(claimed) == 2
    assert webhooker(desk).one_turn() == 0

    desk.pass_time(minutes=5)
    webhooker(desk).one_turn()

    assert {queued.state for queued in owed(desk)} == {CallState.DONE}
    with desk.app.store.write() as tx, pytest.raises(LeaseLost):
        tx.webhooks.fail(claimed[0].id, "dead", desk.clock.now(), status=None, answer="late")


class SuspendedCaller:
    """Makes its first call hours late, and another worker has made all calls meanwhile."""

    def __init__(self, desk: TestDesk) -> None:
        self._desk = desk
        self.called: list[str] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        self.called.append(url)
        self._desk.pass_time(hours=3)
        webhooker(self._desk).one_turn()
        return WebhookResponse(status=500, text="late")


def test_calls_that_another_worker_has_made_meanwhile_are_left_alone(desk: TestDesk, hooks: Hooks) -> None:
    desk.feed(a_mail())
    caller = SuspendedCaller(desk)

    Webhooker(desk.app.store, desk.app.config.webhooks, desk.clock, caller=cast(Caller, caller)).one_turn()

    assert caller.called == [hooks.url("/tickets")]
    assert [path for path, _, _ in hooks.heard] == ["/tickets", "/second"]
    assert {(queued.state, queued.status) for queued in owed(desk)} == {(CallState.DONE, 204)}


def test_calls_that_were_not_begun_at_the_stop_can_be_made_at_once(desk: TestDesk, hooks: Hooks) -> None:
    desk.feed(a_mail())
    stop = Event()
    stop.set()

    webhooker(desk).one_turn(stop)

    assert (hooks.heard, {queued.state for queued in owed(desk)}) == ([], {CallState.QUEUED})
    assert webhooker(desk).one_turn() == 2


def test_a_person_can_have_a_call_made_once_more(desk: TestDesk, hooks: Hooks) -> None:
    hooks.answers["/tickets"] = [(410, {})]
    desk.feed(a_mail())
    caller = webhooker(desk)
    caller.one_turn()
    failed = owed(desk)[0]

    with desk.app.store.write() as tx:
        assert tx.webhooks.requeue(failed.id, desk.clock.now())
        assert not tx.webhooks.requeue(failed.id, desk.clock.now()), "it is already being made"
    caller.one_turn()

    assert owed(desk)[0].state is CallState.DONE


def test_waits_double_up_to_an_hour() -> None:
    assert [backoff(tries, 0).total_seconds() for tries in (1, 2, 3, 8, 50)] == [30, 60, 120, 3600, 3600]
    assert backoff(1, 1.0) == timedelta(seconds=36)


CONFIG = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[webhooks]
hosts = ["hooks.desk.test"]
secret_env = "HOOK_SECRET"
"""


def test_the_command_line_lists_shows_and_resends(tmp_path: Path) -> None:
    rules = RULES | {"routing/20-calls.yaml": '- name: tell\n  when: {exists: subject}\n  then: {webhook: "https://hooks.desk.test/t"}\n'}
    with a_desk(tmp_path, rules=rules) as desk:
        desk.feed(a_mail())
        Webhooker(desk.app.store, WebhookSettings(), desk.clock).one_turn()
    (tmp_path / "mailbridge.toml").write_text(CONFIG)

    def said(*words: str) -> str:
        result = CliRunner().invoke(cli, [*words, "--desk", str(tmp_path)], env={"HOOK_SECRET": "x"}, standalone_mode=False)
        assert result.exception is None, result.exception
        return result.output

    (row,) = json.loads(said("webhooks", "list", "--state", "failed", "--json"))
    assert (row["ticket"], row["rule"], row["url"], row["state"]) == ("MB-1", "tell", "https://hooks.desk.test/t", "failed")
    assert "1 webhooks could not be called: mailbridge webhooks list --state failed" in said("status")
    assert '"type":"ticket.opened"' in said("webhooks", "show", str(row["id"]))
    assert "will be called again" in said("webhooks", "resend", str(row["id"]))
    assert "1 queued" in said("status")


def test_check_names_the_rule_that_calls_a_host_nobody_allowed(tmp_path: Path) -> None:
    from mailbridge.cli.check_webhooks import forbidden
    from mailbridge.rules.load import load

    rule = '- name: tell\n  when: {exists: subject}\n  then: {webhook: "https://hooks.desk.test/t"}\n'
    policy = load({f"rules/{name}": text for name, text in (RULES | {"routing/20-calls.yaml": rule}).items()}).policy
    assert policy is not None

    (problem,) = forbidden(policy.rules, ["other.desk.test"])

    assert (problem.file, problem.line, problem.warning) == ("rules/routing/20-calls.yaml", 1, False)
    assert problem.message == 'the rule "tell" calls https://hooks.desk.test/t: "hooks.desk.test" is not among [webhooks] hosts'
    assert forbidden(policy.rules, ["hooks.desk.test"]) == []
