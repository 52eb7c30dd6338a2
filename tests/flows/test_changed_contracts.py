"""Changed customers reach the tickets that are open: their contracts are chosen again, and each person is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.jobs import recompute
from mailbridge.store.engine import Store
from tests.builders import NOW
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven, table, write_rules

HOUR = timedelta(hours=1)
CUSTOMERS = """
customers:
  customer-ltd:
    domains: [customer.test]
    locations: {iasi: {}, cluj: {}}
    equipment: [{serial: LF-2231, location: iasi}, {serial: LF-9000, location: cluj}]
    contracts:
"""
FILES = RULES | {
    "sla.yaml": """
targets: {normal: {response: 4h, resolution: 3d}}
levels:
  gold: {normal: {response: 1h, resolution: 1d}}
  silver: {normal: {response: 2h}}
  express: {normal: {response: 30m}}
""",
    "routing/20-express.yaml": "- {name: hurry, when: {header: {subject: {contains: hurry}}}, then: {sla: express}}\n",
    "customers.yaml": f"{CUSTOMERS}      plain: {{sla: silver}}\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES) as made:
        yield made


def change(desk: TestDesk, contracts: str, **texts: str) -> None:
    """New contracts, one a line, are in force and have reached the tickets."""
    indented = "".join(f"      {line}\n" for line in contracts.split("\n"))
    write_rules(desk.app.config.folder, {"customers.yaml": CUSTOMERS + indented, **{f"{name}.yaml": text for name, text in texts.items()}})
    desk.app.rules.refresh(at_once=True)
    desk.app.jobs.sweep()


def of_contract(desk: TestDesk, ticket: int = 1) -> tuple[str, str]:
    fields = dict(desk.ticket(ticket).fields)
    return fields.get("contract", ""), fields.get("sla", "")


def due(desk: TestDesk, ticket: int = 1) -> dict[str, timedelta]:
    with desk.app.store.read() as tx:
        return {promise: at - NOW for promise, at in tx.clocks.due_times([ticket]).get(ticket, {}).items()}


def told(desk: TestDesk) -> Counter[str]:
    return Counter(one.recipient for one in desk.promises(event="due_times"))


def test_a_contract_that_is_added_applies_to_open_tickets(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="LF-2231 is broken"))
    assert of_contract(desk) == ("plain", "silver")

    change(desk, "plain: {sla: silver}\nprinters: {sla: gold, equipment: [LF-2231]}")
    assert of_contract(desk) == ("printers", "gold")
    assert due(desk) == {"response": HOUR, "resolution": 8 * HOUR}


def test_under_a_contract_that_is_gone_the_desks_own_targets_count(desk: TestDesk) -> None:
    desk.feed(a_mail())
    change(desk, "other: {equipment: [LF-9000]}")
    assert of_contract(desk) == ("", "")
    assert due(desk)["response"] == 4 * HOUR


def test_a_contract_that_ended_before_the_ticket_came_is_gone_and_one_that_ends_later_stays(desk: TestDesk) -> None:
    desk.feed(a_mail())
    change(desk, f"plain: {{sla: silver, until: {NOW.date() + timedelta(days=1)}}}")
    assert of_contract(desk) == ("plain", "silver")
    change(desk, f"plain: {{sla: silver, until: {NOW.date() - timedelta(days=1)}}}")
    assert of_contract(desk) == ("", "")


def test_another_level_or_calendar_of_the_contract_counts(desk: TestDesk) -> None:
    desk.feed(a_mail())
    change(desk, "plain: {sla: gold}")
    assert of_contract(desk) == ("plain", "gold")

    hours = 'hours: {late: {zone: UTC, week: {mon-sun: "12:00-20:00"}}}'
    change(desk, "plain: {sla: gold, calendar: late}", teams=RULES["teams.yaml"] + hours)
    assert due(desk)["response"] == 4 * HOUR  # from 12:00, three hours after the mail came


def test_equipment_that_moves_to_another_contract_takes_its_tickets_along(desk: TestDesk) -> None:
    contracts = "one: {sla: gold, equipment: [%s]}\ntwo: {sla: silver, equipment: [%s]}"
    change(desk, contracts % ("LF-2231", "LF-9000"))
    desk.feed(a_mail(subject="LF-2231 is broken"))
    assert of_contract(desk) == ("one", "gold")
    change(desk, contracts % ("LF-9000", "LF-2231"))
    assert of_contract(desk) == ("two", "silver")
    assert due(desk) == {"response": 2 * HOUR}, "silver promises no resolution: that clock is gone"


def test_what_a_rule_or_a_person_chose_stays(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="hurry"))
    change(desk, "plain: {sla: gold}")
    assert of_contract(desk) == ("plain", "express")


def test_a_clock_that_the_new_contract_lacks_is_gone_and_comes_back_with_the_old_one(desk: TestDesk) -> None:
    change(desk, "plain: {sla: gold}")
    desk.feed(a_mail())
    change(desk, "plain: {sla: silver}")
    assert set(due(desk)) == {"response"}
    change(desk, "plain: {sla: gold}")
    assert due(desk) == {"response": HOUR, "resolution": 8 * HOUR}


def test_each_person_is_told_once_of_all_their_tickets(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "SLICE", 2)
    for number in range(5):
        desk.feed(a_mail(message_id=f"<{number}@customer.test>"))
    change(desk, "plain: {sla: gold}")
    change(desk, "plain: {sla: gold}")
    desk.app.jobs.sweep()

    assert told(desk) == {"mara@desk.test": 1}  # nobody has the tickets: the manager of the team hears of them
    rows = [row.split("\t") for row in table(desk.promise_to("mara@desk.test", "due_times")).splitlines()]
    assert [(row[0], row[3]) for row in rows] == [(f"MB-{number}", "response") for number in range(1, 6)]
    assert {datetime.fromisoformat(row[4]) - datetime.fromisoformat(row[5]) for row in rows} == {-HOUR}
    [letter] = [mail for mail in desk.deliver() if "New due times" in str(mail["Subject"])]
    assert str(letter["Subject"]) == "Acme Support: New due times for 5 tickets"


def test_rules_that_move_nothing_tell_nobody(desk: TestDesk) -> None:
    desk.feed(a_mail())
    change(desk, "plain: {sla: silver}\nother: {sla: gold, equipment: [LF-9000]}")
    assert not told(desk)


def test_a_change_in_the_middle_of_a_run_reaches_all_tickets_and_tells_of_both(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first slice has the contracts of the second rules already, the others still those of the first."""
    monkeypatch.setattr(recompute, "SLICE", 2)
    for number in range(5):
        desk.feed(a_mail(message_id=f"<{number}@customer.test>"))
    desk.app.jobs.sweep()
    write_rules(desk.app.config.folder, {"customers.yaml": CUSTOMERS + "      second: {sla: gold}\n"})
    desk.app.rules.refresh(at_once=True)
    one_slice(desk)
    assert [of_contract(desk, number)[0] for number in (2, 3)] == ["second", "plain"]

    change(desk, "third: {sla: gold}")
    assert {of_contract(desk, number) for number in range(1, 6)} == {("third", "gold")}
    assert told(desk) == {"mara@desk.test": 1}


def one_slice(desk: TestDesk) -> None:
    """A process that ends after its first slice."""
    store: Store = desk.app.store
    wanted = {"rules": desk.app.policy().version, "program": recompute.__version__}
    with store.read() as tx:
        begun = recompute._begun(tx, tx.state.get(recompute.STATE_KEY), wanted)
        before = recompute.customers_before(tx, begun["before"], desk.app.desk())
    recompute._next(store, desk.app.desk(), NOW, wanted, before)


def test_a_person_who_is_added_by_mail_comes_under_the_contract(desk: TestDesk) -> None:
    desk.feed(a_mail(from_="eva@private.test", message_id="<eva@private.test>"), mail_from="eva@private.test")
    desk.app.jobs.sweep()
    assert of_contract(desk) == ("", "")
    to = desk.promise_to("bogdan@desk.test", "new").reply_to
    line = a_mail("#add person eva@private.test customer-ltd", from_="bogdan@desk.test", to=to, message_id="<add@desk.test>")
    desk.feed(proven(line), mail_from="bogdan@desk.test", rcpt_to=(to,))
    desk.app.jobs.sweep()
    desk.app.jobs.sweep()
    assert of_contract(desk) == ("plain", "silver")
    assert due(desk)["response"] == 2 * HOUR
    assert sum(told(desk).values()) == 1
