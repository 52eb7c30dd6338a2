"""What is erased is nowhere any more, and nothing else is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Attachment
from mailbridge.notifications.model import Audience, Notification, OutboxState
from mailbridge.notifications.payloads.agents import CommandResults, ResultRow
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "My passport is number 4711"


def a_stored_mail(tx: Tx, text: str, *files: Attachment, ticket: int = 1, raw: bytes = b"") -> int:
    envelope = Envelope(source=Source.SMTP, received_at=NOW, mail_from="jo@x.test", rcpt_to=("desk@x.test",))
    raw = raw or f"Subject: Visa\n\n{text}".encode()
    inbox = tx.inbox.add_many([(raw, envelope)])[0]
    mail = StoredMail(
        direction=Direction.IN,
        received_at=NOW,
        inbox=inbox,
        ticket=ticket,
        sender="jo@x.test",
        subject="Visa",
        text=text,
        fresh=text,
        html=f"<p>{text}</p>",
        sha256=tx.blobs.put(raw),
    )
    id = tx.mails.add(mail, explanation={"why": text})
    assert id is not None
    tx.inbox.claim("w", 10, timedelta(minutes=1), NOW)
    tx.inbox.finish(inbox, "ticket", NOW, mail=id, ticket=ticket)
    tx.mails.add_attachments(id, ticket, files)
    tx.search.add(id, subject="Visa", fresh=text, names=[file.name for file in files])
    return id


def a_file(name: str, content: bytes) -> Attachment:
    return Attachment(part="2", name=name, content_type="image/png", size=len(content), sha256="", disposition="inline", content=content)


def a_notification(mail: int, key: str) -> Notification:
    payload = CommandResults(results=(ResultRow(written=f"#note {SECRET}", outcome="done"),))
    return Notification(ticket=1, audience=Audience.AGENT, event="commands", recipient="a@x.test", key=key, mail=mail, payload=payload)


def test_texts_files_raw_mails_and_words_are_gone(store: Store) -> None:
    with store.write() as tx:
        id = a_stored_mail(tx, SECRET, a_file("passport.png", b"picture of a passport"))
        before = tx.mails.get(id)
        names = [before.sha256, tx.mails.attachments(id)[0].sha256] if before else []
    with store.write() as tx:
        tx.erasure.erase(1, [id])
    with store.read() as tx:
        after = tx.mails.get(id)
        assert before is not None
        assert after == replace(before, subject="", text="", fresh="", html="", sha256="")
        assert [tx.blobs.has(name) for name in names] == [False, False]
        assert (tx.mails.attachments(id), tx.mails.explanation(id)) == ([], None)
        assert [tx.search.find(word) for word in ("passport", "4711", "visa", "png")] == [[], [], [], []]


def test_what_others_need_stays(store: Store) -> None:
    """The same file on another ticket, the same raw bytes that still wait, and the words of another mail."""
    with store.write() as tx:
        shared = a_file("manual.pdf", b"the manual")
        mine = a_stored_mail(tx, "first words", shared)
        theirs = a_stored_mail(tx, "other words", shared, ticket=2)
        waiting = Envelope(source=Source.SMTP, received_at=NOW, mail_from="jo@x.test", rcpt_to=("desk@x.test",))
        tx.inbox.add_many([(b"Subject: Visa\n\nfirst words", waiting)])
        raw = tx.mails.get(mine)
    with store.write() as tx:
        tx.erasure.erase(1, [mine])
    with store.read() as tx:
        assert raw is not None
        assert tx.blobs.has(raw.sha256)
        assert tx.blobs.get(tx.mails.attachments(theirs)[0].sha256) == b"the manual"
        assert [hit.mail for hit in tx.search.find("words")] == [theirs]


def test_letters_that_carried_it_are_not_sent_and_say_no_more_what_they_said(store: Store) -> None:
    with store.write() as tx:
        id = a_stored_mail(tx, SECRET)
        tx.outbox.add_many([a_notification(id, "one"), replace(a_notification(id, "two"), mail=None)], NOW)
        first, second = (queued.id for queued in reversed(tx.outbox.list()))
        tx.outbox.mark_rendered(first, SECRET.encode())
        tx.outbox.mark_rendered(second, SECRET.encode())
    with store.write() as tx:
        tx.erasure.erase(1, [id])
    with store.read() as tx:
        carried, other = tx.outbox.get(first), tx.outbox.get(second)
    assert carried is not None
    assert other is not None
    assert (carried.state, carried.rendered, carried.notification.payload) == (OutboxState.SUPPRESSED, None, None)
    assert (other.state, other.rendered) == (OutboxState.QUEUED, None)


def test_erasing_twice_is_erasing_once(store: Store) -> None:
    with store.write() as tx:
        id = a_stored_mail(tx, SECRET)
        other = a_stored_mail(tx, "harmless")
    for _ in range(2):
        with store.write() as tx:
            tx.erasure.erase(1, [id])
    with store.read() as tx:
        assert [hit.mail for hit in tx.search.find("harmless")] == [other]


def test_a_copy_that_came_twice_is_gone_too(store: Store) -> None:
    with store.write() as tx:
        id = a_stored_mail(tx, SECRET)
        envelope = Envelope(source=Source.SMTP, received_at=NOW, mail_from="jo@x.test", rcpt_to=("desk@x.test",))
        copy = tx.inbox.add_many([(b"Received: twice\n" + SECRET.encode(), envelope)])[0]
        tx.inbox.claim("w", 10, timedelta(minutes=1), NOW)
        tx.inbox.finish(copy, "duplicate", NOW, mail=id, ticket=1)
        row = tx.inbox.get(copy)
    with store.write() as tx:
        tx.erasure.erase(1, [id])
    with store.read() as tx:
        assert row is not None
        assert not tx.blobs.has(row.sha256)
