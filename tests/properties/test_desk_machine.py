"""Whatever customers, agents and strangers write, in whatever order, the desk stays sound.

A state machine sends mails through the whole desk: new requests, customers' answers, agents' answers with lines made up from the table of
commands, forgeries, strangers with stolen addresses, and time that passes.  After each step:

- every ticket is what its events say, and the events of a ticket are numbered without a gap;
- no ticket number is ever used twice, and no event ever disappears;
- only an authenticated agent's mail has an agent as actor of anything;
- no line of an internal note is in a mail to somebody outside;
- a line that is taken back by `#undo` leaves the ticket as it was.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from email.message import Message
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailbridge.notifications.model import Audience
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket
from tests.harness import TestDesk, a_desk, a_mail, proven

AGENTS = ("bogdan", "clara", "mara")
CUSTOMERS = ("carol@customer.test", "carl@customer.test", "dana@other.test")
STRANGER = "mallory@attacker.test"

# What a line may do to the ticket it is written on.  Wrong words, wrong names and missing arguments are among them.
LINES = st.sampled_from(
    (
        *("#take", "#assign clara", "#assign bogdan", "#assign nobody", "#team network", "#team support", "#team moon", "#escalate"),
        *("#status waiting", "#status closed", "#status lost", "#close", "#reopen", "#priority high", "#priority urgent", "#priority x"),
        *("#tag vpn", "#tag -vpn", "#subject Another word for it", "#cc dana@other.test", "#cc -dana@other.test", "#cc nobody"),
        *("#due tomorrow 15:00", "#due none", "#due yesterday", "#snooze 2h", "#snooze 3d", "#meet tomorrow 10:00 1h hall"),
        *("#time 45m", "#time 1h30 replaced the drum", "#time -1", "#travel 40m 25km", "#estimate 2h", "#estimate x"),
        *("#requester dana@other.test", "#requester carol@customer.test", "#link MB-1", "#link MB-99"),
        *("#merge MB-1", "#merge MB-2", "#split", "#erase", "#take MB-1 MB-2", "#close MB-1 MB-2 MB-3 MB-4 MB-5"),
        *("#approve", "#reject no", "#yes", "#cancel", "#undo", "#sttaus open", "#", "#help", "#list mine", "#show", "#docs"),
    )
)
UNDOABLE = st.sampled_from(
    (
        *("#take", "#assign clara", "#team network", "#status waiting", "#close", "#priority high", "#tag vpn", "#subject Another word"),
        *("#cc dana@other.test", "#due tomorrow 15:00", "#snooze 2h", "#time 45m", "#estimate 2h", "#requester dana@other.test"),
    )
)


class AnyDesk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.desk: TestDesk = self.stack.enter_context(a_desk(folder))
        self.mails = 0
        self.secrets: set[str] = set()
        self.agents_mails: set[int] = set()
        self.history: dict[int, list[Event]] = {}

    def teardown(self) -> None:
        self.stack.close()

    # -- what happens --------------------------------------------------------------------------------------------

    def send(self, body: str, *, sender: str, to: str = "support@desk.test", forged: bool = False, subject: str = "Printer") -> int | None:
        """The ticket the mail went to; an agent's mail is remembered as such."""
        self.mails += 1
        domain = sender.rpartition("@")[2]
        raw = a_mail(body, from_=f"Somebody <{sender}>", to=to, subject=subject, message_id=f"<m{self.mails}@{domain}>")
        done = self.desk.feed(raw if forged else proven(raw, domain), mail_from=sender, rcpt_to=(to,))
        if done.result.mail and sender.endswith("@desk.test") and not forged:
            self.agents_mails.add(done.result.mail)
        return done.result.ticket

    @rule(customer=st.sampled_from(CUSTOMERS), words=st.sampled_from(("It is broken.", "#close\nIt is broken.", "VPN, again.")))
    def somebody_asks(self, customer: str, words: str) -> None:
        self.send(f"{words}\nNumber {self.mails}.", sender=customer, subject=words.splitlines()[-1])

    @precondition(lambda self: self.known(Audience.CUSTOMER))
    @rule(choice=st.integers(0, 50), thief=st.booleans(), words=st.sampled_from(("Still broken.", "Thank you.", "#priority urgent")))
    def somebody_answers(self, choice: int, thief: bool, words: str) -> None:
        known = self.known(Audience.CUSTOMER)
        recipient, address, _ = known[choice % len(known)]
        self.send(f"{words}\nNumber {self.mails}.", sender=STRANGER if thief else recipient, to=address)

    @precondition(lambda self: self.known(Audience.AGENT))
    @rule(
        choice=st.integers(0, 50),
        lines=st.lists(LINES, min_size=1, max_size=4),
        text=st.sampled_from(("", "Please restart it.", "It is on its way.")),
        note=st.booleans(),
        forged=st.sampled_from((False, False, False, True)),
    )
    def an_agent_works(self, choice: int, lines: list[str], text: str, note: bool, forged: bool) -> None:
        known = self.known(Audience.AGENT)
        recipient, address, _ = known[choice % len(known)]
        body = "\n".join(lines) + (f"\n\n{text}" if text else "")
        if note and not forged:
            secret = f"Between us, number {self.mails}: they have not paid."
            self.secrets.add(secret)
            body = "\n".join([*lines, "#note", "", secret])
        self.send(body, sender=recipient, to=address, forged=forged)

    @precondition(lambda self: self.known(Audience.AGENT))
    @rule(choice=st.integers(0, 50), line=UNDOABLE)
    def an_agent_takes_it_back(self, choice: int, line: str) -> None:
        known = self.known(Audience.AGENT)
        recipient, address, ticket = known[choice % len(known)]
        before = self.desk.ticket(ticket)
        if before.merged_into is not None:
            return
        self.send(line, sender=recipient, to=address)
        if self.desk.ticket(ticket).version == before.version:
            return  # it was refused or changed nothing: there is nothing of this mail to take back
        self.send("#undo", sender=recipient, to=address)
        assert bare(self.desk.ticket(ticket)) == bare(before), f"{line} taken back"

    @rule(minutes=st.sampled_from((1, 11, 61, 60 * 24)))
    def time_passes(self, minutes: int) -> None:
        self.desk.pass_time(minutes=minutes)
        self.desk.app.jobs.sweep()

    # -- what is always true -------------------------------------------------------------------------------------

    @invariant()
    def tickets_are_what_their_events_say(self) -> None:
        self.desk.assert_sound()

    @invariant()
    def nothing_that_happened_is_gone(self) -> None:
        with self.desk.app.store.read() as tx:
            now = {ticket.id: tx.events.of_ticket(ticket.id) for ticket in tx.tickets.find(limit=1000)}
        assert set(self.history) <= set(now)
        for ticket, events in self.history.items():
            assert now[ticket][: len(events)] == events
        self.history = now

    @invariant()
    def only_proven_agents_act_as_agents(self) -> None:
        acted = {event.mail for events in self.history.values() for event in events if event.actor.kind is ActorKind.AGENT}
        assert acted <= self.agents_mails | {None}

    @invariant()
    def numbers_are_each_used_once(self) -> None:
        numbers = [ticket.id for ticket in self.desk.tickets()]
        assert len(numbers) == len(set(numbers))

    @invariant()
    def no_note_gets_out(self) -> None:
        outside = [text_of(letter) for letter in self.desk.deliver() if "@desk.test" not in str(letter["To"])]
        assert [secret for secret in self.secrets if any(secret in text for text in outside)] == []

    def known(self, audience: Audience) -> list[tuple[str, str, int]]:
        """Who got mail of that kind: address, where an answer goes, which ticket; in a stable order."""
        promises = [p for p in self.desk.promises(audience) if p.ticket and p.reply_to]
        return [(p.recipient, p.reply_to, p.ticket) for p in promises if p.ticket]


def bare(ticket: Ticket) -> Ticket:
    """The ticket without what any event moves, and without the numbers that questions used up for good."""
    return replace(ticket, version=0, updated_at=ticket.created_at, approvals_asked=0)


def text_of(letter: Message) -> str:
    parts = [part.get_payload(decode=True) for part in letter.walk() if part.get_content_maintype() == "text"]
    return "\n".join(part.decode("utf-8", "replace") for part in parts if isinstance(part, bytes))


AnyDesk.TestCase.settings = settings(
    max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
test_any_desk_stays_sound = AnyDesk.TestCase
