"""The scales themselves: what counts as equal, as one conversation, as a fault."""

from __future__ import annotations

import pytest

from mailbridge.message.model import Address, Kind, Message, Reply, Sender, Span, SpanKind
from tests.conformance.checks import Verdict, alike, reply_is, same_addresses, squeezed, tiles
from tests.conformance.cost import PREFIX, Cost, cost_of
from tests.conformance.hostile import faults_of
from tests.conformance.report import columns, missed
from tests.conformance.run import Reading
from tests.conformance.threads import base_subject, groups


@pytest.mark.parametrize(
    ("subject", "base", "answer"),
    [
        ("Printer", "printer", False),
        ("Re: Printer", "printer", True),
        ("RE: Re[2]: fwd: Printer", "printer", True),
        ("[desk] Re: [other] AW: Printer", "printer", True),
        ("Printer (fwd) (FWD)", "printer", True),
        ("Re: [Fwd: Printer]", "printer", True),
        ("[fwd: [fwd: re: [fwd: Printer]]]", "printer", True),
        ("[desk]", "[desk]", False),
        ("Printer (a)", "printer (a)", False),
        ("Ad: Printer", "ad: printer", False),
        ("", "", False),
    ],
)
def test_a_base_subject_is_what_rfc_5256_leaves(subject: str, base: str, answer: bool) -> None:
    assert base_subject(subject) == (base, answer)


def mail(number: int, *references: str, subject: str = "x", in_reply_to: tuple[str, ...] = ()) -> Message:
    return Message(message_id=f"{number}@x", references=references, in_reply_to=in_reply_to, subject=subject)


@pytest.mark.parametrize(
    ("mails", "wanted"),
    [
        ([mail(1), mail(2, "1@x"), mail(3)], {(1, 2), (3,)}),
        ([mail(1), mail(2, in_reply_to=("1@x",))], {(1, 2)}),
        ([mail(1, "0@x"), mail(2, "0@x")], {(1, 2)}),
        ([mail(1, "2@x"), mail(2, "1@x")], {(1, 2)}),
        ([mail(1), mail(1)], {(1,), (2,)}),
        ([mail(1, subject="a"), mail(2, subject="Re: a")], {(1, 2)}),
        ([mail(1, subject="a"), mail(2, "0@x", subject="Re: a")], {(1,), (2,)}),
        ([mail(1, subject="a"), mail(2, subject="a")], {(1,), (2,)}),
    ],
)
def test_ids_make_conversations_and_subjects_only_of_lone_answers(mails: list[Message], wanted: set[tuple[int, ...]]) -> None:
    assert groups(mails) == {frozenset(group) for group in wanted}


def test_an_algorithm_of_imap_is_followed_where_a_case_asks_for_it() -> None:
    mails = [mail(1, subject="a"), mail(2, "0@x", subject="Re: a"), mail(3, subject="b")]
    assert groups(mails, "REFERENCES") == {frozenset({1, 2}), frozenset({3})}
    assert groups([mail(1, subject=""), mail(2, subject="")], "ORDEREDSUBJECT") == {frozenset({1, 2})}
    assert groups([mail(1, subject=""), mail(2, subject="")], "REFERENCES") == {frozenset({1}), frozenset({2})}


def test_equal_but_for_white_space_unicode_form_and_what_nobody_could_decode() -> None:
    assert alike("a\u0301 b", "\u00e1b")
    assert alike("Fr\u00f6sche", "Fr\ufffdsche")
    assert not alike("Frosch", "Fr\ufffdsche")
    assert not alike("aXb", "ab")


def test_unstated_parts_of_an_address_say_nothing() -> None:
    found = (Address(address="kim@firm.test", name="Kim"),)
    assert same_addresses(found, [{"address": "KIM@firm.test"}])
    assert not same_addresses(found, [{"address": "kim@firm.test", "name": "Lee"}])
    assert not same_addresses(found, [])


def a_reply() -> Reply:
    spans = (
        Span(kind=SpanKind.FRESH, start=0, end=3),
        Span(kind=SpanKind.SIGNATURE, start=3, end=6),
        Span(kind=SpanKind.QUOTE, start=6, end=9),
    )
    return Reply(text="ab\ncd\n> e", spans=spans, fresh="ab")


def test_a_reply_is_right_with_or_without_its_signature_and_wrong_with_the_quote() -> None:
    message = Message(reply=a_reply())
    assert reply_is(message, "ab", squeezed)
    assert reply_is(message, "ab\ncd", squeezed)
    assert not reply_is(message, "ab\ncd\n> e", squeezed)
    assert not reply_is(message, "cd", squeezed)


@pytest.mark.parametrize("edges", [((0, 3), (4, 9)), ((0, 3), (2, 9)), ((0, 3), (3, 8)), ((1, 9),)])
def test_gaps_and_overlaps_are_found(edges: tuple[tuple[int, int], ...]) -> None:
    assert tiles(Message(reply=a_reply()))
    spans = tuple(Span(kind=SpanKind.FRESH, start=start, end=end) for start, end in edges)
    assert not tiles(Message(reply=Reply(text="ab\ncd\n> e", spans=spans, fresh="")))


EXPECT = {"disposition": ["ticket"], "privileged": False, "max_seconds": 2, "max_rss_mb": 100, "checks": ["ambiguous-flag"]}
AGENT = "ann@firm.test"


def faults(message: Message | None, cost: Cost | None = None, *, spoof: bool = True, **more: object) -> list[str]:
    reading = Reading(message, cost or Cost(1, 50, 1), "" if message else "signal 11")
    return list(faults_of({**EXPECT, **more}, reading, AGENT, spoof=spoof))


def test_each_fault_of_a_hostile_mail_is_named() -> None:
    verified = Message(sender=Sender(address=AGENT, strict=True, verified=True))
    assert faults(Message()) == []
    assert faults(None) == ["not read: signal 11"]
    assert faults(None, disposition=["quarantine", "ticket"]) == []
    assert faults(Message(), Cost(2001, 50, 1)) == ["2001 ms"]
    assert faults(Message(), Cost(1, 300, 101)) == ["101 MB more"]
    assert faults(verified) == ["taken for the agent"]
    assert faults(verified, spoof=False) == []
    assert faults(verified, spoof=False, identity=None) == [f"verified as {AGENT}"]
    assert faults(Message(), privileged=True)[0].startswith("the agent is not known")
    assert faults(Message(subject="a"), subject="b") == ["subject 'a', not 'b'"]
    assert faults(Message(text="a"), body_contains=["b"]) == ["text lacks 'b'"]
    assert faults(Message(), checks=["no-auto-reply"]) == ["would be answered: human"]
    assert faults(Message(kind=Kind.LOOP), checks=["no-auto-reply"]) == []


def test_what_is_scored_apart_is_not_in_the_figure() -> None:
    verdicts = [Verdict("subject", "s", "1", True), Verdict("subject", "s", "2", False, apart=True), Verdict("date", "s", "3", True)]
    assert columns(verdicts) == {"subject, addresses, date, message ids": {"right": 2, "total": 2}}
    assert missed(verdicts) == []
    assert missed([*verdicts, Verdict("date", "s", "4", False)]) == ["subject, addresses, date, message ids"]


def test_the_tape_measure_leaves_no_trace_on_the_message() -> None:
    message, cost = cost_of(Message(defects=("broken", f"{PREFIX} 12.5 102400 2048")))
    assert message.defects == ("broken",)
    assert cost == Cost(12.5, 100, 2)
