"""The systemd recipe of the manual, as it is written there: its commands are run, and the unit's command under the unit's restrictions."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config import shipped
from mailbridge.config.load import load
from mailbridge.daemon import threads
from mailbridge.intake.listener import DRAIN
from mailbridge.oauth.cipher import Cipher
from mailbridge.oauth.source import Vault
from mailbridge.ops import sockets
from mailbridge.store.engine import Store
from mailbridge.store.grants import Grant
from tests.fakes.identity_provider import running as provider_running
from tests.harness import a_mail
from tests.install.pip import ROOT
from tests.servers.processes import end, free_ports, program, wait_until

UNITS = sorted((shipped.folder("deploy") / "systemd").glob("*.service"))
SOCKETS = sorted((shipped.folder("deploy") / "systemd").glob("*.socket"))
DROP_IN = shipped.folder("deploy") / "systemd" / "credentials.conf"
UNIT = shipped.folder("deploy") / "systemd" / "mailbridge.service"
PAGE = (shipped.folder("manual") / "running.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.servers


def recipe(command: str) -> list[str]:
    """The line of the page's systemd chapter that runs `command`, as words."""
    chapter = PAGE.partition("## systemd")[2].partition("\n## ")[0]
    (line,) = re.findall(rf"^    ({re.escape(command)}.*)$", chapter, re.MULTILINE)
    return shlex.split(line)


def test_each_socket_unit_serves_the_daemon_by_the_name_that_the_manual_has() -> None:
    names = {unit: dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)) for unit in SOCKETS}

    assert [f"mailbridge-{keys['FileDescriptorName']}.socket" for keys in names.values()] == [unit.name for unit in SOCKETS]
    assert {(keys["Service"], keys["Backlog"]) for keys in names.values()} == {("mailbridge.service", str(sockets.BACKLOG))}
    blocks = re.findall(r"```toml\n(.*?)```", chapter("Restart without downtime"), re.DOTALL)
    tables = [one for text in blocks for found in tomllib.loads(text).values() for one in (found if isinstance(found, list) else [found])]
    assert sorted(table["socket"] for table in tables) == sorted(keys["FileDescriptorName"] for keys in names.values())


def test_the_daemon_has_time_to_end() -> None:
    """systemd kills what has not stopped after TimeoutStopSec."""
    for unit in UNITS:
        (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        assert int(seconds) >= DRAIN.total_seconds() + threads.LAST


@pytest.mark.parametrize("unit", [*UNITS, *SOCKETS], ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_say_about_the_unit(unit: Path, tmp_path: Path) -> None:
    """An unknown key or group is passed over by systemd with a line in the log; here it fails.  Only the program has to be another one."""
    copy = tmp_path / unit.name
    for one in UNITS:  # sockets name the service
        text = one.read_text(encoding="utf-8").replace("/opt/mailbridge/bin/mailbridge", "/bin/true")
        (tmp_path / one.name).write_text(text, encoding="utf-8")
    if unit in SOCKETS:
        shutil.copy(unit, copy)

    verify = [program("systemd-analyze", "systemd"), "verify", "--man=no", "--recursive-errors=no", copy]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)

    assert [line for line in (done.stdout + done.stderr).splitlines() if "mailbridge" in line] == []
    assert done.returncode == 0


def test_the_worker_is_held_as_the_daemon_is() -> None:
    daemon, worker = (set(unit.read_text(encoding="utf-8").partition("[Service]")[2].splitlines()) for unit in sorted(UNITS, reverse=True))

    assert {line for line in daemon ^ worker if not line.startswith(("ExecStart=", "#"))} == set()


class Machine:
    """A machine with a desk as the recipe makes it: /etc/mailbridge and /var/lib/mailbridge in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.desk, self.state = folder / "etc", folder / "state"
        self.state.mkdir(mode=0o700)
        shutil.chown(self.state, "nobody", "nogroup")
        self.port = free_ports(1)[0]
        self.unit = str(UNIT)  # and its drop-ins, parted by colons

    def here(self, words: list[str]) -> list[str]:
        return [word.replace("/etc/mailbridge", str(self.desk)).replace("/var/lib/mailbridge", str(self.state)) for word in words]

    def confined(self, *arguments: str) -> list[str]:
        confined = [sys.executable, str(ROOT / "tests" / "install" / "confined.py"), self.unit, "nobody", str(self.state)]
        return ["unshare", "--mount", *confined, sys.executable, "-m", "mailbridge", *arguments]

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The ExecStart of the unit, once it has said that it is ready."""
        (command,) = re.findall(r"^ExecStart=/opt/mailbridge/bin/mailbridge (.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
        name = f"mailbridge-unit-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, (self.desk.parent / "log").open("ab") as log:
            notified.bind(f"\0{name}")
            notified.settimeout(60)
            kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAILBRIDGE_", "NOTIFY_"))}
            process = subprocess.Popen(
                self.confined(*self.here(shlex.split(command))), cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
                env={**kept, "PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": f"@{name}"},
            )  # fmt: skip
            try:
                wait_until(lambda: process.poll() is not None or bool(select.select([notified], [], [], 0)[0]), "the daemon says something")
                assert process.poll() is None, self.log()
                assert notified.recv(100) == b"READY=1", self.log()
                yield process
            finally:
                end(process, signal.SIGTERM)

    def log(self) -> str:
        return (self.desk.parent / "log").read_text()[-3000:]

    def tickets(self) -> list[object]:
        command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", sys.executable, "-m", "mailbridge"]
        asked = [*command, "--desk", str(self.desk), "tickets", "list", "--json"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert done.returncode == 0, done.stderr
        found: list[object] = json.loads(done.stdout)
        return found


@pytest.fixture
def machine() -> Iterator[Machine]:
    if os.getuid() != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("only root can put a service under restrictions")
    program("setpriv", "util-linux")
    with tempfile.TemporaryDirectory(prefix="mb-unit-") as folder:
        Path(folder).chmod(0o755)
        yield Machine(Path(folder))


def test_the_recipe_gives_a_desk_that_works_under_the_units_restrictions(machine: Machine) -> None:
    assert main(machine.here(recipe("mailbridge init"))[1:]) == exits.OK
    with (machine.desk / "mailbridge.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[[listener]]\nprotocol = "lmtp"\nhost = "127.0.0.1"\nport = {machine.port}\n')

    with machine.running():
        with smtplib.LMTP("127.0.0.1", machine.port) as lmtp:
            lmtp.sendmail("carol@customer.test", ["support@acme.example"], a_mail())
        wait_until(lambda: len(machine.tickets()) == 1, "the mail is a ticket")
        wait_until(lambda: any((machine.state / "outgoing" / "new").iterdir()), "our mail is in the Maildir")

    assert (machine.state / "mailbridge.db").is_file()
    assert "EPERM" not in machine.log()
    # Whatever this kernel has of the reading children's sandbox, it has it under the restrictions too.
    missing = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert ("sandbox_incomplete" in machine.log()) == bool(missing.strip()), machine.log()


MISSING = "from mailbridge.sandbox.confine import missing; print(*missing())"


def test_a_desk_that_would_write_its_database_into_its_folder_is_not_started_again(machine: Machine) -> None:
    """As the recipe once was: /etc is read-only to the service."""
    assert main(["init", str(machine.desk)]) == exits.OK

    command = machine.confined("run", "--desk", str(machine.desk))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)

    (never,) = re.findall(r"^RestartPreventExitStatus=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert str(done.returncode) in never.split(), done.stderr
    assert "mailbridge.db" in done.stderr


def test_a_backup_folder_needs_its_line_in_the_unit(machine: Machine) -> None:
    """The commented line of the unit is what lets the service write there."""
    assert main(machine.here(recipe("mailbridge init"))[1:]) == exits.OK
    folder = machine.state.with_name("backups")
    folder.mkdir()
    shutil.chown(folder, "nobody", "nogroup")
    with (machine.desk / "mailbridge.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[backup]\nto = "{folder}"\nkeys = "{machine.state}/keys"\n')
    (line,) = re.findall(r"^#(ReadWritePaths=)/var/backups/mailbridge$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    drop_in = machine.state.with_name("backup.conf")
    drop_in.write_text(f"[Service]\n{line}{folder}\n")

    def backup() -> subprocess.CompletedProcess[str]:
        command = machine.confined("--desk", str(machine.desk), "backup", str(folder))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    with machine.running():
        refused = backup()
        machine.unit = f"{UNIT}:{drop_in}"
        made = backup()

    assert refused.returncode != 0
    assert str(folder) in refused.stderr
    assert made.returncode == 0, made.stderr
    assert any(folder.iterdir())


def credentials(text: str) -> list[str]:
    return re.findall(r"^LoadCredential=([^:]+):", text, re.MULTILINE)


def chapter(title: str) -> str:
    return re.split(r"\n#{2,3} ", PAGE.partition(f"### {title}\n")[2])[0]


def test_the_manual_names_every_credential_of_the_drop_in_and_systemd_takes_it(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", chapter("Secrets as credentials"), re.DOTALL)
    tables = [one for name, found in tomllib.loads(block).items() for one in (found if isinstance(found, list) else [found])]
    tables += [nested for table in tables for nested in table.values() if isinstance(nested, dict)]
    named = {value for table in tables for key, value in table.items() if key.endswith("_credential")}
    assert named == set(credentials(DROP_IN.read_text(encoding="utf-8")))

    (tmp_path / "mailbridge.service.d").mkdir()
    shutil.copy(DROP_IN, tmp_path / "mailbridge.service.d")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/mailbridge/bin/mailbridge", "/bin/true"), encoding="utf-8")
    verify = [program("systemd-analyze", "systemd"), "verify", "--man=no", "--recursive-errors=no", unit]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if "mailbridge" in line or "redential" in line] == []


def credentials_recipe(machine: Machine) -> Path:
    """The commands of the chapter up to those that start the service have been run as written; the drop-in that they installed."""
    commands = [line[4:] for line in chapter("Secrets as credentials").splitlines() if line.startswith("    ")]
    here = [line.replace("/etc/systemd/system", str(machine.state.parent / "units")) for line in machine.here(commands)]
    program_here = f'mailbridge() {{ {shlex.quote(sys.executable)} -m mailbridge "$@"; }}'
    script = "\n".join([program_here, *(line for line in here if "systemctl" not in line)])
    subprocess.run(["bash", "-ec", script], cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    drop_in = machine.state.parent / "units" / "mailbridge.service.d" / "credentials.conf"
    drop_in.write_text("\n".join(machine.here(drop_in.read_text(encoding="utf-8").splitlines())), encoding="utf-8")
    return drop_in


def test_key_and_secrets_come_from_credentials_that_only_root_can_read(machine: Machine) -> None:
    """The client secret goes to the provider, and what the provider gives is stored under the key."""
    assert main(machine.here(recipe("mailbridge init"))[1:]) == exits.OK
    drop_in = credentials_recipe(machine)
    secrets = machine.desk.with_name("etc-secrets")
    (secrets / "oauth-support").write_text("the secret of the client\n")
    machine.unit = f"{UNIT}:{drop_in}"
    start = machine.confined("check", "--desk", str(machine.desk))
    done = subprocess.run(start, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 243, "a line of the drop-in has no file"
    lines = drop_in.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("LoadCredential=") or Path(line.split(":")[1]).is_file()]
    drop_in.write_text("\n".join(kept))
    assert credentials("\n".join(kept)) == ["encryption-key", "oauth-support"]

    with provider_running() as provider:
        with (machine.desk / "mailbridge.toml").open("a", encoding="utf-8") as config:
            config.write(
                '\n[encryption]\nkey_credential = "encryption-key"\n'
                '[oauth.support]\nprovider = "generic"\nflow = "client-credentials"\nclient_id = "client-1"\nscopes = ["imap"]\n'
                f'client_secret_credential = "oauth-support"\ntoken_url = "{provider.url}/token"\n'
                f'[[mailbox]]\nname = "m"\nhost = "127.0.0.1"\nport = {machine.port}\nuser = "support@acme.example"\noauth = "support"\n'
            )
        with machine.running():
            wait_until(lambda: provider.count("client_credentials") > 0, "the provider is asked")
            store = Store(f"sqlite:///{machine.state / 'mailbridge.db'}")
            wait_until(lambda: bool(grants(store)), "the token is stored")
        (grant,) = grants(store)
        store.close()

    assert provider.asked[0][1]["client_secret"] == "the secret of the client"
    assert Vault(Cipher((secrets / "encryption-key").read_text().rstrip())).opened(grant).access in provider.tokens
    assert "the secret of the client" not in machine.log()
    assert {oct(path.stat().st_mode & 0o077) for path in (secrets, secrets / "encryption-key")} == {"0o0"}
    loaded = load(machine.desk, {"CREDENTIALS_DIRECTORY": str(secrets)})
    assert loaded.encryption_key == (secrets / "encryption-key").read_text().rstrip()


def grants(store: Store) -> list[Grant]:
    with store.read() as tx:
        return [grant for grant in tx.grants.all() if grant.sealed]
