"""Links in mails open a mail to the desk (NO6): following them changes nothing, sending that mail does what the label says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path

import pytest

from mailbridge.delivery.render.filters import mailto
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.mail_commands.customer_words import says_solved
from mailbridge.notifications.model import Audience
from mailbridge.tickets.model import Ticket
from tests.compiled import SHIPPED
from tests.harness import TestDesk, a_desk, a_mail, proven
from tests.links import LONGEST, Link, check, links_in, links_of, written

CAROL = "carol@customer.test"
LANGUAGES = ("en", "ro", "ru")


def _sample_pages() -> Iterator[tuple[str, str]]:
    for name in SHIPPED.names():
        language, _, rest = name.removeprefix("mail/").partition("/")
        audience, _, event = rest.partition(".")
        for view in sample_views(audience, event):
            yield name, SHIPPED.render(sample_notification(Audience(audience), event, language), view).html


def test_a_scanner_that_follows_every_link_of_every_mail_changes_nothing() -> None:
    found = [(name, link) for name, page in _sample_pages() for link in links_in(page)]
    assert len(found) > 100
    ours = [(name, link) for name, link in found if link.scheme == "mailto"]
    for name, link in ours:
        try:
            check(link)
        except AssertionError as err:
            raise AssertionError(f"{name}: {err}") from err
    # Nothing of ours is fetched: every other URL stands in the sample of a message that somebody wrote.
    assert {link.scheme for _, link in found} <= {"mailto", "cid", "https", "http", "tel"}
    # The link that signs an agent in opens a page with a button: tests/web/test_sign_in.py lets a scanner come first.
    pages = [(name, link.url) for name, link in found if link.scheme in ("http", "https") and "desk" in link.url]
    assert {name.rpartition("/")[2] for name, _ in pages} <= {"agent.sign_in"}
    assert all("/sign-in/" in url for _, url in pages)


@pytest.mark.parametrize("subject", ["a" * 600, "я" * 400, "😀" * 300, "a+b & c=d?", ""])
@pytest.mark.parametrize("body", ["#take\n", "#search " + "я" * 60 + "\n", "#search " + "я" * 2_000, ""])
def test_no_link_is_longer_than_programs_take_and_its_body_is_whole_or_absent(subject: str, body: str) -> None:
    link = Link(label="x", url=mailto("support+t1.abcdef@desk.test", subject, body))
    check(link)
    assert len(link.url) < LONGEST
    assert link.address == "support+t1.abcdef@desk.test"
    assert link.body in (body.replace("\n", "\r\n"), "")
    assert link.body or len(body) > 500 or not body
    assert not subject or link.subject[:5] == subject[:5]


AGENT: dict[str, tuple[str, Callable[[Ticket], bool]]] = {
    "Take it": ("", lambda ticket: ticket.assignee == "bogdan"),
    "Solve": ("", lambda ticket: ticket.status == "closed"),
    "Wait": ("", lambda ticket: ticket.status == "waiting"),
    "Assign to …": ("clara", lambda ticket: ticket.assignee == "clara"),
    "Note only": ("he calls again", lambda ticket: ticket.status == "new"),
}


def _opened(desk: TestDesk, reader: str) -> tuple[Message, list[Link]]:
    """A customer's request, and the mail about it to this reader with its links."""
    desk.feed(proven(a_mail(), "customer.test"))
    letter = next(one for one in desk.deliver() if reader in str(one["To"]))
    return letter, links_of(letter)


def _sent(desk: TestDesk, link: Link, reader: str, letter: Message, more: str = "") -> None:
    desk.feed(proven(written(link, reader, letter, more=more), reader.rpartition("@")[2]), mail_from=reader, rcpt_to=(link.address,))


@pytest.mark.parametrize("label", AGENT)
def test_an_agents_link_does_what_its_label_says(label: str, tmp_path: Path) -> None:
    more, done = AGENT[label]
    with a_desk(tmp_path) as desk:
        letter, links = _opened(desk, "bogdan@desk.test")
        assert {link.label for link in links} >= {*AGENT, "History", "My list"}
        before = desk.ticket()
        link = next(link for link in links if link.label == label)
        assert desk.ticket() == before
        _sent(desk, link, "bogdan@desk.test", letter, more)
        assert done(desk.ticket()), desk.ticket()


@pytest.mark.parametrize(("label", "event"), [("History", "history"), ("My list", "list")])
def test_a_link_that_asks_is_answered(label: str, event: str, tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        letter, links = _opened(desk, "bogdan@desk.test")
        _sent(desk, next(link for link in links if link.label == label), "bogdan@desk.test", letter)
        assert desk.promise_to("bogdan@desk.test", event)


def _answered(desk: TestDesk, text: str) -> Message:
    """The mail with which an agent answers Carol."""
    desk.feed(proven(a_mail(), "customer.test"))
    to = desk.promise_to("bogdan@desk.test", "new").reply_to
    raw = a_mail(text, from_="bogdan@desk.test", to=to, message_id="<answer@desk.test>")
    desk.feed(proven(raw), mail_from="bogdan@desk.test", rcpt_to=(to,))
    return next(one for one in reversed(desk.deliver()) if CAROL in str(one["To"]))


def test_that_solved_it_closes_with_the_customers_words(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        letter = _answered(desk, "Please clean the sensor.")
        (link,) = [link for link in links_of(letter) if link.label == "That solved it"]
        _sent(desk, link, CAROL, letter)
        assert desk.ticket().status == "closed"
        told = next(one for one in reversed(desk.deliver()) if "bogdan@desk.test" in str(one["To"]))
        assert "That solved it." in told.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert "the ticket is closed" in told.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert [n.event for n in desk.promises(Audience.CUSTOMER)] == ["received", "answered"]


def test_still_broken_opens_it_again(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        letter = _answered(desk, "I replaced it.\n\n#close")
        assert desk.ticket().status == "closed"
        (link,) = [link for link in links_of(letter) if link.label == "Still broken"]
        _sent(desk, link, CAROL, letter, more="the light is red")
        assert desk.ticket().status == "open"


@pytest.mark.parametrize("words", ["That solved it, but now the tray is stuck", "Is that solved?", "Not solved", "solved\n\nand more"])
def test_any_other_word_makes_it_an_ordinary_message(words: str, tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        letter = _answered(desk, "Please clean the sensor.\n\n#status waiting")
        (link,) = [link for link in links_of(letter) if link.label == "That solved it"]
        raw = a_mail(words, from_=CAROL, to=link.address, subject=link.subject, message_id="<words@customer.test>")
        desk.feed(proven(raw, "customer.test"), rcpt_to=(link.address,))
        assert desk.ticket().status == "open"


def test_nobody_else_closes_it_with_these_words(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        letter = _answered(desk, "Please clean the sensor.")
        (link,) = [link for link in links_of(letter) if link.label == "That solved it"]
        forged = written(link, CAROL, letter)
        desk.feed(proven(forged, "customer.test", "fail"), rcpt_to=(link.address,))
        mallory = written(link, "mallory@attacker.test", letter)
        desk.feed(proven(mallory, "attacker.test"), mail_from="mallory@attacker.test", rcpt_to=(link.address,))
        assert desk.ticket(1).status != "closed"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_each_language_are_understood(language: str) -> None:
    links = SHIPPED._words(language).all["links"]
    assert says_solved(links["solved"][1])
    assert not says_solved(links["broken"][1])
