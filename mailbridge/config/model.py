"""The desk's configuration: one typed object, read once.  Unknown keys are errors that name the nearest known one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path

from mailbridge.config.providers import Flow, Provider
from mailbridge.message.profiles import Expected, Profile, networks
from mailbridge.message.trace import within


def a_labels(domain: str) -> str:
    """The domain as the DNS knows it (RFC 5890), lower case; as it is where it has no such form."""
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.lower()


class After(StrEnum):
    """What becomes of a mail on the IMAP server once it is safe with us (IN3)."""

    LEAVE = "leave"
    FLAG = "flag"
    SEEN = "seen"
    MOVE = "move"
    DELETE = "delete"


class Taken(StrEnum):
    """Which mails of a folder are taken when it is opened for the first time; later every new mail is."""

    NEW = "new"
    UNSEEN = "unseen"
    SINCE = "since"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """`since`: the first day, by the server's date of arrival; None for all but `Taken.SINCE`."""

    which: Taken = Taken.NEW
    since: date | None = None


class Tls(StrEnum):
    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class AgentTrust(StrEnum):
    """What makes a mail from an agent's address the agent's: DMARC by our MX, or (explicitly) the token of a mail sent to that agent."""

    DMARC = "dmarc"
    TOKEN = "token"  # noqa: S105  (a word, not a secret)


class SenderCheck(StrEnum):
    """Which mails are checked by ourselves, by asking the DNS, where no trusted line of the header says who wrote them."""

    AUTO = "auto"  # those from IMAP
    DNS = "dns"  # all
    HEADERS = "headers"  # none


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticitySettings:
    """How senders are checked.  `dns_servers` empty: the system's.  `trusted_sealers`: domains whose ARC seals are believed."""

    check: SenderCheck = SenderCheck.AUTO
    dns_servers: tuple[tuple[str, int], ...] = ()
    time_limit: timedelta = timedelta(seconds=10)  # for one mail
    trusted_sealers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which lines of the header are believed of mails from one source.  Empty `authserv_ids` and `own_hosts`: those of [desk].

    `tenant_domains` are domains of a Microsoft 365 tenant whose administrator says that no hybrid or "externally secured" connector
    lets mail in as internal.
    """

    profile: Profile | None = None
    milter_index: int = 1
    authserv_ids: tuple[str, ...] = ()
    own_hosts: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()  # addresses and networks of own servers between the MX and this source
    tenant_domains: tuple[str, ...] = ()


class WhenSilent(StrEnum):
    """What becomes of a mail that a scanner could not look at."""

    ACCEPT = "accept"
    WAIT = "wait"


class WhenVirus(StrEnum):
    """What becomes of a mail with a known virus."""

    QUARANTINE = "quarantine"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanners:
    """What looks at the content of mails; '' and None: nothing does."""

    clamd: tuple[str, int] | str | None = None  # a server, or the path of a socket
    clamd_max: int = 25 << 20
    rspamd: str = ""
    time_limit: timedelta = timedelta(seconds=30)  # for one mail and one scanner
    on_failure: WhenSilent = WhenSilent.ACCEPT
    virus: WhenVirus = WhenVirus.QUARANTINE

    @property
    def any(self) -> bool:
        return self.clamd is not None or bool(self.rspamd)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """A login at an OAuth provider that mailboxes and outgoing mail share.  `provider` and `scopes` have the tenant and cloud filled in."""

    name: str
    provider: Provider
    flow: Flow
    scopes: tuple[str, ...]
    client_id: str = ""
    client_secret: str = field(default="", repr=False)  # resolved from client_secret_file, _env or _credential
    certificate_file: Path | None = None
    certificate_key_file: Path | None = None
    service_account_file: Path | None = None
    account: str = ""  # who signs in, or whom a service account acts for; lower case
    secret_expires: date | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    name: str
    host: str
    port: int = 993
    tls: Tls = Tls.IMPLICIT
    ca_file: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)  # resolved from password_file, _env or _credential, never written in the file
    folders: tuple[str, ...] = ("INBOX",)
    take: Take = Take()
    after: After = After.SEEN
    move_to: str = ""
    sent: tuple[str, ...] = ()  # folders with mail that was sent by another help desk; read in shadow mode alone
    idle: bool = True
    poll: timedelta = timedelta(seconds=60)
    trust: Trust = field(default_factory=Trust)
    oauth: str = ""  # the [oauth.NAME] to log in with; '': by password


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """An SMTP or LMTP listener.  `recipients` empty: the desk's own addresses (with +detail) only."""

    protocol: str  # smtp | lmtp
    host: str = "127.0.0.1"
    port: int = 2525
    socket: str = ""  # the name of a socket that systemd hands over instead (FileDescriptorName=)
    hostname: str = ""
    recipients: tuple[str, ...] = ()
    max_size: int = 50 << 20
    tls_cert: Path | None = None
    tls_key: Path | None = None
    require_tls: bool = False
    max_connections: int = 100
    peer_connections: int = 10  # of one client address
    max_recipients: int = 100
    users_file: Path | None = None  # who may submit, after AUTH; None: nobody has to log in
    trusted_peers: tuple[str, ...] = ()  # addresses and networks of mail servers whose results are believed
    trust: Trust = field(default_factory=Trust)

    @property
    def name(self) -> str:
        """As the inbox keeps it with each mail."""
        return f"systemd:{self.socket}" if self.socket else f"{self.host}:{self.port}"

    def trusts(self, peer: str) -> bool:
        """Whether this client is a mail server whose words about senders count."""
        return within(peer, networks(self.trusted_peers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """Mails from `mailbridge ingest`.  `trusted`: only our own mail server calls it, and what that server wrote is believed."""

    trusted: bool = False
    trust: Trust = field(default_factory=Trust)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Where our mail goes: smtp://host:port, smtps://host:port or maildir:FOLDER (nothing leaves the machine).

    `failover`: the name of the server that carries its mail while it cannot be reached; '': none.
    """

    name: str = "outgoing"
    url: str = "maildir:outgoing"
    tls: Tls = Tls.STARTTLS
    ca_file: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    helo: str = ""
    connections: int = 2
    mails_per_minute: int = 0  # 0: the limit of the login's provider, or none
    failover: str = ""
    oauth: str = ""  # the [oauth.NAME] to log in with; '': by password, or not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Which hosts rules may call, and the secret that signs each call.  No hosts: no calls."""

    hosts: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)  # resolved from secret_file, _env or _credential, never written in the file
    ca_file: Path | None = None
    time_limit: timedelta = timedelta(seconds=10)  # for one call, from the connection to the end of the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """From which hosts calendar feeds are fetched, and how.  No hosts: none are."""

    hosts: tuple[str, ...] = ()
    private: bool = False  # whether a host may have an address of this machine or of a local network
    every: timedelta = timedelta(hours=1)
    time_limit: timedelta = timedelta(seconds=30)  # for one request, from the connection to the end of the answer
    largest: int = 16 << 20  # bytes of a feed
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSettings:
    """Where articles and answers ready to send lie.  `suggest_answers`: agents read how a similar ticket was solved."""

    folder: Path | None = None
    answers: Path | None = None
    suggest_answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Where Prometheus finds us: an address, or a socket that systemd hands over; None and '': nowhere."""

    listen: tuple[str, int] | None = None
    socket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many backups stay: the newest of so many days, weeks and months that have one."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Backups that the daemon makes by itself.  `to` None: none.  `keys` None: `backup-keys` in the desk's folder."""

    to: Path | None = None
    keys: Path | None = None
    every: timedelta = timedelta(days=1)
    at: time | None = None  # UTC; instead of `every`, once a day
    keep: Keep = field(default_factory=Keep)
    check: bool = True  # each one is restored into an empty place and compared


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings:
    """Where others ask whether the desk works (None and '': nowhere), and whom it tells every minute that it does ('': nobody)."""

    listen: tuple[str, int] | None = None
    socket: str = ""  # the name of a socket that systemd hands over instead
    ping_url: str = field(default="", repr=False)  # whoever knows it can say that the desk is well
    alarm_url: str = field(default="", repr=False)  # called where no mail can tell: the database takes no writes, a canary is late
    silence: bool = True  # tell the admins of a source that is silent for longer than is likely


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySettings:
    """How often the desk sends a mail to itself, to which addresses (none: its own), and after which time one is late.

    `alarm_outgoing`: the name of the server by which the admins get the alarm.  Without it and [health] `alarm_url` they get a usual mail.
    """

    every: timedelta = timedelta(minutes=5)
    to: tuple[str, ...] = ()
    late_after: timedelta = timedelta(minutes=10)
    alarm_outgoing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The pages for agents (`listen` None and `socket` '': there are none).  `public_url`: their address in browsers, without a slash at
    its end; https, or http on this machine itself.  `separate`: `mailbridge web` serves them, not the daemon."""

    listen: tuple[str, int] | None = None
    socket: str = ""  # the name of a socket that systemd hands over instead
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()  # whose X-Forwarded-For is believed
    separate: bool = False
    session_idle: timedelta = timedelta(hours=12)
    session_longest: timedelta = timedelta(days=14)

    @property
    def is_on(self) -> bool:
        return bool(self.listen or self.socket)

    @property
    def is_secure(self) -> bool:
        """Whether browsers speak https with them."""
        return self.public_url.startswith("https:")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Caps against loops and abuse, and bounds on the work for one mail."""

    mail_size: int = 50 << 20
    read_seconds: int = 20
    read_memory: int = 1 << 30
    acks_per_sender_hour: int = 1  # whose sender is not proven
    acks_per_verified_hour: int = 10
    receipts_together_minutes: int = 5  # a person gets at most one receipt in this time; further ones come in one mail at its end
    tickets_per_sender_hour: int = 10  # whose sender is not proven; further mails are grouped
    tickets_per_form_hour: int = 300  # far above what visitors of a form bring
    bytes_per_sender_hour: int = 200 << 20  # whose sender is not proven; further mails are quarantined
    mails_per_unproven_hour: int = 5  # automatic mails to an address that nobody has proven
    mails_per_recipient_hour: int = 20
    mails_per_recipient_day: int = 100
    automatic_per_hour: int = 500
    agent_mails_at_once: int = 10  # about customers' mail to one agent within ten minutes; further ones are listed in one mail
    tries: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """How long the signed addresses in mails to agents are good.  Customers' live as long as their ticket, unless they are revoked."""

    act: timedelta = timedelta(hours=24)  # for commands
    answer: timedelta = timedelta(days=30)  # for answers


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimSettings:
    """A key that signs mails from addresses of a domain (RFC 6376).  `domain` in A-labels, lower case."""

    domain: str
    selector: str
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An address of the desk that customers write to, and what the mails that they get from it look like.

    `team` gets new tickets from mail to this address where no rule chooses one.  `line`: where it stands in mailbridge.toml.
    """

    address: str
    name: str = ""  # '': the desk's
    signature: str = ""
    language: str = ""  # of mails to people whose mail shows none; '': the team's
    team: str = ""
    outgoing: str = ""  # the name of the [[outgoing]] that its mail goes by; '': the first one
    dkim: tuple[str, ...] | None = None  # the selectors that sign its mail; None: all of its domain
    smime_certificate_file: Path | None = None  # PEM, the own certificate first; with smime_key_file its mail is signed
    smime_key_file: Path | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    name: str
    address: str
    also: tuple[str, ...] = ()
    prefix: str = "MB"
    language: str = "en"
    admins: tuple[str, ...] = ()
    plus_addressing: bool = True  # the mail server takes support+anything@; off: our Message-IDs alone carry the token
    authserv_ids: tuple[str, ...] = ()
    own_hosts: tuple[str, ...] = ()
    agent_trust: AgentTrust = AgentTrust.DMARC
    send_after: timedelta = timedelta(0)  # how long an agent's answer waits before it goes, so that #stop takes it back; 0: it goes at once
    undo_minutes: int = 10  # how long an agent may take back what a mail of theirs did; 0: not at all
    identities: tuple[Identity, ...] = ()
    shadow: bool = False  # mailboxes are only looked at, and nothing is sent
    shadow_numbers: tuple[str, ...] = ()  # forms of the other desk's ticket numbers, besides the known ones: "[Helpdesk {number}]"

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of the desk: mail to one of them comes back to it."""
        return (self.address, *self.also, *(one.address for one in self.identities))

    def identity_at(self, address: str) -> Identity | None:
        """The identity with this address, with or without +detail; None where there is none."""
        if not self.identities:
            return None
        local, _, domain = address.lower().rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return next((one for one in self.identities if one.address.lower() == plain), None)

    def sent_as(self, sender: str) -> tuple[str, str]:
        """Name and address that a mail with this sender comes from: those of the identity, else the desk's own."""
        identity = self.identity_at(sender)
        return (identity.name or self.name, identity.address) if identity else (self.name, self.address)

    def identity_of_team(self, team: str) -> Identity | None:
        """The first identity whose team it is; None where there is none."""
        return next((one for one in self.identities if team and one.team == team), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    folder: Path  # the desk's folder; relative paths in the file are relative to it
    desk: DeskSettings
    store_url: str = "sqlite:///mailbridge.db"
    mailboxes: tuple[Mailbox, ...] = ()
    listeners: tuple[ListenerSettings, ...] = ()
    pipe: Pipe = field(default_factory=Pipe)
    outgoing: Outgoing = field(default_factory=Outgoing)  # what goes by no other one
    further_outgoing: tuple[Outgoing, ...] = ()
    dkim: tuple[DkimSettings, ...] = ()
    smime_certificates: Path | None = None  # folder with the S/MIME certificates of recipients; None: nothing is encrypted
    limits: LimitSettings = field(default_factory=LimitSettings)
    tokens: TokenSettings = field(default_factory=TokenSettings)
    authenticity: AuthenticitySettings = field(default_factory=AuthenticitySettings)
    scan: Scanners = field(default_factory=Scanners)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    calendars: FeedSettings = field(default_factory=FeedSettings)
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    backup: Backup = field(default_factory=Backup)
    health: HealthSettings = field(default_factory=HealthSettings)
    telemetry_endpoint: str = ""  # the collector that gets spans; '': as the standard environment says
    canary: CanarySettings | None = None  # None: no mail is sent to measure the way
    web: WebSettings = field(default_factory=WebSettings)
    oauth: tuple[OAuth, ...] = ()
    encryption_key: str = field(default="", repr=False)  # encrypts stored tokens; '' where there are none
    readers: int = 2  # reading child processes
    batch: int = 50  # mails a commit when a backlog is worked off
    log_format: str = "auto"  # auto | json | console
    log_level: str = "info"

    def expected(self, trust: Trust) -> Expected | None:
        """What is believed of a header from a source with this trust; None: nothing."""
        ids, hosts = trust.authserv_ids or self.desk.authserv_ids, trust.own_hosts or self.desk.own_hosts
        if trust.profile is None and not (ids or hosts):
            return None
        return Expected(
            profile=trust.profile or Profile.OWN,
            index=trust.milter_index,
            authserv_ids=ids,
            hosts=hosts,
            relays=trust.relays,
            tenant=trust.tenant_domains,
        )

    @property
    def sockets(self) -> tuple[str, ...]:
        """The names of the sockets that systemd has to hand over to the daemon."""
        pages = "" if self.web.separate else self.web.socket
        named = (*(one.socket for one in self.listeners), self.metrics.socket, self.health.socket, pages)
        return tuple(name for name in named if name)

    def is_for_sent_mail(self, mailbox: str, folder: str) -> bool:
        """Whether the folder of the mailbox holds mail that another help desk sent."""
        return any(one.name == mailbox and folder in one.sent for one in self.mailboxes)

    @property
    def canary_addresses(self) -> tuple[str, ...]:
        """The addresses whose way is measured; none in shadow mode, or where that is not configured."""
        if self.canary is None or self.desk.shadow:
            return ()
        return self.canary.to or (self.desk.address,)

    @property
    def has_canary_alarm(self) -> bool:
        """Whether the alarm of a canary has a way of its own, past the mails of the desk."""
        return bool(self.health.alarm_url or (self.canary and self.canary.alarm_outgoing))

    @property
    def outgoing_servers(self) -> tuple[Outgoing, ...]:
        return (self.outgoing, *self.further_outgoing)

    def outgoing_of(self, sender: str) -> Outgoing:
        """The server that mail from this address goes by."""
        identity = self.desk.identity_at(sender)
        return next((one for one in self.further_outgoing if identity and one.name == identity.outgoing), self.outgoing)

    def dkim_of(self, sender: str) -> tuple[DkimSettings, ...]:
        """The keys that sign mail from this address: those of its domain, else of the nearest domain above; none where there are none."""
        if not self.dkim:
            return ()
        identity = self.desk.identity_at(sender)
        labels = a_labels(sender.rpartition("@")[2]).split(".")
        above = (".".join(labels[cut:]) for cut in range(len(labels) - 1))
        domain = next((one for one in above if any(key.domain == one for key in self.dkim)), "")
        wanted = identity.dkim if identity else None
        return tuple(key for key in self.dkim if key.domain == domain and (wanted is None or key.selector in wanted))

    def oauth_named(self, name: str) -> OAuth | None:
        return next((account for account in self.oauth if account.name == name), None)

    @property
    def rules_folder(self) -> Path:
        return self.folder / "rules"

    @property
    def backup_keys(self) -> Path:
        """Where secrets go that no backup holds."""
        return self.backup.keys or self.folder / "backup-keys"

    @property
    def templates_folder(self) -> Path:
        return self.folder / "templates"

    @property
    def articles_folder(self) -> Path:
        """Where the articles of the knowledge base lie."""
        return self.knowledge.folder or self.folder / "knowledge"

    @property
    def answers_folder(self) -> Path:
        """Where the answers ready to send lie."""
        return self.knowledge.answers or self.folder / "answers"
