"""What ends soon is told ahead: mails, metrics, status.  And no secret is in any of what mailbridge writes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailbridge.cli.check import examine
from mailbridge.cli.status import status
from mailbridge.clock import FixedClock, SystemClock
from mailbridge.config.load import load
from mailbridge.config.model import Config
from mailbridge.daemon.app import App
from mailbridge.health.gauges import DeskGauges
from mailbridge.jobs.login_ends import notify_login_ends
from mailbridge.oauth.health import healths
from mailbridge.oauth.model import LoginNeeded, TokenRefused
from mailbridge.ops.metrics import GaugeCollector
from mailbridge.store.engine import Store
from tests.fakes.identity_provider import IdentityProvider, running
from tests.oauth.accounts import CLIENT_SECRET, KEY, MovableClock, a_config_text, a_source, a_vault, an_account, signed_in
from tests.oauth.test_login import DESK, MAILBOX, a_certificate

NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with running() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, provider: IdentityProvider) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "mailbridge.toml").write_text(DESK + MAILBOX + a_config_text(provider, folder, "secret_expires = 2026-12-31"))
    return folder


@pytest.fixture
def config(folder: Path) -> Config:
    return load(folder, {})


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    opened = Store(config.store_url)
    opened.upgrade()
    yield opened
    opened.close()


def told(store: Store) -> list[str]:
    with store.read() as tx:
        return [dict(queued.notification.values)["days"] for queued in tx.outbox.list(None, 50)][::-1]


def test_an_end_is_told_thirty_fourteen_seven_and_one_day_ahead_once(store: Store, config: Config) -> None:
    for hours in range(0, 40 * 24, 6):
        notify_login_ends(store, config, NOW + timedelta(hours=hours))

    assert told(store) == ["29", "13", "6", "0"]


def test_a_desk_that_was_away_hears_of_the_nearest_only(store: Store, config: Config) -> None:
    notify_login_ends(store, config, NOW + timedelta(days=26))

    assert told(store) == ["4"]


def test_a_pause_is_mailed_to_the_admins_once(store: Store, config: Config, provider: IdentityProvider) -> None:
    clock = MovableClock()
    app = App(config, clock=clock)
    signed_in(config.oauth[0], provider, store)
    provider.refusing = ("invalid_client", "AADSTS7000222: the client secret keys are expired")
    clock.move(hours=2)
    for _ in range(5):
        with pytest.raises((TokenRefused, LoginNeeded)):
            app.logins.sources["support"].token()
        clock.move(seconds=11)

    with store.read() as tx:
        (mail,) = [queued.notification for queued in tx.outbox.list(None, 50)]
    app.close()
    assert (mail.event, mail.recipient) == ("login_refused", "boss@desk.test")
    assert dict(mail.values) | {"reason": ""} == {"login": "support", "stopped": "main", "fault": "app", "reason": ""}
    assert "Create one" in dict(mail.values)["reason"]


def test_metrics_show_days_and_the_rest_of_the_token(store: Store, config: Config, provider: IdentityProvider) -> None:
    signed_in(config.oauth[0], provider, store)
    notify_login_ends(store, config, NOW)

    shown = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in GaugeCollector(DeskGauges(store, FixedClock(NOW))).collect()
        for sample in metric.samples
        if "oauth" in sample.name
    }

    assert shown["mailbridge_oauth_days_left", "support", "client secret"] == pytest.approx(30.58, abs=0.01)
    assert shown["mailbridge_oauth_refusals", "support"] == 0
    assert ("mailbridge_oauth_token_seconds", "support") in shown


def test_the_ends_of_certificate_and_login_are_found(tmp_path: Path, store: Store, config: Config, provider: IdentityProvider) -> None:
    account = an_account(provider)
    now = SystemClock().now()
    certificate = a_certificate(tmp_path, now + timedelta(days=20))
    account = replace(account, client_secret="", certificate_file=certificate, secret_expires=date(2020, 1, 1))
    signed_in(account, provider, store)

    (found,) = healths(replace(config, oauth=(account,)), store, now)

    assert [(end.kind, end.days_left(now)) for end in found.ends][1:] == [("certificate", 19), ("login", 90)]
    assert "expired on 2020-01-01" in found.troubles[0]


def test_the_providers_word_on_the_end_of_a_login_counts(store: Store, config: Config, provider: IdentityProvider) -> None:
    provider.extra = {"refresh_token_expires_in": 604_799}
    signed_in(config.oauth[0], provider, store)

    (found,) = healths(config, store, SystemClock().now())

    assert [end.days_left(SystemClock().now()) for end in found.ends if end.kind == "login"] == [6]


def test_check_warns_of_a_secret_whose_end_nobody_wrote_down_and_finds_a_broken_certificate(folder: Path) -> None:
    file = folder / "mailbridge.toml"
    text = file.read_text()
    file.write_text(text.replace("secret_expires = 2026-12-31", ""))
    assert any("secret_expires" in problem.message and problem.warning for problem in examine(folder).problems)

    (folder / "app.pem").write_text("nothing")
    without = text.replace("secret_expires = 2026-12-31", "").replace("client_secret_file", "#")
    file.write_text(without.replace("scopes", 'certificate_file = "app.pem"\nscopes'))
    assert any("certificate cannot be used" in problem.message and not problem.warning for problem in examine(folder).problems)


def test_no_secret_is_in_logs_errors_status_or_the_database(
    folder: Path, store: Store, config: Config, provider: IdentityProvider,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    clock = MovableClock()
    signed_in(config.oauth[0], provider, store)
    source = a_source(config.oauth[0], store, clock, between_refusals=timedelta(0))
    errors = []
    clock.move(hours=2)
    source.token()
    provider.refusing = ("invalid_grant", "revoked")
    clock.move(hours=2)
    for _ in range(4):
        with pytest.raises((TokenRefused, LoginNeeded)) as caught:
            source.token()
        errors.append(repr(caught.value) + str(caught.value))
    shown = [CliRunner().invoke(status, ["--desk", str(folder), *more], standalone_mode=False).output for more in ([], ["--json"])]
    assert json.loads(shown[1])["logins"][0]["state"] == "paused"
    assert "paused" in shown[0]
    store.checkpoint()
    database = b"".join(file.read_bytes() for file in folder.glob("mailbridge.db*"))
    outputs = [*errors, *shown, caplog.text, *capfd.readouterr(), repr(config), repr(source.account), repr(a_vault())]

    hidden = [*provider.secrets(), CLIENT_SECRET, KEY]
    assert len(hidden) >= 6
    assert [secret for secret in hidden for text in outputs if secret in text] == []
    assert [secret for secret in hidden if secret.encode() in database] == []
