"""[oauth.NAME] and [encryption] of mailbridge.toml."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mailbridge.config.load import load
from mailbridge.config.providers import Flow
from mailbridge.config.sections import environment
from mailbridge.errors import ConfigError, Problem
from tests.unit.config.test_config import told, write

KEY = '[encryption]\nkey_env = "DESK_KEY"\n'
ENVIRON = {"DESK_KEY": "0123456789abcdef0123456789abcdef", "APP_SECRET": "s"}
BOX = '[[mailbox]]\nname = "main"\nuser = "support@acme.example"\noauth = "support"\n'
MICROSOFT = """
[oauth.support]
provider = "microsoft"
tenant = "acme.example"
client_id = "1"
client_secret_env = "APP_SECRET"
secret_expires = 2027-11-30
"""
GOOGLE = '[oauth.support]\nprovider = "google"\nclient_id = "1"\n'


def test_a_provider_that_is_known_brings_its_servers_and_scopes(tmp_path: Path) -> None:
    write(tmp_path, MICROSOFT + KEY + BOX + '[outgoing]\nuser = "support@acme.example"\noauth = "support"\n')

    config = load(tmp_path, ENVIRON)

    (account,), (mailbox,) = config.oauth, config.mailboxes
    assert account.provider.token_url == "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token"
    assert "https://outlook.office.com/IMAP.AccessAsUser.All" in account.scopes
    assert (account.flow, account.account, account.secret_expires) == (Flow.CODE, "support@acme.example", date(2027, 11, 30))
    assert (mailbox.host, mailbox.port, config.outgoing.url) == ("outlook.office365.com", 993, "smtp://smtp.office365.com:587")
    assert "0123456789abcdef" not in repr(config)


def test_another_cloud_has_other_hosts(tmp_path: Path) -> None:
    write(tmp_path, MICROSOFT + 'cloud = "gcc-high"\nflow = "client-credentials"\n' + KEY + BOX)

    config = load(tmp_path, ENVIRON)

    assert config.oauth[0].provider.token_url.startswith("https://login.microsoftonline.us/")
    assert config.oauth[0].scopes == ("https://outlook.office365.us/.default",)


def test_a_shared_mailbox_is_opened_by_whom_account_names(tmp_path: Path) -> None:
    write(tmp_path, MICROSOFT + 'account = "Ann@acme.example"\n' + KEY + BOX)

    assert load(tmp_path, ENVIRON).oauth[0].account == "ann@acme.example"


def test_keys_come_from_systemd_credentials(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/desk-key").write_text(ENVIRON["DESK_KEY"])
    write(tmp_path, MICROSOFT + '[encryption]\nkey_credential = "desk-key"\n' + BOX)

    config = load(tmp_path, ENVIRON | {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})

    assert config.encryption_key == ENVIRON["DESK_KEY"]


def test_a_command_at_the_desk_reads_the_credentials_of_the_running_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd gives CREDENTIALS_DIRECTORY to the service alone."""
    monkeypatch.setattr(environment, "UNIT_CREDENTIALS", tmp_path / "credentials")
    text = MICROSOFT.replace("client_secret_env", "client_secret_credential").replace("APP_SECRET", "app")
    write(tmp_path, text + '[encryption]\nkey_credential = "desk-key"\n' + BOX)
    (told_first,) = {problem.message for problem in _mistakes(tmp_path) if "desk-key" in problem.message}
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/desk-key").write_text(ENVIRON["DESK_KEY"] + "\n")
    (tmp_path / "credentials/app").write_text("of-the-app")

    config = load(tmp_path, {})

    assert told_first == "systemd gives no credential desk-key"
    assert any("runuser -u mailbridge" in problem.hint for problem in _mistakes(tmp_path, without="app"))
    assert (config.encryption_key, config.oauth[0].client_secret) == (ENVIRON["DESK_KEY"], "of-the-app")


def _mistakes(folder: Path, without: str = "") -> list[Problem]:
    if without:
        (folder / "credentials" / without).unlink()
    with pytest.raises(ConfigError) as caught:
        load(folder, {})
    return list(caught.value.problems)


def test_passwords_and_the_secret_of_webhooks_come_from_credentials_too(tmp_path: Path) -> None:
    for name in ("imap", "smtp", "hooks"):
        (tmp_path / name).write_text(f"the password {name}\n")
    write(
        tmp_path,
        '[[mailbox]]\nname = "m"\nhost = "h"\nuser = "u"\npassword_credential = "imap"\n'
        '[outgoing]\nurl = "smtp://h"\nuser = "u"\npassword_credential = "smtp"\n'
        '[webhooks]\nhosts = ["hooks.example"]\nsecret_credential = "hooks"\n',
    )

    config = load(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)})

    found = (config.mailboxes[0].password, config.outgoing.password, config.webhooks.secret)
    assert found == ("the password imap", "the password smtp", "the password hooks")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (MICROSOFT + BOX, "tokens are stored encrypted, and there is no key"),
        (MICROSOFT + '[encryption]\nkey_env = "APP_SECRET"\n' + BOX, "the key is shorter than 32 characters"),
        (MICROSOFT + '[encryption]\nkey_credential = "x"\n' + BOX, "systemd gives no credential x"),
        (KEY, "nothing is encrypted here"),
        (MICROSOFT + KEY, "no mailbox uses [oauth.support]"),
        (MICROSOFT + KEY + BOX.replace('oauth = "support"', 'oauth = "suport"'), 'did you mean "support"?'),
        (MICROSOFT.replace("microsoft", "microsft") + KEY + BOX, 'did you mean "microsoft"?'),
        (MICROSOFT.replace("tenant", "tennant") + KEY + BOX, 'did you mean "tenant"?'),
        (MICROSOFT + 'token_url = "https://x.example"\n' + KEY + BOX, "token_url does nothing here"),
        (MICROSOFT + 'certificate_file = "mailbridge.toml"\n' + KEY + BOX, "client_secret_env does nothing here"),
        (MICROSOFT + 'client_secret = "abc"\n' + KEY + BOX, "a password does not belong in this file"),
        (MICROSOFT.replace("2027-11-30", '"2027-11-30"') + KEY + BOX, "expected a date"),
        (MICROSOFT + KEY + BOX + 'password_env = "APP_SECRET"\n', "a password and oauth are both given"),
        (MICROSOFT + KEY + BOX + BOX.replace("main", "two").replace("support@", "sales@"), "nobody says who signs in"),
        (MICROSOFT + KEY + BOX + '[outgoing]\nuser = "s@acme.example"\noauth = "support"\nconnections = 3\n', "allows 3 in all"),
        (MICROSOFT + KEY + BOX + '[outgoing]\nuser = "s@acme.example"\noauth = "support"\nurl = "maildir:x"\n', "a Maildir needs no login"),
        (GOOGLE + 'flow = "device"\n' + KEY + BOX, 'google does not offer flow = "device"'),
        (GOOGLE + KEY + BOX + f"folders = {[str(n) for n in range(16)]}\n", "16 folders of support@acme.example need 16 connections"),
        ('[oauth.support]\nprovider = "google"\nflow = "service-account"\n' + KEY + BOX, 'needs "service_account_file"'),
        (GOOGLE.replace("google", "microsoft") + 'tenant = "a"\nflow = "client-credentials"\n' + KEY + BOX, "has no secret"),
        ('[oauth.support]\nprovider = "generic"\nclient_id = "1"\nscopes = ["x"]\n' + KEY + BOX, 'needs "token_url"'),
        ('[oauth.support]\nprovider = "generic"\nclient_id = "1"\ntoken_url = "http://a.example/token"\n' + KEY + BOX, "without TLS"),
        ("[oauth]\nprovider = \"google\"\n", "expected [oauth.NAME], a table of its own"),
        ("oauth = 5\n", "oauth"),
    ],
)  # fmt: skip
def test_each_mistake_is_told(tmp_path: Path, text: str, mistake: str) -> None:
    problems = told(tmp_path, text, environ=ENVIRON)

    assert any(mistake in problem for problem in problems), problems
