"""Every word of every mail's text finds its ticket, also the words of quotes; what the person wrote now is shown first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from mailbridge.message.search_words import MOST_CHARACTERS, words
from mailbridge.store import dialects
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tables.mails import mails
from mailbridge.store.whole_text import parts

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def stored(store: Store, fresh: str, rest: str = "", *, ticket: int | None = 1, subject: str = "Printer") -> int:
    """A mail of the ticket whose text goes on with `rest`; its id."""
    text = f"{fresh}\n{rest}"
    mail = StoredMail(direction=Direction.IN, received_at=NOW, ticket=ticket, sender="jo@x.test", subject=subject, fresh=fresh, text=text)
    with store.write() as tx:
        id = tx.mails.add(mail)
        assert id is not None
        tx.search.add(id, subject=subject, fresh=fresh)
        tx.search.add_whole(id, ticket=ticket, subject=subject, fresh=fresh, text=text)
    return id


def found(store: Store, question: str) -> list[int]:
    with store.read() as tx:
        return [hit.mail for hit in tx.search.find(question)]


def tickets_of(store: Store, question: str) -> set[int | None]:
    with store.read() as tx:
        return {hit.ticket for hit in tx.search.find(question, limit=10_000)}


def entries(store: Store) -> int:
    """How many words the second index holds."""
    with store.read() as tx:
        if tx._sql.is_sqlite:
            tx._sql.connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, mail_search_whole, instance)")
            return int(tx._sql.connection.exec_driver_sql("SELECT count(*) FROM temp.vocabulary").scalar() or 0)
        return int(tx._sql.connection.exec_driver_sql("SELECT coalesce(sum(length(words)), 0) FROM mail_search_whole").scalar() or 0)


def test_a_word_of_a_quote_finds_the_mail_and_shows_where_it_stands(store: Store) -> None:
    id = stored(store, "It works.", "On Monday Zoe wrote:\n> The order number is 4711-A.\n-- \nInventory Ünit 12")

    for question in ("4711-A", "order", "inventory unit", "works 4711", "Zoe hums printer"):
        assert found(store, question) == ([] if "hums" in question else [id]), question
    with store.read() as tx:
        [hit] = tx.search.find("4711")
    assert "The order number is 4711-A." in hit.snippet


def test_what_the_person_wrote_now_comes_first(store: Store) -> None:
    written = stored(store, "The fuser is worn.")
    quoted = stored(store, "Thank you.", "> Is the fuser worn?", ticket=2)
    newer = stored(store, "The fuser is new.", ticket=3)

    assert found(store, "fuser") == [newer, written, quoted]


def test_a_quote_of_the_ticket_is_not_indexed_again(store: Store) -> None:
    said = "The fuser hums at 10.0.0.7 all day.\nPlease come."
    stored(store, said)
    for _ in range(5):
        stored(store, "Any news?", "\n".join(f"> {line}" for line in said.splitlines()))
    assert entries(store) == 0
    assert tickets_of(store, "10.0.0.7") == {1}

    elsewhere = stored(store, "See below.", f"> {said}", ticket=2)
    assert tickets_of(store, "fuser") == {1, 2}
    assert found(store, "fuser")[-1] == elsewhere


def test_the_end_of_a_long_text_is_found(store: Store) -> None:
    long = "\n".join(f"line number {n}" for n in range(20_000)) + "\nthe lastword"
    assert len(long) > 4 * MOST_CHARACTERS
    fresh = stored(store, long)
    quoted = stored(store, "See the log.", "> " + "x " * 150_000 + "farword", ticket=2)

    assert found(store, "lastword") == [fresh]
    assert found(store, "19999") == [fresh]
    assert found(store, "farword") == [quoted]
    with store.write() as tx:
        tx.erasure.erase(1, [fresh])
        tx.erasure.erase(2, [quoted])
    assert found(store, "lastword") == found(store, "farword") == found(store, "line") == []


def test_what_is_erased_is_not_found_and_what_repeats_it_still_is(store: Store) -> None:
    first = stored(store, "The secretword is here.")
    second = stored(store, "Thank you.", "> The secretword is here.\n> New line.")
    with store.write() as tx:
        tx.erasure.erase(1, [first])
    assert found(store, "secretword") == [second]
    with store.write() as tx:
        tx.erasure.erase(1, [second])
    assert found(store, "secretword") == found(store, "line") == found(store, "thank") == []


@pytest.mark.parametrize("text", ["打印机坏了 " * 60_000, "\U0002a6d6\U0002a6d7" * 80_000, "\ufdfa" * 70_000, "x" * 200_000])
def test_no_part_is_larger_than_an_entry_may_be(text: str) -> None:
    for part in parts("Subject", "fresh", text, ()):
        assert len(part) <= MOST_CHARACTERS + 1
        assert len(dialects.index_entry(words(part), is_sqlite=False).encode()) < 4 << 20


@pytest.mark.parametrize("seed", range(3))
def test_every_word_finds_its_ticket_whatever_moves(store: Store, seed: int) -> None:
    """Mails that quote each other come to tickets, move between them as by splits, and are erased."""
    chance = Random(seed)
    print(f"seed {seed}")
    on: dict[int, int] = {}
    texts: dict[int, str] = {}
    for number in range(24):
        ticket = chance.randrange(1, 4)
        earlier = [texts[id] for id in on if on[id] == ticket]
        fresh = f"word{number} is said\nand again{number % 5} so"
        rest = "\n".join(f"> {line}" for text in earlier[-2:] for line in text.splitlines()) + f"\nsignature{number % 7}"
        id = stored(store, fresh, rest, ticket=ticket)
        on[id], texts[id] = ticket, f"{fresh}\n{rest}"
        if chance.random() < 0.3:
            moved, to = chance.choice(list(on)), chance.randrange(1, 4)
            with store.write() as tx:
                _move(tx, moved, on[moved], to)
            on[moved] = to
        if chance.random() < 0.1:
            gone = chance.choice(list(on))
            with store.write() as tx:
                tx.erasure.erase(on[gone], [gone])
            del on[gone], texts[gone]
    for id, text in texts.items():
        for word in set(words(text)):
            assert on[id] in tickets_of(store, word), (id, word)


def _move(tx: object, mail: int, source: int, to: int) -> None:
    from mailbridge.execution.record import _search_again
    from mailbridge.store.tx import Tx

    assert isinstance(tx, Tx)
    _search_again(tx, source, [(mail, to)])


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_a_filled_database_of_before_is_found_by_whole_texts(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    store = Store(f"sqlite:///{tmp_path / 'old.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url"))
    store.upgrade("0008")
    with store.write() as tx:
        for number in range(1, 452):  # more than two pages
            text = f"New.\n> always said\n> Wörter m{number}m"
            row = {"direction": "in", "sender": "jo@x.test", "sender_name": "", "verified": False, "subject": f"Mail n{number}n",
                   "received_at": NOW, "kind": "human", "language": "", "text": text, "fresh": "New.", "html": "", "size": 0,
                   "internal": False, "ticket": number % 9}  # fmt: skip
            tx._sql.connection.execute(mails.insert().values(**row))
            tx.search.add(number, subject=f"Mail n{number}n", fresh="New.")
    store.upgrade()

    assert found(store, "m451m") == [451]
    assert len(found(store, "worter")) == 50
    assert tickets_of(store, "always said") == set(range(9))
    assert found(store, "n7n worter") == [7]
    store.close()
