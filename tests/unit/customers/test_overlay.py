"""The overlay over the files of customers: what may be changed beside them, what counts, and what the export writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.customers.change import EntryChange, EntryChanged, NotChanged, decide_change, reverted
from mailbridge.customers.entry import EntryId, EntryPart, OverlayEntry, Verb
from mailbridge.customers.model import Customers
from mailbridge.customers.overlay import after, conflicts, counting, merged
from mailbridge.rules.files.customers_places import with_overlay
from mailbridge.rules.load import customers_node, load
from mailbridge.rules.tools import write_yaml

FILES = {
    "rules/teams.yaml": """
teams: {support: {members: [ana]}}
agents: {ana: {title: Ana, address: ana@desk.test}}
hours: {office: {zone: Europe/Bucharest, week: {mon-fri: 09:00-17:00}}}
default: support
""",
    "rules/customers.yaml": """customers:
  acme:
    title: Acme SRL
    domains: [acme.test]
    people:
      - address: bob@acme.test
        role: buyer
    locations: {iasi: {title: Iași}}
    equipment: [{serial: LF-2231, tag: A-17}]
  other:
    domains: [other.test]
    equipment: [{serial: ZZ-9000}]
""",
    "rules/customers/people.csv": "customer,address,name\nother,dan@other.test,Dan\n",
}


def files() -> Customers:
    loaded = load(FILES)
    assert loaded.policy is not None, loaded.problems
    return loaded.policy.rules.customers


def asked(verb: Verb, part: EntryPart, name: str, customer: str = "acme", /, **values: str) -> EntryChange:
    return EntryChange(verb=verb, part=part, name=name, customer=customer, values=tuple(values.items()))


def done(known: Customers, change: EntryChange) -> Customers:
    result = decide_change(known, change, ["office"])
    assert isinstance(result, EntryChanged), result
    return after(known, result, "ana, 2026-11-30")


def everything() -> Customers:
    """Each part added and changed once."""
    known = files()
    for change in (
        asked(Verb.ADD, EntryPart.PERSON, "Eva@x.test", "Acme SRL", role="head: IT", phones="0232 123456; +40 123 456"),
        asked(Verb.CHANGE, EntryPart.PERSON, "BOB@acme.test", phones="0232 123456", language="ro"),
        asked(Verb.ADD, EntryPart.LOCATION, "cluj", km="12.5", calendar="office", zone="Europe/Bucharest"),
        asked(Verb.CHANGE, EntryPart.LOCATION, "iasi", region="north"),
        asked(Verb.ADD, EntryPart.DEVICE, "XX 100", location="cluj", type="0123"),
        asked(Verb.CHANGE, EntryPart.DEVICE, "lf2231", location="cluj"),
        asked(Verb.CHANGE, EntryPart.CUSTOMER, "", tier="gold", language="ro"),
        asked(Verb.CHANGE, EntryPart.PERSON, "dan@other.test", "other", role="boss"),
    ):
        known = done(known, change)
    return known


def test_the_overlay_adds_to_what_the_files_say() -> None:
    known = everything()
    acme = known.by_name["acme"]

    assert [(p.address, p.role, p.phones, p.language) for p in acme.people] == [
        ("bob@acme.test", "buyer", ("0232 123456",), "ro"),
        ("Eva@x.test", "head: IT", ("0232 123456", "+40 123 456"), "ro"),
    ]
    assert (acme.tier, acme.language, acme.title) == ("gold", "ro", "Acme SRL")
    assert acme.locations["cluj"].km == 12.5
    assert [(d.serial, d.tag, d.location) for d in acme.equipment] == [("LF-2231", "A-17", "cluj"), ("XX 100", "", "cluj")]
    assert known.of("eva@x.test") is acme
    assert known.by_mark["XX100"][0] == "acme"


def test_the_export_is_the_merged_document_and_reads_back_as_the_same() -> None:
    known = everything()
    node = customers_node(FILES)
    assert node is not None

    text = write_yaml.text(with_overlay(node, counting(files(), known.overlay.values())))

    again = load({"rules/teams.yaml": FILES["rules/teams.yaml"], "rules/customers.yaml": text})
    assert again.problems == ()
    assert again.policy is not None
    assert again.policy.rules.customers.by_name == known.by_name


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        (asked(Verb.CHANGE, EntryPart.PERSON, "bob@acme.test", role="boss"), "named-in-file", "role: rules/customers.yaml:7"),
        (asked(Verb.ADD, EntryPart.PERSON, "bob@acme.test"), "named-in-file", "rules/customers.yaml:6"),
        (asked(Verb.REMOVE, EntryPart.PERSON, "Bob@acme.test"), "named-in-file", "rules/customers.yaml:6"),
        (asked(Verb.CHANGE, EntryPart.PERSON, "dan@other.test", "other", name="D"), "named-in-file", "name: rules/customers/people.csv:2"),
        (asked(Verb.CHANGE, EntryPart.CUSTOMER, "", title="x"), "named-in-file", "title: rules/customers.yaml:3"),
        (asked(Verb.CHANGE, EntryPart.DEVICE, "lf 2231", tag="x"), "named-in-file", "tag: rules/customers.yaml:9"),
        (asked(Verb.ADD, EntryPart.PERSON, "dan@other.test"), "entry-taken", "other"),
        (asked(Verb.ADD, EntryPart.DEVICE, "zz9000"), "entry-taken", "other"),
        (asked(Verb.ADD, EntryPart.DEVICE, "QQ-1234", tag="a17"), "entry-taken", "LF-2231, Acme SRL"),
        (asked(Verb.ADD, EntryPart.DEVICE, "printer"), "bad-serial", "printer"),
        (asked(Verb.ADD, EntryPart.DEVICE, "QQ-1234", location="Iasi"), "unknown-location", "Acme SRL"),
        (asked(Verb.ADD, EntryPart.LOCATION, "x", calendar="nights"), "unknown-hours", "nights"),
        (asked(Verb.ADD, EntryPart.LOCATION, "x", zone="Mars/Olympus"), "bad-value", "zone=Mars/Olympus"),
        (asked(Verb.ADD, EntryPart.LOCATION, "x", km="far"), "bad-value", "km=far"),
        (asked(Verb.ADD, EntryPart.PERSON, "eva@x.test", phones="call me"), "bad-value", "phones=call me"),
        (asked(Verb.ADD, EntryPart.PERSON, "eva"), "bad-value", "eva"),
        (asked(Verb.CHANGE, EntryPart.PERSON, "bo@acme.test", phones="0232 123456"), "unknown-entry", "Acme SRL"),
        (asked(Verb.ADD, EntryPart.PERSON, "eva@x.test", "acne"), "unknown-customer", "acne"),
        (asked(Verb.ADD, EntryPart.PERSON, "eva@x.test", tag="x"), "unknown-key", "tag"),
    ],
)
def test_what_a_file_says_or_cannot_be_is_refused(change: EntryChange, reason: str, detail: str) -> None:
    refused = decide_change(files(), change, ["office"])

    assert isinstance(refused, NotChanged)
    assert (refused.reason, refused.detail) == (reason, detail)


def test_a_location_with_a_device_is_not_removed_and_what_was_added_can_be() -> None:
    known = everything()

    refused = decide_change(known, asked(Verb.REMOVE, EntryPart.LOCATION, "cluj"))
    assert refused == NotChanged(reason="location-in-use", detail="LF-2231")
    known = done(known, asked(Verb.REMOVE, EntryPart.PERSON, "eva@x.test"))
    assert known.of("eva@x.test") is None
    assert done(known, asked(Verb.CHANGE, EntryPart.PERSON, "bob@acme.test", phones="", language="")).overlay.keys() < known.overlay.keys()


def test_a_file_that_names_it_later_wins_and_the_conflict_has_both_places() -> None:
    overlay = (
        OverlayEntry(id=EntryId(customer="acme", part=EntryPart.PERSON, key="bob@acme.test"), name="bob@acme.test",
                     values=(("role", "boss"), ("phones", "0232 123456")), origin="ana, 2026-11-30, MB-4"),
        OverlayEntry(id=EntryId(customer="acme", part=EntryPart.PERSON, key="dan@other.test"), name="dan@other.test", origin="x"),
        OverlayEntry(id=EntryId(customer="gone", part=EntryPart.PERSON, key="a@b.test"), name="a@b.test", origin="x"),
        OverlayEntry(id=EntryId(customer="acme", part=EntryPart.DEVICE, key="QQ1234"), name="QQ-1234", values=(("location", "cluj"),)),
    )  # fmt: skip

    known = merged(files(), overlay)

    assert [(p.role, p.phones) for p in known.by_name["acme"].people] == [("buyer", ("0232 123456",))]
    assert known.by_name["acme"].equipment[-1].location == ""
    found = [(one.entry.id.key, one.key, one.place) for one in conflicts(files(), overlay)]
    assert found == [
        ("QQ1234", "location", ""),
        ("bob@acme.test", "role", "rules/customers.yaml:7"),
        ("dan@other.test", "", "rules/customers/people.csv:2"),
        ("a@b.test", "", ""),
    ]


def test_a_change_is_taken_back_only_where_nobody_changed_it_since() -> None:
    first = decide_change(files(), asked(Verb.ADD, EntryPart.PERSON, "eva@x.test", role="a"))
    assert isinstance(first, EntryChanged)
    known = after(files(), first)

    back = reverted(known, first)
    assert back is not None
    assert after(known, back).by_name == files().by_name
    later = done(known, asked(Verb.CHANGE, EntryPart.PERSON, "eva@x.test", role="b"))
    assert reverted(later, first) is None


@given(st.lists(st.tuples(st.sampled_from(["acme", "other"]), st.sampled_from(Verb), st.integers(0, 7), st.integers(0, 2)), max_size=25))
def test_step_by_step_gives_the_same_as_at_once(steps: list[tuple[str, Verb, int, int]]) -> None:
    """The indexes that are changed customer by customer are those that are built anew."""
    known = files()
    for customer, verb, number, value in steps:
        part = EntryPart.PERSON if number < 4 else EntryPart.DEVICE
        name = f"p{number}@x.test" if number < 4 else ("LF-2231", "ZZ-9000", "QQ-1000", "QQ-2000")[number - 4]
        values = {"role": f"r{value}"} if number < 4 else {"tag": f"T-{value}"}
        change = asked(verb, part, name, customer, **({} if verb is Verb.REMOVE else values))
        result = decide_change(known, change)
        if isinstance(result, EntryChanged):
            known = after(known, result)
        at_once = merged(files(), known.overlay.values())
        assert known.by_name == at_once.by_name
        assert known.by_address == at_once.by_address
        assert known.by_mark == at_once.by_mark
        assert known.beginnings >= at_once.beginnings
