"""`mailbridge check` says in a line what a desk in shadow mode reads, and refuses forms of numbers that cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.cli.main import main
from mailbridge.config.load import load
from mailbridge.errors import ConfigError
from tests.harness import write_rules

DESK = '[desk]\nname = "Acme"\naddress = "support@acme.test"\nshadow = true\n'
BOX = '[[mailbox]]\nname = "main"\nhost = "imap.acme.test"\nuser = "support"\npassword_file = "password"\nsent = ["Sent"]\n'


def test_the_line_names_folders_and_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rules(tmp_path)
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "mailbridge.toml").write_text(f'{DESK}shadow_numbers = ["INC{{number}}"]\n{BOX}')
    assert main(["check", "--desk", str(tmp_path)]) == 0
    said = "shadow mode: nothing is sent, mailboxes are only looked at; answers of the other desk are read from main/Sent"
    assert f"{said}; its ticket numbers look like INC{{number}}\n" in capsys.readouterr().out

    (tmp_path / "mailbridge.toml").write_text(DESK)
    assert main(["check", "--desk", str(tmp_path)]) == 0
    assert "no folder with answers of the other desk (sent)\n" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["{number}", "INC", "{number}{number}", " {number} ", "x" * 100 + "{number}"])
def test_a_form_that_cannot_work_is_a_mistake(tmp_path: Path, form: str) -> None:
    (tmp_path / "mailbridge.toml").write_text(f'{DESK}shadow_numbers = ["{form}"]\n')
    with pytest.raises(ConfigError) as error:
        load(tmp_path, {})
    assert "is no form of ticket numbers" in error.value.problems[0].message


def test_without_shadow_mode_the_key_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "mailbridge.toml").write_text(DESK.replace("shadow = true", 'shadow_numbers = ["INC{number}"]'))
    with pytest.raises(ConfigError) as error:
        load(tmp_path, {})
    assert error.value.problems[0].message == "shadow_numbers does nothing here"
