"""Envelope addresses are read strictly (mailbridge.intake.paths)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.intake.paths import printable, read_path, without_detail


@pytest.mark.parametrize(
    ("text", "address", "parameters"),
    [
        ("<ann@customer.example>", "ann@customer.example", ""),
        (" <ann@customer.example>  SIZE=100 BODY=8BITMIME", "ann@customer.example", "SIZE=100 BODY=8BITMIME"),
        ("<>", "<>", ""),
        ("<> SIZE=7", "<>", "SIZE=7"),
        ("scanner@office.example", "scanner@office.example", ""),
        ("<@relay.example,@other.example:ann@customer.example>", "ann@customer.example", ""),
        ('<"ann smith"@customer.example>', '"ann smith"@customer.example', ""),
        ("<zoë@bücher.example>", "zoë@bücher.example", ""),
        ("<ann@[192.0.2.1]>", "ann@[192.0.2.1]", ""),
        ("<postmaster>", "postmaster", ""),
        ("<support+mb.42.x-y_z=@desk.example>", "support+mb.42.x-y_z=@desk.example", ""),
    ],
)
def test_path_is_read(text: str, address: str, parameters: str) -> None:
    assert read_path(text) == (address, parameters)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<",
        "<ann@customer.example",
        "ann@customer.example>",
        "<ann@customer.example>SIZE=1",
        "<a@b@c>",
        "<a b@c.example>",
        "<a@b\x00.c>",
        "<a@b\x85.c>",
        "<a\r\nRCPT TO:<x@y>",
        "<a\udcff@b.example>",
        '<"a\x01"@b.example>',
        "<<a@b>>",
        "<a@b>,<c@d>",
        "<a(comment)@b.example>",
        f"<{'a' * 250}@b.example>",
    ],
)
def test_malformed_path_is_refused(text: str) -> None:
    assert read_path(text) is None


@given(st.text())
def test_what_is_read_holds_no_control_and_no_line_end(text: str) -> None:
    found = read_path(text)
    if found is not None:
        assert not {unicodedata.category(character) for character in found[0]} & {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("support+mb.42@desk.example", "support@desk.example"),
        ("support@desk.example", "support@desk.example"),
        ("support+a+b@desk.example", "support@desk.example"),
        ("postmaster", "postmaster"),
    ],
)
def test_detail_is_taken_off(address: str, plain: str) -> None:
    assert without_detail(address) == plain


def test_text_for_logs_holds_no_controls() -> None:
    assert printable("a\x1b[2J\nb\udcff\x00") == "a?[2J?b??"
    assert printable("x" * 300) == "x" * 255
