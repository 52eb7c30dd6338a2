"""A new ticket falls under the customer's contract: a rule comes before it, the desk's usual targets after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.rules.explain import text, trace_from_json
from tests.harness import RULES, TestDesk, a_desk, a_mail

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
