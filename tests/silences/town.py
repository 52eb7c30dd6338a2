"""A desk among real servers, each behind a way that can break, and people who write to it and count what they get back."""

from __future__ import annotations

import contextlib
import json
import signal
import smtplib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from urllib.request import urlopen

from mailbridge.store.engine import Store
from tests.e2e.running import Running, Sink, looking, mailbridge, sink, write_desk
from tests.fakes.identity_provider import IdentityProvider
from tests.harness import a_mail
from tests.oauth.accounts import CLIENT_SECRET, KEY
from tests.servers import nsd
from tests.servers.clamd import Clamd
from tests.servers.dovecot import Dovecot
from tests.servers.faulty_proxy import FaultyDatagrams, FaultyProxy
from tests.servers.nsd import Nsd, txt
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres
from tests.servers.processes import free_ports
from tests.servers.rspamd import Rspamd
from tests.silences.rows import Protocol, Row
from tests.webhooks.hook_server import Hooks, hook_server

ADMIN = "admin@smtp.test"
DOMAIN = "smtp.test"  # Postfix brings its mail to the sink
WORDS = "It does not work."
HOOK_SECRET = "whsec_c2VjcmV0"
TOKENS_LIVE = 4.0  # seconds
RULES = {
    "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan]}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@smtp.test}
default: support
""",
    "routing/20-calls.yaml": '- name: tell\n  when: {exists: subject}\n  then: {webhook: "@HOOK@"}\n',
}
DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
admins = ["admin@smtp.test"]
[store]
url = "@STORE@"
[[listener]]
protocol = "lmtp"
port = @LMTP@
trusted_peers = ["127.0.0.1"]
[[listener]]
protocol = "smtp"
port = @SMTP@
trusted_peers = ["127.0.0.1"]
[[mailbox]]
name = "box"
host = "127.0.0.1"
port = @IMAP@
tls = "none"
user = "@USER@"
password_file = "password"
after = "seen"
[outgoing]
url = "smtp://127.0.0.1:@RELAY@"
tls = "none"
[webhooks]
hosts = ["127.0.0.1"]
secret_env = "HOOK_SECRET"
@HOOKTIME@
[metrics]
listen = "127.0.0.1:@METRICS@"
[limits]
automatic_per_hour = 100000
mails_per_unproven_hour = 1000
"""
CHECKS = """
[authenticity]
check = "dns"
dns_servers = ["127.0.0.1:@DNS@"]
@DNSTIME@
[scan]
clamd = "127.0.0.1:@CLAMD@"
rspamd = "http://127.0.0.1:@RSPAMD@"
@SCANTIME@
"""
NO_CHECKS = """
[authenticity]
check = "headers"
"""
OAUTH = """
[encryption]
key_file = "secret.key"
[oauth.support]
provider = "generic"
flow = "client-credentials"
client_id = "client-1"
client_secret_file = "client.secret"
token_url = "http://127.0.0.1:@TOKEN@/token"
scopes = ["imap", "smtp"]
[[mailbox]]
name = "oauth"
host = "127.0.0.1"
port = @IMAPDIRECT@
tls = "none"
user = "@OAUTHUSER@"
oauth = "support"
after = "seen"
"""
SOURCES = {
    Protocol.IMAP: "imap:box/INBOX",
    Protocol.SMTP_OUT: "outgoing",
    Protocol.TOKEN: "imap:oauth/INBOX",
    Protocol.DNS: "dns",
    Protocol.CLAMD: "scanner:clamd",
    Protocol.RSPAMD: "scanner:rspamd",
    Protocol.WEBHOOK: "webhook:127.0.0.1",
}


@dataclass(frozen=True, slots=True)
class Servers:
    """What a town has; the optional ones in the long run only."""

    dovecot: Dovecot
    postfix: Postfix
    postgres: Postgres
    clamd: Clamd | None = None
    rspamd: Rspamd | None = None
    provider: IdentityProvider | None = None


class Town:
    """`send` brings a mail on one of the ways in; `assert_all_in` counts what came of all that was acknowledged."""

    def __init__(self, folder: Path, servers: Servers, stack: contextlib.ExitStack, *, seed: int, shortened: bool) -> None:
        self.folder, self.servers, self.seed, self.is_shortened = folder, servers, seed, shortened
        self._stack = stack
        self._numbers = iter(range(1, 1_000_000))
        self._lock = Lock()
        self.owed: dict[str, bytes] = {}  # what a sender still has to send, by recipient of the receipt
        self.acknowledged: set[str] = set()  # addresses of those whose mail was taken
        self.refused: list[tuple[int, float]] = []  # SMTP code and seconds that the client waited
        self.repeated = 0  # mails whose answer to the final dot was lost, so that they were sent once more
        self.ways: dict[Protocol, FaultyProxy | FaultyDatagrams] = {}

    def build(self) -> None:
        """The servers answer, the desk is configured and runs."""
        s, enter = self.servers, self._stack.enter_context
        self.account, values = s.dovecot.new_account(), {}
        self.world: Sink = enter(sink(s.postfix.smtp_port))
        self.hooks: Hooks = enter(hook_server())
        self.url = enter(s.postgres.database())
        self.lmtp, self.smtp, self.metrics = free_ports(3)
        self._way(Protocol.IMAP, s.dovecot.imap_port)
        self._way(Protocol.SMTP_OUT, s.postfix.port)
        self._way(Protocol.POSTGRESQL, s.postgres.port)
        self._way(Protocol.WEBHOOK, self.hooks.port)
        toml = DESK
        if s.clamd and s.rspamd:
            toml += CHECKS
            zone = txt("@", "v=spf1 ip4:127.0.0.1 -all", 1) + txt("_dmarc", "v=DMARC1; p=none", 1)
            names: Nsd = enter(nsd.running({DOMAIN: zone, "desk.test": "@ 1 IN MX 10 ns\n"}))
            dns = FaultyDatagrams(names.port, seed=self.seed)
            dns.start()
            self._stack.callback(dns.close)
            self.ways[Protocol.DNS] = dns
            self._way(Protocol.CLAMD, s.clamd.port)
            self._way(Protocol.RSPAMD, s.rspamd.port)
            values |= {"DNS": dns.port, "CLAMD": self.port(Protocol.CLAMD), "RSPAMD": self.port(Protocol.RSPAMD)}
            values["DNSTIME"] = 'time_limit = "2s"' if self.is_shortened else ""
            values["SCANTIME"] = 'time_limit = "2s"' if self.is_shortened else ""
        else:
            toml += NO_CHECKS
        if s.provider:
            toml += OAUTH
            self.login = s.dovecot.new_account()
            s.provider.user, s.provider.lives = self.login.user, TOKENS_LIVE
            (self.folder / "secret.key").write_text(KEY)
            (self.folder / "client.secret").write_text(CLIENT_SECRET)
            self._way(Protocol.TOKEN, s.provider.port)
            values |= {"TOKEN": self.port(Protocol.TOKEN), "IMAPDIRECT": s.dovecot.imap_port, "OAUTHUSER": self.login.user}
        database = self.url.rpartition("/")[2]
        values |= {
            "STORE": f"postgresql://postgres@127.0.0.1:{self.port(Protocol.POSTGRESQL)}/{database}",
            "LMTP": self.lmtp,
            "SMTP": self.smtp,
            "METRICS": self.metrics,
            "IMAP": self.port(Protocol.IMAP),
            "USER": self.account.user,
            "RELAY": self.port(Protocol.SMTP_OUT),
            "HOOKTIME": 'time_limit = "2s"' if self.is_shortened else "",
        }
        for name, value in values.items():
            toml = toml.replace(f"@{name}@", str(value))
        hook = f"http://127.0.0.1:{self.port(Protocol.WEBHOOK)}/tickets"
        write_desk(self.folder, toml, {name: text.replace("@HOOK@", hook) for name, text in RULES.items()})
        self.store: Store = enter(looking(self.url))
        self.start()
        self._stack.callback(self._end)

    def _way(self, protocol: Protocol, port: int) -> None:
        proxy = FaultyProxy(port, seed=self.seed)
        proxy.start()
        self._stack.callback(proxy.close)
        self.ways[protocol] = proxy

    def port(self, protocol: Protocol) -> int:
        return self.ways[protocol].port

    # The daemon

    def start(self) -> None:
        program = "tests.silences.shortened" if self.is_shortened else "mailbridge"
        self.daemon = Running(self.folder, program=program, HOOK_SECRET=HOOK_SECRET)

    def stop(self) -> tuple[int, float]:
        """The exit code after SIGTERM, and the seconds it took."""
        began = time.monotonic()
        return self.daemon.stop(), time.monotonic() - began

    def _end(self) -> None:
        if self.daemon.process.poll() is None:
            self.daemon.kill()

    def figures(self) -> tuple[int, int]:
        """Threads and open descriptors of the daemon."""
        process = Path(f"/proc/{self.daemon.process.pid}")
        return len(list((process / "task").iterdir())), len(list((process / "fd").iterdir()))

    def tell_figures(self) -> str:
        """Which threads there are, and what the descriptors are: TCP connections by port, other kinds by name."""
        pid = self.daemon.process.pid
        if self.is_shortened:
            self.daemon.process.send_signal(signal.SIGUSR1)
            time.sleep(1)
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        ports = {way.port: str(protocol) for protocol, way in self.ways.items()}
        ends = {one[9]: (int(one[1][-4:], 16), int(one[2][-4:], 16), one[3]) for one in rows}
        kinds = Counter[str]()
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                kind = str(descriptor.readlink())
                local, peer, state = ends.get(kind.removeprefix("socket:[").removesuffix("]"), (0, 0, ""))
                kinds[f"{ports.get(peer, peer)} from {ports.get(local, 'here')} in state {state}" if state else kind.partition(":")[0]] += 1
        threads = [line for line in self.daemon.log().splitlines() if line.startswith('{"threads"')]
        return f"{dict(kinds)} {threads[-1:]}"

    # Faults

    def break_at(self, row: Row) -> None:
        match self.ways[row.protocol]:
            case FaultyDatagrams() as dns:
                dns.break_at(row.word, row.fault, by_connection=row.by_tcp)
            case FaultyProxy() as way:
                way.break_at(row.word, row.fault, passes=row.passes)
                if row.anew:
                    way.hang_up()

    def heal(self, row: Row) -> None:
        self.ways[row.protocol].heal()

    def heal_all(self) -> None:
        for way in self.ways.values():
            way.heal()

    def restart(self) -> None:
        if self.daemon.process.poll() is None:
            self.daemon.kill()
        self.start()

    def happened(self, row: Row) -> bool:
        return self.ways[row.protocol].happened.is_set()

    # Mails

    def write(self) -> tuple[str, bytes]:
        number = next(self._numbers)
        sender = f"c{number}@{DOMAIN}"
        return sender, a_mail(WORDS, from_=sender, subject=f"no {number}", message_id=f"<{number}@{DOMAIN}>")

    def send(self, way: str) -> str:
        """A new mail goes this way: "lmtp", "imap" or "oauth"; the sender's address."""
        sender, raw = self.write()
        match way:
            case "lmtp":
                with self._lock:
                    self.owed[sender] = raw
                self._hand_over(sender, raw)
            case "imap":
                self.servers.dovecot.deliver(self.account, raw)
                self.acknowledged.add(sender)
            case "oauth":
                self.servers.dovecot.deliver(self.login, raw)
                self.acknowledged.add(sender)
        return sender

    def send_in_background(self, way: str) -> Thread:
        thread = Thread(target=self.send, args=(way,), daemon=True)
        thread.start()
        return thread

    def send_owed(self) -> None:
        """Senders whose mail was not taken send it again, as mail servers do."""
        with self._lock:
            owed = dict(self.owed)
        for sender, raw in owed.items():
            self._hand_over(sender, raw)

    def _hand_over(self, sender: str, raw: bytes) -> None:
        began = time.monotonic()
        try:
            with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=120) as client:
                client.sendmail(sender, ["support@desk.test"], raw)
        except smtplib.SMTPResponseException as error:
            self.refused.append((error.smtp_code, time.monotonic() - began))
        except smtplib.SMTPRecipientsRefused as error:
            self.refused.append((next(iter(error.recipients.values()))[0], time.monotonic() - began))
        except OSError:
            self.refused.append((0, time.monotonic() - began))
        else:
            with self._lock:
                self.owed.pop(sender, None)
                self.acknowledged.add(sender)

    # What came of them

    def receipts(self) -> Counter[str]:
        return Counter(recipient for recipient, _ in list(self.world.mails) if recipient.startswith("c"))

    def is_answered(self, sender: str) -> bool:
        return self.receipts()[sender] > 0

    def called(self) -> Counter[str]:
        """How often each ticket's call was made, by its number: a key is one call, whatever became of the answer."""
        whole = [one for one in list(self.hooks.heard) if len(one[2]) == int(one[1]["content-length"])]
        keys = {header["webhook-id"]: json.loads(body)["data"]["ticket"]["number"] for _, header, body in whole}
        return Counter(keys.values())

    def is_filed(self, sender: str) -> bool:
        number = sender.partition("@")[0][1:]
        with self.store.read() as tx:
            return tx.mails.has_message_id(f"{number}@{DOMAIN}")

    def missing(self) -> str:
        """What is still to come: mails, receipts, calls; '' when everything is there."""
        if self.owed:
            return f"not taken: {sorted(self.owed)}"
        with self.store.read() as tx:
            counts = tx.inbox.counts()
        done, waiting = counts["done"], counts["new"] + counts["claimed"]
        if waiting or done < len(self.acknowledged):
            return f"{done} of {len(self.acknowledged)} mails are done, {waiting} wait"
        if left := self.acknowledged - self.receipts().keys():
            return f"no receipt yet: {sorted(left)[:10]}"
        if len(self.called()) < len(self.acknowledged):
            return f"{len(self.called())} of {len(self.acknowledged)} calls are made"
        return ""

    def moved(self) -> tuple[object, ...]:
        """Another value whenever a mail, an answer or a call has come further."""
        with self.store.read() as tx:
            counts = tx.inbox.counts(), tx.outbox.counts()
        return len(self.acknowledged), counts, len(self.world.mails), len(self.hooks.heard)

    def assert_nothing_doubled(self, *, audit: bool = True) -> None:
        """Each acknowledged mail is one ticket, with one receipt and one call."""
        receipts, called = self.receipts(), self.called()
        with self.store.read() as tx:
            repeated = {one.notification.recipient for one in tx.outbox.list(limit=100_000) if one.repeated}
        assert {one for one, count in receipts.items() if count > (2 if one in repeated else 1)} == set()
        self.repeated = len(repeated)
        assert set(receipts) == self.acknowledged
        assert set(called.values()) <= {1}, called
        with self.store.read() as tx:
            tickets = tx.tickets.find(limit=100_000)
            mails = Counter(mail.message_id for ticket in tickets for mail in tx.mails.of_ticket(ticket.id))
        assert len(tickets) == len(self.acknowledged) == len(mails)
        assert set(mails.values()) <= {1}
        if not audit:
            return
        audited = mailbridge(self.folder, "audit", "--json", "--desk", str(self.folder), HOOK_SECRET=HOOK_SECRET)
        assert audited.returncode == 0, audited.stdout[-2000:] + audited.stderr[-1000:]

    # What is told

    def is_told(self, row: Row) -> bool:
        """Whether status and metrics say that the part stands still."""
        if row.protocol is Protocol.POSTGRESQL:
            return "mailbridge_store_up 0.0" in self.scraped()
        source = SOURCES[row.protocol]
        with self.store.read() as tx:
            failing = any(one.name == source and one.failing_since is not None for one in tx.sources.all())
        return failing and f'mailbridge_source_up{{name="{source}"}} 0.0' in self.scraped()

    def is_well(self, row: Row) -> bool:
        """Whether nobody is told any more that the part stands still."""
        scraped = self.scraped()
        return "mailbridge_store_up 1.0" in scraped and f'mailbridge_source_up{{name="{SOURCES.get(row.protocol, "")}"}} 0.0' not in scraped

    def scraped(self) -> str:
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=60) as answer:
            return str(answer.read().decode())
        return ""

    def mails_about(self, row: Row) -> int:
        """How many mails told the administrator that this server fails."""
        name = SOURCES.get(row.protocol, "database")
        mails = [mail for recipient, mail in list(self.world.mails) if recipient == ADMIN and "attention" in mail["subject"]]
        bodies = [mail.get_body(("plain",)) for mail in mails]
        return sum(name in body.get_content() for body in bodies if body is not None)


@contextlib.contextmanager
def a_town(folder: Path, servers: Servers, *, seed: int, shortened: bool = True) -> Iterator[Town]:
    with contextlib.ExitStack() as stack:
        town = Town(folder, servers, stack, seed=seed, shortened=shortened)
        town.build()
        yield town
