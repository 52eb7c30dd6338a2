"""`mailbridge rota`: exact output for a small desk, at fixed moments; and what teams.yaml becomes."""

from __future__ import annotations

import json
from datetime import date, time
from pathlib import Path

import pytest

from mailbridge.cli.main import main
from mailbridge.cli.policy import policy_of
from mailbridge.organisation.model import TeamAudience
from mailbridge.organisation.people import Absence, Consultant, EscalationChain, EscalationStep, OnCallSchedule, Swap

TEAMS = """
default: network
teams:
  network:
    title: Network
    members: [eva, dan, zoe, old]
    hours: office
    told: on-duty
    rota:
      rotation: [eva, dan]
      start: 2026-11-02
      swaps:
        - {week: 2026-W50, agent: eva}
        - {from: 2026-12-24, to: 2026-12-26, agent: zoe}
  emea: {members: [eva], hours: office}
  apac: {members: [zoe], hours: tokyo}
  world: {title: World, follow: [emea, apac]}
agents:
  eva: {title: Eva Lindner, address: eva@desk.test, skills: {network: 3, windows: 1}}
  dan:
    title: Dan Pop
    address: dan@desk.test
    skills: network
    absences: [{from: 2026-11-11, to: 2026-11-12, deputy: zoe}, {from: 2027-01-01, to: 2027-01-03}]
  zoe: {title: Zoe Park, address: zoe@desk.test, hours: late, zone: Asia/Seoul}
  old: {title: Old Hand, address: old@desk.test, active: false}
hours:
  office: {zone: Europe/Bucharest, week: {mon-fri: "09:00-17:00"}}
  tokyo: {zone: Asia/Tokyo, week: {mon-fri: "09:00-17:00"}}
  late: {zone: UTC, week: {mon-fri: "12:00-20:00"}}
consultants:
  petra: {title: Petra Klein, address: petra@maker.test, language: de}
escalations:
  outage: [{skill: network, level: 2}, {team: emea}, {agent: eva}, {consultant: petra}]
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "teams.yaml").write_text(TEAMS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["rota", *arguments]) == 0
    return capsys.readouterr().out


def test_the_file_becomes_the_desks_own_values(desk: Path) -> None:
    organisation = policy_of(desk).organisation
    eva, dan, zoe = (organisation.agents[name] for name in ("eva", "dan", "zoe"))
    network = organisation.teams["network"]

    assert (eva.skills, eva.level_of("network"), eva.level_of("windows"), eva.level_of("printers")) == (("network", "windows"), 3, 1, 0)
    assert dan.level_of("network") == 1
    assert dan.absences == (
        Absence(first=date(2026, 11, 11), last=date(2026, 11, 12), deputy="zoe"),
        Absence(first=date(2027, 1, 1), last=date(2027, 1, 3)),
    )
    assert zoe.calendar is not None
    assert (zoe.calendar.name, zoe.zone, eva.calendar) == ("late", "Asia/Seoul", None)
    assert network.told is TeamAudience.ON_DUTY
    assert network.on_call == OnCallSchedule(
        agents=("eva", "dan"),
        start=date(2026, 11, 2),
        days=7,
        change=time(9),
        zone="Europe/Bucharest",
        swaps=(
            Swap(first=date(2026, 12, 7), last=date(2026, 12, 13), agent="eva"),
            Swap(first=date(2026, 12, 24), last=date(2026, 12, 26), agent="zoe"),
        ),
    )
    assert (organisation.teams["world"].follow, organisation.teams["world"].members) == (("emea", "apac"), ("eva", "zoe"))
    assert organisation.consultants == {"petra": Consultant(name="petra", title="Petra Klein", address="petra@maker.test", language="de")}
    assert organisation.chains == {
        "outage": EscalationChain(
            name="outage",
            steps=(
                EscalationStep(skill="network", level=2),
                EscalationStep(team="emea"),
                EscalationStep(agent="eva"),
                EscalationStep(consultant="petra"),
            ),
        )
    }


def test_who_is_on_duty_and_who_is_away_and_why(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "network", "--at", "2026-11-11T10:00", "--weeks", "5") == (
        "Network, Wed 2026-11-11 10:00 (Europe/Bucharest)\n"
        "on duty: zoe until Fri 2026-11-13 00:00, for dan, who is away\n"
        "agent  name         is        until\n"
        "eva    Eva Lindner  at work   Wed 2026-11-11 17:00\n"
        "dan    Dan Pop      away      Fri 2026-11-13 00:00  2026-11-11 to 2026-11-12, zoe stands in\n"
        "zoe    Zoe Park     at work   Wed 2026-11-11 13:00\n"
        "old    Old Hand     inactive\n"
        "\n"
        "week      from                  on duty\n"
        "2026-W46  Wed 2026-11-11 00:00  zoe      for dan, who is away\n"
        "2026-W46  Fri 2026-11-13 00:00  dan\n"
        "2026-W47  Mon 2026-11-16 09:00  eva\n"
        "2026-W48  Mon 2026-11-23 09:00  dan\n"
        "2026-W49  Mon 2026-11-30 09:00  eva\n"
        "2026-W50  Mon 2026-12-07 09:00  eva      by a swap\n"
        "2026-W51  Mon 2026-12-14 09:00  eva\n"
    )


def test_who_will_be_away_is_told_as_far_ahead_as_was_asked(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "dan will be away 2026-11-11 to 2026-11-12, deputy zoe\n"

    assert said in output(capsys, "network", "--at", "2026-11-04T10:00", "--weeks", "1")
    assert "will be away" not in output(capsys, "network", "--at", "2026-11-03T10:00", "--weeks", "1")
    assert "will be away" not in output(capsys, "network", "--at", "2026-11-11T00:00", "--weeks", "1")
    told = json.loads(output(capsys, "network", "--at", "2026-12-31T10:00", "--json"))
    assert told["coming"] == [{"agent": "dan", "from": "2027-01-01", "to": "2027-01-03", "deputy": None}]


def test_before_the_rota_begins_nobody_is_on_duty(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "network", "--at", "2026-10-31T10:00", "--weeks", "0").splitlines()

    assert lines[1] == "on duty: nobody until Mon 2026-11-02 09:00, the rota has not begun"
    assert lines[3].split() == ["eva", "Eva", "Lindner", "off", "Mon", "2026-11-02", "09:00"]


def test_the_same_for_programs(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(output(capsys, "network", "--at", "2026-12-25T12:00:00+00:00", "--json", "--weeks", "0"))

    assert told["on_duty"] == {
        "begins": "2026-12-24T07:00:00+00:00", "ends": "2026-12-27T07:00:00+00:00", "agent": "zoe", "named": "zoe", "swapped": True,
    }  # fmt: skip
    assert [(member["agent"], member["state"]) for member in told["members"]] == [
        ("eva", "at work"), ("dan", "at work"), ("zoe", "off"), ("old", "inactive"),
    ]  # fmt: skip
    assert told["turns"] == []


def test_a_team_that_follows_the_sun_shows_its_regions(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "world", "--at", "2026-11-11T10:00+00:00", "--weeks", "0") == (
        "World, Wed 2026-11-11 12:00 (Europe/Bucharest)\n"
        "with emea until Thu 2026-11-12 02:00, then apac\n"
        "region  is   hands over\n"
        "emea    on   Thu 2026-11-12 02:00 (Europe/Bucharest)\n"
        "apac    off\n"
    )
    told = json.loads(output(capsys, "world", "--at", "2026-11-11T10:00+00:00", "--json"))
    assert (told["region"], told["hands_over_at"], told["to"], told["on"]) == ("emea", "2026-11-12T00:00:00+00:00", "apac", ["emea"])


def test_the_hours_in_which_nobody_works_are_listed(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = output(capsys, "world", "--at", "2026-11-11T10:00+00:00", "--weeks", "1").splitlines()
    told = json.loads(output(capsys, "world", "--at", "2026-11-11T10:00+00:00", "--weeks", "1", "--json"))

    head = shown.index("nobody works from     to")
    assert shown[head + 1] == "Wed 2026-11-11 15:00  Thu 2026-11-12 03:00  12 h"
    assert told["uncovered"][0] == {"from": "2026-11-11T15:00:00+00:00", "to": "2026-11-12T03:00:00+00:00"}
    assert len(told["uncovered"]) == len(shown) - head - 1



@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["netwrok"], 1, 'there is no team "netwrok"; did you mean "network"?'),
        (["network", "--at", "tomorrow"], 2, '"tomorrow" is not a date and time'),
    ],
)
def test_what_is_not_there_is_said(
    desk: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert main(["rota", *arguments]) == code
    assert words in capsys.readouterr().err
