"""Customers in many files and in CSV beside them: read as one, and mistakes are told at file:line."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.config import nodes, yaml
from mailbridge.config.reading import Reading
from mailbridge.customers.model import Customers
from mailbridge.rules.files import customers_csv
from mailbridge.rules.load import customers_node, load
from mailbridge.rules.schema import CSV
from mailbridge.rules.tools import write_yaml

DESK = {"rules/teams.yaml": "default: s\nteams: {s: {members: [a]}}\nagents: {a: {title: A, address: a@desk.example}}\n"}
FILES = DESK | {
    "rules/customers.yaml": "customers:\n  first: {domains: [first.example]}\nfreemail: [mail.example]\n",
    "rules/customers/acme.yaml": (
        "customers:\n  acme:\n    title: 'Acme: SRL'\n    domains: [acme.example]\n    people: [{address: z@acme.example}]\n"
        "    contracts:\n      c: {type: '12', equipment: [LF-1], since: 2026-01-01}\nfreemail: [post.example]\n"
    ),
    "rules/customers/acme.people.csv": 'address,name,role,phones\r\nana@x.example,"Pop, Ana ""A""",buyer,+40 232 123 456|0722 123 457\r\n',
    "rules/customers/devices.csv": "customer;serial;tag;location\nacme;LF-1;T-01;iasi\nfirst;LF-2;;\n",
    "rules/customers/locations.csv": "customer\tname\ttitle\tkm\nacme\tiasi\tIași\t12,5\n",
}


def customers_in(files: Mapping[str, str]) -> Customers:
    loaded = load(files)
    assert loaded.policy is not None, loaded.problems
    return loaded.policy.rules.customers


def test_all_files_are_one_list_of_customers() -> None:
    known = customers_in(FILES)

    acme = known.by_name["acme"]
    assert [person.address for person in acme.people] == ["z@acme.example", "ana@x.example"]
    assert (acme.people[1].name, acme.people[1].role) == ('Pop, Ana "A"', "buyer")
    assert acme.people[1].phones == ("+40 232 123 456", "0722 123 457")
    assert (acme.locations["iasi"].title, acme.locations["iasi"].km) == ("Iași", 12.5)
    assert known.by_mark["T01"] == ("acme", acme.equipment[0])
    assert known.by_mark["LF2"][0] == "first"
    assert {"mail.example", "post.example"} <= load(FILES).policy.organisation.freemail  # type: ignore[union-attr]


def test_the_export_reads_back_as_the_same_customers() -> None:
    node = customers_node(FILES)
    assert node is not None

    again = customers_in(DESK | {"rules/customers.yaml": write_yaml.text(node)})

    assert again == customers_in(FILES)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRAPS = st.sampled_from(["true", "null", "1", "-", "a: b", "# x", "'", "12:30", "2026-01-01", " x ", ""])
VALUES = st.recursive(
    TEXTS | TRAPS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=4),
    max_leaves=15,
)


@given(VALUES)
def test_what_is_written_reads_back_with_the_same_texts(value: object) -> None:
    written = write_yaml.text(_node(value))

    back, problems = yaml.read("x", written)

    assert problems == (), written
    assert back is not None
    assert _plain(back) == _plain(_node(value)), written


PLACE = nodes.Place(file="x", line=1, column=1)


def _node(value: object) -> nodes.Node:
    match value:
        case dict():
            entries = ((nodes.Scalar(place=PLACE, text=key, value=key), _node(each)) for key, each in value.items())
            return nodes.Mapping(place=PLACE, entries=tuple(entries))
        case list():
            return nodes.Sequence(place=PLACE, items=tuple(map(_node, value)))
    return nodes.Scalar(place=PLACE, text=str(value), value=str(value), quote='"')


def _plain(node: nodes.Node) -> object:
    match node:
        case nodes.Mapping(entries=entries):
            return {key.text: _plain(value) for key, value in entries}
        case nodes.Sequence(items=items):
            return [_plain(item) for item in items]
        case nodes.Scalar():
            return node.text


@pytest.mark.parametrize(
    ("file", "text", "line", "message"),
    [
        ("people.csv", "customer,address\nacme,a@x.example\n\nacme,b@x.example\n", 3, "an empty row"),
        ("people.csv", "customer,address\nacme,a@x.example\n,\n", 3, "an empty row"),
        ("people.csv", "customer,address\nacme,a@x.example\nacme,A@x.example\n", 3, 'the address "A@x.example" stands twice'),
        ("people.csv", "customer,address\nacmee,a@x.example\n", 2, 'unknown customer "acmee"'),
        ("people.csv", "customer,address\n,a@x.example\n", 2, 'the cell of "customer" is empty'),
        ("people.csv", "customer,address\nacme,nobody\n", 2, '"nobody" is not a mail address'),
        ("people.csv", "customer,address\nacme\n", 2, "1 cells in a file of 2 columns"),
        ("people.csv", "customer,address,phones\nacme,a@x.example,call me\n", 2, '"call me" is not a phone number'),
        ("people.csv", "address\na@x.example\n", 1, 'the column "customer" is missing'),
        ("people.csv", "customer,adress\nacme,a@x.example\n", 1, 'unknown column "adress"'),
        ("people.csv", "customer,address,address\nacme,a@x.example,b@x.example\n", 1, 'a second column "address"'),
        ("people.csv", "", 1, "this file is empty"),
        ("acme.people.csv", 'address,name\na@x.example,"Ana\nb@x.example,Bob\n', 2, "this quote is never closed"),
        ("acme.devices.csv", "serial\nLF-1\nlf 1\n", 3, 'the serial number "lf 1" stands twice'),
        ("acme.devices.csv", "serial,location\nLF-1,nowhere\n", 2, 'unknown location "nowhere"'),
        ("acme.locations.csv", "name,km\nhere,far\n", 2, '"far" is not a distance'),
        ("acme.locations.csv", "name\nhere\nhere\n", 3, 'a second location named "here"'),
        ("second.yaml", "customers:\n  acme: {}\n", 2, 'a second customer named "acme"'),
        ("second.yaml", "customers: {}\ncolleagues: true\n", 2, '"colleagues" stands in two files'),
    ],
)
def test_a_mistake_is_told_at_its_line_and_nothing_is_loaded(file: str, text: str, line: int, message: str) -> None:
    files = DESK | {"rules/customers/acme.yaml": "customers:\n  acme: {}\ncolleagues: false\n", f"rules/customers/{file}": text}

    loaded = load(files)

    assert loaded.policy is None
    assert [(one.file, one.line, one.message) for one in loaded.problems] == [(f"rules/customers/{file}", line, message)]


def test_a_file_that_nothing_reads_is_a_mistake_in_the_folder_of_customers_only() -> None:
    assert [one.file for one in load(DESK | {"rules/customers/notes.csv": "x", "rules/notes.csv": "x"}).problems] == [
        "rules/customers/notes.csv"
    ]


@given(st.text(alphabet='a,";\n\r\t é', max_size=60))
def test_any_text_is_read_without_a_crash_and_within_the_file(text: str) -> None:
    reading = Reading()

    list(customers_csv.entries("rules/customers/people.csv", "customer,address\n" + text, dict(CSV), reading))

    last = text.count("\n") + 2
    assert all(1 <= problem.line <= last for problem in reading.problems)


def test_a_cell_over_two_lines_keeps_the_lines_of_the_next_rows() -> None:
    text = 'customer,address,name\nacme,a@x.example,"Ana\nPop"\nacme,nobody,\n'
    loaded = load(DESK | {"rules/customers/acme.yaml": "customers:\n  acme: {}\n", "rules/customers/people.csv": text})

    assert [one.line for one in loaded.problems] == [4]
