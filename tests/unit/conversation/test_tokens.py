"""Tokens: only the one we wrote to can use them, for that ticket and purpose, until both keys are gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailbridge.conversation.tokens import Purpose, Token, tokens_in
from tests.builders import a_signer

CAROL, MALLORY = "carol@customer.test", "mallory@attacker.test"
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def test_reply_address_leads_back_to_ticket_and_holder() -> None:
    signer = a_signer()
    token = signer.in_address(signer.reply_address(1042, CAROL, Purpose.CUSTOMER))
    assert token is not None
    assert (token.ticket, token.purpose) == (1042, Purpose.CUSTOMER)
    assert signer.holder(token, [MALLORY, CAROL]) == CAROL


def test_message_id_leads_back_to_ticket_and_holder() -> None:
    signer = a_signer()
    token = signer.in_message_id(signer.message_id(7, CAROL, Purpose.AGENT, "7.1.agent.new"))
    assert token is not None
    assert (token.ticket, token.purpose) == (7, Purpose.AGENT)
    assert signer.holder(token, [CAROL]) == CAROL


def test_same_promise_always_has_the_same_message_id() -> None:
    signer = a_signer()
    ids = {signer.message_id(7, CAROL, Purpose.CUSTOMER, key) for key in ("a", "a", "b")}
    assert len(ids) == 2


def test_token_is_nobodys_for_another_person_ticket_purpose_or_kind() -> None:
    signer = a_signer()
    token = signer.in_address(signer.reply_address(1, CAROL, Purpose.CUSTOMER))
    assert token is not None
    others = [
        Token(ticket=2, purpose=token.purpose, mac=token.mac),
        Token(ticket=1, purpose=Purpose.AGENT, mac=token.mac),
        Token(ticket=1, purpose=token.purpose, mac=token.mac, nonce="a" * 13),
    ]
    assert [signer.holder(other, [CAROL]) for other in others] == [None, None, None]
    assert signer.holder(token, [MALLORY]) is None


def test_address_that_servers_changed_to_capitals_still_works() -> None:
    signer = a_signer()
    token = signer.in_address(signer.reply_address(1, CAROL, Purpose.CUSTOMER).upper())
    assert token is not None
    assert signer.holder(token, ["Carol@Customer.test"]) == "Carol@Customer.test"


def test_old_key_is_believed_until_it_is_retired() -> None:
    before, both, after = a_signer(b"1" * 32), a_signer(b"2" * 32, b"1" * 32), a_signer(b"3" * 32, b"2" * 32)
    token = before.in_address(before.reply_address(1, CAROL, Purpose.CUSTOMER))
    assert token is not None
    assert both.holder(token, [CAROL]) == CAROL
    assert after.holder(token, [CAROL]) is None


def test_without_plus_addressing_the_plain_address_is_given() -> None:
    from dataclasses import replace

    signer = replace(a_signer(), plus_addressing=False)
    assert signer.reply_address(1, CAROL, Purpose.CUSTOMER) == "support@desk.test"


def test_local_part_fits_in_64_octets() -> None:
    """RFC 5321 4.5.3.1.1."""
    local = a_signer().reply_address(999_999_999, CAROL, Purpose.CUSTOMER).partition("@")[0]
    assert len(local) <= 64


def test_foreign_address_and_foreign_id_hold_no_token() -> None:
    signer = a_signer()
    assert signer.in_address("support+hello@desk.test") is None
    assert signer.in_address(signer.reply_address(1, CAROL, Purpose.CUSTOMER).replace("desk.test", "other.test")) is None
    assert signer.in_message_id("abc@mail.customer.test") is None


@given(st.integers(0, 25), st.sampled_from(LETTERS))
def test_any_changed_letter_makes_the_token_nobodys(position: int, letter: str) -> None:
    signer = a_signer()
    good = signer.in_address(signer.reply_address(1, CAROL, Purpose.CUSTOMER))
    assert good is not None
    # The last letter of 26 carries 3 of its 5 bits; a letter that differs only in the other 2 spells the same 128 bits nowhere.
    forged = Token(ticket=1, purpose=Purpose.CUSTOMER, mac=good.mac[:position] + letter + good.mac[position + 1 :])
    assert (signer.holder(forged, [CAROL]) == CAROL) is (forged.mac == good.mac)


@given(st.text(max_size=80))
def test_no_text_makes_the_token_reader_fail(text: str) -> None:
    assert tokens_in(a_signer(), [text, f"support+mb1.c.{text}@desk.test"], [text]) is not None
