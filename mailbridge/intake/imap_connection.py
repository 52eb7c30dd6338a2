"""One IMAP connection, on imapclient, with our values and two kinds of errors.

Only the thread that opened it may use it; its Line may be cut by any.  Comments name the differences from imapclient 4.1 and their reasons.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from mailbridge.config.model import Mailbox, Take, Taken
from mailbridge.intake.imap_answers import by_uid, expunged, found
from mailbridge.intake.imap_client import Line, connected, prepare
from mailbridge.intake.imap_errors import CommandRefused, Lost, in_our_words, where_of
from mailbridge.intake.imap_idle import idle
from mailbridge.intake.imap_items import MailSummary, criterion, heads_in, plain_name, summary_of, takes_keywords
from mailbridge.intake.imap_login import by_password, by_token
from mailbridge.intake.imap_old import HEAD_FIELDS
from mailbridge.intake.imap_plan import SERVERS, Selected
from mailbridge.oauth.model import AccessToken, TokenSource
from mailbridge.ops.time_limit import within

FAREWELL_TIMEOUT = 2.0
EXCHANGE = 120.0  # seconds for a whole exchange: for the way to a login, and for a command with its answer
SLOWEST = 8 << 10  # bytes a second that a slow line carries: mails get so much more time
HEAD = 4 << 10  # bytes that the fields of a mail's header may have together, as a rule
STEP = 1 << 20  # bytes of a large mail in one request
EVERY = Take(which=Taken.ALL)


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
        self.where = where_of(mailbox)
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
                    by_password(self._client, mailbox)
                else:
                    self._token = by_token(self._client, mailbox, tokens, token)
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
            answer = self._client.select_folder(plain_name(folder), readonly=readonly)
            if b"EXISTS" not in answer:  # RFC 9051 6.3.2: always present, so this is not the answer to our SELECT
                raise Lost("the server opened the folder without saying how many mails it holds")
            self._keywords = takes_keywords(answer.get(b"PERMANENTFLAGS"))
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
            asked = [f"UID {int(first)}:{'*' if last is None else int(last)}", *criterion(take)]
            lines = self._client._raw_command_untagged(b"SEARCH", [" ".join(asked).encode()])
            return found(lines, untagged.pop("ESEARCH", ()))

    def enable_qresync(self) -> bool:
        """Whether the server tells which UIDs were expunged (RFC 7162).  It is to be called before a folder is selected (RFC 5161, 3.1)."""
        with self._translated("enable"):
            if not (self._client.has_capability("QRESYNC") and self._client.has_capability("ENABLE")):
                return False
            return bool(self._client.enable("QRESYNC"))

    def vanished(self, uids: str) -> list[int]:
        """Those of the UIDs (a set of RFC 9051) that the server says were expunged; after `enable_qresync`.

        RFC 7162, 3.2.6: UID FETCH with VANISHED.  The UIDs are asked for without the mails that are there, so no mail is answered.
        """
        with self._translated("ask for expunged mails"):
            imap = self._client._imap
            imap.untagged_responses.pop("VANISHED", None)
            tag = imap._command("UID", "FETCH", uids, "(UID)", "(CHANGEDSINCE 1 VANISHED)")
            kind, data = imap._command_complete("FETCH", tag)
            self._client._checkok("fetch", kind, data)
            return expunged(imap.untagged_responses.pop("VANISHED", ()))

    def folders(self) -> dict[str, int]:
        """UIDVALIDITY of every folder of the mailbox that can be selected."""
        with self._translated("list folders"):
            names = [name for flags, _, name in self._client.list_folders() if rb"\Noselect" not in flags and rb"\NonExistent" not in flags]
        found = {}
        for name in names:
            with suppress(CommandRefused), self._translated("ask for status"):
                found[name] = int(self._client.folder_status(plain_name(name), ["UIDVALIDITY"]).get(b"UIDVALIDITY", 0))
        return found

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
            return {uid: summary_of(answer) for uid, answer in answers.items() if b"RFC822.SIZE" in answer}

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
            return {uid: head for uid, answer in answers.items() for head in heads_in(answer)}

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
                self._move(uids, plain_name(folder))
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

        The answer is not interpreted: the caller checks the folder afterwards.
        """
        with self._translated("idle", waits=seconds):
            self._heed(idle(self._client, seconds, interrupt))

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
            trouble = Lost(late, doing=doing, **self.where) if limit.over else in_our_words(error, doing, self._mailbox.user, self.where)
            self._lost = self._lost or isinstance(trouble, Lost)
            raise trouble from error

    def _heed(self, responses: Sequence[tuple[Any, ...]]) -> None:
        """Raises for a BYE, which imapclient returns like any other untagged answer."""
        if any(response and response[0] == b"BYE" for response in responses):
            raise IMAPClientAbortError("the server says BYE")
