"""Our loop mark is believed with its MAC alone."""

from __future__ import annotations

import pytest

from mailbridge.conversation.marks import is_mark_of, is_our_mark, loop_mark
from tests.builders import a_signer

KEY = "1.1.customer.received:carol@customer.test"


def test_a_mark_is_known_again_until_the_key_that_made_it_is_retired() -> None:
    old, new = b"o" * 32, b"n" * 32
    mark = loop_mark(a_signer(old), KEY)
    assert is_our_mark(a_signer(new, old), mark)
    assert is_mark_of(a_signer(new, old), mark, KEY)
    assert not is_our_mark(a_signer(new), mark)


def test_a_mark_belongs_to_one_mail() -> None:
    mark = loop_mark(a_signer(), KEY)
    assert not is_mark_of(a_signer(), mark, "another")


@pytest.mark.parametrize("mark", ["", "support@desk.test", ".", "x.y", "a" * 26, "aaaaaaaaaaaaa." + "a" * 26, "é.é"])
def test_what_anybody_can_write_is_no_mark(mark: str) -> None:
    assert not is_our_mark(a_signer(), mark)


def test_a_mark_with_one_letter_changed_is_none() -> None:
    mark = loop_mark(a_signer(), KEY)
    for at in range(len(mark)):
        assert not is_our_mark(a_signer(), mark[:at] + ("a" if mark[at] != "a" else "b") + mark[at + 1 :])
