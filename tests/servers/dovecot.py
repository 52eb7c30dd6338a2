"""A private Dovecot for the tests: IMAP, IMAPS and LMTP on loopback ports, its mailboxes in a folder of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from imapclient import IMAPClient

from mailbridge.config.model import After, Mailbox, Take, Taken, Tls
from tests.servers.processes import PATIENCE, as_nobody, end, free_ports, greets, program, wait_until

PASSWORD = "secret"
ACCOUNTS = 500
FAREWELL = b"* BYE"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the server; `password` differs from PASSWORD only where that is the point."""

    user: str
    password: str = PASSWORD


UMLAUT = Account("umläut@test", "pässword")


class Dovecot:
    """A running server.  `kill()` takes it and all its sessions away at once, `start()` brings it back on the same ports."""

    def __init__(self, folder: Path, introspection: str = "", accounts: Sequence[Account] = ()) -> None:
        """`introspection`: the URL of a token introspection endpoint (RFC 7662); with it, XOAUTH2 and OAUTHBEARER are offered, too.
        `accounts`: users besides those of `new_account`."""
        self.folder = folder
        self._introspection = introspection
        self._named = tuple(accounts)
        self.imap_port, self.imaps_port, self.lmtp_port = free_ports(3)
        self.ca_file = folder / "ca.pem"
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """The configuration is written; nothing runs yet."""
        for name in ("run", "state", "mail", "idx"):
            (self.folder / name).mkdir()
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        authority.cert_pem.write_to_path(self.ca_file)
        issued.private_key_pem.write_to_path(self.folder / "key.pem")
        issued.cert_chain_pems[0].write_to_path(self.folder / "cert.pem")
        self._write_accounts()
        (self.folder / "dovecot.conf").write_text(self._configuration())
        for path in (self.folder, *self.folder.rglob("*")):
            if os.getuid() == 0:
                shutil.chown(path, "nobody", "nogroup")
        if self._introspection:
            self.folder.chmod(0o711)  # Postfix comes to the socket

    def start(self) -> None:
        """The server answers on all its ports."""
        command = as_nobody([program("dovecot", "dovecot-imapd dovecot-lmtpd"), "-F", "-c", str(self.folder / "dovecot.conf")], self.folder)
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(command, stdout=console, stderr=console, start_new_session=True)
        try:
            wait_until(lambda: greets(self.imap_port, b"* OK") and greets(self.lmtp_port, b"220"), "Dovecot starts")
        except BaseException:
            print((self.folder / "console").read_text(), (self.folder / "dovecot.log").read_text())
            raise

    def kill(self) -> None:
        """The server and its children are gone without a word, as after a power cut."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        self.signal(signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._process = None
        for leftover in (self.folder / "run").glob("*.pid"):
            leftover.unlink()
        wait_until(lambda: not greets(self.imap_port, FAREWELL[:1]), "Dovecot is gone")

    def signal(self, number: signal.Signals) -> None:
        """The server and all its children get the signal."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        os.killpg(self._process.pid, number)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGTERM)
            self._process = None

    def new_account(self) -> Account:
        """An account that no other test uses, with an empty INBOX."""
        return next(self._unused)

    def _write_accounts(self) -> None:
        # All at once and beforehand: Dovecot looks for a new passwd file once a second at most.
        accounts = [UMLAUT, *(Account(f"user{number}@test") for number in range(ACCOUNTS)), *self._named]
        uid, gid = (65534, 65534) if os.getuid() == 0 else (os.getuid(), os.getgid())
        lines = [f"{one.user}:{{PLAIN}}{one.password}:{uid}:{gid}::{self.folder}/mail/{index}::" for index, one in enumerate(accounts)]
        (self.folder / "passwd").write_text("\n".join(lines) + "\n")
        self._unused = iter(accounts[1 : 1 + ACCOUNTS])
        self._homes = {one.user: self.folder / "mail" / str(index) for index, one in enumerate(accounts)}

    def fill(self, account: Account, mails: Mapping[str, bytes]) -> None:
        """The mails are in the INBOX that nobody has opened yet, quicker than by LMTP.  Names as in a Maildir: `1.a:2,S` is a mail that was
        read."""
        folder = self._homes[account.user] / "Maildir" / "cur"
        folder.mkdir(parents=True)
        for name, raw in mails.items():
            (folder / name).write_bytes(raw)
        if os.getuid() == 0:
            for path in (self._homes[account.user], folder.parent, folder, *folder.iterdir()):
                shutil.chown(path, "nobody", "nogroup")

    def mailbox(
        self,
        account: Account,
        *,
        tls: Tls = Tls.IMPLICIT,
        after: After = After.SEEN,
        move_to: str = "",
        folders: tuple[str, ...] = ("INBOX",),
        idle: bool = True,
        poll: timedelta = timedelta(seconds=60),
        take: Take = Take(which=Taken.ALL),  # noqa: B008  (frozen)
    ) -> Mailbox:
        """The account as a desk would configure it."""
        return Mailbox(
            name=account.user.partition("@")[0],
            host="localhost",
            port=self.imaps_port if tls is Tls.IMPLICIT else self.imap_port,
            tls=tls,
            ca_file=self.ca_file,
            user=account.user,
            password=account.password,
            folders=folders,
            after=after,
            move_to=move_to,
            idle=idle,
            poll=poll,
            take=take,
        )

    def deliver(self, account: Account, *mails: bytes) -> None:
        """The mails came in by LMTP, as from an MTA."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
            for raw in mails:
                client.sendmail("ann@customer.example", [account.user], raw, mail_options=["BODY=8BITMIME"])

    @contextlib.contextmanager
    def client(self, account: Account, folder: str = "INBOX") -> Iterator[IMAPClient]:
        """What another mail program sees and does."""
        with IMAPClient("localhost", self.imap_port, ssl=False) as client:
            client.login(account.user, account.password)
            client.select_folder(folder)
            yield client

    def _configuration(self) -> str:
        user = "nobody" if os.getuid() == 0 else getpass.getuser()
        group = "nogroup" if os.getuid() == 0 else subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
        values = {
            "T": str(self.folder),
            "U": user,
            "G": group,
            "IMAP": str(self.imap_port),
            "IMAPS": str(self.imaps_port),
            "LMTP": str(self.lmtp_port),
        }
        text = _CONFIGURATION
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        if self._introspection:
            text = text.replace("auth_mechanisms = plain login", "auth_mechanisms = plain login xoauth2 oauthbearer")
            # Without the anvil line each failed login makes the next one wait, up to 17 seconds.
            text += _OAUTH.replace("@T@", str(self.folder))
            (self.folder / "oauth2.conf.ext").write_text(_OAUTH_TOKENS.replace("@URL@", self._introspection))
        return text

    @property
    def auth_socket(self) -> Path:
        """Where Postfix asks about logins."""
        return self.folder / "run/auth-postfix"


_CONFIGURATION = """
base_dir = @T@/run
state_dir = @T@/state
log_path = @T@/dovecot.log
info_log_path = @T@/dovecot.log
auth_verbose = yes
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = @U@
default_internal_group = @G@
default_login_user = @U@
first_valid_uid = 0
first_valid_gid = 0
mail_home = %h
mail_location = maildir:~/Maildir:INDEX=@T@/idx/%u
mail_uid = @U@
mail_gid = @G@
auth_mechanisms = plain login
disable_plaintext_auth = no
auth_username_chars =
ssl = yes
ssl_cert = <@T@/cert.pem
ssl_key = <@T@/key.pem
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u @T@/passwd
}
userdb {
  driver = passwd-file
  args = username_format=%u @T@/passwd
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
    ssl = yes
  }
}
service imap {
  process_limit = 64
}
service lmtp {
  inet_listener lmtp {
    port = @LMTP@
  }
  unix_listener lmtp {
    mode = 0600
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0600
  }
}
imap_idle_notify_interval = 2 mins
mail_max_userip_connections = 100
protocol lmtp {
  postmaster_address = postmaster@test
}
"""


_OAUTH = """
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @T@/oauth2.conf.ext
}
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener auth-postfix {
    mode = 0666
  }
}
"""

_OAUTH_TOKENS = """
introspection_mode = post
introspection_url = @URL@
username_attribute = email
active_attribute = active
active_value = true
"""


@contextlib.contextmanager
def running(introspection: str = "", accounts: Sequence[Account] = ()) -> Iterator[Dovecot]:
    """A server of its own, for a test that kills it, or that logs in by OAuth."""
    program("dovecot", "dovecot-imapd dovecot-lmtpd")
    with tempfile.TemporaryDirectory(prefix="mb-dovecot-") as folder:
        server = Dovecot(Path(folder), introspection, accounts)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The server that the tests of this session share; each takes an account of its own."""
    with running() as server:
        yield server
