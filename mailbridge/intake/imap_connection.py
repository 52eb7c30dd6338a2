"""One IMAP connection, on imapclient, with our values and two kinds of errors.

Only the thread that opened it may use it; its Line may be cut by any.  Comments name the differences from imapclient 4.1 and their reasons.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient.datetime_util import parse_to_datetime
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError

from mailbridge.config.model import Mailbox, Take, Taken
from mailbridge.errors import Transient
from mailbridge.intake import imap_client
from mailbridge.intake.imap_answers import by_uid, found
from mailbridge.intake.imap_client import Line, connected, prepare
from mailbridge.intake.imap_old import HEAD_FIELDS
from mailbridge.intake.imap_plan import SERVERS, Selected
from mailbridge.oauth import advice, sasl
from mailbridge.oauth.model import AccessToken, LoginNeeded, TokenRefused, TokenSource, TokenUnavailable
from mailbridge.ops.time_limit import within

FAREWELL_TIMEOUT = 2.0
EXCHANGE = 120.0  # seconds for a whole exchange: for the way to a login, and for a command with its answer
SLOWEST = 8 << 10  # bytes a second that a slow line carries: mails get so much more time
HEAD = 4 << 10  # bytes that the fields of a mail's header may have together, as a rule
STEP = 1 << 20  # bytes of a large mail in one request
EVERY = Take(which=Taken.ALL)


class Lost(Transient):
    """The connection cannot be used any more: broken, silent, or out of step."""


class LoginRefused(Lost):
    """The server refuses the login, now or permanently."""


class CommandRefused(Transient):
    """The server answered NO or BAD to a command.  The connection can be used further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSummary:
    """What the server says about a mail before it is fetched."""

    size: int
    received_at: datetime | None  # INTERNALDATE, time of receipt by the server


class Connection:
    """A logged-in connection.  Every method raises Lost or Refused."""

    def __init__(self, mailbox: Mailbox, largest: int, tokens: TokenSource | None = None, *, line: Line | None = None) -> None:
        """Connected, encrypted as configured, with the certificate verified, and logged in.  `largest`: bytes a mail may have.

        With `tokens` the login is by OAuth.  Raises what Tokens.token raises, too.  Whoever holds the `line` can cut the connection while
        it is being opened.
        """
        token = tokens.token() if tokens is not None else None  # before the server's login timeout begins
        self._mailbox = mailbox
        self._token: AccessToken | None = None
        self._lost = True  # until the login has succeeded, and after a lost connection
        self._mails: Any = None  # number of mails in the folder, from the last EXISTS
        self.where = {"mailbox": mailbox.name, "server": f"{mailbox.host}:{mailbox.port}"}
        self._line = line or Line()
        try:
            with self._translated("connect"):
                self._client = connected(mailbox, self._line)
        except BaseException:
            self._line.close()
            raise
        self._socket = self._client.socket()
        try:
            with self._translated("login"):
                prepare(self._client, largest)
                if tokens is None or token is None:
                    self._login(mailbox)
                else:
                    self._login_by_token(mailbox, tokens, token)
                self._client.capabilities()
                self._lost = False
        except BaseException:
            self.close()
            raise

    @property
    def login_ends_at(self) -> datetime | None:
        """When to log in again, before the server closes the connection with an expired token; None: never."""
        return self._token.renew_at if self._token else None

    @property
    def certificate_ends(self) -> datetime | None:
        """When the server's certificate expires; None without TLS."""
        given = self._socket.getpeercert() if isinstance(self._socket, ssl.SSLSocket) else None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(given["notAfter"])), UTC) if given else None

    # Folders

    def select(self, folder: str, *, readonly: bool) -> Selected:
        """Selects the folder; read-only where no command of ours may change it."""
        with self._translated("open folder"):
            answer = self._client.select_folder(_plain(folder), readonly=readonly)
            if b"EXISTS" not in answer:  # RFC 9051 6.3.2: always present, so this is not the answer to our SELECT
                raise Lost("the server opened the folder without saying how many mails it holds")
            self._keywords = _takes_keywords(answer.get(b"PERMANENTFLAGS"))
            return Selected(uidvalidity=int(answer.get(b"UIDVALIDITY", 0)) & SERVERS, uidnext=int(answer.get(b"UIDNEXT", 0)))

    def search(self, first: int, last: int | None, take: Take = EVERY) -> list[int]:
        """The UIDs from `first` to `last`, or to the end of the folder; of these only the mails that `take` selects (not NEW).

        No other criteria are used: imapclient sends CR and LF inside of criteria unchanged, so a header value from a mail could inject
        commands (imapclient issue 657).
        """
        with self._translated("search"):
            self._in_passing()
            untagged = self._client._imap.untagged_responses
            untagged.pop("SEARCH", None)
            untagged.pop("ESEARCH", None)
            # imapclient's own search() reads only one line.
            asked = [f"UID {int(first)}:{'*' if last is None else int(last)}", *_criterion(take)]
            lines = self._client._raw_command_untagged(b"SEARCH", [" ".join(asked).encode()])
            return found(lines, untagged.pop("ESEARCH", ()))

    def look(self) -> None:
        """Makes the server announce new mails (it may wait with that until a command that is no SEARCH)."""
        with self._translated("noop"):
            self._heed([line for line in self._client.noop()[1] if isinstance(line, tuple)])

    @property
    def has_news(self) -> bool:
        """Whether mails came since the last search, from untagged answers.

        The server may announce them with the answer to any command, and does not repeat it when IDLE begins (RFC 3501 7.3.1, RFC 2177 3).
        """
        before = self._mails
        told, removed = self._in_passing()
        return told and (removed or self._mails != before)

    def _in_passing(self) -> tuple[bool, bool]:
        """The untagged EXISTS and EXPUNGE since the last call.  Clears them, because imaplib collects them without limit."""
        untagged = self._client._imap.untagged_responses
        counts = untagged.pop("EXISTS", None)
        removed = [untagged.pop(word, None) for word in ("EXPUNGE", "VANISHED", "RECENT")][:2]
        if counts:
            self._mails = counts[-1]
        return bool(counts), any(removed)

    # Mails

    def sizes(self, uids: Sequence[int]) -> dict[int, MailSummary]:
        """Summaries of these mails; without those that are gone."""
        with self._translated("ask for sizes"):
            answers = self._fetch(uids, "RFC822.SIZE INTERNALDATE")
            return {uid: _seen(answer) for uid, answer in answers.items() if b"RFC822.SIZE" in answer}

    def bodies(self, uids: Sequence[int], size: int) -> dict[int, bytes]:
        """The complete mails, without setting \\Seen (BODY.PEEK, RFC 9051 6.4.5); without those that are gone or have no content.

        `size`: bytes that are expected of all of them.
        """
        with self._translated("fetch", expected=size):
            answers = self._fetch(uids, "BODY.PEEK[]")
            return {uid: body for uid, answer in answers.items() if isinstance(body := answer.get(b"BODY[]"), bytes) and body.strip()}

    def heads(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The header fields of these mails and their threads; without those that are gone or have no header."""
        with self._translated("fetch headers", expected=len(uids) * HEAD):
            answers = self._fetch(uids, f"BODY.PEEK[HEADER.FIELDS ({' '.join(HEAD_FIELDS)})]")
            return {uid: head for uid, answer in answers.items() for head in _heads_in(answer)}

    def _fetch(self, uids: Sequence[int], items: str) -> dict[int, dict[bytes, Any]]:
        """The data of these mails.  imapclient's own fetch() takes a sequence number for a UID where an answer has none, and lets a second
        answer replace the first."""
        imap = self._client._imap
        imap.untagged_responses.pop("FETCH", None)
        tag = imap._command("UID", "FETCH", ",".join(map(str, uids)), f"({items})")
        kind, data = imap._command_complete("FETCH", tag)
        self._client._checkok("fetch", kind, data)
        return by_uid(imap._untagged_response(kind, data, "FETCH")[1], uids)

    def big_body(self, uid: int, largest: int) -> bytes | None:
        """A mail in steps of a megabyte, at most `largest` bytes and one more; None when it is gone, or has no content."""
        raw = bytearray()
        while len(raw) <= largest:
            step = self._part(uid, "BODY.PEEK[]", len(raw))
            if step is None:
                return None
            raw += step
            if len(step) < STEP:
                break
        return bytes(raw) if raw.strip() else None

    def header(self, uid: int) -> bytes:
        """The header of a mail, its first megabyte at most; empty when the server does not give it."""
        return self._part(uid, "BODY.PEEK[HEADER]", 0) or b""

    def _part(self, uid: int, section: str, offset: int) -> bytes | None:
        with self._translated("fetch", expected=STEP):
            answer = self._fetch([uid], f"{section}<{offset}.{STEP}>").get(uid, {})
            part = answer.get(f"{section.replace('.PEEK', '')}<{offset}>".encode())
            return part if isinstance(part, bytes) else None

    # What becomes of a mail on the server

    @property
    def takes_keywords(self) -> bool:
        """Whether the folder keeps flags of our own."""
        return self._keywords

    def add_flag(self, uids: Sequence[int], flag: str) -> None:
        with self._translated("flag"):
            self._client.add_flags(list(uids), [flag], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Moves the mails to the other folder, which is created where it is missing."""
        with self._translated("move"):
            try:
                self._move(uids, _plain(folder))
            except IMAPClientError as error:
                if "TRYCREATE" not in str(error).upper():
                    raise
                self._client.create_folder(folder)
                self._move(uids, folder)

    def delete(self, uids: Sequence[int]) -> None:
        """Deletes the mails.  Where the server cannot expunge by UID (RFC 4315) they are only marked, because a plain EXPUNGE would remove
        mails that others have marked."""
        with self._translated("delete"):
            self._delete(uids)

    def _move(self, uids: Sequence[int], folder: str) -> None:
        if self._client.has_capability("MOVE"):  # RFC 6851
            self._client.move(list(uids), folder)
            return
        self._client.copy(list(uids), folder)
        self._delete(uids)

    def _delete(self, uids: Sequence[int]) -> None:
        self._client.add_flags(list(uids), [r"\Deleted"], silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(list(uids))

    # Waiting

    @property
    def can_idle(self) -> bool:
        return bool(self._client.has_capability("IDLE"))

    def idle(self, seconds: float, interrupt: int) -> None:
        """Returns after an untagged answer, after the timeout, or when `interrupt` (a file number) is readable.

        The answer is not interpreted: the caller checks the folder afterwards.  imapclient's idle_check() is not used: it shows a closed
        connection as no news for ever (its issues 349, 565) and misses an answer that came together with the continuation (its issues 150,
        321).
        """
        with self._translated("idle", waits=seconds):
            if not self._begin_idle() and not self._has_buffered():
                poll = select.poll()
                poll.register(self._client.socket(), select.POLLIN)
                poll.register(interrupt, select.POLLIN)
                poll.poll(seconds * 1000)
            _, responses = self._client.idle_done()
            self._heed(responses)

    def _begin_idle(self) -> bool:
        """Starts IDLE; True where the server announced something before it."""
        imap = self._client._imap
        self._client._idle_tag = tag = imap._command("IDLE")
        told = False
        while imap._get_response() is not None:
            if imap.tagged_commands[tag]:
                raise IMAPClientError("IDLE refused")
            told = True
        return told

    def _has_buffered(self) -> bool:
        """Whether data was read from the socket that was not processed yet: poll() does not show it."""
        imap, sock = self._client._imap, self._client.socket()
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        if hasattr(imap, "_readbuf"):  # Python 3.14 has a buffer of its own
            return bool(imap._readbuf)
        sock.settimeout(0)
        try:
            return bool(imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(imap_client.READ_TIMEOUT)

    # The end

    def close(self) -> None:
        """Logs out where possible, and closes the connection."""
        if not self._lost:
            with suppress(Exception):  # any error: the connection is closed anyway
                self._socket.settimeout(FAREWELL_TIMEOUT)
                self._client.logout()
        with suppress(Exception):  # the same
            self._client.shutdown()
        with suppress(OSError):
            self._socket.close()
        self._line.close()

    # Failures

    @contextmanager
    def _translated(self, doing: str, *, expected: int = 0, waits: float = 0.0) -> Iterator[None]:
        """Runs an exchange and words its errors.  It ends within `EXCHANGE`, the time that `expected` bytes may need, and `waits` seconds
        in which the server need not answer, however slowly the server answers."""
        seconds = EXCHANGE + expected / SLOWEST + waits
        try:
            with within(seconds, self._line.cut) as limit:
                yield
        except Exception as error:
            late = f"the IMAP server did not finish its answer within {seconds:.0f} s"
            trouble = Lost(late, doing=doing, **self.where) if limit.over else self._in_our_words(error, doing)
            self._lost = self._lost or isinstance(trouble, Lost)
            raise trouble from error

    def _in_our_words(self, error: Exception, doing: str) -> Transient:
        if help_ := advice.of_server(str(error), self._mailbox.user):
            # Microsoft accepts the token and then refuses every command: an immediate retry does not help.
            return LoginRefused(f"the IMAP server refuses the mailbox: {error}. {help_}", doing=doing, **self.where)
        match error:
            case LoginRefused() | LoginNeeded() | TokenRefused() | TokenUnavailable():
                return error
            case LoginError() if _broke_off(error) or _passes(str(error)):
                return Lost(f"the IMAP server did not answer the login: {error}", **self.where)
            case LoginError():
                return LoginRefused(f"the IMAP server refuses the login: {error}", **self.where)
            case IMAPClientAbortError():
                return Lost(f"the IMAP connection broke: {error}", doing=doing, **self.where)
            case ssl.SSLCertVerificationError():
                return Lost(f"the IMAP server's certificate is not to be trusted: {error.verify_message}", **self.where)
            case OSError():
                return Lost(f"the IMAP server cannot be reached: {error}", doing=doing, **self.where)
            case IMAPClientError() if not isinstance(error, ProtocolError):
                return CommandRefused(f"the IMAP server refuses: {error}", doing=doing, **self.where)
            case _:
                # ValueError, AttributeError, KeyError, MemoryError ...: raised by imapclient for malformed answers
                return Lost(f"the IMAP server's answer makes no sense: {type(error).__name__}: {error}", doing=doing, **self.where)

    def _heed(self, responses: Sequence[tuple[Any, ...]]) -> None:
        """Raises for a BYE, which imapclient returns like any other untagged answer."""
        if any(response and response[0] == b"BYE" for response in responses):
            raise IMAPClientAbortError("the server says BYE")

    def _login(self, mailbox: Mailbox) -> None:
        if mailbox.user.isascii() and mailbox.password.isascii():
            self._client.login(mailbox.user, mailbox.password)
            return
        # imaplib's LOGIN supports only ASCII; PLAIN is UTF-8 (RFC 4616 2).
        token = f"\0{mailbox.user}\0{mailbox.password}".encode()
        self._client.sasl_login("PLAIN", lambda challenge: token)

    def _login_by_token(self, mailbox: Mailbox, tokens: TokenSource, token: AccessToken) -> None:
        """Logs in.  A token that the server refuses is renewed and tried once more."""
        try:
            self._present(mailbox, token)
        except LoginRefused:
            fresh = tokens.token(rejected=token)
            if fresh.value == token.value:
                raise
            self._present(mailbox, token := fresh)
        self._token = token

    def _present(self, mailbox: Mailbox, token: AccessToken) -> None:
        offered = [name.removeprefix(b"AUTH=").decode() for name in self._client.capabilities() if name.upper().startswith(b"AUTH=")]
        mechanism = sasl.mechanism(offered) or (None if offered else sasl.XOAUTH2)
        if mechanism is None:
            raise LoginRefused(f"the IMAP server offers no OAuth login, only {', '.join(sorted(offered))}", **self.where)
        self._client._cached_capabilities = None  # they change after the login
        exchange = sasl.Exchange(mechanism, mailbox.user, token, mailbox.host, mailbox.port)
        try:
            # imapclient's oauth2_login() answers the server's error with the token again, and loses the error.
            self._client.sasl_login(mechanism, exchange)
        except LoginError as error:
            if _broke_off(error) or _passes(str(error)):
                raise
            said = f"{error}{f' ({exchange.reason})' if exchange.reason else ''}"
            help_ = advice.of_server(said, mailbox.user)
            what = f"the IMAP server refuses the token for {mailbox.user}: {said}{f'. {help_}' if help_ else ''}"
            raise LoginRefused(what, **self.where) from error


def _broke_off(error: LoginError) -> bool:
    """Whether the connection broke during the login.  imapclient makes a LoginError of every error; the one before it says which."""
    return isinstance(error.__context__, IMAPClientAbortError)


def _passes(said: str) -> bool:
    """Whether the server refuses for now, whatever the password is (RFC 5530, 3)."""
    return any(f"[{code}" in said.upper() for code in ("UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT"))


def _seen(answer: Mapping[bytes, Any]) -> MailSummary:
    told = answer.get(b"INTERNALDATE")
    moment = parse_to_datetime(told, normalise=False) if isinstance(told, bytes) else None
    aware = moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
    return MailSummary(size=int(answer[b"RFC822.SIZE"]), received_at=aware)


def _heads_in(answer: Mapping[bytes, Any]) -> Iterator[bytes]:
    """The header data under any spelling of the field list: servers repeat it in their own way, some with quotes."""
    for name, value in answer.items():
        if name.startswith(b"BODY[HEADER.FIELDS") and isinstance(value, bytes):
            yield value


def _criterion(take: Take) -> list[str]:
    if take.which is Taken.UNSEEN:
        return ["UNSEEN"]
    if take.since is not None:  # RFC 9051 6.4.4: SINCE goes by the day of INTERNALDATE, disregarding time and time zone
        return [f"SINCE {take.since.day}-{_MONTHS[take.since.month - 1]}-{take.since.year:04}"]
    return []


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _takes_keywords(permanent: Any) -> bool:
    """RFC 9051 7.1: `\\*` in PERMANENTFLAGS allows new keywords; a server that says nothing allows all."""
    return permanent is None or b"\\*" in permanent


def _plain(name: str) -> str:
    """A folder name that cannot end its command."""
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise ValueError("a folder name holds a control character")
    return name
