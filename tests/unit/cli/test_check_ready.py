"""`mailbridge check` warns of a desk that can be read and still cannot work."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from mailbridge.cli.check import examine
from mailbridge.cli.check_ready import gathered, is_nobodys, readiness
from mailbridge.cli.init import fresh, fresh_contracts, write_desk
from mailbridge.config import shipped
from mailbridge.config.model import (
    AgentTrust,
    AuthenticitySettings,
    Config,
    DeskSettings,
    ListenerSettings,
    Mailbox,
    Outgoing,
    Pipe,
    SenderCheck,
    Trust,
)
from mailbridge.config.toml import read
from mailbridge.errors import Problem
from mailbridge.message.profiles import Profile
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.sla.calendar import Calendar

READY = Config(
    folder=Path("/nowhere"),
    desk=DeskSettings(name="D", address="support@real.com", admins=("you@real.com",)),
    mailboxes=(Mailbox(name="main", host="imap.real.com"),),
    outgoing=Outgoing(url="smtp://mail.real.com:587"),
)
PEOPLE = Organisation(agents={"ann": Agent(name="ann", title="Ann", address="ann@real.com")})
SAMPLES = Organisation(agents={"eva": Agent(name="eva", title="Eva", address="eva@agents.demo.example")})
OPEN = ListenerSettings(protocol="lmtp")
TRUSTED = ListenerSettings(protocol="lmtp", trusted_peers=("127.0.0.1",), trust=Trust(profile=Profile.POSTFIX_MILTER))
HEADERS = AuthenticitySettings(check=SenderCheck.HEADERS)


def warnings(config: Config, organisation: Organisation = PEOPLE, files: dict[str, str] | None = None) -> list[str]:
    found = list(readiness(config, organisation, files or {}))
    assert all(one.warning and one.hint for one in found)
    return [one.message for one in found]


def test_a_desk_that_can_work_has_no_warning() -> None:
    assert warnings(READY) == []
    assert warnings(replace(READY, listeners=(TRUSTED,))) == []
    assert warnings(replace(READY, mailboxes=(), pipe=Pipe(trusted=True))) == []


@pytest.mark.parametrize(
    ("config", "organisation", "words"),
    [
        (replace(READY, mailboxes=()), PEOPLE, "no mail comes in"),
        (READY, SAMPLES, "1 sample agent cannot be reached: eva@agents.demo.example"),
        (replace(READY, desk=replace(READY.desk, address="support@demo.example")), PEOPLE, "address support@demo.example is a sample"),
        (replace(READY, desk=replace(READY.desk, admins=())), PEOPLE, "[desk] has no admins"),
        (replace(READY, listeners=(OPEN,)), PEOPLE, "agents whose mail arrives through the LMTP listener 127.0.0.1:2525"),
        (replace(READY, authenticity=HEADERS), PEOPLE, "nothing authenticates agents whose mail arrives through mailbox main"),
    ],
)
def test_what_keeps_a_desk_from_working_is_told(config: Config, organisation: Organisation, words: str) -> None:
    (message,) = warnings(config, organisation)
    assert words in message


def test_hours_of_a_team_around_the_clock_that_nobody_works_are_told() -> None:
    office = Calendar(name="office", hours=(((time(9), time(17)),),) * 5 + ((),) * 2)
    ann = replace(PEOPLE.agents["ann"], calendar=office)
    teams = {name: Team(name=name, title=name, members=("ann",), calendar=hours) for name, hours in (("noc", Calendar()), ("day", office))}
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    (problem,) = readiness(READY, Organisation(agents={"ann": ann}, teams=teams), {}, now=now)

    assert problem.message == 'the team "noc" works around the clock, but in the next four weeks it has nobody on duty for 512 hours'
    assert problem.hint.startswith("Mon 2026-11-23 17:00 to Tue 2026-11-24 09:00, ")
    assert problem.warning


def test_sample_agents_are_fine_while_no_mail_leaves_the_machine() -> None:
    assert warnings(replace(READY, outgoing=Outgoing()), SAMPLES) == []


def test_nothing_of_the_samples_stays_in_a_real_desk_unsaid(tmp_path: Path) -> None:
    """A fresh desk to which somebody gave real servers and nothing else: each kind of sample is named, with the file it is in."""
    write_desk(tmp_path / "desk", name="D", address="support@demo.example")
    config = tmp_path / "desk" / "mailbridge.toml"
    real = 'url = "smtp://mail.real.com:587"\n[pipe]\ntrusted = true\n'
    config.write_text(re.sub(r'url = "maildir:.*\n', real, config.read_text(encoding="utf-8")), encoding="utf-8")

    found = [(one.file, one.message) for one in examine(tmp_path / "desk").problems if "sample" in one.message]

    assert [file for file, _ in found] == ["mailbridge.toml", "rules/customers.yaml", "rules/teams.yaml", "rules/teams.yaml"]
    for word in ("support@demo.example", "1 sample customer: acme", "5 sample agents", "1 sample consultant"):
        assert any(word in message for _, message in found), word


def test_a_demo_trusts_tokens_and_needs_no_server() -> None:
    assert warnings(replace(READY, listeners=(OPEN,), desk=replace(READY.desk, agent_trust=AgentTrust.TOKEN))) == []


@pytest.mark.parametrize(
    ("address", "sample"),
    [("a@demo.example", True), ("a@example.com", True), ("a@mail.example.org", True), ("a@x.test", True), ("a@notexample.com", False)],
)
def test_domains_that_are_nobodys(address: str, sample: bool) -> None:
    assert is_nobodys(address) is sample


def test_the_minute_before_midnight_is_told_where_it_stands() -> None:
    text = 'hours:\n  all-day:\n    week: {mon-sun: "00:00-23:59"}  # not 23:59\n'
    (problem,) = readiness(READY, PEOPLE, {"rules/teams.yaml": text, "rules/a.eml": "1:00-23:59"})
    assert (problem.file, problem.line, problem.column, problem.hint) == ("rules/teams.yaml", 3, 28, "a day ends at 24:00")


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, False), (0o644, True), (0o602, True)])
def test_a_secret_that_everybody_can_read_is_told(tmp_path: Path, mode: int, told: bool) -> None:
    (tmp_path / "imap").write_text("secret")
    (tmp_path / "imap").chmod(mode)
    (tmp_path / "mailbridge.toml").write_text('[[mailbox]]\nname = "m"\npassword_file = "imap"\n[outgoing]\npassword_file = "imap"\n')
    found = [one for one in readiness(replace(READY, folder=tmp_path), PEOPLE, {}) if "secret" in one.message]
    assert [one.hint for one in found] == ([f"chmod 600 {tmp_path / 'imap'}"] if told else [])


def test_the_secrets_of_oauth_logins_are_looked_at_too(tmp_path: Path) -> None:
    for name in ("app", "app.pem", "google.json", "two.pem", "two.key"):
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(0o644)
    (tmp_path / "mailbridge.toml").write_text(
        '[oauth.one]\nclient_secret_file = "app"\n[oauth.two]\ncertificate_file = "app.pem"\n[oauth.three]\n'
        'service_account_file = "google.json"\n[oauth.four]\ncertificate_file = "two.pem"\ncertificate_key_file = "two.key"\n'
    )
    found = [one.hint for one in readiness(replace(READY, folder=tmp_path), PEOPLE, {}) if "secret" in one.message]
    assert found == [f"chmod 600 {tmp_path / name}" for name in ("app", "app.pem", "google.json", "two.key")]


def test_one_typo_in_six_places_is_one_error() -> None:
    usual = Problem(file="rules/a.yaml", line=1, message='unknown team "suport"', hint='did you mean "support"?')
    others = [replace(usual, file="rules/b.yaml", line=line) for line in (2, 4, 6, 8, 10, 12)]
    (one,) = gathered([*others, usual])
    places = ", ".join(f"rules/b.yaml:{line}" for line in (2, 4, 6, 8, 10))
    assert (one.file, one.line, one.message) == ("rules/a.yaml", 1, f'unknown team "suport", also in {places} and 1 more')
    empty = [Problem(file=f"rules/{name}.yaml", message="this file is missing", hint="`mailbridge init` writes one") for name in "ab"]
    assert gathered(empty) == empty


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('[desk]\nadmins = [\n  "a@b.c",\naddress = "a@b.c"\n', (2, 10), "the list that begins here is not closed"),
        ('[[mailbox]]\nx = [["a"], ["b"\n[store]\n', (2, 13), "the list that begins here is not closed"),
        ('a = ["]", "#["]  # [\nb = Acme\n', (2, 5), 'a text stands in quotes: name = "Acme"'),
        ("a = “Acme”\n", (1, 5), 'write straight quotes: "…"'),
        ("a = support@b.c # us\n", (1, 5), 'a text stands in quotes: name = "Acme"'),
    ],
)
def test_slips_in_toml_are_told_where_they_are_with_what_mends_them(text: str, place: tuple[int, int], words: str) -> None:
    (problem,) = read("mailbridge.toml", text)[1]
    assert (problem.line, problem.column) == place, problem
    assert words in problem.message + problem.hint


def test_a_mark_of_windows_editors_before_the_first_line_is_no_mistake(tmp_path: Path) -> None:
    write_desk(tmp_path / "desk", name="D", address="support@real.com")
    for name in ("mailbridge.toml", "rules/teams.yaml"):
        file = tmp_path / "desk" / name
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert [one for one in examine(tmp_path / "desk").problems if not one.warning] == []


@pytest.mark.parametrize(
    ("config", "organisation", "words"),
    [
        (replace(READY, desk=replace(READY.desk, admins=("Support+x@real.com",))), PEOPLE, "Support+x@real.com is an address of the desk"),
        (
            READY,
            Organisation(agents={"ann": Agent(name="ann", title="Ann", address="support@real.com")}),
            "agent ann has an address of the desk",
        ),
    ],
)
def test_the_desk_is_neither_its_admin_nor_its_agent(config: Config, organisation: Organisation, words: str) -> None:
    (message,) = warnings(config, organisation)
    assert words in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[desk]\nname = "Acme\naddress = "a@b.c"\n', (2, 8, 1)),
        ("a = 'x\n", (1, 5, 1)),
        ('# it\'s "fine\nx = """abc\nfoo = 1\n', (2, 5, 3)),
    ],
)
def test_a_quote_that_is_not_closed_is_told_where_it_begins_in_toml(text: str, place: tuple[int, int, int]) -> None:
    (problem,) = read("mailbridge.toml", text)[1]
    assert (problem.line, problem.column, problem.length) == place
    assert problem.message == "not valid TOML: the quote that begins here is not closed"


def test_a_new_desk_has_warnings_and_no_errors(tmp_path: Path) -> None:
    write_desk(tmp_path / "desk", name="D", address="support@demo.example")
    found = examine(tmp_path / "desk").problems
    assert [one for one in found if not one.warning] == []
    assert any("no mail comes in" in one.message for one in found)


def test_the_contracts_of_the_sample_are_in_force(tmp_path: Path) -> None:
    before = (shipped.rules() / "customers.yaml").read_text(encoding="utf-8")
    after = fresh_contracts(before, date(2033, 5, 7))
    since, until = re.findall(r"since: (\S+), until: ([\d-]+)", after)[0]
    assert date.fromisoformat(since) < date(2033, 5, 7) < date.fromisoformat(until)
    assert fresh_contracts(before, date(2026, 11, 30)) == before
    assert fresh_contracts(after, date(2033, 5, 7)) == after


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 11, 30), date(2031, 5, 7)])
def test_the_sample_is_of_the_weeks_to_come(today: date) -> None:
    before = (shipped.rules() / "teams.yaml").read_text(encoding="utf-8")
    after = fresh(before, today)
    day = date.fromisoformat(after.split("absences:")[1].split("to: ")[1][:10])
    assert day > today
    assert day.weekday() == date(2026, 8, 14).weekday()
    assert after.split("holidays:")[1:] == before.split("holidays:")[1:]
    assert fresh(after, today) == after
