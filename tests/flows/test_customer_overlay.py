"""What agents change about customers by mail: kept beside the files, seen at once by every process, undone like the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbridge.daemon.app import App
from mailbridge.tickets.event_types.people import CustomerChanged
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

FILES = RULES | {
    "customers.yaml": """customers:
  acme:
    title: Acme SRL
    domains: [customer.test]
    people:
      - {address: carol@customer.test, role: buyer}
  other: {domains: [other.test]}
""",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES) as made:
        made.feed(a_mail())
        yield made


def write(desk: TestDesk, *lines: str) -> str:
    """Bogdan writes these lines on the ticket; what the desk answers."""
    desk.pass_time(seconds=60)
    before = len(desk.tickets())
    id = f"<{desk.clock.now().timestamp()}@desk.test>"
    mail = a_mail("\n".join(lines), subject="Re: [MB-1] Printer", from_="bogdan@desk.test", message_id=id)
    desk.feed(proven(mail), mail_from="bogdan@desk.test", rcpt_to=(desk.promise_to("bogdan@desk.test").reply_to or "",))
    assert len(desk.tickets()) == before
    desk.deliver()
    return "\n".join(str(one.get_body(("plain",)).get_content()) for one in desk.sent()[-1:])  # type: ignore[attr-defined]


def people(app: App, customer: str = "acme") -> dict[str, tuple[str, tuple[str, ...]]]:
    return {one.address: (one.role, one.phones) for one in app.policy().rules.customers.by_name[customer].people}


def test_a_person_is_added_by_mail_and_every_process_knows_it(desk: TestDesk) -> None:
    with App.open(desk.app.config, clock=desk.clock) as another:
        assert people(another) == {"carol@customer.test": ("buyer", ())}

        write(desk, '#add person eva@private.test role=head of IT phone="+40 232 123 456"')

        assert people(desk.app)["eva@private.test"] == people(another)["eva@private.test"] == ("head of IT", ("+40 232 123 456",))
    desk.feed(a_mail(from_="eva@private.test", message_id="<e@x>", subject="VPN"), mail_from="eva@private.test")
    with desk.app.store.read() as tx:
        (change,) = [event for event in tx.events.of_ticket(1) if isinstance(event.what, CustomerChanged)]
        assert (change.actor.name, tx.customers.version()) == ("bogdan", 1)
    desk.assert_sound()


def test_lines_of_one_mail_see_each_other_and_undo_takes_all_back(desk: TestDesk) -> None:
    write(desk, "#add location cluj", "#add device XX-100 location=cluj", "#change customer Acme SRL tier=gold")

    acme = desk.app.policy().rules.customers.by_name["acme"]
    assert (acme.tier, [*acme.locations], acme.equipment[0].location) == ("gold", ["cluj"], "cluj")

    write(desk, "#undo")
    acme = desk.app.policy().rules.customers.by_name["acme"]
    assert (acme.tier, [*acme.locations], acme.equipment) == ("", [], ())
    write(desk, "#undo")
    assert desk.app.policy().rules.customers.by_name["acme"].equipment[0].serial == "XX-100"
    desk.assert_sound()


def test_what_a_file_says_is_refused_with_its_place(desk: TestDesk) -> None:
    told = write(desk, "#change person carol@customer.test role=boss")

    assert "rules/customers.yaml:6" in told
    assert people(desk.app) == {"carol@customer.test": ("buyer", ())}
    assert "the customer has no such entry" in write(desk, "#remove person nobody@customer.test")
    assert "acme" in write(desk, "#add person x@y.test Acne SRL")


@pytest.mark.parametrize("line", ["#adaugă persoană eva@x.test Acme SRL rol=șefă", "#добавить человека eva@x.test acme роль=șefă"])
def test_the_words_are_those_of_the_agent(desk: TestDesk, line: str) -> None:
    write(desk, line)
    assert people(desk.app)["eva@x.test"] == ("șefă", ())


def test_a_change_that_does_not_happen_leaves_nothing_in_memory(desk: TestDesk) -> None:
    """A transaction that is rolled back must not teach the process what nobody wrote."""
    from mailbridge.customers.change import EntryChange, EntryChanged
    from mailbridge.customers.entry import EntryPart, Verb
    from mailbridge.execution.customer_changes import execute_change
    from mailbridge.tickets.actor import Actor, ActorKind

    def add(address: str, *, fails: bool) -> None:
        change = EntryChange(verb=Verb.ADD, part=EntryPart.PERSON, customer="acme", name=address)
        with desk.app.store.write() as tx:
            done = execute_change(tx, desk.app.desk_of_files(), change, Actor(kind=ActorKind.ADMIN), desk.clock.now())
            assert isinstance(done, EntryChanged)
            assert address in {p.address for p in desk.app.desk_of_files().at(tx).policy.rules.customers.by_name["acme"].people}
            if fails:
                raise KeyError(address)

    with pytest.raises(KeyError):
        add("lost@x.test", fails=True)
    add("kept@x.test", fails=False)

    assert people(desk.app).keys() == {"carol@customer.test", "kept@x.test"}
