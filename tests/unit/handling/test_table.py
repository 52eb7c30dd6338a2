"""The table of handlers: its order, an example for each row, and what can become of a mail.  Nothing is stored here."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import FunctionType, SimpleNamespace
from typing import Any, cast

import pytest

from mailbridge.checks.scan import Scan
from mailbridge.config.model import WhenVirus
from mailbridge.conversation.model import Placement, Reason
from mailbridge.conversation.place import Evidence, TokenClaim, Writer
from mailbridge.conversation.tokens import Life, Purpose, Token
from mailbridge.customers.model import Customers
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.forwarded import ForwardedMail
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.handler import Handler, first
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import ArrivedMail, JudgedMail, PlacedMail
from mailbridge.handling.table import AFTER_RULES, BEFORE_PARSING, BEFORE_PLACING, BEFORE_RULES, HANDLERS
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Kind, Message, ReadingPolicy, Strength
from mailbridge.message.parse import parse
from mailbridge.organisation.wishes import Wish, Wishes, WishId, WishKind
from mailbridge.rules.trace import Trace
from mailbridge.rules.verdict import Verdict
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from tests.builders import NOW, a_signer, a_ticket, an_organisation
from tests.harness import a_mail

CAROL, BOGDAN, MARA = "carol@customer.test", "bogdan@desk.test", "mara@desk.test"
MALLORY = "mallory@attacker.test"
OURS = "support@desk.test"
BLOCKED = Wish(id=WishId(kind=WishKind.BLOCK, name=MALLORY), values=())
SIGNER = a_signer()
NOBODY_STORES = cast(Tx, None)
DESK = cast(
    Desk,
    SimpleNamespace(
        config=SimpleNamespace(
            desk=SimpleNamespace(admins=(MARA,), shadow=True),
            scan=SimpleNamespace(virus=WhenVirus.QUARANTINE),
            is_for_sent_mail=lambda mailbox, folder: folder == "Sent",
        ),
        is_own=lambda address: address == OURS,
        organisation=an_organisation(wishes=Wishes(all={BLOCKED.id: BLOCKED})),
        policy=SimpleNamespace(rules=SimpleNamespace(customers=Customers())),
        signer=SIGNER,
    ),
)
TABLES = (BEFORE_PLACING, BEFORE_PARSING, BEFORE_RULES, AFTER_RULES)
HUMAN = parse(a_mail(), ReadingPolicy())
COPY = StoredMail(id=7, direction=Direction.IN, received_at=NOW, sender=CAROL)
ON_TICKET = Placement(ticket=a_ticket(), reason=Reason.REPLY_ADDRESS)
NEW = Placement(ticket=None, reason=Reason.NEW)
AGENT = Writer(address=BOGDAN, agent="bogdan", verified=True)
NOTICE = TokenClaim(text="", token=Token(ticket=1, purpose=Purpose.HELD, mac=""), ticket=None, holder=BOGDAN, life=Life.ACTS)


def arrival(source: Source = Source.SMTP, virus: str = "") -> Arrival:
    return Arrival(id=1, envelope=Envelope(source=source, received_at=NOW), sha256="", size=1, scan=Scan(virus=virus))


def arrived(message: Message = HUMAN, *, copy: StoredMail | None = None, virus: str = "") -> ArrivedMail:
    return ArrivedMail(message=message, arrival=arrival(virus=virus), copy=copy, now=NOW)


def placed(message: Message = HUMAN, *, source: Source = Source.SMTP, **different: Any) -> PlacedMail:
    usual = PlacedMail(
        message=message, arrival=arrival(source), writer=Writer(address=CAROL), placement=NEW, now=NOW + timedelta(minutes=1)
    )
    return replace(usual, **different)


def judged(mail: PlacedMail | None = None, **said: Any) -> JudgedMail:
    return JudgedMail(mail=mail or placed(), verdict=Verdict(trace=Trace(version="", rules=0), **said))


def of_kind(kind: Kind, strength: Strength = Strength.STRONG) -> Message:
    return replace(HUMAN, kind=kind, strength=strength, kind_reasons=("a sign",))


def from_(address: str) -> Message:
    return replace(HUMAN, sender=replace(HUMAN.sender, address=address, strict=True))


# One mail for each row that no earlier row is sure to take.
EXAMPLES: dict[str, Any] = {
    "canary": arrived(replace(HUMAN, loop_mark="a mark")),
    "canary_bounce": arrived(replace(HUMAN, kind=Kind.BOUNCE)),
    "released_lines": arrived(copy=COPY),
    "duplicate": arrived(copy=COPY),
    "virus": arrived(virus="Eicar"),
    "unsubscribe": arrived(replace(HUMAN, to=(replace(HUMAN.sender, address=SIGNER.reply_address(1, BOGDAN, Purpose.UNSUBSCRIBE)),))),
    "wait_for_earlier": arrived(replace(HUMAN, in_reply_to=("<1@customer.test>",))),
    "imported_reply": placed(source=Source.IMPORT),
    "other_desk": placed(parse(a_mail(from_=OURS), ReadingPolicy())),
    "pairing_answer": placed(from_(BOGDAN)),
    "kept_mail_request": placed(from_(MARA)),
    "held_answer": placed(evidence=Evidence(notice=NOTICE)),
    "blocked_sender": placed(from_(MALLORY)),
    "unproven_agent": placed(writer=Writer(address=BOGDAN)),
    "bounce": placed(of_kind(Kind.BOUNCE)),
    "automatic_kept": placed(of_kind(Kind.AUTO_REPLY)),
    "answer_to_notification": placed(replace(of_kind(Kind.AUTO_REPLY, Strength.WEAK), in_reply_to=("<1@desk.test>",))),
    "agent_reply": placed(writer=AGENT, placement=ON_TICKET),
    "consultant_reply": placed(writer=Writer(address="c@else.test", consultant="c"), placement=ON_TICKET),
    "article_request": placed(replace(HUMAN, reply=replace(HUMAN.reply, fresh="#kb KB-17")), placement=ON_TICKET),
    "automatic_message": placed(of_kind(Kind.AUTO_REPLY), placement=ON_TICKET),
    "agent_questions": placed(writer=AGENT),
    "quarantined_by_rule": judged(quarantine="looks odd"),
    "dropped_by_rule": judged(drop=True),
    "customer_message": judged(placed(placement=ON_TICKET)),
    "forwarded_ticket": judged(placed(forwarded=ForwardedMail(agent=AGENT, customer=None))),
    "agent_ticket": judged(placed(writer=AGENT)),
    "new_ticket": judged(),
}

# What can become of a mail, and who does it.
BY_OUTCOME = {
    MailOutcome.TICKET: {"forwarded_ticket", "agent_ticket", "new_ticket"},
    MailOutcome.APPEND: {
        *("released_lines", "imported_reply", "other_desk", "bounce", "agent_reply", "consultant_reply", "article_request"),
        *("automatic_message", "customer_message"),
        *("forwarded_ticket", "agent_ticket", "new_ticket"),  # the ticket of earlier mails, beyond the sender's limits
    },
    MailOutcome.DUPLICATE: {"duplicate"},
    MailOutcome.KEPT: {
        *("released_lines", "pairing_answer", "kept_mail_request", "held_answer", "automatic_kept", "answer_to_notification"),
        *("agent_questions", "other_desk"),
    },
    MailOutcome.CANARY: {"canary", "canary_bounce"},
    MailOutcome.IGNORED: {"unsubscribe", "dropped_by_rule"},
    MailOutcome.HELD: {"unproven_agent", "agent_reply"},
    MailOutcome.QUARANTINED: {
        *("virus", "blocked_sender", "quarantined_by_rule"),
        *("customer_message", "forwarded_ticket", "agent_ticket", "new_ticket"),  # more bytes than one sender may bring
    },
    MailOutcome.WAIT: {"wait_for_earlier"},
}


def table_of(name: str) -> tuple[Handler[Any], ...]:
    return next(cast(tuple[Handler[Any], ...], table) for table in TABLES if name in [row.name for row in table])


def offered(name: str, mail: Any) -> list[str]:
    """The rows of that table that get the mail: the first one that takes it for sure, and those before it that may decline it."""
    found = []
    for row in table_of(name):
        if row.when(DESK, mail):
            found.append(row.name)
            if not row.may_decline:
                break
    return found


def test_the_order_is_the_order_of_trust_and_names_are_stored() -> None:
    assert [row.name for row in HANDLERS] == list(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_handler_is_reached(name: str) -> None:
    assert name in offered(name, EXAMPLES[name])


def test_the_last_row_takes_every_mail_and_no_other_row_does() -> None:
    mails = [mail for mail in EXAMPLES.values() if isinstance(mail, JudgedMail)]
    always = [row.name for row in AFTER_RULES if not row.may_decline and all(row.when(DESK, mail) for mail in mails)]

    assert always == [AFTER_RULES[-1].name]


@pytest.mark.parametrize(
    ("table", "mail"),
    [("automatic_kept", placed()), ("unproven_agent", placed()), ("virus", arrived())],
    ids=["rules", "parsing", "placing"],
)
def test_a_strangers_new_mail_goes_on_to_the_next_table(table: str, mail: Any) -> None:
    taken = offered(table, mail)

    assert all(row.may_decline for row in table_of(table) if row.name in taken)


def test_words_of_a_forwarded_mail_are_no_command_lines_of_the_agent() -> None:
    forwarded = placed(writer=AGENT, forwarded=ForwardedMail(agent=AGENT, customer=None))

    assert offered("agent_questions", forwarded) == []


def test_nobody_is_asked_about_an_automatic_mail_in_an_agents_name() -> None:
    assert offered("unproven_agent", placed(of_kind(Kind.AUTO_REPLY), writer=Writer(address=BOGDAN))) == []


@pytest.mark.parametrize("outcome", MailOutcome)
def test_each_outcome_is_reached_by_exactly_its_handlers(outcome: MailOutcome) -> None:
    assert {row.name for row in HANDLERS if outcome in row.outcomes} == BY_OUTCOME[outcome]


@pytest.mark.parametrize("row", HANDLERS, ids=lambda row: row.name)
def test_a_row_lists_the_outcomes_that_its_code_names(row: Handler[Any]) -> None:
    assert {outcome.name for outcome in row.outcomes} == outcomes_of(row.run, set())


@pytest.mark.parametrize("row", [row for row in HANDLERS if row.may_decline], ids=lambda row: row.name)
def test_a_row_that_may_decline_can(row: Handler[Any]) -> None:
    assert "None" in str(inspect.signature(row.run).return_annotation)


def outcomes_of(function: Callable[..., object], seen: set[object]) -> set[str]:
    """Members of MailOutcome that the function names, or functions of `handling` that it calls."""
    seen.add(function)
    found: set[str] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "MailOutcome":
            found.add(node.attr)
        called = function.__globals__.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(called, FunctionType) and called.__module__.startswith("mailbridge.handling") and called not in seen:
            found |= outcomes_of(called, seen)
    return found


def test_the_first_that_does_not_decline_decides_and_is_named() -> None:
    took: list[str] = []

    def row(name: str, *, when: bool = True, declines: bool = False) -> Handler[PlacedMail]:
        def run(_tx: Tx, _desk: Desk, mail: PlacedMail) -> MailResult | None:
            took.append(mail.arrival.explanation["handler"])
            return None if declines else MailResult(outcome=MailOutcome.KEPT)

        return Handler(
            name=name, when=lambda _desk, _mail: when, why="", run=run, may_decline=declines, outcomes=frozenset({MailOutcome.KEPT})
        )

    rows = [row("no", when=False), row("declines", declines=True), row("takes"), row("later")]

    result = first(rows, NOBODY_STORES, DESK, placed())

    assert result is not None
    assert (result.handler, took) == ("takes", ["declines", "takes"])
    assert first(rows[:2], NOBODY_STORES, DESK, placed()) is None
