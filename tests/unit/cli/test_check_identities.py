"""What `check` says of identities and of the keys that sign."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mailbridge.cli.check_ready import readiness
from mailbridge.config.model import Config, DkimSettings, Identity, Mailbox, Pipe
from mailbridge.organisation.model import Organisation, Team
from tests.harness import a_config


def said(config: Config, *teams: str) -> list[str]:
    organisation = Organisation(teams={name: Team(name=name, title=name) for name in teams}, default_team="support")
    found = readiness(config, organisation, {})
    return [f"{one.line} {one.message}" for one in found if any(word in one.message for word in ("identity", "DKIM", "cannot be read"))]


def with_identity(folder: Path, **values: object) -> Config:
    config = a_config(folder)
    one = Identity(address="sales@brand.test", line=7, **values)  # type: ignore[arg-type]
    return replace(config, desk=replace(config.desk, identities=(one,)))


def test_a_team_that_is_not_there(tmp_path: Path) -> None:
    config = with_identity(tmp_path, team="sales")

    assert said(config, "support") == ['7 the identity sales@brand.test: unknown team "sales"']
    assert said(config, "support", "sales") == []


def test_an_identity_that_no_mailbox_brings_in(tmp_path: Path) -> None:
    box = Mailbox(name="main", host="imap.test", user="support@desk.test")
    config = replace(with_identity(tmp_path), listeners=(), pipe=Pipe(), mailboxes=(box,))

    (found,) = said(config, "support")
    assert found.startswith("7 no [[mailbox]] has the user sales@brand.test")
    assert said(replace(config, mailboxes=(box, replace(box, name="b", user="Sales@brand.test"))), "support") == []
    assert said(replace(config, mailboxes=(replace(box, user="desk"),)), "support") == [], "a login that is no address tells nothing"


def test_keys_that_cannot_sign(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no key")
    keys = (DkimSettings(domain="desk.test", selector="a", key_file=tmp_path / "bad.pem"),)
    gone = tmp_path / "gone.pem"

    assert "is no DKIM key" in said(replace(a_config(tmp_path), dkim=keys), "support")[0]
    assert "cannot be read" in said(with_identity(tmp_path, smime_certificate_file=gone, smime_key_file=gone), "support")[0]
