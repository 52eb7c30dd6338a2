"""The monthly statement of an hour bank: sent once, on the first working day, in the language of its recipient, if anything happened."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.message import EmailMessage, Message
from pathlib import Path

import pytest

from mailbridge.execution.hour_entries import add_by_hand
from mailbridge.jobs import statements
from mailbridge.tickets.hours.ledger import EntryKind
from mailbridge.tickets.hours.planning import banks_of
from tests.harness import RULES, TestDesk, a_desk

CONTACT = "boss@customer.test"
CUSTOMERS = """
customers:
  acme:
    title: Acme Ltd
    domains: [customer.test]
    language: LANGUAGE
    responsible: bogdan
    contracts:
      gold: {since: 2026-11-01, calendar: office, hours: {every: month, grant: 10h, statement: monthly, CONTACT}}
      blocks:
        since: 2026-10-01
        hours: {statement: monthly, blocks: [{name: B1, hours: 5h, since: 2026-10-01}]}
"""
OFFICE = 'hours: {office: {zone: Europe/Bucharest, week: {mon-fri: "09:00-18:00"}}}\n'


def files(language: str = "en", contact: str = f"contact: {CONTACT}") -> dict[str, str]:
    customers = CUSTOMERS.replace("LANGUAGE", language).replace("CONTACT", contact).replace(", }", "}")
    return RULES | {"teams.yaml": RULES["teams.yaml"] + OFFICE, "customers.yaml": customers}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store_url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_store_url"))


def tick(desk: TestDesk, day: date, hour: int, minute: int = 0) -> int:
    """The number of statements that the job sends at this time (UTC)."""
    desk.clock.time = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    return desk.app.jobs.send_statements()


def adjust(desk: TestDesk, minutes: int, day: date) -> None:
    bank = next(one for one in banks_of(desk.app.desk().policy.rules.customers.by_name["acme"]) if one.name == "gold")
    with desk.app.store.write() as tx:
        add_by_hand(tx, bank, EntryKind.ADJUST, minutes * 60, day, desk.clock.now(), reason="=goodwill", by="admin")


def recipients(desk: TestDesk) -> list[str]:
    return [one.recipient for one in desk.promises(event="statement")]


def part(mail: Message, kind: str) -> str:
    assert isinstance(mail, EmailMessage)
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def attached(mail: Message) -> EmailMessage:
    assert isinstance(mail, EmailMessage)
    (file,) = mail.iter_attachments()
    assert isinstance(file, EmailMessage)
    return file


def test_a_month_is_sent_once_when_the_first_working_day_begins_also_after_a_restart(tmp_path: Path, store_url: str) -> None:
    with a_desk(tmp_path, rules=files(), store_url=store_url) as desk:
        assert tick(desk, date(2026, 11, 23), 9) == 0
        adjust(desk, -90, date(2026, 11, 24))
        assert tick(desk, date(2026, 12, 1), 6, 59) == 0
        assert tick(desk, date(2026, 12, 1), 7) == 1  # nothing happened in the bank of blocks
        assert tick(desk, date(2026, 12, 1), 8) == 0
        (mail,) = desk.deliver()
    with a_desk(tmp_path, rules=files(), store_url=store_url) as desk:
        assert [tick(desk, date(2026, 12, day), 9) for day in (1, 2, 31)] == [0, 0, 0]
        assert recipients(desk) == [CONTACT]
        assert tick(desk, date(2027, 2, 1), 9) == 1  # the daemon did not run in January: both months are one mail
        assert [row.split("\t")[0] for row in _rows(desk)] == ["2026-12", "2027-01"]

    assert mail["Subject"] == "Acme Support: statement of hours, gold"
    lines = [line.split() for line in part(mail, "plain").splitlines()]
    assert ["Month", "Granted", "Used", "Expired", "Adjusted", "Left"] in lines
    assert ["2026-11", "10:00", "0:00", "8:30", "-1:30", "0:00"] in lines
    assert "Expired: 8:30 · Adjusted: -1:30" in part(mail, "html").replace("\n", "")
    assert attached(mail).get_filename() == "hours-2026-11.csv"
    assert "acme,gold,2026-11-24,adjust,hand,-1:30,8:30,,admin,'=goodwill\n" in attached(mail).get_content().replace("\r\n", "\n")


def _rows(desk: TestDesk) -> list[str]:
    rows = desk.promises(event="statement")[-1].values["rows"]
    assert isinstance(rows, tuple)
    return [f"{row.month}\t{row.left}" for row in rows]


def test_a_weekend_is_no_working_day_and_a_new_key_begins_with_the_next_month(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=files()) as desk:
        assert tick(desk, date(2027, 4, 20), 9) == 0  # March is not sent: the key is new
        assert [tick(desk, date(2027, 5, day), 9) for day in (1, 2)] == [0, 0]
        assert tick(desk, date(2027, 5, 3), 5, 59) == 0
        assert tick(desk, date(2027, 5, 3), 6) == 1


def test_without_a_contact_it_goes_to_the_responsible_agent(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=files(contact="")) as desk:
        tick(desk, date(2026, 11, 23), 9)
        assert tick(desk, date(2026, 12, 1), 9) == 1
        assert recipients(desk) == ["bogdan@desk.test"]


def test_a_statement_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_desk(tmp_path, rules=files()) as desk:
        desk.jobs_may_fail = True
        tick(desk, date(2026, 11, 23), 9)
        with monkeypatch.context() as broken:
            broken.setattr(statements, "statement_mail", lambda *_: 1 / 0)
            assert tick(desk, date(2026, 12, 1), 9) == 0
        assert tick(desk, date(2026, 12, 1), 9) == 0  # it waits for its next attempt
        assert tick(desk, date(2026, 12, 2), 9) == 1


@pytest.mark.parametrize(
    ("language", "subject", "left"),
    [("ro", "situația orelor, gold", "Rămase"), ("ru", "отчёт о часах, gold", "Остаток")],
)
def test_it_is_in_the_language_of_the_recipient(tmp_path: Path, language: str, subject: str, left: str) -> None:
    with a_desk(tmp_path, rules=files(language)) as desk:
        tick(desk, date(2026, 11, 23), 9)
        tick(desk, date(2026, 12, 1), 9)
        (mail,) = desk.deliver()
        assert mail["Subject"] == f"Acme Support: {subject}"
        assert left in part(mail, "plain")
