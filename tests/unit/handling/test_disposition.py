"""What a kind allows stands in one table; these are the laws that every row of it keeps."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from mailbridge.handling.disposition import TABLE, Goes, disposition, in_view_of
from mailbridge.message.model import Kind, Message, Strength
from tests.builders import a_ticket

WEAK, STRONG = Strength.WEAK, Strength.STRONG


def test_every_kind_strength_and_place_has_a_row() -> None:
    every = set(product(Kind, Strength, (False, True))) - {(Kind.HUMAN, STRONG, False), (Kind.HUMAN, STRONG, True)}
    assert set(TABLE) == every


@pytest.mark.parametrize("row", [row for row in TABLE if row[1] is WEAK])
def test_a_weak_sign_never_keeps_a_mail_from_a_ticket(row: tuple[Kind, Strength, bool]) -> None:
    assert TABLE[row].goes is not Goes.KEPT


@pytest.mark.parametrize("row", [row for row in TABLE if row[0] is not Kind.HUMAN])
def test_no_robot_is_ever_acknowledged(row: tuple[Kind, Strength, bool]) -> None:
    assert not TABLE[row].acknowledged


@pytest.mark.parametrize(("row", "may"), TABLE.items())
def test_whatever_opens_or_moves_a_ticket_is_told(row: tuple[Kind, Strength, bool], may: object) -> None:
    found = TABLE[row]
    assert found.told or not found.reopens
    assert (found.goes is Goes.TICKET) <= found.told
    assert (found.goes is Goes.KEPT) <= (not found.told and not found.reopens)
    assert (found.goes is Goes.ON_TICKET) <= row[2]


def test_a_subject_that_is_the_tickets_own_makes_no_vacation_reply() -> None:
    answer = Message(
        subject="Re: [MB-1] Out of office: how do I set it up?", kind=Kind.AUTO_REPLY, kind_reasons=("vacation subject",), strength=WEAK
    )
    assert in_view_of(answer, a_ticket(subject="Out of office: how do I set it up?")).kind is Kind.HUMAN
    assert in_view_of(answer, a_ticket(subject="Printer broken")).kind is Kind.AUTO_REPLY
    assert in_view_of(answer, None).kind is Kind.AUTO_REPLY
    sure = replace(answer, strength=STRONG)
    assert in_view_of(sure, a_ticket(subject="Out of office: how do I set it up?")).kind is Kind.AUTO_REPLY


def test_people_have_no_strength() -> None:
    assert disposition(Message(kind=Kind.HUMAN, strength=STRONG), answers=False).acknowledged
