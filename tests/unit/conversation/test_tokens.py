"""Tokens: only the one we wrote to can use them, for that ticket and purpose, until both keys are gone."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.conversation.tokens import MOST_TOKENS, Life, Purpose, Token, _base32, tokens_in
from tests.builders import NOW, a_signer

CAROL, MALLORY, BOGDAN = "carol@customer.test", "mallory@attacker.test", "bogdan@desk.test"
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


# As the first release of the desk made them, with the key of `a_signer`: such addresses are out in people's mailboxes.
OLD_CUSTOMER = "support+mb1.c.uumc6e32wbgw5zh2ayy6723s3i@desk.test"
OLD_CUSTOMER_ID = "mb1.c.qjkmgknjfbipm.h3hy53mvpiswwo5eiooybucihi@desk.test"
OLD_AGENT = "support+mb1.a.57iceerfn25ibizeyrww7mxckm@desk.test"


def test_a_customers_tokens_of_the_first_release_go_on_working() -> None:
    signer = a_signer()
    for token in (signer.in_address(OLD_CUSTOMER), signer.in_message_id(OLD_CUSTOMER_ID)):
        assert token is not None
        assert signer.holder(token, [MALLORY, CAROL]) == CAROL
        assert replace(signer, at=NOW + timedelta(days=4000)).life(token) is Life.ACTS
    assert signer.reply_address(1, CAROL, Purpose.CUSTOMER) == OLD_CUSTOMER


def test_an_agents_token_of_the_first_release_counts_from_the_upgrade_on() -> None:
    upgraded = replace(a_signer(), dated_since=NOW)
    token = upgraded.in_address(OLD_AGENT)
    assert token is not None
    assert upgraded.holder(token, [BOGDAN]) == BOGDAN
    assert upgraded.life(token) is Life.ACTS
    assert replace(upgraded, at=NOW + timedelta(days=2)).life(token) is Life.ANSWERS
    assert replace(upgraded, at=NOW + timedelta(days=31)).life(token) is Life.ENDED
    assert a_signer().life(token) is Life.ENDED


@pytest.mark.parametrize(
    ("age", "life"),
    [
        (timedelta(hours=24), Life.ACTS),
        (timedelta(hours=24, minutes=1), Life.ANSWERS),
        (timedelta(days=30), Life.ANSWERS),
        (timedelta(days=30, minutes=1), Life.ENDED),
    ],
)
def test_an_agents_token_acts_for_a_day_and_answers_for_thirty(age: timedelta, life: Life) -> None:
    signer = a_signer()
    by_address = signer.in_address(signer.reply_address(1, CAROL, Purpose.AGENT))
    by_id = signer.in_message_id(signer.message_id(1, CAROL, Purpose.AGENT, "k"))
    for made in (by_address, by_id):
        assert made is not None
        assert replace(signer, at=NOW + age).life(made) is life


def test_a_notice_can_be_answered_for_a_day_alone() -> None:
    signer = a_signer()
    token = signer.in_address(signer.reply_address(17, CAROL, Purpose.HELD))
    assert token is not None
    assert (token.ticket, token.purpose) == (17, Purpose.HELD)
    assert replace(signer, at=NOW + timedelta(hours=24)).life(token) is Life.ACTS
    assert replace(signer, at=NOW + timedelta(hours=25)).life(token) is Life.ENDED


def test_a_tokens_minute_is_signed() -> None:
    signer = a_signer()
    token = signer.in_address(signer.reply_address(1, CAROL, Purpose.AGENT))
    later = replace(signer, at=NOW + timedelta(days=40))
    younger = later.in_address(later.reply_address(1, CAROL, Purpose.AGENT))
    assert token is not None
    assert younger is not None
    assert signer.holder(replace(token, made=younger.made), [CAROL]) is None
    assert signer.holder(replace(token, made=""), [CAROL]) is None


def test_revoked_addresses_are_nobodys_and_new_ones_work() -> None:
    signer = a_signer()
    before = signer.in_address(signer.reply_address(1, CAROL, Purpose.CUSTOMER))
    after = signer.in_address(signer.reply_address(1, CAROL, Purpose.CUSTOMER, generation=1))
    assert before is not None
    assert after is not None
    assert signer.holder(before, [CAROL], {CAROL: 1}) is None
    assert signer.holder(after, [CAROL], {CAROL: 1}) == CAROL
    assert signer.holder(after, [CAROL]) is None


def test_a_desk_with_a_long_name_gives_its_plain_address() -> None:
    """RFC 5321 4.5.3.1.1: a local part has at most 64 octets, and a mail to a longer one goes nowhere."""
    signer = replace(a_signer(), address="customer-service-international@desk.test")
    assert signer.reply_address(1042, CAROL, Purpose.AGENT) == "customer-service-international@desk.test"
    assert len(replace(signer, address="customer-service@desk.test").reply_address(1042, CAROL, Purpose.AGENT).partition("@")[0]) <= 64


def test_a_mail_presents_few_tokens_whatever_it_holds() -> None:
    signer = a_signer()
    ids = [signer.message_id(1, CAROL, Purpose.AGENT, str(number)) for number in range(50)]
    assert len(tokens_in(signer, [], ids)) == MOST_TOKENS


@given(st.binary(max_size=40))
def test_the_letters_are_base_32(data: bytes) -> None:
    assert _base32(data) == b32encode(data).decode().rstrip("=").lower()
