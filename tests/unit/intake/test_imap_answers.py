"""Answers to SEARCH and FETCH as servers really send them (mailbridge.intake.imap_answers)."""

from __future__ import annotations

import pytest

from mailbridge.intake.imap_answers import by_uid, found


@pytest.mark.parametrize(
    ("search", "extended", "uids"),
    [
        ([b"1 2 3"], [], [1, 2, 3]),
        ([b"1 2", b"3", b"2 9"], [], [1, 2, 3, 9]),  # RFC 3501 7: one or more lines
        ([b"", b"7"], [], [7]),
        ([None], [], []),
        ([b""], [], []),
        ([], [], []),
        ([b"4 5 (MODSEQ 917162500)"], [], [4, 5]),  # RFC 7162
        ([None], [b'(TAG "A1") UID ALL 2,10:12'], [2, 10, 11, 12]),  # RFC 4731
        ([None], [b'(TAG "A1") UID'], []),
        ([None], [b'(TAG "A1") UID MIN 2 COUNT 3'], []),
        ([b"1"], [b'(TAG "A1") UID ALL 12:10'], [1, 10, 11, 12]),
    ],
)
def test_all_lines_of_a_search_count(search: list[bytes | None], extended: list[bytes | None], uids: list[int]) -> None:
    assert found(search, extended) == uids


@pytest.mark.parametrize(
    ("search", "extended"), [([b"one"], []), ([b"1,2"], []), ([None], [b"UID ALL *"]), ([None], [b"UID ALL 1:4294967295"])]
)
def test_what_is_no_answer_is_an_error(search: list[bytes | None], extended: list[bytes | None]) -> None:
    with pytest.raises(ValueError, match=r"SEARCH|UIDs"):
        found(search, extended)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([None], {}),
        ([b"1 (UID 5 RFC822.SIZE 12)"], {5: {b"UID": 5, b"RFC822.SIZE": 12}}),
        # An answer without a UID is nobody's, whatever its sequence number is.
        ([b"5 (FLAGS (\\Seen))", b"1 (UID 5 RFC822.SIZE 12)"], {5: {b"UID": 5, b"RFC822.SIZE": 12}}),
        ([(b"5 (BODY[] {5}", b"hello"), b")"], {}),
        # Two answers are one, and nothing is lost by the second.
        ([b"1 (UID 5 RFC822.SIZE 12)", b"1 (UID 5 FLAGS (\\Seen))"], {5: {b"UID": 5, b"RFC822.SIZE": 12, b"FLAGS": (b"\\Seen",)}}),
        ([(b"1 (UID 5 BODY[] {5}", b"hello"), b")", b"1 (UID 5 BODY[] NIL)"], {5: {b"UID": 5, b"BODY[]": b"hello"}}),
        ([(b"1 (UID 5 BODY[] {5}", b"hello"), b")", (b"1 (UID 5 BODY[] {0}", b""), b")"], {5: {b"UID": 5, b"BODY[]": b"hello"}}),
        # Somebody else's mail, asked for by nobody.
        ([b"9 (UID 99 RFC822.SIZE 1)"], {}),
        ([b"1 (uid 5 rfc822.size 12)"], {5: {b"UID": 5, b"RFC822.SIZE": 12}}),
    ],
)
def test_answers_belong_to_the_uid_that_they_name(lines: list[object], told: dict[int, dict[bytes, object]]) -> None:
    assert by_uid(lines, [5, 6]) == told


@pytest.mark.parametrize("lines", [[b"1"], [b"1 UID"], [b"1 (UID)"]])
def test_what_is_no_fetch_answer_is_an_error(lines: list[object]) -> None:
    with pytest.raises(ValueError, match="FETCH"):
        by_uid(lines, [5])
