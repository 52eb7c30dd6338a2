"""A new ticket falls under the customer's contract: a rule comes before it, the desk's usual targets after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.cli.sla_terms import line, terms_of
from mailbridge.execution.execute import execute
from mailbridge.rules.explain import text, trace_from_json
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.values import SetEquipment
from mailbridge.tickets.requests import each
from tests.harness import RULES, TestDesk, a_desk, a_mail, write_rules

FILES = RULES | {
    "sla.yaml": """
targets: {normal: {response: 4h}, high: {response: 2h}}
levels:
  gold: {normal: {response: 1h}}
  express: {normal: {response: 30m}}
""",
    "customers.yaml": """
customers:
  customer-ltd:
    domains: [customer.test]
    equipment: [{serial: LF-2231, location: iasi}]
    locations: {iasi: {}, cluj: {}}
    contracts:
      old: {sla: express, until: 2026-01-31}
      plain: {type: support}
      printers: {sla: gold, equipment: [LF-2231]}
  other:
    domains: [other.test]
""",
    "routing/20-express.yaml": "- {name: hurry, when: {header: {subject: {contains: hurry}}}, then: {sla: express}}\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES) as made:
        yield made


def answer_within(desk: TestDesk) -> timedelta:
    """The time that is promised on the ticket that was opened last."""
    ticket = desk.tickets()[-1]
    with desk.app.store.read() as tx:
        clocks = tx.clocks.of_ticket(ticket.id)
    return next(c.deadline.due_at for c in clocks if (c.deadline.promise, c.deadline.step) == ("response", "overdue")) - ticket.created_at


def test_the_contract_that_is_valid_today_and_promises_times_counts(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="LF-2231 is broken"))

    ticket = desk.ticket()
    assert dict(ticket.fields) == {"contract": "printers", "sla": "gold", "equipment": "LF-2231", "location": "iasi"}
    assert answer_within(desk) == timedelta(hours=1)


LANGUAGES = FILES | {
    "teams.yaml": RULES["teams.yaml"].replace("title: Support,", "title: Support, language: ru,"),
    "customers.yaml": """
customers:
  customer-ltd:
    language: ro
    domains: [customer.test]
    people: [{address: ivan@customer.test, language: en}]
""",
}


@pytest.mark.parametrize(
    ("sender", "body", "language"),
    [
        ("carol@customer.test", "LF-2231", "ro"),  # the customer's
        ("Ivan@customer.test", "LF-2231", "en"),  # the person's
        ("x@stranger.test", "LF-2231", "ru"),  # the team's
        ("carol@customer.test", "Hello, the printer on the second floor is broken since this morning. Please help us.", "en"),  # the mail's
    ],
)
def test_a_mail_that_shows_no_language_is_answered_in_the_customers(tmp_path: Path, sender: str, body: str, language: str) -> None:
    with a_desk(tmp_path, rules=LANGUAGES) as desk:
        desk.feed(a_mail(body, subject="LF-2231", from_=sender))

        ticket = desk.ticket()
        assert ticket.requester is not None
        assert (ticket.language, ticket.requester.language) == (language, language)
        assert desk.promises(event="received")[0].language == language


def test_a_contract_for_a_device_is_not_for_a_mail_that_names_none(desk: TestDesk) -> None:
    desk.feed(a_mail())

    assert dict(desk.ticket().fields) == {"contract": "plain"}
    assert answer_within(desk) == timedelta(hours=4)


def test_a_rule_comes_before_the_contract(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="Please hurry with LF-2231"))

    fields = dict(desk.ticket().fields)
    assert (fields["contract"], fields["sla"]) == ("printers", "express")
    assert answer_within(desk) == timedelta(minutes=30)


def test_without_a_contract_the_desks_own_targets_count(desk: TestDesk) -> None:
    desk.feed(a_mail(from_="dora@other.test"), mail_from="dora@other.test")

    assert desk.ticket().fields == ()
    assert answer_within(desk) == timedelta(hours=4)


def test_the_explanation_says_which_contract_it_was(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="LF-2231"))
    with desk.app.store.read() as tx:
        explanation = tx.mails.explanation(tx.mails.of_ticket(1)[0].id)

    lines = text(trace_from_json(explanation["rules"])).splitlines()
    assert '  = customers   contract printers (of "customer-ltd")' in lines
    assert '  = customers   sla gold (of the contract "printers")' in lines


def test_a_reply_changes_no_promise(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="Please hurry"))
    desk.feed(a_mail("More", message_id="<two@customer.test>", in_reply_to="<one@customer.test>"))

    assert dict(desk.ticket().fields)["sla"] == "express"


def test_the_ticket_keeps_the_terms_that_it_was_promised_under(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="LF-2231 is broken"))
    before = desk.app.policy()
    desk.feed(a_mail(subject="it hums", message_id="<2@customer.test>"))
    changed = FILES["customers.yaml"].replace("printers: {sla: gold", "printers: {sla: express")
    write_rules(desk.app.config.folder, {"customers.yaml": changed})
    desk.pass_time(seconds=60)

    desk.app.rules.refresh(at_once=True)

    policy = desk.app.policy()
    assert policy.version != before.version
    with desk.app.store.read() as tx:
        first, other = (tx.tickets.get(number) for number in (1, 2))
        assert first is not None
        assert other is not None
        terms = terms_of(tx, first, policy)
        assert terms.contract == before.rules.customers.by_name["customer-ltd"].contracts["printers"]
        assert (terms.rules_version, terms.contract.sla, terms.changed) == (before.version, "gold", True)
        assert line(terms).startswith(f"promised under rules version {before.version} (first in force 2026-")
        assert line(terms).endswith("printers, level gold, always valid, only for LF-2231; the contract has changed since")
        plain = terms_of(tx, other, policy)
        assert (plain.rules_version, plain.contract and plain.contract.name, plain.changed) == (before.version, "plain", False)


def test_a_contract_that_is_chosen_later_is_kept_under_the_rules_of_that_moment(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="it hums"))
    opened_under = desk.app.policy().version
    write_rules(desk.app.config.folder, {"customers.yaml": FILES["customers.yaml"] + "  third: {domains: [third.test]}\n"})
    desk.app.rules.refresh(at_once=True)
    with desk.app.store.write() as tx:
        ticket = tx.tickets.get(1)
        assert ticket is not None
        execute(tx, desk.app.desk(), ticket, each([SetEquipment(equipment="LF-2231")]), Actor(kind=ActorKind.ADMIN), desk.clock.now())

    after = desk.ticket()
    assert (after.rules_version, after.promised_under) == (opened_under, desk.app.policy().version)
    assert dict(after.fields)["contract"] == "printers"
