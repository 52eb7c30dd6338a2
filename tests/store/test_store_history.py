"""Past mails for a backtest, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbridge.cli.replay import cases
from mailbridge.config.model import Config, DeskSettings
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Attachment, Kind
from mailbridge.store import history
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail
from tests.builders import a_ticket

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def keep(
    store: Store, number: int, *, ticket: int | None, direction: Direction = Direction.IN, body: bytes = b"x", minutes: int = 0
) -> int:
    """A mail that came some minutes after NOW; its id."""
    raw = b"Subject: mail %d\r\nX-One: 1\r\n\r\n" % number + body
    at = NOW + timedelta(minutes=minutes)
    with store.write() as tx:
        envelope = Envelope(source=Source.SMTP, received_at=at, mail_from="a@b.example", rcpt_to=("desk+x@c.example",))
        (inbox,) = tx.inbox.add_many([(raw, envelope)])
        mail = tx.mails.add(
            StoredMail(
                direction=direction,
                received_at=at,
                inbox=inbox,
                ticket=ticket,
                fingerprint=f"f{number}",
                sender="a@b.example",
                subject=f"mail {number}",
                kind=Kind.LIST,
                text="whole",
                fresh="new",
                size=len(raw),
                sha256=tx.blobs.put(raw),
            )
        )
        assert mail is not None
        return mail


def test_only_mails_that_open_a_ticket_or_are_on_none_come(store: Store) -> None:
    first = keep(store, 1, ticket=7)
    keep(store, 2, ticket=7)
    alone = keep(store, 3, ticket=None)
    keep(store, 4, ticket=8, direction=Direction.OUT)
    keep(store, 5, ticket=8)

    with store.read() as tx:
        assert [past.id for past in tx.history.openings(NOW)] == [first, alone]
        assert tx.history.count(NOW) == 2


def test_a_past_mail_has_all_that_rules_ask_about(store: Store) -> None:
    mail = keep(store, 1, ticket=7)
    with store.write() as tx:
        tx.mails.add_attachments(
            mail, 7, [Attachment(part="2", name="a.pdf", content_type="application/pdf", size=1, sha256="", content=b"p")]
        )

    with store.read() as tx:
        (past,) = tx.history.openings(NOW)

    assert (past.ticket, past.sender, past.subject, past.kind) == (7, "a@b.example", "mail 1", Kind.LIST)
    assert (past.text, past.fresh, past.received_at) == ("whole", "new", NOW)
    assert (past.mail_from, past.rcpt_to) == ("a@b.example", ("desk+x@c.example",))
    assert past.head.startswith(b"Subject: mail 1\r\nX-One: 1\r\n")
    assert [(file.name, file.content_type) for file in past.attachments] == [("a.pdf", "application/pdf")]


def test_a_past_mail_tells_what_scanners_said_of_it(store: Store) -> None:
    said = {"virus": "", "spam": {"score": 7.5, "required": 15.0}, "not_scanned": []}
    with store.write() as tx:
        for number, explanation in enumerate(({"version": 1, "rules": [{"hits": ["x"]}], "scan": said}, {"version": 1}, None)):
            tx.mails.add(StoredMail(direction=Direction.IN, received_at=NOW, fingerprint=f"s{number}"), explanation=explanation)

    config = Config(folder=Path(), desk=DeskSettings(name="Acme", address="desk@c.example"))
    with store.read() as tx:
        assert [past.scan for past in tx.history.openings(NOW)] == [said, None, None]
        facts = [case.facts for case in cases(tx, NOW, config)]
    assert [(one.spam, one.virus, one.unscanned) for one in facts] == [((7.5, 15.0), "", frozenset())] + [(None, None, frozenset())] * 2


def test_a_past_mail_has_the_channel_of_its_ticket(store: Store) -> None:
    keep(store, 1, ticket=7)
    keep(store, 2, ticket=8)
    keep(store, 3, ticket=None)
    with store.write() as tx:
        for number, channel in ((7, "outgoing"), (8, "mail")):
            tx.tickets.save(replace(a_ticket(), id=number, channel=channel), expected_version=0)

    with store.read() as tx:
        assert [past.channel for past in tx.history.openings(NOW)] == ["outgoing", "mail", "mail"]


def test_older_mails_stay_out(store: Store) -> None:
    keep(store, 1, ticket=None)
    later = keep(store, 2, ticket=None, minutes=10)

    with store.read() as tx:
        assert [past.id for past in tx.history.openings(NOW + timedelta(minutes=5))] == [later]


def test_a_large_mail_comes_with_its_beginning_only(store: Store) -> None:
    keep(store, 1, ticket=None, body=b"y" * 3_000_000)

    with store.read() as tx:
        (past,) = tx.history.openings(NOW)

    assert len(past.head) == history.HEADER


def test_pages_join_without_a_gap(store: Store, monkeypatch: object) -> None:
    wanted = [keep(store, number, ticket=None) for number in range(history.PAGE + 3)]

    with store.read() as tx:
        assert [past.id for past in tx.history.openings(NOW)] == wanted
