"""What becomes of a committed mail on the IMAP server: it is flagged, moved, deleted, or left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from mailbridge.config.model import After, Mailbox
from mailbridge.intake.imap_connection import Connection
from mailbridge.intake.imap_errors import CommandRefused
from mailbridge.intake.imap_record import FolderRecord
from mailbridge.intake.log import IntakeLog
from mailbridge.ops import crash
from mailbridge.store.engine import Store

DONE_KEYWORD = "$MailbridgeDone"
SEEN_FLAG = r"\Seen"
ACKNOWLEDGE_AT_ONCE = 200  # mails a command


class Acknowledger:
    """Acknowledges the mails of one folder, as `after` of its mailbox says."""

    def __init__(self, record: FolderRecord, mailbox: Mailbox, store: Store, log: IntakeLog) -> None:
        self._record, self._mailbox, self._store, self._log = record, mailbox, store, log
        self._last_error = ""
        self._is_refused = False  # the server refused in this turn; the next turn tries again

    def begin_turn(self) -> None:
        """A server that refused in the turn before is asked again."""
        self._is_refused = False

    def acknowledge(self, connection: Connection, uid_epoch: int) -> None:
        """Acknowledges the committed mails on the server.  After a refusal the next turn tries again, from the store."""
        if self._is_refused:
            return
        uids = self._record.unacknowledged(uid_epoch)
        for start in range(0, len(uids), ACKNOWLEDGE_AT_ONCE):
            part = uids[start : start + ACKNOWLEDGE_AT_ONCE]
            crash.point("intake.before_settle")
            how: str = self._mailbox.after
            if not self._marked(connection, part):
                part, how = self._gone(connection, part), "gone"
            crash.point("intake.after_settle")
            if part:
                with self._store.write() as tx:
                    tx.cursors.acknowledged(self._mailbox.name, self._record.folder, uid_epoch, part, how)

    def _marked(self, connection: Connection, uids: Sequence[int]) -> bool:
        try:
            self._mark_on_server(connection, uids)
        except CommandRefused as refusal:
            self._is_refused = True
            if str(refusal) != self._last_error:
                self._last_error = str(refusal)
                self._log.warning(
                    "settling_failed", mailbox=self._mailbox.name, folder=self._record.folder, mails=len(uids), reason=str(refusal)
                )
            return False
        self._last_error = ""
        return True

    def _mark_on_server(self, connection: Connection, uids: Sequence[int]) -> None:
        match self._mailbox.after:
            case After.LEAVE:
                return
            case After.FLAG:
                connection.add_flag(uids, self._done_flag(connection))
            case After.SEEN:
                connection.add_flag(uids, SEEN_FLAG)
            case After.MOVE:
                connection.move(uids, self._mailbox.move_to)
            case After.DELETE:
                connection.delete(uids)
            case _:
                assert_never(self._mailbox.after)

    def _done_flag(self, connection: Connection) -> str:
        if connection.takes_keywords:
            return DONE_KEYWORD
        self._log.warning("keyword_not_kept", mailbox=self._mailbox.name, folder=self._record.folder, instead=SEEN_FLAG)
        return SEEN_FLAG

    def _gone(self, connection: Connection, uids: Sequence[int]) -> list[int]:
        """Those of the mails that are still in the folder: the others need no acknowledgement."""
        there = set(connection.search(uids[0], uids[-1]))
        return [uid for uid in uids if uid not in there]
