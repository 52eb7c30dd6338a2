"""The table [canary]: its alarm needs a host that may be called, or a second server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mailbridge.config.load import load
from mailbridge.config.model import CanarySettings, Config
from mailbridge.errors import ConfigError

DESK = '[desk]\nname = "Acme"\naddress = "support@acme.test"\n'
SERVER = '[[outgoing]]\nname = "main"\nurl = "smtp://mail.acme.test:587"\n[[outgoing]]\nname = "spare"\nurl = "smtp://spare.test:587"\n'
HOOKS = '[webhooks]\nhosts = ["hooks.acme.test"]\nsecret_env = "SECRET"\n'


def read(folder: Path, text: str) -> Config:
    (folder / "mailbridge.toml").write_text(text)
    return load(folder, {"SECRET": "s" * 24})


def test_the_table_without_keys_measures_the_address_of_the_desk(tmp_path: Path) -> None:
    assert read(tmp_path, DESK).canary_addresses == ()
    found = read(tmp_path, f"{DESK}{SERVER}[canary]\n")

    assert (found.canary, found.canary_addresses) == (CanarySettings(), ("support@acme.test",))
    assert read(tmp_path, f"{DESK}shadow = true\n{SERVER}[canary]\n").canary_addresses == ()


def test_every_key(tmp_path: Path) -> None:
    keys = 'every = "10m"\nto = ["a@acme.test", "b@acme.test"]\nlate_after = "1h"\nalarm_outgoing = "spare"\n'
    found = read(tmp_path, f"{DESK}{SERVER}[canary]\n{keys}")

    assert found.canary == CanarySettings(
        every=timedelta(minutes=10),
        to=("a@acme.test", "b@acme.test"),
        late_after=timedelta(hours=1),
        alarm_outgoing="spare",
    )


@pytest.mark.parametrize(
    ("keys", "has_alarm"),
    [
        (f'{HOOKS}[health]\nalarm_url = "https://hooks.acme.test/x"\n[canary]\n', True),
        ('[canary]\nalarm_outgoing = "spare"\n', True),
        ("[canary]\n", False),
    ],
)
def test_the_alarm_has_a_way_of_its_own_where_one_is_named(tmp_path: Path, keys: str, has_alarm: bool) -> None:
    assert read(tmp_path, DESK + SERVER + keys).has_canary_alarm is has_alarm


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[canary]\n", "outgoing mail goes into a folder"),
        (f'{SERVER}[canary]\nalarm_outgoing = "main"\n', 'there is no second [[outgoing]] called "main"'),
        (f'{SERVER}[canary]\nalarm_outgoing = "spar"\n', 'there is no second [[outgoing]] called "spar"'),
        (f'{SERVER}[health]\nalarm_url = "https://other.test/x"\n', '"other.test" is not among [webhooks] hosts'),
        (f'{SERVER}{HOOKS}[health]\nalarm_url = "http://hooks.acme.test/x"\n', "only https"),
        (f'{SERVER}{HOOKS}[canary]\nalarm_url = "https://hooks.acme.test/x"\n', "alarm_url"),
        (f'{SERVER}[canary]\nto = ["a@acme.test", "A@acme.test"]\n', "stands there twice"),
        (f'{SERVER}[canary]\nevery = "10s"\n', "every"),
    ],
)
def test_what_cannot_work_is_a_mistake(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, DESK + text)
    assert message in "".join(problem.message for problem in error.value.problems)
