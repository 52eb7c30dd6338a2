"""Ticket numbers of other help desks in subjects."""

from __future__ import annotations

import pytest

from mailbridge.conversation.foreign_numbers import foreign_number, own_form


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: [Ticket#4711] Printer broken", "4711"),
        ("AW: [Ticket#2026112010000017] Drucker", "2026112010000017"),
        ("Re: [rt.acme.example #99] Toner", "99"),
        ("[#1234] Received: Printer", "1234"),
        ("Re: [#7] Printer", "7"),
        ("Re: Printer (#12345)", "12345"),
        ("[GLPI #0004711] Printer", "4711"),
        ("[ABC-123-45678]: Printer", "ABC-123-45678"),
        ("Ticket ID: 4711 - Printer", "4711"),
        ("Your request #20391 was received", "20391"),
        ("Case #00123 open", "123"),
        ("Заявка №: 5512", "5512"),
        ("Re: [MB-1042] Printer broken", ""),
        ("Printer #3 on floor 2 is broken", ""),
        ("[urgent] 4711 pages", ""),
        ("ticket to Berlin, 2026", ""),
        ("", ""),
        ("[" * 100_000, ""),
    ],
)
def test_the_number_that_another_desk_gave_is_found_in_its_form(subject: str, number: str) -> None:
    assert foreign_number(subject) == number


@pytest.mark.parametrize(
    ("form", "subject", "number"),
    [
        ("[Helpdesk {number}]", "Re: [helpdesk  00042] Printer", "42"),
        ("[Helpdesk {number}]", "Re: [Helpdesk 42 Printer", ""),
        ("INC{number}", "AW: INC0012345: Printer", "12345"),
        ("INC{number}", "AW: ZINC0012345: Printer", ""),
        ("HD-{number}", "Re: HD-2026-11-0042 Printer", "2026-11-0042"),
        ("{number} (our desk)", "Re: 77 (our desk)", "77"),
        ("{number} (our desk)", "Re: 1.77 (our desk)", "1.77"),
        ("Nr. {number}x", "Nr. 12xy", ""),
        ("a.c {number}", "abc 12", ""),
        ("[Helpdesk {number}]", "[Ticket#4711] Printer", "4711"),
        ("Ticket: {number}", "[#1] Ticket: 4711", "4711"),
        ("x{number}", "x" * 100_000 + "1-" * 50_000, ""),
    ],
)
def test_a_form_of_ones_own_comes_first(form: str, subject: str, number: str) -> None:
    assert foreign_number(subject, (own_form(form),)) == number
