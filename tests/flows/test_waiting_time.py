"""The acknowledgement says how long the first answer usually takes, from the desk's own tickets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

TEAMS = """
hours: {office: {zone: Europe/Bucharest, week: {mon-fri: "09:00-17:00"}}}
teams:
  support: {title: Support, members: [bogdan], hours: office%s}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
default: support
"""
FILES = RULES | {"teams.yaml": TEAMS % "", "routing/10-network.yaml": "[]\n", "sla.yaml": "targets: {normal: {response: 4h}}\n"}
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 10:00 in Bucharest


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES) as made:
        made.clock.time = MONDAY
        yield made


def ask(desk: TestDesk, number: int, body: str = "It does not work.", *, prove: bool = True) -> str:
    """The text of the acknowledgement of a new request."""
    sender = f"c{number}@customer.test"
    raw = a_mail(body, from_=sender, subject=f"Printer {number}", message_id=f"<{number}@customer.test>")
    desk.feed(proven(raw, "customer.test") if prove else raw, mail_from=sender)
    desk.deliver()
    mail = next(one for one in reversed(desk.sent()) if sender in str(one["To"]))
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    assert body is not None
    return " ".join(body.get_content().split())


def answer(desk: TestDesk, ticket: int) -> None:
    news = next(one for one in desk.promises(event="new") if one.ticket == ticket)
    raw = a_mail("Please restart it.", from_="bogdan@desk.test", to=news.reply_to, message_id=f"<a{ticket}@desk.test>")
    desk.feed(proven(raw), mail_from="bogdan@desk.test", rcpt_to=(news.reply_to,))


def twenty(desk: TestDesk) -> None:
    """Twenty requests of ten o'clock, answered at 12:10."""
    for number in range(1, 21):
        ask(desk, number)
    desk.pass_time(minutes=130)
    for number in range(1, 21):
        answer(desk, number)
    desk.app.jobs.measure_waiting()
    desk.pass_time(minutes=2)


def test_nothing_is_said_before_twenty_were_answered(desk: TestDesk) -> None:
    assert "usually" not in ask(desk, 1)
    answer(desk, 1)
    desk.app.jobs.measure_waiting()
    desk.pass_time(minutes=2)
    assert "usually" not in ask(desk, 2)


def test_it_is_said_to_proven_and_unproven_writers_also_at_night(tmp_path: Path, store_url: str) -> None:
    with a_desk(tmp_path, store_url=store_url, rules=FILES) as desk:
        desk.clock.time = MONDAY
        _said_to_both(desk)


def _said_to_both(desk: TestDesk) -> None:
    twenty(desk)
    desk.clock.time = MONDAY.replace(hour=23)
    desk.app.jobs.measure_waiting()

    assert "We usually answer within 3 working hours." in ask(desk, 30)
    unproven = ask(desk, 31, prove=False)
    assert "We usually answer within 3 working hours." in unproven
    assert "Printer" not in unproven


def test_a_team_that_falls_behind_says_so_and_names_no_time(desk: TestDesk) -> None:
    twenty(desk)
    for number in range(40, 52):
        ask(desk, number)
    desk.app.jobs.measure_waiting()
    desk.pass_time(minutes=2)

    said = ask(desk, 60)
    assert "we receive more requests than we can answer as quickly as usual" in said
    assert "usually answer" not in said


def test_a_team_can_keep_it_for_itself_and_old_results_are_not_said(desk: TestDesk) -> None:
    twenty(desk)
    assert "usually" in ask(desk, 30)
    desk.pass_time(hours=7)
    assert "usually" not in ask(desk, 31)

    (desk.app.config.folder / "rules" / "teams.yaml").write_text(TEAMS % ", waiting-time: false")
    desk.app.rules.refresh(at_once=True)
    desk.app.jobs.measure_waiting()
    desk.pass_time(minutes=2)
    assert "usually" not in ask(desk, 32)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("Imprimanta nu mai tipărește nimic de azi. Vă rugăm, ajutați-ne.", "De obicei răspundem în cel mult 3 ore lucrătoare."),
        ("С утра принтер ничего не печатает. Помогите, пожалуйста.", "Обычно мы отвечаем в течение 3 рабочих часов."),
    ],
)
def test_the_words_in_each_language(tmp_path: Path, body: str, says: str) -> None:
    with a_desk(tmp_path, rules=FILES) as desk:
        desk.clock.time = MONDAY
        twenty(desk)
        assert says in ask(desk, 30, body)
