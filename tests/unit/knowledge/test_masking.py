"""What belongs to one customer does not stand in an answer that is suggested for another."""

from __future__ import annotations

import re

import pytest

from mailbridge.knowledge.masking import masked

NAMES = ("Carol Jones", "carol.jones", "Acme Ltd", "Мария Петрова")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Dear Ms Jones,\nplease restart it.", "Dear …,\nplease restart it."),
        ("Hello Peter!\nRestart it.", "Hello …!\nRestart it."),
        ("Hi Anna and Paul\nRestart it.", "Hi …\nRestart it."),
        ("Bună ziua, doamnă Popescu,\nReporniți-o.", "Bună ziua, …,\nReporniți-o."),
        ("Stimate domnule Popa,\nReporniți-o.", "Stimate …,\nReporniți-o."),
        ("Здравствуйте, Мария!\nПерезапустите.", "Здравствуйте, …!\nПерезапустите."),
        ("Уважаемая Ольга Сергеевна!", "Уважаемая …!"),
        ("Write to carol.jones@customer.test or call +40 (21) 555-01-23.", "Write to … or call …."),
        ("Your IBAN RO49 AAAA 1B31 0075 9384 0000 is noted.", "Your IBAN … is noted."),
        ("See https://portal.test/reset?user=carol&key=1 for it.", "See https://portal.test/reset for it."),
        ("As Carol said, Acme's printer was off.", "As … said, …'s printer was off."),
        ("Мы позвонили Марии Петровой.", "Мы позвонили …."),
        ("It was MB-7, see [MB-12].", "It was …, see …."),
    ],
)
def test_what_is_personal_is_left_out(text: str, shown: str) -> None:
    assert masked(text, NAMES, re.compile(r"\[?\bMB-[0-9]{1,12}\b\]?")) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Open the front cover of the LaserFast 2000, error E-52, firmware 4.12.0.",
        "Set the address 10.0.0.7 and port 8080, at 14:30 on 2026-11-20.",
        "Hello,\nplease restart the printer.",
        "1. Switch it off.\n2. Wait 30 seconds.",
        "It costs 1,250.00 EUR and takes 3-5 days.",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert masked(text, NAMES) == text
