"""After #erase nothing of the ticket's mails is in the database's files: not the text, not the subject, not the name of a file."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from mailbridge.customers.entry import EntryPart
from mailbridge.execution.record import record
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.webhook_model import Call
from mailbridge.store.schema import metadata
from mailbridge.store.types import CleanText
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply
from mailbridge.tickets.event_types.people import CustomerChanged
from mailbridge.tickets.event_types.relations import ContentErased
from mailbridge.tickets.events import Event
from tests.harness import TestDesk, a_mail, proven

CANARY = "Zyzzyvaquark"


def a_mail_with_a_file(subject: str) -> bytes:
    return (
        f"From: Carol Jones <carol@customer.test>\r\nTo: support@desk.test\r\nSubject: {subject}\r\nMessage-ID: <one@customer.test>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f"My word is {CANARY}-text.\r\n--b\r\nContent-Type: text/plain\r\n"
        f'Content-Disposition: attachment; filename="{CANARY}-name.txt"\r\n\r\n{CANARY}-file\r\n--b--\r\n'
    ).encode()


def held_in_tables(desk: TestDesk) -> dict[str, list[str]]:
    """Columns of tables whose rows hold the canary, by table."""
    found: dict[str, list[str]] = {}
    with desk.app.store.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx._sql.connection.execute(table.select()).mappings():
                hits = [name for name, value in row.items() if CANARY.lower() in _text(value).lower()]
                found.setdefault(table.name, []).extend(hits)
    return {table: sorted(set(names)) for table, names in found.items() if names}


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def held_in_files(desk: TestDesk) -> list[str]:
    folder = Path(desk.app.config.folder)
    return [path.name for path in sorted(folder.glob("mailbridge.db*")) if CANARY.lower().encode() in path.read_bytes().lower()]


def test_nothing_is_left_in_the_database_or_its_log(desk: TestDesk) -> None:
    # given: a conversation with letters sent and waiting, a call of a webhook, and an agent's change of the subject
    subject = f"{CANARY}-subject"
    desk.feed(proven(a_mail_with_a_file(subject), "customer.test"))
    desk.deliver()
    to = desk.promise_to("bogdan@desk.test")
    answer = a_mail("Please wait.", subject=f"Re: {subject}", from_="bogdan@desk.test", message_id="<2@desk.test>", to=to.reply_to or "")
    desk.feed(proven(answer), mail_from="bogdan@desk.test")
    again = a_mail("Still broken.", subject=f"Re: {subject}", message_id="<3@customer.test>", in_reply_to="<one@customer.test>")
    desk.feed(proven(again, "customer.test"))
    assert len(desk.tickets()) == 1
    with desk.app.store.write() as tx:
        body = f'{{"ticket":{{"id":1,"subject":"{subject}"}}}}'
        tx.webhooks.add_many([Call(key="call_1", ticket=1, rule="r", event="opened", url="https://x.test", body=body)], desk.clock.now())
    # and a mail in an agent's name that waits for a yes, whose command and quote repeat the customer's words
    forged = a_mail(f"#note {CANARY}-held\n", subject=f"Re: [MB-1] {subject}", from_="clara@desk.test", message_id="<4@desk.test>")
    assert desk.feed(forged, mail_from="clara@desk.test").result.outcome is MailOutcome.HELD
    own = {"from_": "bogdan@desk.test", "message_id": "<5@desk.test>", "subject": "[MB-1] x"}
    spent = a_mail(f"#time 9h {CANARY}-work", **own)
    desk.feed(proven(spent), mail_from="bogdan@desk.test")
    # and what was changed about the customer on the ticket and does not count any more
    add_a_person_and_remove_it(desk)
    before = held_in_tables(desk)
    assert {"held", "customer_changes"} <= before.keys()
    assert {"tickets", "events", "webhooks", "mails", "blobs"} <= before.keys()  # so that the test can fail

    erase(desk)

    assert held_in_tables(desk) == {}
    assert held_in_files(desk) == []
    assert desk.ticket().subject == ""
    desk.assert_sound()


def add_a_person_and_remove_it(desk: TestDesk) -> None:
    person = {"customer": "c", "part": EntryPart.PERSON, "key": "p@x.test", "name": "p@x.test"}
    values = (("role", f"{CANARY}-role"),)
    for before, after in ((None, values), (values, None)):
        ticket = desk.ticket()
        what = CustomerChanged(before=before, after=after, **person)
        event = Event(ticket=1, at=desk.clock.now(), actor=Actor(kind=ActorKind.AGENT, name="bogdan"), what=what)
        with desk.app.store.write() as tx:
            record(tx, apply(ticket, event), (event,), (), desk.app.desk().organisation, desk.clock.now())


def test_another_ticket_keeps_its_subject(desk: TestDesk) -> None:
    desk.feed(a_mail(subject="Printer broken"))
    desk.feed(a_mail(subject="Printer broken, again", message_id="<9@customer.test>", from_="dora@customer.test"))
    erase(desk)
    assert [ticket.subject for ticket in sorted(desk.tickets(), key=lambda one: one.id)] == ["", "Printer broken, again"]
    desk.assert_sound()


def erase(desk: TestDesk, number: int = 1) -> None:
    """As after the manager's second yes."""
    now, mara = desk.clock.now(), Actor(kind=ActorKind.AGENT, name="mara")
    with desk.app.store.write() as tx:
        ticket = tx.tickets.get(number)
        assert ticket is not None
        mails = tuple(mail.id for mail in tx.mails.of_ticket(number))
        event = Event(ticket=number, at=now, actor=mara, what=ContentErased(mails=mails))
        record(tx, apply(ticket, event), (event,), (), desk.app.desk().organisation, now)



# Every column of text or bytes, so that a new one is looked at: it repeats what a mail says and is emptied, or it holds other things
# (addresses, ids, states, reasons).  `activities.text` is what an agent wrote of the own work.
ERASED = {
    "attachments": "content_id name summary",
    "blobs": "content",
    "customer_changes": "data",
    "events": "data",
    "held": "lines subject",
    "hour_entries": "reason",
    "mails": "explanation fresh html subject text",
    "outbox": "payload rendered",
    "solved_requests": "body title",
    "solved_terms": "term",
    "tickets": "data subject",
    "webhooks": "body",
}
OTHER = {
    "activities": "agent day kind place text type",
    "agenda": "agent",
    "addresses": "address reason",
    "arrivals": "source",
    "articles": "author decided_by language state team text title",  # an agent wrote it for the knowledge base, on no ticket
    "attachments": "content_type disposition inside part sha256",
    "blobs": "sha256",
    "calendar_feeds": "address content fault",
    "calendars": "document version",
    "clocks": "calendar promise state step",
    "counters": "name",
    "cursors": "account folder",
    "customer_changes": "actor actor_kind customer key name part",
    "events": "actor actor_kind kind untold",
    "finished_runs": "calendar promise standing team",
    "folder_starts": "account folder wanted",
    "held": "agent state what why",
    "hour_alerts": "bank customer level period",
    "hour_entries": "actor bank basis closing contract customer day expires key kind link parts source subject",
    "inbox": "account folder handler helo lease_owner mail_from message_id outcome peer rcpt_to reason settled_as sha256 source state"
    " trace",
    "job_failures": "about item job reason",
    "keys": "secret",
    "lease_holders": "name version",
    "mail_refs": "message_id",
    "oauth_grants": "account client failure fault identity note refusal renewing scope sealed",
    "mails": "direction fingerprint kind language message_id sender sender_name sha256",
    "old_mails": "key message_id thread",
    "openings": "form sender",
    "outbox": "audience class domain error event key language lease_owner message_id name recipient reply sender state trace",
    "passed_uids": "account folder reason why",
    "pairings": "address agent believes nonce result source",
    "participants": "address role",
    "policies": "files version",
    "ratings": "agent team",
    "receipt_counts": "account folder source",
    "receipts": "account closed folder message_id reason sha256 source trace",
    "seen_pictures": "sender sha256",
    "sign_ins": "address back_to browser person",
    "solved_requests": "language team",
    "solved_terms": "language team",
    "sources": "proof reason silence source told",
    "state": "key value",
    "tickets": "assignee priority requester status team",
    "wanted_uids": "account folder",
    "web_sessions": "browser person secret",
    "webhooks": "answer event key lease_owner rule state url",
    "wishes": "actor actor_kind data kind name person",  # no word of a mail: hours, days, names of lists, addresses
}


def test_each_column_that_can_hold_words_is_looked_at() -> None:
    """A new column of text fails this: name it, and where it repeats what a mail says erase it in `store.erasure`."""
    named = sorted((table, column) for columns in (ERASED, OTHER) for table, names in columns.items() for column in names.split())
    kinds = (sa.Text, sa.LargeBinary, CleanText)
    columns = [column for table in metadata.sorted_tables for column in table.c if isinstance(column.type, kinds)]
    assert sorted((column.table.name, column.name) for column in columns) == named
