"""Addresses: what people mean for showing and answering; one plain address or none for believing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.message.addresses import answerable, read_addresses, strict_mailbox
from mailbridge.message.model import Address


def read(text: str) -> list[tuple[str, str, str | None]]:
    return [(one.name, one.address, one.group) for one in read_addresses(text.encode())[0]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("carol@customer.test", [("", "carol@customer.test", None)]),
        ("Carol Jones <Carol@Customer.TEST>", [("Carol Jones", "Carol@customer.test", None)]),
        ('"Jones, Carol" <carol@customer.test>', [("Jones, Carol", "carol@customer.test", None)]),
        (
            "Jones, Carol <carol@customer.test>, dave@customer.test",
            [("Jones, Carol", "carol@customer.test", None), ("", "dave@customer.test", None)],
        ),
        ("carol@customer.test (Carol Jones)", [("Carol Jones", "carol@customer.test", None)]),
        ("Robot (no (real) person) <robot@customer.test>", [("Robot", "robot@customer.test", None)]),
        ("=?utf-8?q?K=C3=A4the?= <k@customer.test>", [("Käthe", "k@customer.test", None)]),
        ("=?utf-8?q?M=C3=BCller,_K=C3=A4the?= <k@customer.test>", [("Müller, Käthe", "k@customer.test", None)]),
        ('"=?utf-8?q?K=C3=A4the?=" <k@customer.test>', [("Käthe", "k@customer.test", None)]),
        ("Team: a@x.test, B <b@x.test>;, c@x.test", [("", "a@x.test", "Team"), ("B", "b@x.test", "Team"), ("", "c@x.test", None)]),
        ("Undisclosed recipients:;", []),
        ("<@relay.test,@other.test:carol@customer.test>", [("", "carol@customer.test", None)]),
        ("a@x.test; b@x.test", [("", "a@x.test", None), ("", "b@x.test", None)]),
        ("carol @ customer . test", [("", "carol@customer.test", None)]),
        ("carol@customer.test.", [("", "carol@customer.test", None)]),
        ("Carol carol@customer.test", [("Carol", "carol@customer.test", None)]),
        ('"odd name"@customer.test', [("", '"odd name"@customer.test', None)]),
        ("zoë@bücher.test", [("", "zoë@bücher.test", None)]),
        ("Whomever", [("Whomever", "", None)]),
        ("<>", []),
        ("", []),
        (", ,", []),
    ],
)
def test_address_field_is_read_as_people_mean_it(text: str, found: list[tuple[str, str, str | None]]) -> None:
    assert read(text) == found


def test_bytes_that_are_no_utf8_are_read_as_western() -> None:
    assert read_addresses("Jürgen <j@customer.test>".encode("latin-1"))[0] == (Address(address="j@customer.test", name="Jürgen"),)


def test_display_name_never_becomes_the_address() -> None:
    assert [address for _, address, _ in read("agent@desk.test <mallory@attacker.test>")] == ["mallory@attacker.test"]
    assert [address for _, address, _ in read('"agent@desk.test" <mallory@attacker.test>')] == ["mallory@attacker.test"]
    assert [address for _, address, _ in read("=?utf-8?q?agent=40desk.test?= <mallory@attacker.test>")] == ["mallory@attacker.test"]


def test_names_hold_no_controls_and_no_marks_that_turn_text() -> None:
    assert read("=?utf-8?q?Carol=0D=0ABcc:_x=E2=80=AE?= <carol@customer.test>")[0][0] == "Carol Bcc: x"


def test_addresses_hold_no_controls() -> None:
    for text in ("carol\x80@customer.test", "<carol\x01@customer.test>"):
        found, doubts = read_addresses(text.encode())
        assert found[0].address == "carol @customer.test"
        assert doubts == ("odd address",)


def test_addresses_beyond_the_thousandth_are_told_not_read() -> None:
    found, doubts = read_addresses(b", ".join(b"a%d@x.test" % number for number in range(1001)))
    assert len(found) == 1000
    assert doubts == ("more than 1000 addresses",)


MONSTERS = (
    "(" * 60_000,
    '"' * 60_000,
    "<" * 60_000,
    "a" * 60_000,
    "a" * 30_000 + "@" + "b" * 30_000,
    "a:" * 30_000,
    "\\(" * 30_000,
    "=?" * 30_000,
    "a b " * 15_000,
    "<" + "()" * 30_000 + ">",
    "a@b" + " " * 60_000 + "c",
)


@pytest.mark.parametrize("text", MONSTERS, ids=range(len(MONSTERS)))
def test_monstrous_fields_take_no_time(text: str) -> None:
    begin = time.process_time()
    read_addresses(text.encode())
    strict_mailbox(text)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("field", "address"),
    [
        (b"carol@customer.test", "carol@customer.test"),
        (b"<carol@customer.test>", "carol@customer.test"),
        (b"Carol Jones <carol@Customer.TEST>", "carol@customer.test"),
        (b'"Jones, Carol" <carol@customer.test>', "carol@customer.test"),
        (b"=?utf-8?q?K=C3=A4the?= <k@customer.test>", "k@customer.test"),
        ("Zoë <zoë@customer.test>".encode(), "zoë@customer.test"),
        (b"k@xn--bcher-kva.test", "k@xn--bcher-kva.test"),
    ],
)
def test_one_plain_address_may_be_believed(field: bytes, address: str) -> None:
    found, reason = strict_mailbox(field)
    assert found is not None
    assert (found.address, reason) == (address, "")


@pytest.mark.parametrize(
    "field",
    [
        b"",
        b"<>",
        b"carol@customer.test, agent@desk.test",
        b"agent@desk.test <mallory@attacker.test>",
        b"<agent@desk.test>\\,<mallory@attacker.test>",
        b"mallory@attacker.test (agent@desk.test)",
        b"agent@desk.test)<mallory@attacker.test>",
        b"<@agent@desk.test:mallory@attacker.test>",
        b"team: agent@desk.test;",
        b'"agent@desk.test"@attacker.test',
        b"agent@[127.0.0.1]",
        b"=?utf-8?b?YWdlbnRAZGVzay50ZXN0?=@attacker.test",
        b"=?utf-8?q?agent=40desk.test=3e=00?=foo@attacker.test",
        b"agent@desk.test\0.attacker.test",
        b"agent@desk.test\r\n\x0bmallory@attacker.test",
        "agent@d\u0435sk.test".encode(),
        b"agent@desk",
        b"agent@desk..test",
        b"\xff@desk.test",
        b"a" * 65 + b"@desk.test",
        b"a@" + b"b" * 60 + b"." + b"c" * 60 + b"." + b"d" * 60 + b"." + b"e" * 60 + b"." + b"f" * 20 + b".test",
    ],
)
def test_anything_else_is_not_believed(field: bytes) -> None:
    found, reason = strict_mailbox(field)
    assert found is None
    assert reason


@given(st.binary(max_size=200))
def test_any_bytes_are_read(field: bytes) -> None:
    found, _ = read_addresses(field)
    for one in found:
        said = one.name + one.address + (one.group or "")
        assert not [char for char in said if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u2028\u2029"]
        assert said.encode("utf-8").decode("utf-8") == said


@given(st.text(alphabet='a@b.,;:<>()"\\ =?', max_size=40))
def test_what_is_believed_is_the_only_address_in_the_field(text: str) -> None:
    found = strict_mailbox(text).address
    if found is not None:
        assert [one.address for one in read_addresses(text.encode())[0]] == [found.address]


# From fields as customers' programs write them: whom an answer goes to, and the name that is shown.
ANSWERABLE = [
    ('"Carol \\"CJ\\" Jones" <carol@customer.test>', "carol@customer.test", 'Carol "CJ" Jones'),
    ("Carol Jones (Customer Ltd) <carol@customer.test>", "carol@customer.test", "Carol Jones"),
    ("carol@customer.test (Carol Jones)", "carol@customer.test", "Carol Jones"),
    ("Carol Jones <carol@customer.test> (from my phone)", "carol@customer.test", "Carol Jones"),
    ("[Desk] Carol <carol@customer.test>", "carol@customer.test", "[Desk] Carol"),
    ("carol@customer.test <carol@customer.test>", "carol@customer.test", ""),
    ("'carol@customer.test' <carol@customer.test>", "carol@customer.test", ""),
    ('"<carol@customer.test>" <Carol@customer.test>', "Carol@customer.test", ""),
    ("Carol @ Customer Ltd <carol@customer.test>", "carol@customer.test", "Carol @ Customer Ltd"),
    ("Carol;Jones <carol@customer.test>", "carol@customer.test", "Carol;Jones"),
    ("Jones, Carol <carol@customer.test>", "carol@customer.test", "Jones, Carol"),
    ("Jones, Carol, Customer Ltd <carol@customer.test>", "carol@customer.test", "Carol, Customer Ltd"),
    ("=?utf-8?Q?Jones,_Carol?= <carol@customer.test>", "carol@customer.test", "Jones, Carol"),
    ("=?utf-8?Q?Carol?= (=?utf-8?Q?K=C3=B6ln?=) <carol@customer.test>", "carol@customer.test", "Carol"),
    ("Carol Jones < carol@customer.test>", "carol@customer.test", "Carol Jones"),
    ("Carol Jones <carol@customer.test >", "carol@customer.test", "Carol Jones"),
    ("Carol Jones <mailto:carol@customer.test>", "carol@customer.test", "Carol Jones"),
    ("Carol Jones <<carol@customer.test>>", "carol@customer.test", "Carol Jones"),
    ("Carol Jones <carol@customer.test", "carol@customer.test", "Carol Jones"),
    ("Carol Jones carol@customer.test", "carol@customer.test", "Carol Jones"),
    ('"Carol Jones" carol@customer.test', "carol@customer.test", "Carol Jones"),
    ("Carol Jones <carol@customer.test>,", "carol@customer.test", "Carol Jones"),
    ("Carol Jones <carol@customer.test>;", "carol@customer.test", "Carol Jones"),
    ("carol@customer.test, carol@customer.test", "carol@customer.test", ""),
    ("Carol: <carol@customer.test>", "carol@customer.test", ""),
    ("Sales: Carol Jones <carol@customer.test>;", "carol@customer.test", "Carol Jones"),
    ("Carol: Jones <carol@customer.test>", "carol@customer.test", "Jones"),
    ("<@relay.test:carol@customer.test>", "carol@customer.test", ""),
    ("carol..jones.@customer.test", "carol..jones.@customer.test", ""),
    ('"carol..jones."@customer.test', '"carol..jones."@customer.test', ""),
    ('Carol <"carol jones"@customer.test>', '"carol jones"@customer.test', "Carol"),
    ("Zoë <zoë@bücher.test>", "zoë@bücher.test", "Zoë"),
    ("Carol Jones <carol@customer.test.>", "carol@customer.test", "Carol Jones"),
    ("Carol \\ Jones <carol@customer.test>", "carol@customer.test", "Carol \\ Jones"),
    ("Carol <3 Jones <carol@customer.test>", "carol@customer.test", "Carol <3 Jones"),
]


@pytest.mark.parametrize(("text", "address", "name"), ANSWERABLE)
def test_customers_from_names_one_mailbox_to_answer(text: str, address: str, name: str) -> None:
    found = answerable([text.encode()])
    assert found is not None
    assert (found.address, found.name) == (address, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "Carol Jones",
        "carol@customer.test, dave@customer.test",
        "<agent@desk.test> <mallory@attacker.test>",
        "=?utf-8?q?agent=40desk.test=3e=00?=foo@attacker.test",
        "<=?utf-8?b?YWdlbnRAZGVzay50ZXN0?=@attacker.test>",
        "agent@desk.test@attacker.test",
        '<""@customer.test>',
        "carol@localhost",
        "carol@[192.0.2.1]",
        "a" * 250 + "@customer.test",
    ],
)
def test_a_from_of_nobody_or_of_several_names_none(text: str) -> None:
    assert answerable([text.encode()]) is None


def test_of_two_from_fields_the_one_with_an_address_is_answered() -> None:
    assert answerable([b"[?????]", b"Carol <carol@customer.test>"]) == Address(address="carol@customer.test", name="Carol")
    assert answerable([b"carol@customer.test", b"Carol <carol@customer.test>"]) == Address(address="carol@customer.test")
    assert answerable([b"carol@customer.test", b"dave@customer.test"]) is None


def test_of_several_authors_the_sender_is_answered() -> None:
    authors = [b"Carol <carol@customer.test>, Dave <dave@customer.test>"]
    assert answerable(authors, [b"dave@customer.test"]) == Address(address="dave@customer.test", name="Dave")
    assert answerable(authors, [b"mallory@attacker.test"]) is None


@given(st.text(alphabet='a@b.,;:<>()"\\ =?', max_size=40))
def test_who_is_believed_is_who_is_answered(text: str) -> None:
    found = strict_mailbox(text).address
    if found is not None:
        assert (answerable([text.encode()]) or found).address == found.address
