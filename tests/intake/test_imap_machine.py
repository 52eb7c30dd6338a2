"""Any story of deliveries, faults, crashes and servers that forget, told at random: every mail is taken, none is lost or invented."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from mailbridge.config.model import After, Mailbox, Take, Taken, Tls
from mailbridge.errors import Transient
from mailbridge.intake.imap import Poller
from mailbridge.store.engine import Store
from tests.fakes.imap_server import FakeImap, Fault, Mail
from tests.intake.desk import Desk, a_mail

FAULTS = [
    (command, answer)
    for command in ("GREETING", "LOGIN", "SELECT", "NOOP", "UID SEARCH", "UID FETCH", "UID STORE", "UID MOVE", "UID EXPUNGE", "UID COPY")
    for answer in (b"{tag} NO [UNAVAILABLE] later\r\n", b"{tag} BAD what?\r\n", b"* BYE\r\n", b"", b"* 1 FETCH (UID 1 BODY[] {99}\r\nhalf")
]


class Story(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        store = Store(f"sqlite:///{shutil.copy(self.template, folder / 'desk.db')}")
        self.stack.callback(store.close)
        self.desk = Desk(store, self.stack)
        self.server = self.stack.enter_context(FakeImap())
        self.server.on_acknowledge = self.check_told
        self.told_too_early: list[bytes] = []
        self.delivered: list[bytes] = []
        self.taken_away: set[bytes] = set()
        self.resynced = False

    def check_told(self, mail: Mail) -> None:
        if mail.raw not in self.desk.mails():
            self.told_too_early.append(mail.raw)

    @initialize(after=st.sampled_from(After))
    def open(self, after: After) -> None:
        self.after = after
        self.poller = self.new_poller()

    def new_poller(self) -> Poller:
        mailbox = Mailbox(
            name="help",
            host="127.0.0.1",
            port=self.server.port,
            tls=Tls.NONE,
            user="help",
            password="x",
            after=self.after,
            move_to="Done",
            take=Take(which=Taken.ALL),
        )
        return self.desk.poller(mailbox)

    def turn(self) -> bool:
        """As run() does it: trouble ends the connection."""
        try:
            self.poller.one_turn()
        except Transient:
            self.poller._disconnect()
            return False
        return True

    @rule(count=st.sampled_from([1, 2, 3, 60]))
    def deliver(self, count: int) -> None:
        mails = [a_mail(f"mail-{len(self.delivered) + number}") for number in range(count)]
        self.delivered += mails
        self.server.deliver(*mails)

    @rule()
    def take(self) -> None:
        self.turn()

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 2))
    def break_something(self, fault: tuple[str, bytes], times: int) -> None:
        command, answer = fault
        self.server.faults.append(Fault(command, answer, close=not answer.startswith(b"{tag}"), times=times))

    @rule(times=st.integers(1, 2))
    def refuse_what_comes_after_the_commit(self, times: int) -> None:
        for command in ("UID STORE", "UID MOVE", "UID EXPUNGE"):
            self.server.faults.append(Fault(command, b"{tag} NO not now\r\n", times=times))

    @rule(behind=st.integers(1, 3000))
    def cut_the_line(self, behind: int) -> None:
        self.server.sent, self.server.cut_after = 0, behind

    @rule()
    def crash(self) -> None:
        self.poller.close()
        self.poller = self.new_poller()

    @rule(data=st.data())
    def other_program_deletes(self, data: st.DataObject) -> None:
        mails = self.server.folders["INBOX"].mails
        if mails:
            with self.server.lock:
                mail = mails.pop(data.draw(st.integers(0, len(mails) - 1)))
            self.taken_away.add(mail.raw)

    @rule()
    def server_renumbers(self) -> None:
        """The folder is made anew with the same mails, in another order."""
        self.server.drop_connections()
        with self.server.lock:
            folder = self.server.folders["INBOX"]
            mails, folder.mails = folder.mails[::-1], []
            folder.uidvalidity, folder.uidnext = folder.uidvalidity + 1, 1
            for mail in mails:
                folder.add(mail.raw)
        self.resynced = True

    @rule()
    def server_is_restored_from_backup(self) -> None:
        """The newest mails are gone and their UIDs given again under the same UIDVALIDITY; a turn comes before they pass what we know."""
        self.deliver(3)
        self.settle_down()
        self.server.drop_connections()
        with self.server.lock:
            folder = self.server.folders["INBOX"]
            lost, folder.mails = folder.mails[-2:], folder.mails[:-2]
            if len(lost) < 2:
                return
            self.taken_away |= {mail.raw for mail in lost}
            folder.uidnext = lost[0].uid
        self.deliver(1)
        self.settle_down()
        self.resynced = True

    @invariant()
    def server_was_told_nothing_that_is_not_safe(self) -> None:
        assert self.told_too_early == []

    def settle_down(self) -> None:
        self.server.faults.clear()
        self.server.cut_after = None
        for _ in range(3):
            self.turn()
        assert self.turn()

    def teardown(self) -> None:
        try:
            self.settle_down()
            self.everything_is_taken()
            self.server_knows()
        finally:
            self.stack.close()

    def everything_is_taken(self) -> None:
        counts = Counter(self.desk.mails())
        missing = set(self.delivered) - set(counts) - self.taken_away
        assert not missing
        assert set(counts) <= set(self.delivered)
        if not self.resynced:
            assert max(counts.values(), default=1) == 1
        assert not [row for row in self.desk.rows() if row.state != "new"]

    def server_knows(self) -> None:
        mails = self.server.folders["INBOX"].mails
        match self.after:
            case After.LEAVE:
                assert not [mail for mail in mails if mail.flags]
            case After.SEEN:
                assert not [mail for mail in mails if mail.flags != {r"\Seen"}]
            case After.FLAG:
                assert not [mail for mail in mails if mail.flags != {"$MailbridgeDone"}]
            case After.MOVE | After.DELETE:
                assert mails == []


def test_any_story_ends_well(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.intake.imap_client.READ_TIMEOUT", 20.0)
    monkeypatch.setattr(Story, "template", sqlite_template, raising=False)
    run_state_machine_as_test(
        Story,
        settings=settings(max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)),
    )
