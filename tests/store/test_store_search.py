"""The search on both databases, the pictures of signatures, and a filled older database that gets both."""

# ruff: noqa: PT012  (a transaction that fails is one thing that happens)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailbridge.message.model import Attachment
from mailbridge.organisation.priority import Priority
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tables.mails import attachments, mails
from mailbridge.tickets.model import Participant, Role, Ticket

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def stored(
    store: Store, subject: str, fresh: str, *names: str, ticket: int | None = 1, sender: str = "jo@x.test", internal: bool = False
) -> int:
    """A mail that can be found; its id."""
    mail = StoredMail(
        direction=Direction.IN, received_at=NOW, ticket=ticket, sender=sender, subject=subject, fresh=fresh, text=fresh, internal=internal
    )
    with store.write() as tx:
        id = tx.mails.add(mail)
        assert id is not None
        tx.search.add(id, subject=subject, fresh=fresh, names=names)
    return id


def found(store: Store, question: str, customer: str | None = None, limit: int = 50) -> list[int]:
    with store.read() as tx:
        return [hit.mail for hit in tx.search.find(question, customer=customer, limit=limit)]


@pytest.mark.parametrize(
    "question",
    [
        "printer", "PRINT", "hums", "printer hums", "hums printer", "noise.mp3", "noise", "10.0.0", "10.0.0.7", "E-52",
        "drucker", "Drücker", "strasse", "打印机", "印机", "坏", "ジャム", "o'brien", "naïve", "lodz", "Ёлка", "елк",
        '"printer"', "printer*", "(printer)", "-hums",
    ],
)  # fmt: skip
def test_a_mail_is_found_by_its_words(store: Store, question: str) -> None:
    text = "It hums at 10.0.0.7, E-52.  Der Drücker, Straße 打印机坏了 紙ジャム O'Brien naive Łódź ёлка"
    id = stored(store, "Printers", text, "noise.mp3")

    assert found(store, question) == [id]


ABSENT = ["rinter", "7.0.0.10", "机打", "hums coffee", "mp3.noise", "NOT printer", "coffee OR printer", "", "*", '"', "\0"]


@pytest.mark.parametrize("question", ABSENT)
def test_what_is_not_there_is_not_found(store: Store, question: str) -> None:
    stored(store, "Printers", "It hums at 10.0.0.7. 打印机坏了", "noise.mp3")

    assert found(store, question) == []


def test_the_newest_comes_first_and_no_more_than_wanted(store: Store) -> None:
    ids = [stored(store, "Printer", f"number {n}") for n in range(5)]

    assert found(store, "printer") == ids[::-1]
    assert found(store, "printer", limit=2) == ids[:2:-1]


def test_a_hit_says_which_mail_it_is(store: Store) -> None:
    id = stored(store, "Printer", "Please look.\nIt hums.", internal=True, ticket=None)

    with store.read() as tx:
        [hit] = tx.search.find("hums")
    assert (hit.mail, hit.ticket, hit.subject, hit.sender, hit.at, hit.internal) == (id, None, "Printer", "jo@x.test", NOW, True)
    assert hit.snippet == "Please look. It hums."


def test_only_what_a_customer_wrote_or_takes_part_in(store: Store) -> None:
    people = (Participant(address="Jo@x.test"), Participant(address="boss@x.test", role=Role.MENTIONED))
    ticket = Ticket(
        id=1, subject="s", status="new", priority=Priority.LOW, team="t", created_at=NOW, updated_at=NOW, version=1, participants=people
    )
    with store.write() as tx:
        tx.tickets.save(ticket, expected_version=0)
    first = stored(store, "Printer", "one", sender="Jo@x.test")
    answer = stored(store, "Printer", "two", sender="ana@desk.test")
    loose = stored(store, "Printer", "three", sender="jo@X.test", ticket=None)
    stored(store, "Printer", "four", sender="eve@y.test", ticket=2)

    assert found(store, "printer", customer="JO@x.test") == [loose, answer, first]
    assert found(store, "printer", customer="boss@x.test") == [answer, first]
    assert found(store, "printer", customer="nobody@x.test") == []


def test_a_mail_that_moved_is_found_on_its_ticket(store: Store) -> None:
    id = stored(store, "Printer", "hums")
    with store.write() as tx:
        tx.mails.set_ticket(id, 7)
    with store.read() as tx:
        assert [hit.ticket for hit in tx.search.find("hums")] == [7]


def test_what_is_undone_is_not_found(store: Store) -> None:
    with store.write() as tx:
        id = tx.mails.add(StoredMail(direction=Direction.IN, received_at=NOW, subject="Printer"))
        with pytest.raises(ZeroDivisionError), tx.savepoint():
            tx.search.add(id, subject="Printer", fresh="")
            raise ZeroDivisionError
        assert tx.search.find("printer") == []
    assert found(store, "printer") == []


@pytest.mark.parametrize("text", ["word " * 40_000, "打印机坏" * 30_000, "\ufdfa" * 70_000, "x" * 200_000, "\U0002a6d6\U0002a6d7" * 40_000])
def test_a_huge_text_is_found_by_its_beginning(store: Store, text: str) -> None:
    id = stored(store, "Huge", text)

    assert found(store, text[:2] if text[0] > "z" else "huge") == [id]


# pictures of signatures

LOGO = Attachment(part="2", name="logo.png", content_type="image/png", size=4, sha256="", content=b"logo", disposition="inline")
OTHER = Attachment(part="3", name="panel.png", content_type="image/png", size=5, sha256="", content=b"panel", disposition="inline")


def hidden(store: Store, *files: Attachment, sender: str = "jo@x.test", pictures: tuple[Attachment, ...] = (LOGO, OTHER)) -> list[bool]:
    """Whether each file of one more mail of the sender is folded away."""
    with store.write() as tx:
        mail = tx.mails.add(StoredMail(direction=Direction.IN, received_at=NOW, sender=sender))
        assert mail is not None
        tx.mails.add_attachments(mail, 1, files, sender=sender, pictures=pictures)
        return [file.hidden for file in tx.mails.attachments(mail)]


def test_a_picture_is_hidden_from_the_third_mail_of_its_sender_on(store: Store) -> None:
    assert [hidden(store, LOGO) for _ in range(4)] == [[False], [False], [True], [True]]
    assert hidden(store, LOGO, OTHER, sender="JO@x.test") == [True, False]
    assert hidden(store, LOGO, sender="eve@y.test") == [False]


def test_a_picture_twice_on_one_mail_was_seen_once(store: Store) -> None:
    twin = Attachment(part="4", name="logo.png", content_type="image/png", size=4, sha256="", content=b"logo", disposition="inline")
    assert [hidden(store, LOGO, twin, pictures=(LOGO, twin)) for _ in range(3)] == [[False, False], [False, False], [True, True]]


def test_a_file_that_is_no_picture_of_the_text_is_never_hidden(store: Store) -> None:
    assert [hidden(store, LOGO, pictures=()) for _ in range(4)] == [[False]] * 4


def test_a_hidden_picture_can_be_had(store: Store) -> None:
    for _ in range(3):
        hidden(store, LOGO)
    with store.read() as tx:
        assert tx.blobs.get(tx.mails.attachments(3)[0].sha256) == b"logo"


# an older database


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_a_filled_older_database_gets_its_mails_found_and_its_pictures_hidden(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'old.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url"))
    store.upgrade("0001")
    old = sa.table("attachments", *(sa.column(column.name) for column in attachments.c if column.name not in ("id", "summary", "hidden")))
    with store.write() as tx:
        connection = tx._sql.connection
        for number in range(1, 1203):  # more than two pages
            row = {"direction": "in", "sender": "jo@x.test", "sender_name": "", "verified": False, "subject": f"Mail n{number}n",
                   "received_at": NOW, "kind": "human", "language": "", "text": "", "fresh": "Wörter", "html": "", "size": 0,
                   "internal": False}  # fmt: skip
            connection.execute(mails.insert().values(**row))
        for mail, size in ((1, 9), (2, 9), (3, 9), (4, 99_999)):
            row = {"mail": mail, "ticket": 1, "part": "2", "name": f"seal{mail}.png", "content_type": "image/png", "size": size,
                   "sha256": str(size), "disposition": "inline", "content_id": "", "inside": ""}  # fmt: skip
            connection.execute(old.insert().values(**row))

    store.upgrade()

    assert found(store, "n1202n") == [1202]
    assert len(found(store, "worter", limit=5000)) == 1202
    assert found(store, "seal3") == [3]
    with store.read() as tx:
        assert [tx.mails.attachments(mail)[0].hidden for mail in (1, 2, 3, 4)] == [True, True, True, False]
    assert hidden(store, Attachment(part="2", name="a", content_type="image/png", size=1, sha256="", content=b"new")) == [False]
    store.close()
