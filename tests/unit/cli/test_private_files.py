"""What a desk writes is its owner's alone, and what an error shows holds no secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbridge.cli.demo_desk import new_desk
from mailbridge.cli.main import main
from mailbridge.cli.problems import shown, without_secrets
from mailbridge.delivery.maildir import MaildirTransport
from mailbridge.errors import Problem
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Attachment
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail


@pytest.fixture
def careless() -> Iterator[None]:
    """A umask under which everybody reads everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.stat().st_mode & 0o077]


@pytest.mark.usefixtures("careless")
def test_an_outgoing_maildir_is_its_owner_s_alone(tmp_path: Path) -> None:
    MaildirTransport(tmp_path / "deep" / "outgoing").send("a@desk.test", "b@x.test", b"Message-ID: <1@x>\r\n\r\nsecret\r\n", lambda: None)
    assert open_to_others(tmp_path / "deep") == []
    assert len(list((tmp_path / "deep" / "outgoing" / "new").iterdir())) == 1


@pytest.mark.usefixtures("careless")
def test_a_saved_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    assert main(["init", str(desk), "--name", "Desk", "--address", "help@desk.test"]) == 0
    now = datetime(2026, 3, 2, tzinfo=UTC)
    store = Store(f"sqlite:///{desk / 'mailbridge.db'}")
    store.upgrade()
    with store.write() as tx:
        inbox = tx.inbox.add_many([(b"x", Envelope(source=Source.SMTP, received_at=now, mail_from="a@x.test", rcpt_to=()))])[0]
        mail = tx.mails.add(StoredMail(direction=Direction.IN, received_at=now, inbox=inbox, sender="a@x.test", subject="x", text="x"))
        assert mail is not None
        file = Attachment(part="2", name="pass.pdf", content_type="application/pdf", size=6, sha256="", content=b"secret")
        tx.mails.add_attachments(mail, 1, [file])
    store.close()
    assert main(["docs", "save", "--desk", str(desk), "1", str(tmp_path / "saved.pdf")]) == 0
    assert (tmp_path / "saved.pdf").read_bytes() == b"secret"
    assert (tmp_path / "saved.pdf").stat().st_mode & 0o777 == 0o600
    assert [path for path in open_to_others(desk) if path.startswith(("mailbridge.db", "outgoing"))] == []


@pytest.mark.usefixtures("careless")
def test_a_demo_is_its_owner_s_alone(tmp_path: Path) -> None:
    new_desk(tmp_path / "demo", 2525)
    assert (tmp_path / "demo").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('secret = "hunter2"', "secret = …"),
        ("secret: hunter2", "secret: …"),
        ('password="hunter2"', "password=…"),
        ('"passwd" = "hunter2"', '"passwd" = …'),
        ('imap_password = "hunter2"', "imap_password = …"),
        ('mailbox = { user = "x", password = "hunter2" }', 'mailbox = { user = "x", password = …'),
        ('API-KEY: "hunter2"', "API-KEY: …"),
        ('webhook_token = "hunter2"', "webhook_token = …"),
        ('url = "smtp://me:hunter2@mail.test:587"', 'url = "smtp://me:…@mail.test:587"'),
        ('url = "smtp://me:hunter2@x/y@mail.test:587"', 'url = "smtp://me:…@mail.test:587"'),
        ('url = "postgresql://me:hunter2@db/desk"', 'url = "postgresql://me:…@db/desk"'),
        ('password_file = "secrets/imap"', 'password_file = "secrets/imap"'),
        ('secret_env = "HOOK_SECRET"', 'secret_env = "HOOK_SECRET"'),
        ('secret_env = "hunter2"', "secret_env = …"),
        ('secret_env = ["hunter2"]', "secret_env = …"),
        ('login = { password_env = "MAIL", user = "x" }', 'login = { password_env = "MAIL", user = "x" }'),
        ('password_credential = "imap"', 'password_credential = "imap"'),
        ('name = "The secret of life"', 'name = "The secret of life"'),
    ],
)
def test_a_line_is_shown_without_its_secret(line: str, shown: str) -> None:
    assert without_secrets(line) == shown


@pytest.mark.parametrize("name", ["mailbridge.toml", "rules/teams.yaml"])
def test_an_error_shows_the_line_and_not_the_secret(name: str, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / name).write_text("# a desk\nsecret: hunter2\n")
    told = shown([Problem(file=name, line=2, column=1, length=6, message='unknown key "secret"')], tmp_path)
    assert "hunter2" not in told
    assert "secret: …" in told


INSIDE = [
    'secret = """\nhunter2\n"""\n',
    "secret = '''\nfirst\nhunter2'''\n",
    'tokens = [\n  "hunter2",\n]\n',
    "secret: |\n  hunter2\n",
    "secret: >-\n\n  first\n  hunter2\n",
    "secret:\n  hunter2\n",
    "secret: first\n  hunter2\n",
    "tokens:\n- first\n- hunter2\n",
    "- name: a\n  private_key: |\n    first\n    hunter2\n",
    '"passwords": [\n  "a", "b",\n  "hunter2"]\n',
]


@pytest.mark.parametrize("text", INSIDE)
def test_a_line_below_a_secret_s_key_is_not_shown_either(text: str, tmp_path: Path) -> None:
    (tmp_path / "mailbridge.toml").write_text(text)
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if "hunter2" in line)
    told = shown([Problem(file="mailbridge.toml", line=line, column=1, message="not valid")], tmp_path)
    assert "hunter2" not in told
    assert f"  {line} | …" in told


@pytest.mark.parametrize(
    "text",
    [
        'secret = """\nx\n"""\nhunter2 = 1\n',
        'secret = "x"\nhunter2 = 1\n',
        'tokens = [\n  "x",\n]\nhunter2 = 1\n',
        "secret: |\n  x\nhunter2: 1\n",
        "- secret: x\n  hunter2: 1\n",
        "secret_file: |\n  hunter2\n",
        "tokens:\n- x\nhunter2: 1\n",
    ],
)
def test_a_line_behind_a_secret_is_shown(text: str, tmp_path: Path) -> None:
    (tmp_path / "mailbridge.toml").write_text(text)
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if "hunter2" in line)
    assert "hunter2" in shown([Problem(file="mailbridge.toml", line=line, column=1, message="not valid")], tmp_path)


def test_check_never_shows_a_misplaced_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = tmp_path / "desk"
    main(["init", str(desk), "--name", "Desk", "--address", "help@desk.test"])
    toml = desk / "mailbridge.toml"
    toml.write_text(toml.read_text() + '\n[webhooks]\nsecret = "hunter2-hunter2"\n[scan]\ntoken = "hunter2"\npassword = 5 hunter2\n')
    for extra in ([], ["--json"]):
        main(["check", "--desk", str(desk), *extra])
    toml.write_text(toml.read_text().replace(" 5 hunter2", ' "hunter2"'))
    for extra in ([], ["--json"]):
        main(["check", "--desk", str(desk), *extra])
    main(["status", "--desk", str(desk)])
    said = capsys.readouterr()
    assert "hunter2" not in said.out + said.err
    assert "unknown key" in said.out + said.err
