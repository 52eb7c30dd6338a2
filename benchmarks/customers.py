"""What customers cost: processor time of a mail at a desk with 1,000 customers and 500 contracts, against a desk with none.

    python -m benchmarks.customers [--rounds 40] [--json]

Two desks in this process take the same new mail in turns, from its bytes to the stored ticket; the median of the quotients of the rounds
counts, in time of the processor.  The mail comes from a person of a customer without a contract and names no device of that customer; a
second figure is the mail of a customer whose contract and device are found and stored, a third the choice of the contract alone.
Then 1,000 people are added beside the files, and the first figure is measured again, and with a policy of who may ask.  Two more say what
the first look at the whole overlay costs a process, and what each change of it does.
Leaves 1 where a mail is more than 5 % dearer.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from mailbridge.customers.change import EntryChanged
from mailbridge.customers.contract_match import CoverQuestion, cover
from mailbridge.customers.entry import EntryId, EntryPart
from mailbridge.customers.model import customers
from mailbridge.rules.load import load
from mailbridge.tickets.actor import Actor, ActorKind
from tests.harness import RULES, TestDesk, a_desk, a_mail

CUSTOMERS, CONTRACTS = 1_000, 500
LIMIT = 1.05
OVERLAY = "the same with 1,000 people added beside the files"
ASKING = "the same with a policy of who may ask"
SLA = "targets: {normal: {response: 4h}}\nlevels: {gold: {normal: {response: 1h}}}\n"


def world() -> str:
    """customers.yaml: every customer with domain, two people, two places and two devices; every other one with a contract."""
    lines = ["customers:"]
    for number in range(CUSTOMERS):
        lines += [
            f"  c{number}:",
            f"    domains: [c{number}.test]",
            f"    people: [{{address: boss{number}@freemail.test}}, {{address: it{number}@freemail.test}}]",
            "    locations: {north: {}, south: {}}",
            f"    equipment: [{{serial: LF-{number:05d}, location: north}}, {{serial: RT-{number:05d}, location: south}}]",
        ]
        if number < CONTRACTS:
            lines.append(f"    contracts: {{base: {{sla: gold, equipment: [LF-{number:05d}]}}}}")
    return "\n".join(lines) + "\n"


def mail(number: int, customer: int, serial: str) -> bytes:
    """A mail of somebody new at the customer: the caps of a sender would group many of one person."""
    text = f"Good morning,\n\nthe printer {serial} in room 2{number % 90:02d} prints nothing since 2026-11-20, order AB-77123.\n\nRegards"
    return a_mail(text * 3, from_=f"Ana Pop <ana{number}@c{customer}.test>", message_id=f"<{number}@c{customer}.test>")


def cost(desk: TestDesk, raw: bytes, customer: int) -> float:
    """Seconds of processor time from the bytes to the ticket."""
    begun = process_time()
    desk.feed(raw, mail_from=f"ana@c{customer}.test")
    return process_time() - begun


def paired(with_customers: TestDesk, without: TestDesk, rounds: int, customer: int, serial: str, first: int) -> float:
    """The median over rounds of time at the one desk by time at the other, which goes first by turns."""
    quotients = []
    for number in range(first, first + rounds):
        raw = mail(number, customer, serial)
        desks = (with_customers, without) if number % 2 else (without, with_customers)
        spent = {id(desk): cost(desk, raw, customer) for desk in desks}
        quotients.append(spent[id(with_customers)] / spent[id(without)])
    return median(quotients)


def choice() -> float:
    """Microseconds to find the customer by address and choose the contract."""
    loaded = load({"rules/customers.yaml": world(), "rules/sla.yaml": SLA, "rules/teams.yaml": RULES["teams.yaml"]})
    assert loaded.policy is not None, loaded.problems
    known = customers(tuple(loaded.policy.rules.customers.by_name.values()))
    asked = CoverQuestion(day=date(2026, 11, 23), serials=("LF-00300",), priority="normal")
    begun = process_time()
    for _ in range(10_000):
        customer = known.of("ana@c300.test")
        assert customer is not None
        cover(customer, asked)
    return (process_time() - begun) * 100


def add_people(desk: TestDesk, first: int, many: int) -> None:
    """So many people in the overlay, one at each customer."""
    new = [
        EntryChanged(
            id=EntryId(customer=f"c{number % CUSTOMERS}", part=EntryPart.PERSON, key=f"new{number}@freemail.test"),
            name=f"new{number}@freemail.test",
            before=None,
            after=(("role", "buyer"), ("phones", "+40 232 123 456")),
        )
        for number in range(first, first + many)
    ]
    with desk.app.store.write() as tx:
        tx.customers.add(new, Actor(kind=ActorKind.ADMIN), None, desk.clock.now())


def look(desk: TestDesk) -> float:
    """Milliseconds of processor time until the desk knows the overlay as it is now."""
    begun = process_time()
    desk.app.policy()
    return (process_time() - begun) * 1000


def a_change(desk: TestDesk) -> float:
    """Milliseconds that a process takes to see one more change."""
    spent = []
    for number in range(20):
        add_people(desk, 5_000 + number, 1)
        spent.append(look(desk))
    return median(spent)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    plain = RULES | {"sla.yaml": SLA}
    with TemporaryDirectory() as folder:
        one, other = Path(folder, "with"), Path(folder, "without")
        one.mkdir()
        other.mkdir()
        with a_desk(one, rules=plain | {"customers.yaml": world()}) as known, a_desk(other, rules=plain) as none:
            paired(known, none, 4, 700, "LF-00012", 0)
            figures = {
                "mail of a customer without a contract": paired(known, none, given.rounds, 700, "LF-00012", 100),
                "mail whose contract and device are stored": paired(known, none, given.rounds, 300, "LF 00300", 10_000),
                "choice of the contract, us": choice(),
            }
            add_people(known, 0, 1_000)
            figures["first look at an overlay of 1,000 people, ms"] = look(known)
            figures["one more change of the overlay, ms"] = a_change(known)
            figures[OVERLAY] = paired(known, none, given.rounds, 700, "LF-00012", 20_000)
        asking = "asking: {who: domain, otherwise: queue}\n"
        for desk in (one, other):
            (desk / "mailbridge.db").unlink(missing_ok=True)
        with a_desk(one, rules=plain | {"customers.yaml": asking + world()}) as known, a_desk(other, rules=plain) as none:
            paired(known, none, 4, 700, "LF-00012", 0)
            add_people(known, 0, 1_000)
            figures[ASKING] = paired(known, none, given.rounds, 700, "LF-00012", 100)
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name}: {value:.3f}")
    mails = ("mail of a customer without a contract", OVERLAY, ASKING)
    return 0 if all(figures[name] <= LIMIT for name in mails) else 1


if __name__ == "__main__":
    sys.exit(main())
