"""Changed rules are taken all at once or not at all; what is wrong is mailed once, shown, and survived, also over a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbridge.errors import ConfigError
from mailbridge.jobs.reload import STATE_KEY
from mailbridge.notifications.model import Audience
from tests.harness import RULES, TestDesk, a_desk, a_mail

FILE = "routing/10-network.yaml"
BROKEN = "- name: vpn\n  wen: {}\n  then: {team: network}\n"
OTHER = RULES[FILE].replace("team: network", "team: support")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path) as made:
        made.app.policy()
        yield made


def write(desk: TestDesk, text: str) -> None:
    (desk.app.config.folder / "rules" / FILE).write_text(text)


def team_of_a_vpn_mail(desk: TestDesk, number: int) -> str:
    done = desk.feed(a_mail(subject="vpn", message_id=f"<{number}@customer.test>"))
    assert done.result.ticket is not None
    return desk.ticket(done.result.ticket).team


def test_a_changed_file_is_taken_once_it_is_left_alone(desk: TestDesk) -> None:
    write(desk, OTHER)
    desk.app.rules.refresh()
    assert team_of_a_vpn_mail(desk, 1) == "network", "it may still be written"

    desk.app.rules.refresh()

    assert team_of_a_vpn_mail(desk, 2) == "support"


def test_a_hang_up_does_not_wait(desk: TestDesk) -> None:
    write(desk, OTHER)
    desk.app.rules.refresh(at_once=True)

    assert team_of_a_vpn_mail(desk, 1) == "support"


def test_broken_files_change_nothing_and_are_mailed_once(desk: TestDesk) -> None:
    before = desk.app.policy().version
    write(desk, BROKEN)
    (desk.app.config.folder / "rules" / "teams.yaml").write_text(RULES["teams.yaml"] + "unknown: 1\n")
    for _ in range(3):
        desk.app.rules.refresh(at_once=True)

    assert desk.app.policy().version == before
    (told,) = desk.promises(Audience.ADMIN, "rules_broken")
    problems = dict(told.values)["problems"]
    assert 'rules/routing/10-network.yaml:2:3: unknown key "wen" in a rule' in problems
    assert 'unknown key "unknown" in teams.yaml' in problems, "every mistake in one mail"
    with desk.app.store.read() as tx:
        assert tx.state.get(STATE_KEY)["version"] == before
        assert len(tx.state.get(STATE_KEY)["problems"]) == len(problems.splitlines())


def test_a_repaired_file_is_taken_and_the_trouble_is_over(desk: TestDesk) -> None:
    write(desk, BROKEN)
    desk.app.rules.refresh(at_once=True)
    write(desk, OTHER)
    desk.app.rules.refresh(at_once=True)

    assert desk.app.rules.broken is None
    with desk.app.store.read() as tx:
        assert tx.state.get(STATE_KEY)["problems"] == []
    assert team_of_a_vpn_mail(desk, 1) == "support"


def test_a_desk_started_with_broken_rules_goes_on_with_the_last_good_ones(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        good = desk.app.policy().version
        write(desk, BROKEN)

    with a_desk(tmp_path) as again:
        assert again.app.policy().version == good
        assert team_of_a_vpn_mail(again, 1) == "network"
        assert len(again.promises(Audience.ADMIN, "rules_broken")) == 1
        with again.app.store.read() as tx:
            assert tx.state.get(STATE_KEY)["problems"]

    with a_desk(tmp_path) as third:
        third.app.policy()
        assert len(third.promises(Audience.ADMIN, "rules_broken")) == 1, "the same mistakes are mailed once"


def test_a_desk_that_never_ran_does_not_start_with_broken_rules(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=RULES | {FILE: BROKEN}) as desk, pytest.raises(ConfigError):
        desk.app.policy()


def test_a_template_that_is_not_there_is_refused_by_the_running_desk_too(desk: TestDesk) -> None:
    write(desk, RULES[FILE].replace("priority: high", "reply: recieved"))
    desk.app.rules.refresh(at_once=True)

    assert desk.app.rules.broken is not None
    assert [problem.message for problem in desk.app.rules.broken.problems] == ['unknown template "recieved"']
