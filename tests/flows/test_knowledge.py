"""The knowledge base by mail: articles in receipts and for agents, asked for and sent; answers ready to send."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from mailbridge.notifications.model import Audience
from mailbridge.notifications.payloads.knowledge import ArticleSent, ArticlesFound
from mailbridge.notifications.payloads.tickets import NewTicket, Received
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven
from tests.links import links_of, written

CAROL, BOGDAN = "carol@customer.test", "bogdan@desk.test"
LONG = "More about it. " * 60
TEXTS = {
    "knowledge/17.md": '---\nid: KB-17\ntitle: "Error E-52: clean the registration sensor"\nlanguage: en\nkeywords: [paper, jam]\n---\n'
    "1. Open the **front** cover.\n2. Clean the sensor.\n",
    "knowledge/18.md": f"---\nid: KB-18\ntitle: Reset your password\nkeywords: [locked]\n---\nUse the portal.\n\n{LONG}\n",
    "knowledge/19.md": "---\nid: KB-19\ntitle: Renew the certificate of the gateway\naudience: agents\n---\nRun renew-gateway.\n",
    "knowledge/1.md": "---\nid: KB-1\ntitle: Where to start\nstart: true\n---\nOne matter, one mail.\n",
    "knowledge/2.ro.md": "---\nid: KB-17\ntitle: Eroarea E-52\nlanguage: ro\n---\nCurățați senzorul.\n",
    "answers/visit.en.md": "---\nname: visit\nlanguage: en\nabout: Announce a visit\nfields: {day: ''}\n---\n"
    "Dear {{ customer.name }}, we come on {{ day }}. Please quote {{ ticket.number }}.\n\n{{ agent.name }}\n",
    "answers/visit.ro.md": "---\nname: visit\nlanguage: ro\nfields: {day: ''}\n---\nVenim {{ day }}.\n",
    "answers/tunnel.md": "---\nname: tunnel\nteam: network\n---\nPlease restart the tunnel.\n",
}
SENSOR = a_mail(
    "The paper jam is back, the display shows error E-52. I cleaned the sensor.", subject="Printer", message_id="<s@customer.test>"
)
WEEK = 'hours: {office: {zone: UTC, week: {mon-fri: "09:00-17:00"}}}\n'


def write(folder: Path, texts: dict[str, str] = TEXTS) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    """One database is enough: articles are no rows."""
    write(tmp_path)
    with a_desk(tmp_path) as desk:
        yield desk
        desk.assert_sound()


def receipt(desk: TestDesk) -> Received:
    payload = desk.promise_to(CAROL, "received").payload
    return payload if isinstance(payload, Received) else Received()


def text_of(desk: TestDesk, reader: str) -> str:
    letter = [one for one in desk.deliver() if reader in str(one["To"])][-1]
    body = cast(EmailMessage, letter).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def on_ticket(desk: TestDesk, body: str, number: int = 1) -> None:
    """Bogdan answers the news of the ticket with these lines."""
    to = next(n for n in desk.promises(Audience.AGENT, "new") if n.recipient == BOGDAN and n.ticket == number).reply_to
    raw = a_mail(body, from_=BOGDAN, to=to, message_id=f"<{abs(hash(body))}@desk.test>")
    desk.feed(proven(raw), mail_from=BOGDAN, rcpt_to=(to,))


def results(desk: TestDesk) -> list[tuple[str, str, str]]:
    rows = desk.promise_to(BOGDAN, "commands").values["results"]
    return [(row.written, row.outcome, row.reason) for row in cast("tuple[object, ...]", rows)]  # type: ignore[attr-defined]


def test_the_receipt_suggests_what_fits_and_says_where_to_start(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    assert [(row.number, row.whole) for row in receipt(desk).articles] == [("KB-17", True)]
    assert [row.number for row in receipt(desk).start] == ["KB-1"]
    text = text_of(desk, CAROL)
    assert "Error E-52: clean the registration sensor (KB-17)\n\n    1. Open the front cover.\n    2. Clean the sensor.\n" in text
    assert "If that solves your request, reply with nothing but this line: That solved it. (KB-17)" in " ".join(text.split())
    assert "Is this your first request? Where to start:\n\nWhere to start (KB-1)\n\n    One matter, one mail.\n" in text
    desk.feed(proven(a_mail("Again the error E-52, the sensor and paper", message_id="<2@customer.test>"), "customer.test"))
    assert receipt(desk).start == ()


def test_agents_read_which_articles_fit(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    payload = desk.promise_to(BOGDAN, "new").payload
    assert isinstance(payload, NewTicket)
    assert [(row.number, row.title) for row in payload.fits] == [("KB-17", "Error E-52: clean the registration sensor")]
    assert "Fits: KB-17 “Error E-52: clean the registration sensor” · #send KB-17" in text_of(desk, BOGDAN)


def test_what_an_unproven_writer_gets_holds_the_titles_alone_and_no_word_of_the_mail(desk: TestDesk) -> None:
    desk.feed(SENSOR)

    text = text_of(desk, CAROL)
    assert "Error E-52: clean the registration sensor (KB-17)" in text
    assert "front cover" not in text
    assert "jam is back" not in text


def test_only_the_new_words_count(desk: TestDesk) -> None:
    quote = "Thank you.\n\nOn Mon, 23 Nov 2026 at 08:00, Bob <bob@x.test> wrote:\n> error E-52, the registration sensor and paper jam\n"
    desk.feed(proven(a_mail(quote, subject="Hello"), "customer.test"))

    assert receipt(desk).articles == ()


def test_silence_where_nothing_fits_and_for_another_language(desk: TestDesk) -> None:
    desk.feed(proven(a_mail("Please send the invoice of May to our office.", subject="Invoice"), "customer.test"))

    assert receipt(desk).articles == ()
    assert receipt(desk).start != ()


def test_where_nobody_of_the_team_is_free_the_best_there_is(tmp_path: Path) -> None:
    write(tmp_path)
    teams = RULES["teams.yaml"].replace("managers: [mara]", "managers: [mara], hours: office") + WEEK
    weak = proven(a_mail("My account is locked since this morning and I cannot work.", subject="Help"), "customer.test")
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": teams}) as desk:
        desk.feed(weak)
        assert receipt(desk).articles == ()
        desk.pass_time(hours=12)
        desk.feed(weak.replace(b"one@customer.test", b"two@customer.test"))
        assert [row.number for row in receipt(desk).articles] == ["KB-18"]


def test_a_rule_suggests_an_article_whatever_the_words_are(tmp_path: Path) -> None:
    write(tmp_path)
    rule = "- name: locked\n  when: {header: {subject: {contains: hello}}}\n  then: {suggest: [KB-18, KB-19, KB-77]}\n"
    with a_desk(tmp_path, rules={**RULES, "routing/20-kb.yaml": rule}) as desk:
        desk.feed(proven(a_mail("Nothing of it.", subject="Hello"), "customer.test"))

        assert [(row.number, row.whole) for row in receipt(desk).articles] == [("KB-18", False)]
        payload = desk.promise_to(BOGDAN, "new").payload
        assert isinstance(payload, NewTicket)
        assert [(row.number, row.customers) for row in payload.fits] == [("KB-18", True), ("KB-19", False)]


def test_the_link_in_the_receipt_brings_the_whole_article_and_wakes_nobody(tmp_path: Path) -> None:
    write(tmp_path)
    rule = "- name: locked\n  when: {header: {subject: {contains: hello}}}\n  then: {suggest: [KB-18]}\n"
    with a_desk(tmp_path, rules={**RULES, "routing/20-kb.yaml": rule}) as desk:
        desk.feed(proven(a_mail("Nothing of it.", subject="Hello"), "customer.test"))
        letter = next(one for one in desk.deliver() if CAROL in str(one["To"]))
        (link,) = [link for link in links_of(letter) if link.label == "Send me the whole article"]
        before, told = desk.ticket(), len(desk.promises(Audience.AGENT))

        done = desk.feed(written(link, CAROL, letter), rcpt_to=(link.address,))

        assert (done.result.handler, desk.ticket(), len(desk.promises(Audience.AGENT))) == ("article_request", before, told)
        payload = desk.promise_to(CAROL, "article").payload
        assert isinstance(payload, ArticleSent)
        assert payload.article[0].text.count("More about it.") == 60
        assert "Reset your password" in text_of(desk, CAROL)


@pytest.mark.parametrize("body", ["#kb KB-19", "#kb KB-77", "#kb KB-17 please", "#kb"])
def test_other_words_and_articles_of_agents_are_an_ordinary_message(desk: TestDesk, body: str) -> None:
    desk.feed(proven(SENSOR, "customer.test"))
    to = desk.promise_to(CAROL, "received").reply_to

    done = desk.feed(proven(a_mail(body, to=to, message_id="<k@customer.test>"), "customer.test"), rcpt_to=(to,))

    assert done.result.handler == "customer_message"
    assert desk.promises(event="article") == []


def test_a_stranger_gets_no_article(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))
    to = desk.promise_to(CAROL, "received").reply_to
    raw = a_mail("#kb KB-17", from_="mallory@attacker.test", to=to, message_id="<m@attacker.test>")

    desk.feed(raw, mail_from="mallory@attacker.test", rcpt_to=(to,))

    assert desk.promises(event="article") == []


def test_that_solved_it_with_the_number_of_an_article_closes_the_ticket(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))
    letter = next(one for one in desk.deliver() if CAROL in str(one["To"]))
    link = next(link for link in links_of(letter) if link.label == "That solved it")
    assert link.body == "That solved it. (KB-17)"

    desk.feed(written(link, CAROL, letter), rcpt_to=(link.address,))

    assert desk.ticket().status == "closed"


def test_agents_look_for_articles_by_mail(desk: TestDesk) -> None:
    for number, (line, articles, rows) in enumerate(
        [
            ("#kb gateway certificate", [], ["KB-19"]),
            ("#kb KB-19", ["KB-19"], []),
            ("#kb", [], ["KB-1", "KB-17", "KB-18", "KB-19"]),
            ("#kb zebra", [], []),
            ("#articole eroarea", [], ["KB-17"]),
        ]
    ):
        raw = a_mail(line, from_=BOGDAN, message_id=f"<{number}@desk.test>", subject="Question")
        assert desk.feed(proven(raw), mail_from=BOGDAN).result.handler == "agent_questions"
        payload = desk.promise_to(BOGDAN, "articles").payload
        assert isinstance(payload, ArticlesFound)
        assert ([row.number for row in payload.article], [row.number for row in payload.rows]) == (articles, rows), line
    assert "for agents alone" not in text_of(desk, BOGDAN)


def test_send_puts_the_article_into_the_answer(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    on_ticket(desk, "Hello Carol, please try this:\n\n#send KB-17")

    text = text_of(desk, CAROL)
    assert text.startswith(
        "Hello Carol, please try this:\n\nError E-52: clean the registration sensor (KB-17)\n\n"
        "1. Open the front cover.\n2. Clean the sensor.\n"
    )
    assert results(desk) == [("#send KB-17", "done", "")]


def test_a_long_article_begins_in_the_answer_and_goes_along_as_a_file(tmp_path: Path) -> None:
    chapters = "\n\n".join(f"## Chapter {number}\n\n{LONG}" for number in range(40))
    write(tmp_path, {"knowledge/20.md": f"---\nid: KB-20\ntitle: All about printers\n---\n{chapters}\n\nThe last line.\n"})
    with a_desk(tmp_path) as desk:
        desk.feed(proven(SENSOR, "customer.test"))
        on_ticket(desk, "Hello Carol,\n\n#send KB-20")

        letter = next(one for one in desk.deliver() if CAROL in str(one["To"]) and "KB-20" in one.as_string())
        body = cast(EmailMessage, letter).get_body(("plain",))
        assert body is not None
        text = str(body.get_content())
        assert text.startswith("Hello Carol,\n\nAll about printers (KB-20)\n\n")
        assert "Chapter 3" in text
        assert "… (KB-20.txt)" in text
        assert "The last line." not in text
        (file,) = cast(EmailMessage, letter).iter_attachments()
        assert file.get_filename() == "KB-20.txt"
        assert str(cast(EmailMessage, file).get_content()).rstrip().endswith("The last line.")
        assert len(text) < 6_000
        desk.assert_sound()


def test_an_answer_ready_to_send_is_filled_and_stands_above_the_own_words(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    on_ticket(desk, '#answer visit day="Tuesday *at* ten"\n\nSee you then.')

    text = text_of(desk, CAROL)
    expected = "Dear Carol Jones, we come on Tuesday *at* ten. Please quote MB-1.\n\nBogdan Ionescu\n\nSee you then.\n"
    assert text.startswith(expected)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("#answer visit", "missing-field"),
        ("#answer visit day=Tuesday hour=10", "unknown-field"),
        ("#answer tunnel", "unknown-answer"),
        ("#send KB-19", "article-for-agents"),
        ("#send KB-77", "unknown-article"),
    ],
)
def test_nothing_is_sent_where_a_text_is_missing(desk: TestDesk, line: str, reason: str) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    on_ticket(desk, f"Hello Carol,\n\n{line}")

    assert desk.promises(Audience.CUSTOMER, "answered") == []
    assert results(desk) == [("Hello Carol,", "refused", "not-sent"), (line, "refused", reason)]
    assert "nothing was sent" in text_of(desk, BOGDAN)


def first_mail(desk: TestDesk, body: str) -> None:
    desk.feed(proven(a_mail(body, from_=BOGDAN, subject="Your visit", message_id=f"<{abs(hash(body))}@desk.test>")), mail_from=BOGDAN)


@pytest.mark.parametrize("how", ["#to", "#public\n#for"])
def test_a_first_mail_may_be_an_answer_ready_to_send(desk: TestDesk, how: str) -> None:
    first_mail(desk, f'{how} carol@customer.test\n#answer visit day="Tuesday"\n\nSee you then.')

    assert text_of(desk, CAROL).startswith(
        "Dear carol@customer.test, we come on Tuesday. Please quote MB-1.\n\nBogdan Ionescu\n\nSee you then.\n"
    )
    assert [row[:2] for row in results(desk)][-1] == ('#answer visit day="Tuesday"', "done")
    desk.assert_sound()


@pytest.mark.parametrize("line", ["#answer visit", "#answer tunnel", "#send KB-19"])
def test_a_first_mail_without_its_text_is_a_note(desk: TestDesk, line: str) -> None:
    first_mail(desk, f"#to carol@customer.test\n{line}\n\nSee you then.")

    assert [mail for mail in desk.deliver() if CAROL in str(mail["To"])] == []
    assert "kept as a note" in text_of(desk, BOGDAN)
    assert "See you then." in text_of(desk, BOGDAN)
    assert (desk.ticket().channel, desk.ticket().status) == ("outgoing", "new")


@pytest.mark.parametrize(
    ("beside", "outcome"),
    [("#for carol@customer.test", "no-customer"), ("#to carol@customer.test\n#note", "other-way"), ("", "no-customer")],
)
def test_an_answer_ready_to_send_in_a_mail_to_nobody_is_told_as_not_done(desk: TestDesk, beside: str, outcome: str) -> None:
    first_mail(desk, f"{beside}\n#answer visit day=Tuesday\n\nSee you then.".strip())

    assert ("#answer visit day=Tuesday", outcome) in [row[:2] for row in results(desk)]


def test_answer_alone_says_that_the_text_is_the_answer(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    on_ticket(desk, "#answer\n\nIt is done.")

    assert text_of(desk, CAROL).startswith("It is done.\n")


def test_the_answers_are_listed(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))

    on_ticket(desk, "#answers")
    assert 'visit: Announce a visit\n    #answer visit day="…"\n' in text_of(desk, BOGDAN)
    on_ticket(desk, "#answers tunnel")
    assert "No answer ready to send fits." in text_of(desk, BOGDAN)


def test_lines_that_need_a_ticket_say_so(desk: TestDesk) -> None:
    desk.feed(proven(a_mail("#send KB-17\n#list", from_=BOGDAN, message_id="<n@desk.test>")), mail_from=BOGDAN)

    rows = desk.promise_to(BOGDAN, "lines").values["results"]
    assert [(row.written, row.outcome) for row in cast("tuple[object, ...]", rows)][:1] == [("#send KB-17", "no-ticket")]  # type: ignore[attr-defined]


def test_changed_articles_are_taken_and_broken_ones_left_out(desk: TestDesk, tmp_path: Path) -> None:
    assert len(desk.app.knowledge.current.articles) == 5
    write(tmp_path, {"knowledge/18.md": "---\nid: KB-18\n---\nx\n", "knowledge/20.md": "---\nid: KB-20\ntitle: New\n---\nx\n"})

    desk.app.knowledge.refresh()
    assert len(desk.app.knowledge.current.articles) == 5
    desk.app.knowledge.refresh()

    assert sorted({one.number for one in desk.app.knowledge.current.articles}) == [1, 17, 19, 20]


def test_the_hint_names_the_article_that_is_cut(tmp_path: Path) -> None:
    write(tmp_path, {**TEXTS, "knowledge/1.md": f"---\nid: KB-1\ntitle: Where to start\nstart: true\n---\nOne matter.\n\n{LONG}\n"})
    with a_desk(tmp_path) as desk:
        desk.feed(proven(SENSOR, "customer.test"))
        assert "nothing but this line: #kb KB-1\n" in text_of(desk, CAROL)


def test_no_hint_where_all_articles_are_whole(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))
    assert "nothing but this line: #kb" not in text_of(desk, CAROL)


def test_an_unproven_writer_is_offered_no_article_that_would_not_come(tmp_path: Path) -> None:
    write(tmp_path, {**TEXTS, "knowledge/1.md": f"---\nid: KB-1\ntitle: Where to start\nstart: true\n---\nOne matter.\n\n{LONG}\n"})
    with a_desk(tmp_path) as desk:
        desk.feed(SENSOR)
        letter = [one for one in desk.deliver() if CAROL in str(one["To"])][-1]
        assert "Where to start (KB-1)" in str(letter)
        assert "#kb" not in str(letter)
        assert "%23kb" not in str(letter)


def test_agents_read_the_title_in_the_customers_language(tmp_path: Path) -> None:
    write(tmp_path)
    with a_desk(tmp_path) as desk:
        mail = a_mail("Bună ziua, imprimanta arată eroarea E-52 și nu mai trage hârtie. Vă rog să ne ajutați, mulțumesc.")
        desk.feed(proven(mail, "customer.test"))
        assert "Eroarea E-52" in text_of(desk, BOGDAN)


def test_an_answer_does_not_quote_the_line_that_asked_for_an_article(desk: TestDesk) -> None:
    desk.feed(proven(SENSOR, "customer.test"))
    to = desk.promise_to(CAROL, "received").reply_to
    desk.feed(proven(a_mail("#kb KB-18", to=to, message_id="<k@customer.test>"), "customer.test"), rcpt_to=(to,))
    to = desk.promise_to(BOGDAN, "new").reply_to
    desk.feed(proven(a_mail("We come.", from_=BOGDAN, to=to, message_id="<w@desk.test>")), mail_from=BOGDAN, rcpt_to=(to,))

    text = text_of(desk, CAROL)
    assert "> The paper jam is back" in text
    assert "> #kb" not in text
