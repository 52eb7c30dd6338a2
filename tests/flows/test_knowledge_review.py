"""Articles written by mail and held for review, and what became of suggestions is counted and learned from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from mailbridge.conversation.tokens import Purpose
from mailbridge.knowledge.base import MINIMUM
from mailbridge.knowledge.files import articles, as_file
from mailbridge.knowledge.learned import LEAST_OUTCOMES, learned_minimum
from mailbridge.knowledge.model import Article
from mailbridge.notifications.model import Audience
from mailbridge.notifications.payloads.knowledge import ArticleNews
from mailbridge.store.articles import ArticleCounts, ArticleState
from tests.flows.test_knowledge import BOGDAN, CAROL, SENSOR, on_ticket, results, write
from tests.harness import TestDesk, a_mail, proven
from tests.links import links_of, written

MARA, CLARA = "mara@desk.test", "clara@desk.test"


@pytest.fixture
def desk(tmp_path: Path, desk: TestDesk) -> Iterator[TestDesk]:
    """Both databases: articles and outcomes are rows."""
    write(desk.app.config.folder)
    desk.app.knowledge.refresh(at_once=True)
    yield desk
    desk.assert_sound()


def sends(desk: TestDesk, sender: str, body: str, subject: str = "Reset the printer") -> None:
    raw = a_mail(body, from_=sender, subject=subject, message_id=f"<{abs(hash((sender, body)))}@desk.test>")
    desk.feed(proven(raw), mail_from=sender)


def news(desk: TestDesk, reader: str) -> ArticleNews:
    payload = desk.promise_to(reader, "article_news").payload
    assert isinstance(payload, ArticleNews)
    return payload


def steps(desk: TestDesk, reader: str) -> list[str]:
    told = [n.payload for n in desk.promises(Audience.AGENT, "article_news") if n.recipient == reader]
    return [payload.step for payload in told if isinstance(payload, ArticleNews)]


def counts(desk: TestDesk) -> list[ArticleCounts]:
    with desk.app.store.read() as tx:
        return tx.article_outcomes.counts()


def test_an_article_by_mail_is_used_after_a_manager_accepts_it_by_a_link(desk: TestDesk) -> None:
    sends(desk, BOGDAN, "#kb new\n\nHold the **green** button for ten seconds until the drum resets.")

    assert (news(desk, BOGDAN).step, news(desk, BOGDAN).who) == ("waits", "Mara Lind")
    assert desk.tickets() == []
    letter = next(one for one in desk.deliver() if MARA in str(one["To"]))
    assert "Bogdan Ionescu wrote an article and asks for your decision." in str(letter)
    assert [link.label for link in links_of(letter)] == ["Accept", "Reject"]
    before = len(desk.app.knowledge.current.articles)

    link = links_of(letter)[0]
    desk.feed(proven(written(link, MARA, letter)), mail_from=MARA)

    assert (steps(desk, MARA), steps(desk, BOGDAN)) == (["review", "accepted"], ["waits", "accepted"])
    desk.app.knowledge.refresh()
    known = desk.app.knowledge.current
    assert len(known.articles) == before + 1
    article = known.article(20, "en")
    assert article is not None
    assert (article.title, article.text) == ("Reset the printer", "Hold the **green** button for ten seconds until the drum resets.")
    assert article.team == "support", "a manager of one team writes to the customers of this team alone"


@pytest.mark.parametrize("who", [BOGDAN, CLARA])
def test_only_a_manager_of_the_team_decides(desk: TestDesk, who: str) -> None:
    sends(desk, BOGDAN, "#kb new Drum\n\nHold the button.")

    to = desk.app.desk().signer.reply_address(20, who, Purpose.ARTICLE)
    raw = a_mail("#kb accept KB-20", from_=who, to=to, message_id="<decides@desk.test>")
    desk.feed(proven(raw), mail_from=who, rcpt_to=(to,))

    assert steps(desk, who)[-1] == "not-yours"
    with desk.app.store.read() as tx:
        assert [one.title for one in tx.articles.all(ArticleState.DRAFT)] == ["Drum"]


def test_a_decision_without_the_address_of_the_question_waits_for_a_yes(desk: TestDesk) -> None:
    sends(desk, BOGDAN, "#kb new Drum\n\nHold the button.")

    sends(desk, MARA, "#kb accept KB-20")

    assert steps(desk, MARA) == ["review"]
    question = desk.promise_to(MARA, "held")
    with desk.app.store.read() as tx:
        assert tx.articles.all(ArticleState.ACCEPTED) == []
    yes = a_mail("yes", from_=MARA, to=question.reply_to, message_id="<yes@desk.test>")
    desk.feed(proven(yes), mail_from=MARA, rcpt_to=(question.reply_to,))
    desk.work()
    assert steps(desk, MARA) == ["review", "accepted"]


def test_the_address_of_one_question_decides_about_that_article_alone(desk: TestDesk) -> None:
    sends(desk, BOGDAN, "#kb new Drum\n\nHold the button.")
    to = desk.promise_to(MARA, "article_news").reply_to
    sends(desk, BOGDAN, "#kb new Belt\n\nPull the lever.")

    decides(desk, "#kb accept KB-21", to)

    assert steps(desk, MARA) == ["review", "review"]
    assert desk.promise_to(MARA, "held")


def decides(desk: TestDesk, body: str, to: str) -> None:
    raw = a_mail(body, from_=MARA, to=to, message_id=f"<{abs(hash(body))}@desk.test>")
    desk.feed(proven(raw), mail_from=MARA, rcpt_to=(to,))


def test_it_is_decided_once_and_rejected_for_good(desk: TestDesk) -> None:
    sends(desk, BOGDAN, "#kb new Drum\n\nHold the button.")
    to = desk.promise_to(MARA, "article_news").reply_to
    decides(desk, "#kb reject KB-20", to)
    decides(desk, "#kb accept KB-20", to)
    unknown = desk.app.desk().signer.reply_address(99, MARA, Purpose.ARTICLE)
    decides(desk, "#kb accept KB-99", unknown)

    assert steps(desk, MARA) == ["review", "rejected", "decided-before", "unknown"]
    desk.app.knowledge.refresh()
    assert desk.app.knowledge.current.article(20, "en") is None


def test_an_unproven_mail_in_a_managers_name_decides_nothing(desk: TestDesk) -> None:
    sends(desk, BOGDAN, "#kb new Drum\n\nHold the button.")

    desk.feed(a_mail("#kb accept KB-20", from_=MARA, message_id="<forged@desk.test>"), mail_from=MARA)

    with desk.app.store.read() as tx:
        assert tx.articles.all(ArticleState.ACCEPTED) == []


def test_an_article_needs_a_text_and_two_get_two_numbers(desk: TestDesk) -> None:
    sends(desk, BOGDAN, "#kb new Drum")
    assert steps(desk, BOGDAN) == ["empty"]
    sends(desk, BOGDAN, "#kb new One\n\nText.")
    sends(desk, BOGDAN, "#kb new Two\n\nText.")

    with desk.app.store.read() as tx:
        assert [(one.number, one.title) for one in tx.articles.all(ArticleState.DRAFT)] == [(20, "One"), (21, "Two")]


def test_on_a_ticket_nothing_goes_to_the_customer(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    on_ticket(desk, "#kb new How to\n\nInternal steps.")

    assert results(desk) == [("Internal steps.", "refused", "not-sent"), ("#kb new How to", "refused", "new-mail-only")]
    assert desk.promises(Audience.CUSTOMER, "answered") == []


def test_an_exported_article_is_read_as_the_same(desk: TestDesk) -> None:
    article = Article(number=20, title='The "drum" \\ button', language="en", text="Hold it.", team="support")

    (found,), problems = articles({"knowledge/KB-20.md": as_file(article)}, "en")

    assert problems == ()
    assert (found.number, found.title, found.language, found.text, found.team) == (20, article.title, "en", "Hold it.", "support")


def test_shown_opened_and_solved_count_once_for_a_ticket(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))
    assert counts(desk) == [ArticleCounts(article=17, shown=1, opened=0, solved=0)]
    on_ticket(desk, "Please look:\n\n#send KB-17")
    to = desk.promise_to(CAROL, "received").reply_to
    for number in range(2):
        raw = a_mail("#kb KB-17", to=to, message_id=f"<k{number}@customer.test>")
        desk.feed(proven(raw, "customer.test"), rcpt_to=(to,))
    assert counts(desk) == [ArticleCounts(article=17, shown=1, opened=1, solved=0)]

    raw = a_mail("That solved it. (KB-17)", to=to, message_id="<solved@customer.test>")
    desk.feed(proven(raw, "customer.test"), rcpt_to=(to,))

    assert desk.ticket().status == "closed"
    assert counts(desk) == [ArticleCounts(article=17, shown=1, opened=1, solved=1)]


def test_the_least_score_is_fixed_below_fifty_outcomes_and_learned_from_then_on(desk: TestDesk) -> None:
    assert desk.app.knowledge.current.minimum == MINIMUM
    with desk.app.store.write() as tx:
        for ticket in range(1, 100):
            score = 62 if ticket % 2 else 82
            tx.article_outcomes.shown(ticket, {17: score}, desk.clock.now())
            if score == 82:
                tx.article_outcomes.opened(ticket, 17, desk.clock.now())
    desk.pass_time(hours=1)
    desk.app.knowledge.refresh()

    assert desk.app.knowledge.current.minimum == 80


def test_what_is_learned() -> None:
    poor, good = [(40, False)] * 100, [(70, True)] * 30
    assert learned_minimum(good[: LEAST_OUTCOMES - 1]) == MINIMUM
    assert learned_minimum([*poor, *good]) == 70
    assert learned_minimum([(40, True)] * 60) == 40
    assert learned_minimum(poor) == 90
    assert cast(int, learned_minimum([])) == MINIMUM
