"""A first answer is suggested to agents from similar solved tickets, and is never sent by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from mailbridge.config.model import KnowledgeSettings
from mailbridge.notifications.model import Audience
from mailbridge.notifications.payloads.tickets import NewTicket
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

BOGDAN = "bogdan@desk.test"
ANSWER = "Hello Carol,\n\nCarol Jones wrote:\n> it shows E-52\n>> since Monday\n\n"
ANSWER += "please open the front cover, clean the registration sensor and call +40 21 555 01 23.\n\n#close"
SIMILAR = "The printer on our floor shows E-52, the paper jam does not go away."
HIDDEN = RULES | {"teams.yaml": RULES["teams.yaml"].replace("members: [clara]}", "members: [clara], outsiders: nothing}")}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    wished: dict[str, Any] = {"knowledge": KnowledgeSettings(suggest_answers=True)}
    if request.param == "sqlite":
        with a_desk(tmp_path, **wished) as desk:
            yield desk
        return
    with a_desk(tmp_path, store_url=request.getfixturevalue("postgres_store_url"), **wished) as desk:
        yield desk


def ask(desk: TestDesk, text: str = SIMILAR, *, subject: str = "Printer error E-52", from_: str = "dora@other.test", id: str = "2") -> int:
    done = desk.feed(proven(a_mail(text, subject=subject, from_=from_, message_id=f"<{id}@c.test>"), from_.partition("@")[2]))
    return cast(int, done.result.ticket)


def answer(desk: TestDesk, number: int, text: str = ANSWER, id: str = "a") -> None:
    to = next(n for n in desk.promises(Audience.AGENT, "new") if n.recipient == BOGDAN and n.ticket == number).reply_to
    desk.feed(proven(a_mail(text, from_=BOGDAN, to=to, message_id=f"<{id}{number}@desk.test>")), mail_from=BOGDAN, rcpt_to=(to,))


def solve(desk: TestDesk) -> int:
    text = "Paper jam in the printer, it shows E-52 again."
    number = ask(desk, text, subject="Printer shows E-52", from_="carol@customer.test", id="s")
    answer(desk, number)
    settle(desk)
    return number


def settle(desk: TestDesk) -> None:
    desk.clock.time += timedelta(minutes=11)
    desk.app.jobs.keep_solved_requests()


def suggested(desk: TestDesk, number: int) -> list[str]:
    news = next(n for n in desk.promises(Audience.AGENT, "new") if n.ticket == number and n.recipient == BOGDAN)
    assert isinstance(news.payload, NewTicket)
    return [row.number for row in news.payload.solved]


def text_to(desk: TestDesk, reader: str) -> str:
    found = [letter for letter in desk.deliver() if reader in str(letter["To"])]
    body = found[-1].get_body(("plain",))  # type: ignore[attr-defined]
    return str(body.get_content())


def test_an_agent_reads_how_a_similar_ticket_was_solved_and_nothing_is_sent(desk: TestDesk) -> None:
    assert solve(desk) == 1
    desk.deliver()
    number = ask(desk)

    assert suggested(desk, number) == ["MB-1"]
    sent = {str(letter["To"]): letter for letter in desk.deliver()}
    text = str(next(letter for to, letter in sent.items() if BOGDAN in to).get_body(("plain",)).get_content())  # type: ignore[attr-defined]
    assert "Suggested first answer" in text
    assert "It solved MB-1 “Printer shows E-52”. Nothing was sent" in " ".join(text.split())
    assert "please open the front cover, clean the registration sensor and call …." in " ".join(text.split())
    assert "Hello …," in text
    assert "Carol" not in text.partition("Suggested first answer")[2]
    assert not re.search("since Monday|wrote:", text.partition("Suggested first answer")[2])
    html = str(next(letter for to, letter in sent.items() if BOGDAN in to).get_body(("html",)).get_content())  # type: ignore[attr-defined]
    assert "Answer with this text" in html
    customer = next(letter for to, letter in sent.items() if "dora" in to)
    assert "front cover" not in customer.as_string()
    assert not desk.promises(Audience.CUSTOMER, "answered")[1:]


def test_a_desk_that_does_not_wish_it_asks_and_keeps_nothing(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        solve(desk)
        assert suggested(desk, ask(desk)) == []
        with desk.app.store.read() as tx:
            assert tx.solved.get_many([1]) == []


def test_what_is_too_different_is_not_suggested(desk: TestDesk) -> None:
    solve(desk)
    assert suggested(desk, ask(desk, "Our internet is slow since this morning.", subject="Slow internet")) == []
    assert suggested(desk, ask(desk, "Please send us a new printer.", subject="Order", id="3")) == []


def test_an_answer_that_did_not_close_the_request_is_none(desk: TestDesk) -> None:
    number = ask(desk, "Paper jam, it shows E-52.", subject="Printer shows E-52", from_="carol@customer.test", id="s")
    answer(desk, number, "Please restart it.")
    to = desk.promise_to("carol@customer.test", "answered").reply_to
    again = a_mail("That does not help.", from_="carol@customer.test", to=to, message_id="<again@customer.test>")
    desk.feed(proven(again, "customer.test"), rcpt_to=(to,))
    answer(desk, number, "#close", id="b")
    settle(desk)
    assert suggested(desk, ask(desk)) == []


def test_what_the_customer_confirms_counts_as_solved(desk: TestDesk) -> None:
    number = ask(desk, "Paper jam, it shows E-52.", subject="Printer shows E-52", from_="carol@customer.test", id="s")
    answer(desk, number, "Please clean the sensor.")
    to = desk.promise_to("carol@customer.test", "answered").reply_to
    thanks = a_mail("That solved it.", from_="carol@customer.test", to=to, message_id="<thanks@customer.test>")
    desk.feed(proven(thanks, "customer.test"), rcpt_to=(to,))
    assert desk.ticket(number).closed_at is not None
    settle(desk)
    assert suggested(desk, ask(desk)) == ["MB-1"]


def test_a_ticket_that_is_open_again_is_not_suggested(desk: TestDesk) -> None:
    solve(desk)
    to = desk.promise_to("carol@customer.test", "answered").reply_to
    again = a_mail("It is back.", from_="carol@customer.test", to=to, message_id="<again@customer.test>")
    desk.feed(proven(again, "customer.test"), rcpt_to=(to,))
    assert suggested(desk, ask(desk)) == []


def test_an_erased_answer_is_gone_from_suggestions_that_wait(desk: TestDesk) -> None:
    solve(desk)
    desk.deliver()
    number = ask(desk)
    assert suggested(desk, number) == ["MB-1"]
    with desk.app.store.write() as tx:
        tx.erasure.erase(1, [mail.id for mail in tx.mails.of_ticket(1)])
    assert "Suggested" not in text_to(desk, BOGDAN)
    assert suggested(desk, ask(desk, id="3")) == []


def test_nobody_reads_an_answer_of_a_ticket_that_is_hidden(tmp_path: Path) -> None:
    """The ticket went to a team that shows its tickets to nobody else, after the suggestion was made."""
    with a_desk(tmp_path, rules=HIDDEN, knowledge=KnowledgeSettings(suggest_answers=True)) as desk:
        solve(desk)
        desk.deliver()
        assert suggested(desk, ask(desk)) == ["MB-1"]
        answer(desk, 1, "#team network", id="t")
        assert "Suggested" not in text_to(desk, BOGDAN)
