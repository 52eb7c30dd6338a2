"""Mails that came in are found by their words; signatures' pictures and invitations look right to agents."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import default

import pytest

from mailbridge.notifications.model import Audience
from tests.harness import TestDesk, a_mail, proven

LOGO = b"\x89PNG\r\n\x1a\n a logo"
INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:{method}
BEGIN:VEVENT
UID:1@customer.test
DTSTAMP:20261123T090000Z
DTSTART:20261201T100000Z
DTEND:20261201T110000Z
SUMMARY:Look at the printer
LOCATION:Room 5
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def with_pictures(number: int, *, shown: bool = True, picture: bytes = LOGO) -> bytes:
    """A customer's mail with a logo in its HTML (or beside it) and a real file."""
    mail = EmailMessage(policy=default.clone(linesep="\r\n"))
    mail["From"] = "Carol Jones <carol@customer.test>"
    mail["To"] = "support@desk.test"
    mail["Subject"] = f"Question {number}"
    mail["Message-ID"] = f"<{number}@customer.test>"
    mail.set_content("Please look.")
    mail.add_alternative(f"<p>Please look.</p>{'<img src=cid:logo@1>' if shown else ''}", subtype="html")
    mail.add_attachment(picture, "image", "png", filename="logo.png", cid="<logo@1>", disposition="attachment")
    mail.add_attachment(b"log", "text", "plain", filename="error.log")
    return mail.as_bytes()


def to_agents(desk: TestDesk, ticket: int) -> tuple[str, list[str]]:
    """The text of the latest notification of a new ticket, and the names of the files on it."""
    mail = [one for one in desk.deliver() if "bogdan@desk.test" in one["To"] and f"MB-{ticket}]" in one["Subject"]][-1]
    names = [part.get_filename() for part in mail.walk() if part.get_filename()]
    return mail.get_body(("plain",)).get_content(), names


def test_mails_and_notes_are_found(desk: TestDesk) -> None:
    desk.feed(a_mail("The Drücker on floor 2 hums.", subject="Noise"))
    link = desk.promise_to("bogdan@desk.test", "new").reply_to
    note = a_mail("#note\nThe fuser is worn.", from_="bogdan@desk.test", to=link, subject="Re: Noise", message_id="<note@desk.test>")
    desk.feed(proven(note), mail_from="bogdan@desk.test")

    with desk.app.store.read() as tx:
        assert [hit.ticket for hit in tx.search.find("drucker floor")] == [1]
        [noted] = tx.search.find("fuser")
        assert (noted.ticket, noted.internal) == (1, True)
        assert [hit.mail for hit in tx.search.find("fuser", customer="carol@customer.test")] == [noted.mail]


def test_a_copy_of_a_mail_is_found_once(desk: TestDesk) -> None:
    for _ in range(2):
        desk.feed(a_mail("hums"))
    with desk.app.store.read() as tx:
        assert len(tx.search.find("hums")) == 1


def test_the_third_mail_with_the_same_logo_shows_agents_only_its_number(desk: TestDesk) -> None:
    for number in (1, 2, 3):
        desk.feed(with_pictures(number))

    text, names = to_agents(desk, 2)
    assert "Files: logo.png, error.log" in text
    assert sorted(names) == ["error.log", "logo.png"]
    text, names = to_agents(desk, 3)
    assert "Files: error.log · 1 picture of the signature left out" in text
    assert names == ["error.log"]


@pytest.mark.parametrize("different", [{"shown": False}, {"picture": LOGO * 5000}])
def test_a_picture_beside_the_text_or_a_large_one_is_always_shown(desk: TestDesk, different: dict[str, object]) -> None:
    for number in range(1, 5):
        desk.feed(with_pictures(number, **different))

    assert "Files: logo.png, error.log" in to_agents(desk, 4)[0]


@pytest.mark.parametrize(("method", "word"), [("REQUEST", "invitation"), ("CANCEL", "cancellation")])
def test_an_invitation_is_told_to_agents_in_words(desk: TestDesk, method: str, word: str) -> None:
    mail = EmailMessage(policy=default.clone(linesep="\r\n"))
    mail["From"] = "Carol Jones <carol@customer.test>"
    mail["To"] = "support@desk.test"
    mail["Subject"] = "Visit"
    mail["Message-ID"] = "<visit@customer.test>"
    mail.set_content("Can you come?")
    mail.add_attachment(INVITATION.format(method=method).encode(), "application", "octet-stream", filename="visit.ics")
    desk.feed(mail.as_bytes())

    text, names = to_agents(desk, 1)
    assert names == ["visit.ics"]
    when = "When: 2026-12-01 10:00 UTC - 2026-12-01 11:00 UTC"
    for fact in (f"Calendar message: {word}", "Title: Look at the printer", when, "Where: Room 5"):
        assert f"    {fact}" in text
    assert "Look at the printer" not in str(desk.promises(Audience.CUSTOMER))
