"""A company with its mail servers and a desk that is installed from the wheel and runs as a user without rights: parts of its first day."""

from __future__ import annotations

import email
import importlib.metadata
import json
import os
import random
import re
import select
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, make_msgid
from pathlib import Path
from time import monotonic, time
from typing import Any

from imapclient import IMAPClient

from mailbridge.store.engine import Store
from tests.e2e.running import looking
from tests.fakes.identity_provider import IdentityProvider, browse
from tests.fakes.identity_provider import running as provider_running
from tests.install.pip import ROOT, pip, run
from tests.oauth.accounts import CLIENT_SECRET, KEY
from tests.servers import dovecot as dovecots
from tests.servers import milter as milters
from tests.servers import nsd
from tests.servers import postfix as postfixes
from tests.servers.dovecot import Account, Dovecot
from tests.servers.milter import Milter
from tests.servers.nsd import txt
from tests.servers.postfix import Postfix
from tests.servers.processes import end, wait_until

NOBODY = "nobody"
SUPPORT = Account("support@desk.test")
AGENTS = ("bogdan", "eva", "dmitri", "ioana", "maria", "ana", "carla", "felix", "greta", "hugo")  # the first five are in the sample
ADMIN = Account("admin@desk.test")
CUSTOMERS = 1500

POSTFIX = """
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
relay_domains = test
transport_maps =
relay_transport = lmtp:inet:127.0.0.1:{lmtp}
"""
ZONE = "@ 60 IN MX 10 ns\n" + txt("@", "v=spf1 mx -all")
ZONE += txt("mail._domainkey", "v=DKIM1; k=rsa; p=MIIB") + txt("_dmarc", "v=DMARC1; p=reject")


def agent(name: str) -> Account:
    return Account(f"{name}@desk.test")


def customer(number: int) -> Account:
    return Account(f"carol@customer{number}.test")


@dataclass
class Company:
    """Its identity provider, mailboxes, mail server and DNS."""

    provider: IdentityProvider
    dovecot: Dovecot
    postfix: Postfix
    milter: Milter
    dns_port: int

    def send(self, sender: Account, subject: str, text: str, *, to: str = SUPPORT.user, answers: str = "") -> str:
        """The mail is in the mail server's queue, as its users submit it; its Message-ID.  The server proves the sender by DMARC."""
        mail = a_mail(sender.user, subject, text, to=to, answers=answers)
        domain = sender.user.partition("@")[2]
        self.milter.lines = [("Authentication-Results", f"mx.test; dmarc=pass (p=reject dis=none) header.from={domain}")]
        with smtplib.SMTP("127.0.0.1", self.postfix.filtered_port, local_hostname="client.test") as client:
            client.login(sender.user, sender.password)
            client.send_message(mail, sender.user, [to])
        return str(mail["Message-ID"])

    def put(self, sender: Account, subject: str, text: str) -> tuple[str, float]:
        """The mail is in the desk's mailbox: its Message-ID, and since when, in seconds since 1970."""
        mail = a_mail(sender.user, subject, text)
        self.dovecot.deliver(SUPPORT, mail.as_bytes())
        return str(mail["Message-ID"]).strip("<>"), time()

    def inbox(self, account: Account, subject: str) -> list[EmailMessage]:
        """The mails of this mailbox with this in the subject, oldest first."""
        with self.dovecot.client(account) as client:
            return _mails(client, subject)

    def wait_for(self, account: Account, subject: str, count: int = 1) -> list[EmailMessage]:
        found: list[EmailMessage] = []
        with self.dovecot.client(account) as client:  # a login at each look would take the processor from the desk

            def has_come() -> bool:
                client.noop()
                found[:] = _mails(client, subject)
                return len(found) >= count

            wait_until(has_come, f"{account.user} gets {subject!r}")
        return found

    def password_changed(self) -> None:
        """The password of the desk's mailbox is another one: the provider ends the logins made with it."""
        self.provider.tokens.clear()
        self.provider.refusing = ("invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked.")

    def fill_with_old_mails(self, count: int) -> None:
        """As many mails of the last years, a third of them unread, some of them threads."""
        mails = {}
        for number in range(count):
            answers = f"<old-{number - 1}@customer.test>" if number % 5 == 4 else ""
            raw = a_mail(f"old{number}@customer.test", f"old question {number}", "It does not work.", answers=answers)
            raw.replace_header("Message-ID", f"<old-{number}@customer.test>")
            raw.replace_header("Date", formatdate(1_700_000_000 + 3600 * number))
            mails[f"{1_700_000_000 + 3600 * number}.{number}.mx:2,{'' if number % 3 == 0 else 'S'}"] = raw.as_bytes()
        self.dovecot.fill(SUPPORT, mails)


def _mails(client: IMAPClient, subject: str) -> list[EmailMessage]:
    found = client.fetch(client.search(["SUBJECT", subject]), ["BODY.PEEK[]"])
    return [email.message_from_bytes(found[uid][b"BODY[]"], policy=default) for uid in sorted(found)]


def a_mail(sender: str, subject: str, text: str, *, to: str = SUPPORT.user, answers: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, to, subject, formatdate()
    mail["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(text)
    return mail


@contextmanager
def a_company() -> Iterator[Company]:
    accounts = [SUPPORT, ADMIN, *map(agent, AGENTS), *map(customer, range(CUSTOMERS))]
    with ExitStack() as stack:
        provider = stack.enter_context(provider_running(user=SUPPORT.user))
        dovecot = stack.enter_context(dovecots.running(f"{provider.url}/introspect", accounts))
        postfix = stack.enter_context(postfixes.running(POSTFIX.format(auth=dovecot.auth_socket, lmtp=dovecot.lmtp_port)))
        milter = stack.enter_context(milters.running(postfix.milter_port))
        names = stack.enter_context(nsd.running({"desk.test": ZONE}))
        yield Company(provider, dovecot, postfix, milter, names.port)


# --- the desk


@dataclass
class Machine:
    """A machine on which mailbridge was installed: the user's files in `folder`, the desk among them, and the program elsewhere."""

    folder: Path
    program: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def desk(self) -> Path:
        return self.folder / "desk"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.desk}/mailbridge.db"

    def install(self, wheel: Path) -> None:
        """A fresh environment with the wheel and the locked packages, and none of the tools of the tests.

        The packages are links to those of this environment, which has them by the same lock; tests/wheel.sh fetches them."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.program], check=True)
        (site,) = self.program.glob("lib/python3*/site-packages")
        linked = [top for name in locked() for top in link_package(name, site)]
        # As pip does: the user cannot write what Python compiles.
        compiled = run([sys.executable, "-m", "compileall", "-q", "-j", "2", *linked])
        assert compiled.returncode == 0, compiled.stdout[-2000:]
        installing = [*pip(), "--python", self.program / "bin" / "python", "--disable-pip-version-check", "install"]
        done = run([*installing, "--quiet", "--no-index", "--no-deps", wheel])
        assert done.returncode == 0, done.stderr
        self.renew()

    def renew(self) -> None:
        """The user has an empty folder."""
        self.folder.mkdir(mode=0o755)
        shutil.chown(self.folder, NOBODY)

    def command(self, *arguments: str) -> list[str]:
        launcher = ["unshare", "--mount", sys.executable, "-m", "tests.install.unprivileged", NOBODY]
        return [*launcher, str(self.program / "bin" / "mailbridge"), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAILBRIDGE_", "NOTIFY_"))}
        return {**kept, "PYTHONPATH": str(ROOT), "HOME": str(self.folder), **more}

    def run(self, *arguments: str, code: int = 0) -> str:
        """What the command printed.  It ended with this code."""
        command = self.command(*arguments)
        done = subprocess.run(command, env=self.environment(), cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def on_desk(self, *arguments: str, code: int = 0) -> str:
        return self.run("--desk", str(self.desk), *arguments, code=code)

    def on_desk_json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.on_desk(*arguments, "--json", code=code))

    def sign_in(self, provider: IdentityProvider) -> str:
        """`auth login support`, with a browser that comes back; what it printed.  Every protocol was tried and works."""
        command = self.command("--desk", str(self.desk), "auth", "login", "support", "--port", "0")
        with subprocess.Popen(command, env=self.environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = next(line.strip() for line in process.stdout if line.startswith(f"{provider.url}/authorize"))
            browse(provider.sign_in(url))
            said = process.stdout.read()
        assert process.returncode == 0, said
        return said

    def start(self) -> None:
        """The daemon has said that it is ready."""
        name = f"mailbridge-day-{os.getpid()}-{id(self)}-{monotonic()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, self.log.open("ab") as log:
            notified.bind(f"\0{name}")
            command = self.command("run", "--desk", str(self.desk))
            self.process = subprocess.Popen(command, env=self.environment(NOTIFY_SOCKET=f"@{name}"), cwd=ROOT, stdout=log, stderr=log)
            ended, said = self.process.poll, notified
            wait_until(lambda: ended() is not None or bool(select.select([said], [], [], 0)[0]), "the daemon says something", 60)
            assert ended() is None, self.last_words()
            assert notified.recv(100) == b"READY=1", self.last_words()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, signal.SIGTERM)
            self.process = None

    def lose(self) -> None:
        """The machine and the user's files are gone, in the midst of work."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)
        self.process = None
        shutil.rmtree(self.folder)

    def last_words(self) -> str:
        return self.log.read_text()[-3000:]

    @contextmanager
    def looked_at(self) -> Iterator[Store]:
        """Its database, while the daemon runs."""
        assert self.process is not None
        with looking(self.url) as store:
            yield store


def locked() -> list[str]:
    """The packages that an operator installs, as far as they are for this system."""
    names = re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==", (ROOT / "requirements" / "runtime.lock").read_text(), re.MULTILINE)
    assert len(names) > 30
    return [name for name in names if name not in ("colorama",)]  # for Windows alone


def link_package(name: str, site: Path) -> list[Path]:
    """The package is in `site`, by links to what is installed here, which are returned."""
    package, linked = importlib.metadata.distribution(name), []
    for top in {file.parts[0] for file in package.files or () if file.parts[0] != ".."}:
        target = Path(str(package.locate_file(top)))
        if top != "__pycache__" and target.exists() and not (site / top).exists():
            (site / top).symlink_to(target)
            linked.append(target)
    return linked


def configure(machine: Machine, company: Company) -> None:
    """What an admin changes in the files that `init` wrote."""
    file = machine.desk / "mailbridge.toml"
    text = file.read_text()
    outgoing = f'url = "smtp://127.0.0.1:{company.postfix.port}"\ntls = "none"\nuser = "{SUPPORT.user}"\noauth = "support"\n'
    text, count = re.subn(r'^url = "maildir:outgoing".*$', outgoing, text, flags=re.MULTILINE)
    assert count == 1
    text, count = re.subn(r"^# admins = .*$", f'admins = ["{ADMIN.user}"]', text, flags=re.MULTILINE)
    assert count == 1
    text += MORE.format(
        imap=company.dovecot.imaps_port, ca=company.dovecot.ca_file, user=SUPPORT.user, provider=company.provider.url, dns=company.dns_port
    )
    file.write_text(text)
    secrets = machine.desk / "secrets"
    secrets.mkdir(mode=0o700)
    for name, secret in (("key", KEY), ("client", CLIENT_SECRET)):
        (secrets / name).write_text(f"{secret}\n")
        (secrets / name).chmod(0o600)
    (machine.desk / "rules" / "routing" / "90-hours.yaml").unlink()  # about the hours when nobody is there
    teams = machine.desk / "rules" / "teams.yaml"
    teams.write_text(staffed(teams.read_text()))
    for path in (secrets, *secrets.iterdir(), machine.desk / "ca.pem"):
        if path.exists():
            shutil.chown(path, NOBODY)


def staffed(teams: str) -> str:
    """The sample's teams with the ten agents of this company, all of them in support, at every hour of the week."""
    teams = teams.replace("@agents.demo.example", "@desk.test")
    teams = teams.replace("members: [bogdan, eva]", f"members: [{', '.join(AGENTS)}]")
    teams = teams.replace("hours: office", "hours: around-the-clock", 1)
    more = "".join(f"  {name}: {{title: {name.title()}, address: {name}@desk.test}}\n" for name in AGENTS[5:])
    found = teams.replace("\nagents:\n", f"\nagents:\n{more}")
    assert found.count("@desk.test") == len(AGENTS)
    return found


MORE = """
[limits]
automatic_per_hour = 20000           # a day's mail comes within minutes here

[[mailbox]]
name = "support"
host = "localhost"
port = {imap}
ca_file = "{ca}"
user = "{user}"
oauth = "support"

[authenticity]
dns_servers = ["127.0.0.1:{dns}"]

[encryption]
key_file = "secrets/key"

[oauth.support]
provider = "generic"
client_id = "client-1"
client_secret_file = "secrets/client"
authorize_url = "{provider}/authorize"
token_url = "{provider}/token"
scopes = ["imap", "smtp", "offline_access"]
"""


def pauses(chance: random.Random, seconds: float) -> Iterator[float]:
    """Moments from now until `seconds` are over, one to two a second, in seconds."""
    moment = 0.0
    while (moment := moment + chance.uniform(0.3, 1.4)) < seconds:
        yield moment
