"""Work takes hours from the bank of its contract: at once, exactly once, and back again when it was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest

from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.execution.hour_entries import add_by_hand
from mailbridge.notifications.model import Audience
from mailbridge.sla.why import why
from mailbridge.tickets.deadlines import promised_runs
from mailbridge.tickets.hours.ledger import EntryKind, LedgerEntry
from mailbridge.tickets.hours.planning import banks_of
from mailbridge.tickets.hours.standing import standing
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven, table

FILES = RULES | {
    "teams.yaml": """
hours:
  office: {zone: Europe/Bucharest, week: {mon-fri: "09:00-18:00"}}
teams:
  support: {title: Support, members: [bogdan, clara], managers: [mara], hours: office, unclaimed-after: never}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test}
  mara: {title: Mara Lind, address: mara@desk.test, manager: true}
default: support
""",
    "sla.yaml": "targets: {normal: {response: 4h, resolution: 3d}}\n",
    "types.yaml": "types: [incident, question]\n",
    "customers.yaml": """
customers:
  acme:
    domains: [customer.test]
    contracts:
      gold:
        since: 2026-11-01
        calendar: office
        hours: {every: month, grant: 10h, carry-over: 2h, weights: {after-hours: 1.5, urgent: 2}, travel: true}
      blocks:
        since: 2026-10-01
        until: 2026-10-31
        hours: {blocks: [{name: B1, hours: 5h, since: 2026-10-01}]}
  other:
    domains: [other.test]
    contracts:
      basic: {since: 2026-11-01, hours: {every: year, grant: 20h}}
""",
    "work.yaml": "work: {unit: 15m}\n",
    "routing/10-network.yaml": "[]\n",
}
numbers = count(1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    """A desk with a request of a customer who has an hour bank, MB-1."""
    if request.param == "sqlite":
        with a_desk(tmp_path, rules=FILES) as desk:
            desk.feed(a_mail())
            yield desk
        return
    with a_desk(tmp_path, rules=FILES, store_url=request.getfixturevalue("postgres_store_url")) as desk:
        desk.feed(a_mail())
        yield desk


def by_agent(desk: TestDesk, body: str, agent: str = "bogdan", ticket: int = 1) -> None:
    sender = f"{agent}@desk.test"
    address = desk.app.desk().signer.reply_address(ticket, sender, Purpose.AGENT)
    raw = a_mail(body, from_=sender, to=address, subject="Re: Printer", message_id=f"<h{next(numbers)}@desk.test>")
    desk.feed(proven(raw), mail_from=sender, rcpt_to=(address,))


def entries(desk: TestDesk, customer: str = "acme", bank: str = "gold") -> list[LedgerEntry]:
    with desk.app.store.read() as tx:
        return tx.hours.of_bank(customer, bank)


def burns(desk: TestDesk, customer: str = "acme", bank: str = "gold") -> list[tuple[str, int]]:
    """The entries about work: kind and minutes."""
    found = (one for one in entries(desk, customer, bank) if one.kind in (EntryKind.BURN, EntryKind.REVERSAL))
    return [(str(one.kind), one.seconds // 60) for one in found]


def text_to(desk: TestDesk, recipient: str) -> str:
    """The text of the latest mail to this address."""
    mail = next(mail for mail in reversed(desk.deliver()) if mail["To"].addresses[0].addr_spec == recipient)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_time_takes_hours_and_the_answer_says_how_many_are_left(desk: TestDesk) -> None:
    assert "10 h of 10 h left until 30 Nov 2026" in text_to(desk, "bogdan@desk.test")

    by_agent(desk, "#time 20m cleaned the sensor")

    assert burns(desk) == [("burn", -30)]  # rounded up to 15 minutes
    assert "9 h 30 min of 10 h left until 30 Nov 2026" in text_to(desk, "bogdan@desk.test")
    assert desk.app.jobs.keep_hours() == 3  # the grants of the three banks
    assert desk.app.jobs.keep_hours() == 0


def test_rounding_comes_before_weights_and_edges_of_the_calendar_split(desk: TestDesk) -> None:
    """9:00 to 18:00 by the clock of Bucharest; nobody said when the first one was, so it fits into the day."""
    by_agent(desk, "#time 8h yesterday")  # a Sunday: all of it outside of the hours
    by_agent(desk, "#time 17:40-18:20 fri")

    assert burns(desk)[0] == ("burn", -720)
    last = entries(desk)[-1]
    assert [(part.minutes, part.percent, part.why) for part in last.parts] == [(20, 100, ""), (25, 150, "after-hours")]
    assert last.seconds == -(20 * 60 + 25 * 90)


def test_a_correction_gives_back_and_takes_anew(desk: TestDesk) -> None:
    by_agent(desk, "#time 30m")
    by_agent(desk, "#time 1=1h")
    by_agent(desk, "#time 1=0m")

    assert burns(desk) == [("burn", -30), ("reversal", 30), ("burn", -60), ("reversal", 60)]
    assert [one.reason for one in entries(desk) if one.kind is EntryKind.REVERSAL] == ["corrected", "deleted"]


def test_undo_gives_back(desk: TestDesk) -> None:
    by_agent(desk, "#time 30m")
    by_agent(desk, "#undo")

    assert burns(desk) == [("burn", -30), ("reversal", 30)]


def test_another_requester_moves_the_work_to_the_other_customer(desk: TestDesk) -> None:
    by_agent(desk, "#time 30m")
    by_agent(desk, "#requester dana@other.test")

    assert burns(desk) == [("burn", -30), ("reversal", 30)]
    assert burns(desk, "other", "basic") == [("burn", -30)]


def test_a_merge_moves_the_work_and_takes_it_once(desk: TestDesk) -> None:
    by_agent(desk, "#time 30m")
    desk.feed(a_mail(subject="Plotter", message_id="<two@customer.test>"))
    by_agent(desk, "#merge MB-2")

    assert burns(desk) == [("burn", -30), ("reversal", 30), ("burn", -30)]
    assert [one.ticket for one in entries(desk) if one.kind is EntryKind.BURN] == [1, 2]


def test_what_is_not_billable_takes_nothing(desk: TestDesk) -> None:
    by_agent(desk, "#time 30m not billable")

    assert burns(desk) == []


def test_travel_takes_hours_where_the_contract_says_so(desk: TestDesk) -> None:
    """work.yaml does not charge travel, the contract does."""
    by_agent(desk, "#travel 40m 25km")

    assert burns(desk) == [("burn", -45)]


def test_work_before_the_contract_is_refused(desk: TestDesk) -> None:
    by_agent(desk, "#time 30m 2026-10-30")

    assert "before-contract" in table(desk.promise_to("bogdan@desk.test"), "results")
    assert burns(desk) == []
    assert desk.ticket().activities == ()


def test_the_same_mail_again_takes_nothing_more(desk: TestDesk) -> None:
    address = desk.app.desk().signer.reply_address(1, "bogdan@desk.test", Purpose.AGENT)
    raw = proven(a_mail("#time 30m", from_="bogdan@desk.test", to=address, subject="Re: Printer", message_id="<same@desk.test>"))
    for _ in range(2):
        desk.feed(raw, mail_from="bogdan@desk.test", rcpt_to=(address,))

    assert burns(desk) == [("burn", -30)]


def test_months_without_the_job_are_made_up_once_in_the_banks_zone(desk: TestDesk) -> None:
    desk.app.jobs.keep_hours()
    desk.clock.time = datetime(2027, 1, 31, 21, 59, tzinfo=UTC)  # 23:59 in Bucharest
    desk.app.jobs.keep_hours()
    desk.app.jobs.keep_hours()
    grants = [one.day for one in entries(desk) if one.kind is EntryKind.GRANT and one.key.startswith("interval")]
    assert grants == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]

    desk.clock.time = datetime(2027, 1, 31, 22, 0, tzinfo=UTC)
    desk.app.jobs.keep_hours()

    assert [one.day for one in entries(desk) if one.key.startswith("interval")][-1] == date(2027, 2, 1)
    carried = [one.seconds // 3600 for one in entries(desk) if one.key.startswith("carried")]
    assert carried == [2, 2, 2]
    assert sum(one.seconds for one in entries(desk)) == standing(entries(desk), date(2027, 2, 1)).balance == 12 * 3600


def with_hours(**keys: str) -> dict[str, str]:
    """The desk's files with other keys in the first contract's bank."""
    said = ", ".join(f"{key.replace('_', '-')}: {value}" for key, value in keys.items())
    return FILES | {"customers.yaml": FILES["customers.yaml"].replace("grant: 10h, carry-over: 2h,", f"grant: 10h, {said},")}


def told(desk: TestDesk) -> list[tuple[str, str, object]]:
    """Who was told of which level of the hours."""
    return [(str(n.audience), n.recipient, n.values["level"]) for n in desk.promises(event="hours")]


def test_80_and_100_percent_and_the_first_minute_over_are_told_once(desk: TestDesk) -> None:
    by_agent(desk, "#take")
    for line in ("#time 7h45", "#time 15m", "#time 15m", "#time 1h45", "#time 15m", "#time 15m"):
        by_agent(desk, line)
        desk.app.jobs.keep_hours()
        desk.app.jobs.keep_hours()

    assert told(desk) == [
        (audience, address, level)
        for level in ("80", "100", "over")
        for audience, address in (("agent", "bogdan@desk.test"), ("manager", "mara@desk.test"))
    ]
    last = desk.promise_to("mara@desk.test", "hours").payload
    assert last is not None
    assert desk.ticket().version == len(desk_events(desk))
    assert "exceeds the hours of the contract by 15 min (10 h until 30 Nov 2026)" in " ".join(text_to(desk, "mara@desk.test").split())
    desk.assert_sound()


def desk_events(desk: TestDesk) -> list[object]:
    with desk.app.store.read() as tx:
        return [event.what for event in tx.events.of_ticket(1)]


def test_one_activity_over_all_levels_is_told_once_and_the_next_interval_anew(desk: TestDesk) -> None:
    by_agent(desk, "#take")
    by_agent(desk, "#time 10h15")
    desk.app.jobs.keep_hours()
    by_agent(desk, "#time 1=8h")  # below 100 percent again, which is no news
    desk.app.jobs.keep_hours()
    assert [level for _, _, level in told(desk)] == ["over", "over"]

    desk.clock.time = datetime(2026, 12, 1, 12, tzinfo=UTC)
    by_agent(desk, "#time 10h")
    desk.app.jobs.keep_hours()

    assert [level for _, _, level in told(desk)][2:] == ["80", "80"]  # of 12 h, two of which were carried over


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("It does not work since this morning.", "used. You have 2 h of 10 h left until 30 Nov 2026"),
        (
            "De azi dimineață imprimanta nu mai tipărește nimic, vă rog să ne ajutați.",
            "Mai sunt disponibile 2 h din 10 h până la 30 noiembrie 2026",
        ),
        ("С утра принтер больше ничего не печатает, помогите, пожалуйста.", "Осталось 2 ч из 10 ч до 30 ноября 2026"),
    ],
)
def test_the_customer_hears_of_it_where_the_contract_says_so(tmp_path: Path, asked: str, said: str) -> None:
    with a_desk(tmp_path, rules=with_hours(tell_customer="true")) as desk:
        desk.feed(proven(a_mail(asked), "customer.test"))
        by_agent(desk, "#time 8h")
        desk.app.jobs.keep_hours()

        assert said in " ".join(text_to(desk, "carol@customer.test").split())


def test_others_on_the_ticket_do_not_hear_what_the_contract_holds(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=with_hours(tell_customer="true")) as desk:
        desk.feed(proven(a_mail(), "customer.test"))
        by_agent(desk, "#cc dana@other.test")
        by_agent(desk, "#time 8h")
        desk.app.jobs.keep_hours()

        assert "dana@other.test" in [one.address for one in desk.ticket().participants]
        assert [address for audience, address, _ in told(desk) if audience == "customer"] == ["carol@customer.test"]


def by_hand(desk: TestDesk, minutes: int) -> None:
    customer = desk.app.desk().policy.rules.customers.by_name["acme"]
    bank = next(one for one in banks_of(customer) if one.name == "gold")
    with desk.app.store.write() as tx:
        add_by_hand(tx, bank, EntryKind.ADJUST, minutes * 60, date(2026, 11, 23), desk.clock.now(), reason="invoice", by="admin")


def test_an_adjustment_below_a_level_and_back_tells_the_level_once(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#take")
        by_agent(desk, "#time 8h")
        desk.app.jobs.keep_hours()
        assert [level for _, _, level in told(desk)] == ["80", "80"]
        by_hand(desk, 5 * 60)
        desk.app.jobs.keep_hours()
        by_hand(desk, -5 * 60)
        desk.app.jobs.keep_hours()
        by_agent(desk, "#time 15m")
        desk.app.jobs.keep_hours()
        assert [level for _, _, level in told(desk)] == ["80", "80"]
        by_agent(desk, "#time 2h")
        desk.app.jobs.keep_hours()
        assert [level for _, _, level in told(desk)][2:] == ["over", "over"]


def test_work_that_was_given_back_tells_no_other_customer_of_the_bank(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=with_hours(tell_customer="true")) as desk:
        desk.feed(proven(a_mail(), "customer.test"))
        by_agent(desk, "#time 1h")
        desk.pass_time(seconds=60)
        desk.feed(proven(a_mail(message_id="<two@customer.test>"), "customer.test"))
        by_agent(desk, "#time 1h", ticket=2)
        by_agent(desk, "#requester dana@other.test", ticket=2)
        by_hand(desk, -8 * 60)
        desk.app.jobs.keep_hours()

        assert [address for audience, address, _ in told(desk) if audience == "customer"] == ["carol@customer.test"]


def test_a_level_that_was_passed_by_hand_is_told_with_the_next_work(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#take")
        by_hand(desk, -8 * 60 - 30)
        desk.app.jobs.keep_hours()
        assert told(desk) == []

        by_agent(desk, "#time 15m")
        desk.app.jobs.keep_hours()
        desk.app.jobs.keep_hours()
        assert told(desk) == [("agent", "bogdan@desk.test", "80"), ("manager", "mara@desk.test", "80")]


def test_what_a_contract_holds_is_told_to_nobody_who_is_not_proven(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=with_hours(tell_customer="true")) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 8h")
        desk.app.jobs.keep_hours()

        assert [audience for audience, _, _ in told(desk) if audience == "customer"] == []


def test_an_empty_bank_asks_a_manager_before_more_hours_are_taken(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=with_hours(when_empty="ask-manager")) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 10h")
        assert burns(desk) == [("burn", -630)]  # an hour more than the day has is after hours

        by_agent(desk, "#time 30m")
        assert [approval.why for approval in desk.ticket().approvals] == ["hours-empty"]
        assert len(burns(desk)) == 1
        by_agent(desk, "#approve 1", "mara")

        assert burns(desk)[1:] == [("burn", -30)]


def test_long_work_needs_a_manager_where_the_contract_says_so(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=with_hours(approve_over="2h")) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 2h")
        by_agent(desk, "#time 2h15")
        assert [approval.why for approval in desk.ticket().approvals] == ["hours-over"]
        by_agent(desk, "#time 1=3h")
        assert [approval.why for approval in desk.ticket().approvals] == ["hours-over", "hours-over"]
        assert burns(desk) == [("burn", -120)]

        by_agent(desk, "#approve 1", "mara")

        assert burns(desk) == [("burn", -120), ("burn", -135)]


def test_an_empty_bank_stops_the_clocks_until_there_are_hours_again(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=with_hours(when_empty="pause-clock")) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 10h")
        desk.app.jobs.keep_hours()
        assert desk.ticket().empty_bank == "gold"
        assert reasons(desk) == ["hours"]
        by_agent(desk, "#why")
        assert "paused: the hours of the contract are used up" in text_to(desk, "bogdan@desk.test")
        desk.feed(a_mail(subject="Another one", message_id="<next@customer.test>"))
        desk.app.jobs.keep_hours()
        assert desk.ticket(2).empty_bank == "gold"

        desk.clock.time = datetime(2026, 12, 1, 12, tzinfo=UTC)
        desk.app.jobs.keep_hours()
        desk.app.jobs.keep_hours()

        assert (desk.ticket().empty_bank, desk.ticket(2).empty_bank) == ("", "")
        assert reasons(desk) == ["hours"]
        desk.assert_sound()


def reasons(desk: TestDesk) -> list[str]:
    """Why the clock of the resolution stands or stood."""
    with desk.app.store.read() as tx:
        history = clock_history_of(tx, 1)
    run = next(run for run in promised_runs(desk.ticket(), history, desk.app.desk().organisation) if run.segment.promise == "resolution")
    return [str(stretch.reason) for stretch in why(run, desk.clock.now()).stretches if stretch.reason is not None]


@pytest.mark.parametrize(
    "line", ["#report hours acme", "#report hours", "#raport ore ACME", "#отчёт часы acme", "#report hours customer.test"]
)
def test_the_hours_of_a_customer_by_mail(tmp_path: Path, line: str) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 30m\n#time 17:40-18:20 fri")
        by_agent(desk, line)

        said = " ".join(text_to(desk, "bogdan@desk.test").split())
        assert "acme, gold: 8 h 32 min of 10 h left (until 2026-11-30)" in said
        assert "2026-11-01 10:00 10:00 hours of the contract gold, until 2026-11-30" in said
        assert "2026-11-20 -0:57:30 9:02:30 MB-1 work: 0:20 + 0:25 × 1.5 after-hours" in said
        assert "2026-11-23 -0:30 8:32:30 MB-1 work: 0:30" in said
        assert desk.ticket().version == len(desk_events(desk))


def test_an_unknown_customer_is_said_and_all_banks_are_listed_without_one(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#report hours Nobody Inc")
        assert 'There is no customer “Nobody Inc”.' in text_to(desk, "bogdan@desk.test")

        raw = proven(a_mail("#report hours", from_="bogdan@desk.test", subject="hours", message_id="<all@desk.test>"))
        desk.feed(raw, mail_from="bogdan@desk.test")
        said = text_to(desk, "bogdan@desk.test")
        assert [line.split(":")[0] for line in said.splitlines() if "left" in line] == ["acme, gold", "acme, blocks", "other, basic"]


def test_work_that_is_told_with_the_first_mail_takes_hours_too(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        raw = a_mail("#for carol@customer.test\n#time 30m\n\nCarol called: it does not print.", from_="bogdan@desk.test", subject="Printer")
        desk.feed(proven(raw), mail_from="bogdan@desk.test")

        assert [activity.minutes for activity in desk.ticket().activities] == [30]
        assert burns(desk) == [("burn", -30)]


def test_a_device_under_another_contract_moves_the_work(tmp_path: Path) -> None:
    """The contract is chosen again, and the hours go with it."""
    own = "      press: {since: 2026-11-01, equipment: [LF-2231], sla: fast, hours: {every: month, grant: 5h}}\n  other:"
    device = "    equipment: [{serial: LF-2231}]\n    contracts:\n      gold:"
    files = FILES["customers.yaml"].replace("    contracts:\n      gold:", device).replace("  other:", own)
    rules = FILES | {"customers.yaml": files, "sla.yaml": FILES["sla.yaml"] + "levels: {fast: {normal: {response: 1h}}}\n"}
    with a_desk(tmp_path, rules=rules) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 30m")
        by_agent(desk, "#equipment LF-2231")

        assert burns(desk) == [("burn", -30), ("reversal", 30)]
        assert burns(desk, bank="press") == [("burn", -30)]


def test_erasing_leaves_the_ledger_whole_without_personal_text(desk: TestDesk) -> None:
    by_agent(desk, "#time 30m for Carol, who cannot print")
    with desk.app.store.write() as tx:
        bank = banks_of(desk.app.desk().policy.rules.customers.by_name["acme"])[0]
        add_by_hand(
            tx, bank, EntryKind.ADJUST, -900, date(2026, 11, 23), desk.clock.now(), reason="Carol was told so", by="mara", ticket=1
        )  # fmt: skip
    before = entries(desk)
    by_agent(desk, "#erase", "mara")
    by_agent(desk, "#approve 1", "mara")

    after = entries(desk)
    assert desk.ticket().subject == ""
    assert [(one.key, one.seconds, one.day, one.ticket) for one in after] == [(one.key, one.seconds, one.day, one.ticket) for one in before]
    assert [one.reason for one in after if one.kind is EntryKind.ADJUST] == [""]
    assert "Carol" not in str(after)


def test_a_consultant_from_outside_does_not_read_what_the_contract_holds(tmp_path: Path) -> None:
    outside = "consultants:\n  petra: {title: Petra Klein, address: petra@maker.test}\ndefault: support\n"
    with a_desk(tmp_path, rules=FILES | {"teams.yaml": FILES["teams.yaml"].replace("default: support\n", outside)}) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#escalate petra")

        assert "left until" not in text_to(desk, "petra@maker.test")
        assert "10 h of 10 h left until" in text_to(desk, "bogdan@desk.test")


@pytest.mark.parametrize(
    "line", ["#agenda 9999-12-30", "#agenda 0001-01-01", "#plan bogdan 9999-12-31 10:00 2h", "#report time 9999-12-31"]
)
def test_a_day_at_the_end_of_the_calendar_quarantines_no_mail(tmp_path: Path, line: str) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        desk.feed(a_mail())
        by_agent(desk, line)
        assert not desk.promises(event="quarantined")
        assert desk.promise_to("bogdan@desk.test").event in ("commands", "report", "agenda")


def test_the_hours_of_a_hidden_team_are_counted_and_its_work_is_not_shown(tmp_path: Path) -> None:
    hidden = FILES["teams.yaml"].replace("support: {", "secret: {members: [mara], outsiders: nothing}\n  support: {")
    with a_desk(tmp_path, rules=FILES | {"teams.yaml": hidden}) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 30m salaries of the board\n#team secret")
        raw = proven(a_mail("#report hours acme", from_="bogdan@desk.test", subject="hours", message_id="<all@desk.test>"))
        desk.feed(raw, mail_from="bogdan@desk.test")

        said = " ".join(text_to(desk, "bogdan@desk.test").split())
        assert "9 h 30 min of 10 h left" in said
        assert "-0:30 9:30 work of another team" in said
        assert "salaries" not in said
        assert "-0:30 9:30 MB-1" not in said


def test_the_contact_hears_of_the_hours_in_the_own_language(tmp_path: Path) -> None:
    keys = "travel: true, tell-customer: true, contact: boss@customer.test}"
    people = "    people: [{address: boss@customer.test, language: ro}]\n"
    customers = FILES["customers.yaml"].replace("travel: true}", keys).replace("    contracts:\n", f"{people}    contracts:\n", 1)
    with a_desk(tmp_path, rules=FILES | {"customers.yaml": customers}) as desk:
        desk.feed(a_mail())
        by_agent(desk, "#time 9h repaired")
        desk.app.jobs.keep_hours()
        (mail,) = [one for one in desk.promises(Audience.CUSTOMER, "hours") if one.recipient == "boss@customer.test"]
        assert mail.language == "ro"
