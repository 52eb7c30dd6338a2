"""Reports by schedule, by mail and by command have the same numbers; each comes once, says nothing of nothing, and is ended by a mail."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.notifications.payloads.reports import Report, ReportSection
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

TEAMS = """
default: support
hours: {office: {zone: Europe/Bucharest, week: {mon-fri: "09:00-17:00"}, holidays: {dates: [2026-12-07]}}}
teams:
  support: {title: Support, members: [bogdan], managers: [mara], hours: office, unclaimed-after: never}
  payroll: {title: Payroll, members: [pia], hours: office, outsiders: nothing, unclaimed-after: never}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test, digest: never}
  mara: {title: Mara Lind, address: mara@desk.test, digest: never}
  pia: {title: Pia Roth, address: pia@desk.test, digest: never}
  boss: {title: Big Boss, address: boss@desk.test, role: manager, hours: office, digest: never}
"""
REPORTS = """
reports:
  weekly: {report: week, to: leads, at: "08:00", days: mon, csv: true}
  queue: {report: queue, teams: [support], to: [mara], at: "07:30", days: mon-fri}
  mine: {report: me, to: members, days: fri, at: "16:00"}
  customers: {report: customers, to: responsible, days: mon}
"""
FILES = RULES | {
    "teams.yaml": TEAMS,
    "reports.yaml": REPORTS,
    "sla.yaml": "targets: {normal: {response: 1h}}\n",
    "customers.yaml": "customers: {acme: {title: Acme SRL, domains: [customer.test], responsible: bogdan}}\n",
    "routing/10-network.yaml": "- {name: salaries, when: {header: {subject: {contains: salary}}}, then: {team: payroll}}\n",
}
WEDNESDAY = datetime(2026, 11, 25, 8, tzinfo=UTC)  # 10:00 in Bucharest
MONDAY = datetime(2026, 11, 30, 6, tzinfo=UTC)  # 8:00 in Bucharest


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules=FILES) as made:
        made.clock.time = WEDNESDAY
        yield made


def ask(desk: TestDesk, subject: str, sender: str = "carol@customer.test") -> None:
    raw = a_mail(from_=sender, subject=subject, message_id=f"<{subject.replace(' ', '-')}@customer.test>")
    desk.feed(proven(raw, sender.partition("@")[2]), mail_from=sender)


def a_week(desk: TestDesk) -> None:
    """Two requests of Carol, one of them answered in time and closed, one answered by nobody; one for payroll; 90 minutes of work."""
    ask(desk, "Printer")
    ask(desk, "Scanner")
    ask(desk, "My salary")
    desk.pass_time(minutes=20)
    by(desk, "bogdan", "#take\n#time 1h30m\n#close\n\nIt works again.", 1)


def by(desk: TestDesk, agent: str, text: str, ticket: int | None = None, subject: str = "hi") -> None:
    desk.pass_time(seconds=7)
    at = desk.clock.now().timestamp()
    to = next(one.reply_to for one in desk.promises(event="new") if one.ticket == ticket) if ticket else "support@desk.test"
    raw = a_mail(text, from_=f"{agent}@desk.test", to=to, subject=subject, message_id=f"<{agent}{at}@desk.test>")
    desk.feed(proven(raw), mail_from=f"{agent}@desk.test", rcpt_to=(to,))


def tick(desk: TestDesk, at: datetime) -> int:
    desk.clock.time = at
    return desk.app.jobs.notify_reports()


def sent_to(desk: TestDesk, agent: str) -> list[Message]:
    desk.deliver()
    return [mail for mail in desk.sent() if f"{agent}@desk.test" in str(mail["To"])]


def latest(desk: TestDesk, agent: str) -> str:
    """The text of the latest mail to this agent."""
    return text(sent_to(desk, agent)[-1])


def text(mail: Message) -> str:
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    return " ".join(body.get_content().split())


def rows(report: Report, section: ReportSection) -> list[tuple[str, int, int | None]]:
    return [(row.label, row.number, row.other) for row in report.rows if row.section is section]


def asked(desk: TestDesk, agent: str, line: str) -> Report:
    by(desk, agent, line)
    payload = next(one for one in reversed(desk.promises(event="team_report")) if one.recipient == f"{agent}@desk.test").payload
    assert isinstance(payload, Report)
    return payload


# --- by schedule


def test_the_week_of_a_team_comes_on_monday_to_its_leads_with_numbers_bars_and_a_file(desk: TestDesk) -> None:
    a_week(desk)
    assert tick(desk, MONDAY - timedelta(minutes=31)) == 0
    assert tick(desk, MONDAY) == 3  # weekly and queue for mara, customers for bogdan
    (weekly,) = [mail for mail in sent_to(desk, "mara") if ": Support, " in str(mail["Subject"])]

    said = text(weekly)
    assert "23 Nov 2026 to 29 Nov 2026: 2 new, 1 closed, 1 open now." in said
    assert "25 Nov 2026: ██████████ 2 new, 1 closed" in said
    assert "first answer: █████ 1 of 2" in said
    assert "MB-2 Scanner: first answer" in said
    assert "nobody took it" in said
    assert "Bogdan Ionescu: ██████████ 1 h 30 min" in said
    assert "Acme SRL: ██████████ 2" in said
    assert "salary" not in said

    (file,) = [part for part in weekly.walk() if part.get_filename()]
    assert (file.get_filename(), file.get_content_type()) == ("weekly-2026-11-23.csv", "text/csv")
    table = list(csv.DictReader(io.StringIO(file.get_payload(decode=True).decode())))  # type: ignore[union-attr]
    assert {row["label"]: row["number"] for row in table if row["section"] == "total"} == {"came": "2", "closed": "1", "open": "1"}


def test_each_comes_once_also_after_a_downtime_and_not_on_a_day_off(desk: TestDesk) -> None:
    a_week(desk)
    assert tick(desk, MONDAY) == 3
    assert [tick(desk, MONDAY + timedelta(minutes=minutes)) for minutes in (1, 60, 600)] == [0, 0, 0]
    # A week without the daemon; Monday 7 December is a holiday, so what was due then comes on Tuesday, once.
    assert tick(desk, MONDAY + timedelta(days=7)) == 0
    assert tick(desk, MONDAY + timedelta(days=8)) == 3
    assert tick(desk, MONDAY + timedelta(days=8, hours=1)) == 0


def test_nothing_is_sent_where_there_is_nothing(desk: TestDesk) -> None:
    assert tick(desk, MONDAY) == 0
    ask(desk, "Printer")
    assert tick(desk, MONDAY + timedelta(hours=1)) == 0  # the day is decided


def test_customers_of_the_person_responsible(desk: TestDesk) -> None:
    a_week(desk)
    tick(desk, MONDAY)
    assert "Acme SRL: ██████████ 1 open, 2 new" in latest(desk, "bogdan")


# --- by mail


def test_a_team_by_mail_and_who_may_see_what(desk: TestDesk) -> None:
    a_week(desk)
    of_lead = asked(desk, "mara", "#report team this week")
    assert (of_lead.came, of_lead.closed, of_lead.open) == (2, 1, 1)
    assert rows(of_lead, ReportSection.HOURS) == [("Bogdan Ionescu", 90, 90)]
    assert rows(asked(desk, "bogdan", "#report team"), ReportSection.HOURS) == []  # the hours of others are for managers

    of_other = asked(desk, "mara", "#report team payroll")
    assert (of_other.is_empty, of_other.hidden) == (True, "Payroll")
    assert asked(desk, "pia", "#report team payroll").came == 1
    assert asked(desk, "boss", "#report team payroll support").came == 3
    assert asked(desk, "boss", "#report team weekly").came == 0


def test_queue_me_and_customers_by_mail(desk: TestDesk) -> None:
    a_week(desk)
    desk.pass_time(hours=2)
    assert rows(asked(desk, "mara", "#report queue"), ReportSection.TEAMS) == [("Support", 1, 1)]
    own = asked(desk, "bogdan", "#report me")
    assert own.last <= desk.clock.time.date()  # the days until today
    assert (own.came, own.closed, own.open, rows(own, ReportSection.HOURS)) == (1, 1, 0, [("Bogdan Ionescu", 90, 90)])
    assert asked(desk, "bogdan", "#raport clienți").open == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("#report tema", "#report team"),
        ("#report team suport", "#report team support"),
        ("#report queue paroll", "#report queue payroll"),
        ("#report bogdn", "#report bogdan"),
        ("#report again weekli", "#report again weekly"),
    ],
)
def test_a_word_that_nobody_knows_gets_the_one_that_is_meant(desk: TestDesk, line: str, says: str) -> None:
    by(desk, "mara", line)
    assert says in latest(desk, "mara")
    assert desk.promises(event="team_report") == desk.promises(event="report") == []


# --- ended


def test_a_mail_to_the_address_in_the_header_ends_it_for_this_person(desk: TestDesk) -> None:
    a_week(desk)
    tick(desk, MONDAY)
    (weekly,) = [mail for mail in sent_to(desk, "mara") if ": Support, " in str(mail["Subject"])]
    header = str(weekly["List-Unsubscribe"])
    assert header.startswith("<mailto:support%2Bmb")
    assert "List-Unsubscribe-Post" not in weekly
    to = header.removeprefix("<mailto:").partition("?")[0].replace("%2B", "+")

    forged = to.replace(".u.", ".u.a", 1)[: len(to)]
    for address, ends in ((forged, False), (to, True), (to, True)):
        before = len(desk.tickets())
        stop = a_mail("", from_="someone@provider.test", to=address, subject="unsubscribe", auto_submitted="auto-generated",
                      message_id=f"<{address}{before}@provider.test>")  # fmt: skip
        desk.feed(stop, mail_from="someone@provider.test", rcpt_to=(address,))
        assert ends == ("You no longer get the report “weekly”" in latest(desk, "mara"))
    assert len(desk.promises(event="unsubscribed")) == 1

    later = MONDAY + timedelta(days=8)
    tick(desk, later)
    assert [one.recipient for one in desk.promises(event="team_report")].count("mara@desk.test") == 3  # queue comes on

    by(desk, "mara", "#report again weekly")
    assert "You get the report “weekly” again." in latest(desk, "mara")
    assert tick(desk, later + timedelta(hours=2)) == 1


def test_ratings_are_in_the_week_and_a_digest_ends_as_the_agent_could_wish_it(tmp_path: Path) -> None:
    teams = TEAMS.replace("bogdan@desk.test, digest: never", 'bogdan@desk.test, digest: "08:30"')
    with a_desk(tmp_path, rules=FILES | {"teams.yaml": teams}) as desk:
        desk.clock.time = WEDNESDAY
        a_week(desk)
        with desk.app.store.write() as tx:
            for ticket, grade in ((1, 5), (2, 2)):
                tx.ratings.set(ticket, team="support", agent="bogdan", grade=grade, at=WEDNESDAY)
        (rated,) = [row for row in asked(desk, "mara", "#report team").rows if row.section is ReportSection.RATINGS]
        assert (rated.label, rated.number, rated.other, rated.detail) == ("Support", 2, 1, "3.5")

        ask(desk, "Plotter")
        by(desk, "bogdan", "#take", 4)
        desk.clock.time = MONDAY + timedelta(hours=1)
        assert desk.app.jobs.notify_digests() == 1
        digest = sent_to(desk, "bogdan")[-1]
        to = str(digest["List-Unsubscribe"]).removeprefix("<mailto:").partition("?")[0].replace("%2B", "+")
        desk.feed(a_mail("", from_="bogdan@desk.test", to=to, message_id="<stop@desk.test>"), rcpt_to=(to,))
        assert "#digest daily" in latest(desk, "bogdan")
        desk.clock.time = MONDAY + timedelta(days=1, hours=1)
        assert desk.app.jobs.notify_digests() == 0
        by(desk, "bogdan", "#digest daily")
        assert desk.app.jobs.notify_digests() == 1


def test_mails_about_tickets_have_no_such_header(desk: TestDesk) -> None:
    a_week(desk)
    desk.deliver()
    assert not [mail["Subject"] for mail in desk.sent() if mail["List-Unsubscribe"]]


# --- by command


CONFIGURATION = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[store]
url = "sqlite:///mailbridge.db"
[outgoing]
url = "maildir:outgoing"
"""


def test_the_commands_print_the_same_numbers(desk: TestDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk.clock.time = datetime.now(UTC)
    ask(desk, "Printer")
    (tmp_path / "mailbridge.toml").write_text(CONFIGURATION)
    capsys.readouterr()

    def run(*words: str) -> str:
        assert main(["report", *words, "--desk", str(tmp_path)]) == exits.OK
        return capsys.readouterr().out

    told = json.loads(run("team", "support", "--json"))
    assert (told["who"], told["came"], told["open"]) == ("Support", 1, 1)
    assert [row["label"] for row in told["rows"] if row["section"] == "senders"] == ["Acme SRL"]
    assert "senders,Acme SRL,1" in run("team", "--csv")
    assert "Support" in run("queue")
    assert json.loads(run("customers", "bogdan", "--json"))["open"] == 1
    assert json.loads(run("agent", "bogdan", "--json"))["open"] == 0
    assert [row["name"] for row in json.loads(run("schedules", "--json"))] == ["digest", "weekly", "queue", "mine", "customers"]
    assert "weekly" in run("schedules")
