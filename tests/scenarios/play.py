"""A story played on a real desk: real store, real reading children, real courier into a Maildir, a clock that the story moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import format_datetime, parseaddr, parsedate_to_datetime
from pathlib import Path
from shutil import copytree
from typing import Any

from mailbridge.cli.history import worded
from mailbridge.config.model import Identity, KnowledgeSettings
from mailbridge.errors import ConfigError
from mailbridge.intake.imap_old import old_mail
from mailbridge.jobs import release
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Notification, OutboxState
from mailbridge.notifications.summary import Viewer
from mailbridge.store.cursors import Start
from mailbridge.store.mails import Direction
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket
from mailbridge.worker import Done
from tests.harness import MX, RULES, TestDesk, a_config, a_desk, a_mail, proven
from tests.scenarios import robots
from tests.scenarios.story import START, Step, Story, StoryError, duration

# Who plays.  Any other address may write as well: 'from: someone@else.test'.
PEOPLE = {
    "carol": "Carol Jones <carol@customer.test>",
    "carl": "Carl Weber <carl@customer.test>",  # a colleague of Carol's
    "dana": "Dana Pop <dana@other.test>",
    "mallory": "Mallory <mallory@attacker.test>",
    "bogdan": "Bogdan Ionescu <bogdan@desk.test>",
    "clara": "Clara Weiss <clara@desk.test>",
    "mara": "Mara Lind <mara@desk.test>",
    "ion": "Ion Radu <ion@desk.test>",  # in the stories at the desk of Acme, with those below
    "dmitri": "Dmitri Sokolov <dmitri@desk.test>",
    "olga": "Olga Stan <olga@desk.test>",
    "petra": "Petra Klein <petra@maker.test>",
    "support": "support@desk.test",
}
NAMES = {parseaddr(address)[1]: name for name, address in PEOPLE.items()}


@dataclass(slots=True)
class Played:
    """What came of one step, in the words a story uses for it."""

    step: Step
    outcome: str = ""
    told: list[str] = field(default_factory=list)
    letters: list[Message] = field(default_factory=list)
    by_clocks: list[Notification] = field(default_factory=list)  # what was due by then
    by_mail: list[Notification] = field(default_factory=list)


@dataclass(slots=True)
class Player:
    """Plays the steps of one story on one desk."""

    story: Story
    desk: TestDesk
    seen: int = 0
    uid: int = 0  # of the latest mail in the mailbox
    left: set[int] = field(default_factory=set)  # its mails that were not taken

    def play(self, step: Step) -> Played:
        """The step happened, and whatever was due by then; every promise that came of it is delivered."""
        if "past" in step.values:
            self._past(step.values["past"])
        before = len(self.desk.promises())
        self.desk.clock.time = step.moment(self.desk.clock.time)
        if "rules" in step.values:
            self._change_rules(step.values["rules"])
        if "mailbox" in step.values:
            self._connect(**step.values["mailbox"])
        if "release" in step.values:
            self._release(step.values["release"])
        self.desk.app.jobs.sweep()
        self.desk.app.jobs.notify_digests()
        self.desk.app.jobs.notify_reports()
        self.desk.app.jobs.keep_hours()
        self.desk.app.jobs.keep_solved_requests()
        due = len(self.desk.promises())
        done = self._mail(step) if step.is_mail else None
        letters = self.desk.deliver()
        new, self.seen = letters[self.seen :], len(letters)
        held = self._held()
        every = self.desk.promises()
        by_clocks, by_mail = ([one for one in part if one.key not in held] for part in (every[before:due], every[due:]))
        told = sorted(f"{self.name(one.recipient)}: {one.event}" for one in (*by_clocks, *by_mail))
        return Played(step=step, outcome=self._outcome(done), told=told, letters=new, by_clocks=by_clocks, by_mail=by_mail)

    def _past(self, requests: int) -> None:
        """So many requests of other people came on the Friday before and were answered two hours later; waiting times are known."""
        start, self.desk.clock.time = self.desk.clock.time, START - timedelta(days=3)
        for number in range(1, requests + 1):
            writer = f"guest{number}@past.test"
            raw = a_mail("It does not work.", from_=writer, subject=f"Question {number}", message_id=f"<past{number}@past.test>")
            self.desk.feed(proven(raw, "past.test"), mail_from=writer)
            self.desk.pass_time(minutes=120 / requests)
        for news in {promise.ticket: promise for promise in self.desk.promises(event="new")}.values():
            raw = a_mail("It works now.\n\n#close", from_=news.recipient, to=news.reply_to, message_id=f"<past{news.ticket}@desk.test>")
            self.desk.feed(proven(raw), mail_from=news.recipient, rcpt_to=(news.reply_to,))
            self.desk.pass_time(minutes=120 / requests)
        self.desk.clock.time = start
        self.desk.app.jobs.measure_waiting()
        self.seen = len(self.desk.deliver())

    def _held(self) -> set[str]:
        """Keys of mails that are held, to be told with others."""
        with self.desk.app.store.read() as tx:
            return {queued.notification.key for queued in tx.outbox.list(OutboxState.HELD, 1000)}

    def _connect(self, holds: int, takes: list[int]) -> None:
        """A mailbox is read for the first time; it holds so many mails, and those whose numbers are in `takes` are taken."""
        self.left = set(range(1, holds + 1)) - set(takes)
        wanted = ",".join(map(str, takes))
        with self.desk.app.store.write() as tx:
            tx.cursors.set_start("main", "INBOX", 1, Start(below=holds + 1, first=True, anew=False, wanted=wanted))

    def _release(self, how: str) -> None:
        """As `mailbridge release --send` and `--discard` do."""
        work = {"send": release.release, "discard": release.discard}[how]
        with self.desk.app.store.write() as tx:
            work(tx, self.desk.clock.now())

    def _came(self, step: Step) -> Envelope:
        """The way of a mail that came by `archive` (an import; received at its date) or by `mailbox` (the next number there)."""
        if step.values["came"] == "archive":
            return Envelope(source=Source.IMPORT, received_at=parsedate_to_datetime(step.values["date"]))
        self.uid += 1
        return Envelope(source=Source.IMAP, received_at=self.desk.clock.now(), account="main", folder="INBOX", uidvalidity=1, uid=self.uid)

    def _mail(self, step: Step) -> Done | None:
        raw, sender, to = self.written(step)
        if "came" in step.values and self.uid + 1 in self.left:  # older than the desk, and not taken
            self.uid += 1
            with self.desk.app.store.write() as tx:
                tx.old_mails.add([old_mail(raw)])
            return None
        if "came" in step.values:
            inbox = self.desk.app.inbox.accept(raw, self._came(step))
            return next(one for one in reversed(self.desk.work()) if one.inbox == inbox)
        if "late" in step.values:
            came = self.desk.clock.now() - duration(str(step.values["late"]))
            inbox = self.desk.app.inbox.accept(raw, Envelope(source=Source.SMTP, received_at=came, mail_from=sender, rcpt_to=to, peer=MX))
            return next(one for one in reversed(self.desk.work()) if one.inbox == inbox)
        return self.desk.feed(raw, mail_from="" if step.values.get("robot") == "bounce" else sender, rcpt_to=to)

    def written(self, step: Step) -> tuple[bytes, str, tuple[str, ...]]:
        """The step's mail as bytes, its envelope sender and recipients."""
        values = step.values
        answered = self._answered(values)
        writer = address(values.get("from") or _who(values["answer"]))
        mail = EmailMessage(policy=default.clone(linesep="\r\n", max_line_length=900))
        to = [address(one) for one in _listed(values.get("to"))] or [answered.reply_to if answered else "support@desk.test"]
        mail["From"] = writer
        mail["To"] = ", ".join(to)
        if values.get("cc"):
            mail["Cc"] = ", ".join(address(one) for one in _listed(values["cc"]))
        mail["Subject"] = values.get("subject") or (f"Re: {self._subject(answered)}" if answered else "Question")
        mail["Date"] = values.get("date") or format_datetime(self.desk.clock.time)
        mail["Message-ID"] = values.get("message-id") or f"<step{step.number}.{self.story.name}@{parseaddr(writer)[1].rpartition('@')[2]}>"
        if answered and answered.message_id:
            mail["In-Reply-To"] = f"<{answered.message_id}>"
        if "in-reply-to" in values:
            mail["In-Reply-To"] = mail["References"] = values["in-reply-to"]
        if values.get("robot") == "vacation":
            mail["Auto-Submitted"] = "auto-replied"
        self._fill(mail, values, answered)
        raw = self._from_file(step, answered) if "eml" in values else mail.as_bytes()
        sender = parseaddr(writer)[1]
        if not values.get("forged"):
            raw = proven(raw, sender.rpartition("@")[2])
        people = tuple(parseaddr(one)[1] for one in to)
        return raw, sender, people

    def _fill(self, mail: EmailMessage, values: Mapping[str, Any], answered: Notification | None) -> None:
        letter = self._letter(answered)
        if values.get("robot") == "bounce" and letter is not None:
            robots.bounce(mail, letter)
            return
        quoted = self._quoted(letter) if values.get("quotes") and letter is not None else ""
        if "text" in values or "html" not in values:
            mail.set_content(values.get("text", "") + quoted)
            if "html" in values:
                mail.add_alternative(values["html"], subtype="html")
        else:
            mail.set_content(values["html"], subtype="html")
        if "invitation" in values and letter is not None:
            robots.calendar_answer(mail, letter, said=values["invitation"], by=parseaddr(str(mail["From"]))[1])
        for name in _listed(values.get("attach")):
            path = self.story.folder / name
            content = path.read_bytes() if path.exists() else f"the contents of {name}".encode()
            if name.endswith(".eml"):
                mail.add_attachment(_parsed(content))
            else:
                mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)

    def _from_file(self, step: Step, answered: Notification | None) -> bytes:
        """A whole mail from the folder; ${reply_to} and ${message_id} are those of the mail it answers."""
        text = (self.story.folder / step.values["eml"]).read_text(encoding="utf-8")
        if answered:
            text = text.replace("${reply_to}", answered.reply_to).replace("${message_id}", answered.message_id)
        return "\r\n".join(text.splitlines()).encode() + b"\r\n"

    def _answered(self, values: Mapping[str, Any]) -> Notification | None:
        """The latest mail that this person got (of this kind or about this ticket, where the story says so)."""
        if "answer" not in values:
            return None
        who, _, event = str(values["answer"]).partition(" ")
        mailbox = parseaddr(address(who))[1]
        about = int(str(values["about"]).rpartition("-")[2]) if "about" in values else None
        got = [
            promise
            for promise in self.desk.promises()
            if promise.recipient == mailbox and event in ("", promise.event) and about in (None, promise.ticket)
        ]
        if not got:
            raise StoryError(f"{self.story.name}: {who} got no mail {event} to answer")
        return got[-1]

    def _letter(self, answered: Notification | None) -> Message | None:
        """The mail that is answered, as it was sent."""
        wanted = answered.message_id if answered else ""
        return next((letter for letter in reversed(self.desk.sent()) if wanted and wanted in str(letter["Message-ID"])), None)

    def _subject(self, answered: Notification) -> str:
        letter = self._letter(answered)
        return str(letter["Subject"]) if letter is not None else "Question"

    @staticmethod
    def _quoted(letter: Message) -> str:
        """The mail that is answered, below the answer as mail programs put it there."""
        lines = "\n".join(f"> {line}".rstrip() for line in shown(letter)[1].splitlines())
        return f"\n\nOn Mon, 23 Nov 2026 at 09:00, {letter['From']} wrote:\n{lines}\n"

    def _outcome(self, done: Done | None) -> str:
        if done is None:
            return ""
        ticket = f" MB-{done.result.ticket}" if done.result.ticket else ""
        return f"{done.result.outcome}{ticket}"

    def _change_rules(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.desk.app.config.folder / "rules" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.desk.app.rules.refresh(at_once=True)
        if self.desk.app.rules.broken:
            raise StoryError(f"{self.story.name}: the rules have mistakes: {self.desk.app.rules.broken.problems}")

    def name(self, mailbox: str) -> str:
        return NAMES.get(mailbox, mailbox)

    # -- the end -----------------------------------------------------------------------------------------------

    def tickets(self) -> dict[str, Ticket]:
        return {f"MB-{ticket.id}": ticket for ticket in self.desk.tickets()}

    def history(self, ticket: int) -> list[str]:
        """The ticket's events in words, each with who did it where that is somebody else than the one who wrote."""
        with self.desk.app.store.read() as tx:
            return [self._said(event) for event in tx.events.of_ticket(ticket)]

    def _said(self, event: Event) -> str:
        words = worded(event, Viewer(ticket=event.ticket))
        for mailbox, name in NAMES.items():
            words = words.replace(mailbox, name)
        kind, who = event.actor.kind, event.actor.name
        own = kind == "customer" or (isinstance(event.what, MessageAdded) and event.what.author == who)
        return words if own else f"{words} [{kind}{f' {who}' if who else ''}]"

    def leaks(self) -> list[str]:
        """Lines of internal notes that stand in a mail to somebody outside; there must be none in any story."""
        with self.desk.app.store.read() as tx:
            mails = [mail for ticket in tx.tickets.find(limit=1000) for mail in tx.mails.of_ticket(ticket.id)]
        public = "\n".join(mail.fresh + mail.text for mail in mails if not mail.internal)
        secret = {line.strip() for mail in mails if mail.internal and mail.direction is Direction.IN for line in mail.fresh.splitlines()}
        found = []
        for letter in self.desk.sent():
            if parseaddr(str(letter["To"]))[1].endswith("@desk.test"):
                continue
            said = "\n".join(shown(letter))
            found += [line for line in secret if len(line) >= 12 and line in said and line not in public]
        return found


def playing(story: Story, folder: Path) -> Iterator[tuple[Player, Played]]:
    """Each step as it was played; the desk is gone when the iteration ends."""
    rules = {**RULES, **story.house, **story.rules}
    for texts in ("knowledge", "answers"):
        if (story.folder / texts).exists():
            copytree(story.folder / texts, folder / texts)
    identities = tuple(Identity(**told) for told in story.identities)
    settings: dict[str, Any] = {"desk": replace(a_config(folder).desk, identities=identities, shadow=story.shadow)}
    if story.suggests:
        settings["knowledge"] = KnowledgeSettings(suggest_answers=True)
    with a_desk(folder, rules=rules, **settings) as desk:
        desk.clock.time = START
        player = Player(story=story, desk=desk)
        for step in story.steps:
            try:
                yield player, player.play(step)
            except ConfigError as err:
                raise StoryError(f"{story.name}: the rules have mistakes: {err.problems}") from err


def shown(letter: Message) -> list[str]:
    """The text of each readable part of a mail, with its subject."""
    texts = [f"From: {letter['From']}\nSubject: {letter['Subject']}"]
    for part in letter.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            texts.append(payload.decode(part.get_content_charset() or "utf-8") if isinstance(payload, bytes) else "")
    return texts


def address(who: str) -> str:
    """The address of one who plays, or the address as it is."""
    return PEOPLE.get(who, who)


def _who(answer: str) -> str:
    return str(answer).partition(" ")[0]


def _listed(value: Any) -> list[str]:
    return [] if value is None else [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _parsed(content: bytes) -> Any:
    return message_from_bytes(content, policy=default)
