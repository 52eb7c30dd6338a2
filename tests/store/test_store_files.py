"""Files found again, and tickets that are late, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailbridge.message.model import Attachment
from mailbridge.organisation.priority import Priority
from mailbridge.sla.clock import Deadline
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.tickets.model import Participant, Ticket

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def a_ticket(number: int, requester: str = "jo@x.test") -> Ticket:
    return Ticket(
        id=number,
        subject="Printer",
        status="open",
        priority=Priority.NORMAL,
        team="support",
        created_at=NOW,
        updated_at=NOW,
        version=1,
        participants=(Participant(address=requester),),
    )


def came(
    store: Store, name: str, *, ticket: int | None = 1, sender: str = "jo@x.test", hidden: bool = False, content: bytes = b"x"
) -> None:
    text = "the file"
    mail = StoredMail(direction=Direction.IN, received_at=NOW, ticket=ticket, sender=sender, subject="See", fresh=text, text=text)
    with store.write() as tx:
        id = tx.mails.add(mail)
        assert id is not None
        file = Attachment(part="2", name=name, content_type="text/plain", size=1, sha256=tx.blobs.put(content), content=content)
        tx.mails.add_attachments(id, ticket, [file], sender=sender, pictures=[file] if hidden else [])
        tx.search.add(id, subject="See", fresh="the file", names=[name])


def names(store: Store, name: str = "", **where: object) -> list[str]:
    with store.read() as tx:
        return [file.name for file in tx.files.find(name, **where)]  # type: ignore[arg-type]


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as tx:
        for ticket in (a_ticket(1), a_ticket(2, "eva@y.test")):
            assert tx.tickets.save(ticket, expected_version=0)
    came(store, "Größe der Bögen.pdf")
    came(store, "scan-2026.pdf", ticket=2, sender="Eva@y.test")
    came(store, "scan of the drum.tiff", ticket=2, sender="agent@desk.test")
    came(store, "stray.txt", ticket=None, sender="eve@z.test")
    return store


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", ["stray.txt", "scan of the drum.tiff", "scan-2026.pdf", "Größe der Bögen.pdf"]),
        ("scan", ["scan of the drum.tiff", "scan-2026.pdf"]),
        ("drum SCAN", ["scan of the drum.tiff"]),
        ("scan-2026", ["scan-2026.pdf"]),
        ("grosse bog", ["Größe der Bögen.pdf"]),
        ("pdf", ["scan-2026.pdf", "Größe der Bögen.pdf"]),
        ("file", []),
        ("can", []),
        ("%", []),
        ("'; drop", []),
    ],
)
def test_file_is_found_by_words_of_its_name_alone(filled: Store, name: str, found: list[str]) -> None:
    assert names(filled, name) == found


def test_file_is_found_by_ticket_and_by_customer(filled: Store) -> None:
    assert names(filled, ticket=2) == ["scan of the drum.tiff", "scan-2026.pdf"]
    assert names(filled, "pdf", ticket=2) == ["scan-2026.pdf"]
    assert names(filled, customer="EVA@y.test") == ["scan of the drum.tiff", "scan-2026.pdf"]  # also what others sent on her ticket
    assert names(filled, "scan", customer="eva@y.test", ticket=1) == []
    assert names(filled, customer="eve@z.test") == ["stray.txt"]
    assert names(filled, limit=1) == ["stray.txt"]


def test_same_content_is_stored_once_and_found_wherever_it_came(store: Store) -> None:
    came(store, "manual.pdf", content=b"%PDF")
    came(store, "manual (1).pdf", ticket=2, content=b"%PDF")

    with store.read() as tx:
        first, second = tx.files.find("manual")
        assert first.sha256 == second.sha256
        assert tx.files.get(first.id) == first
        assert tx.files.get(99) is None


def test_picture_of_a_signature_is_no_file(store: Store) -> None:
    for _ in range(20):
        came(store, "logo.png", hidden=True)

    assert len(names(store, "logo")) < 20


def test_ticket_is_late_once_a_moment_passed_and_while_it_is_open(store: Store) -> None:
    with store.write() as tx:
        for number, hours in ((1, -1), (2, 1), (3, -2), (4, -3)):
            assert tx.tickets.save(a_ticket(number), expected_version=0)
            due = Deadline(promise="response", step="overdue", due_at=NOW + timedelta(hours=hours))
            tx.clocks.set(number, [due, Deadline(promise="response", step="warning", due_at=NOW - timedelta(days=1))], NOW, new=True)
        assert tx.tickets.save(replace(a_ticket(4), version=2, closed_at=NOW), expected_version=1)

        assert [ticket.id for ticket in tx.tickets.late(NOW)] == [3, 1]
        tx.clocks.stop(3)
        assert [ticket.id for ticket in tx.tickets.late(NOW)] == [1]
