"""Every phrase of every language does its work: the tables are data, so each row is tried."""

from __future__ import annotations

import pytest

from mailbridge.message.model import SpanKind
from mailbridge.reply.extract import extract
from mailbridge.reply.phrases import LANGUAGES, LanguagePhrases

by_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)


def copied_headers(language: LanguagePhrases) -> str:
    return (
        f"{language.sender[0]}: Carl Customer <carl@example.net>\n{language.date[0]}: 5.4.2021 10:15\n"
        f"{language.to[0]}: ann@example.org\n{language.subject[0]}: Door\n\nThe door is stuck.\n"
    )


@by_language
def test_copied_headers_of_the_language_begin_the_quote(language: LanguagePhrases) -> None:
    reply = extract(f"Please see to it.\n\n{copied_headers(language)}", subject="Re: Door")

    assert reply.fresh == "Please see to it."
    assert reply.spans[-1].reason.startswith("header-block:")


@by_language
@pytest.mark.parametrize("frame", ["---------- {} ---------", "-----{}-----", "{}:", "*{}*"])
def test_forward_marks_of_the_language_begin_a_forward(language: LanguagePhrases, frame: str) -> None:
    for mark in language.forwarded:
        reply = extract(f"Please see to it.\n\n{frame.format(mark)}\n\n{copied_headers(language)}")

        assert reply.fresh == "Please see to it.", mark
        assert reply.forwarded is not None, mark
        assert reply.forwarded.sender is not None
        assert reply.forwarded.sender.address == "carl@example.net"
        assert (reply.forwarded.subject, reply.forwarded.text) == ("Door", "The door is stuck.")


@by_language
@pytest.mark.parametrize("frame", ["-----{}-----", "-------- {} --------", "----- {} -----"])
def test_original_message_lines_of_the_language_begin_the_quote(language: LanguagePhrases, frame: str) -> None:
    for phrase in language.original:
        reply = extract(f"Please see to it.\n\n{frame.format(phrase.title())}\n\nThe door is stuck.\n", subject="Re: Door")

        assert reply.fresh == "Please see to it.", phrase


@by_language
def test_app_lines_of_the_language_are_signatures(language: LanguagePhrases) -> None:
    for phrase in language.mobile:
        line = phrase.replace("{thing}", "iPhone")

        reply = extract(f"Please see to it.\n\n{line}\n")

        assert reply.fresh == "Please see to it.", line
        assert reply.spans[-1].reason.startswith("mobile-signature:"), line


@by_language
def test_farewells_of_the_language_open_a_signature(language: LanguagePhrases) -> None:
    for phrase in (*language.sign_offs, *language.thanks):
        reply = extract(f"Please see to it, the door of hall 2 is stuck.\n\n{phrase.capitalize()},\nAnn Example\n")

        assert reply.fresh == "Please see to it, the door of hall 2 is stuck.", phrase
        assert reply.signature.endswith("Ann Example")


@by_language
def test_introductions_of_the_language_with_time_and_address_begin_the_quote(language: LanguagePhrases) -> None:
    for phrase in language.attribution:
        line = phrase.replace("{when}", "5.4.2021 10:15").replace("{who}", "Carl Customer <carl@example.net>") + ":"

        reply = extract(f"Please see to it.\n\n{line}\n\n> The door is stuck.\n")

        assert reply.fresh == "Please see to it.", line
        assert [span.kind for span in reply.spans] == [SpanKind.FRESH, SpanKind.QUOTE], line


@by_language
def test_months_of_the_language_are_twelve(language: LanguagePhrases) -> None:
    assert len(language.months) == 12


def test_codes_are_unique_and_cover_what_is_promised() -> None:
    codes = [language.code for language in LANGUAGES]

    assert len(codes) == len(set(codes))
    assert set(codes) >= {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "ro", "ru", "uk", "cs", "sv", "da", "no", "fi", "tr", "el", "hu"}
    assert set(codes) >= {"ja", "zh", "ko"}
