from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mailbridge.delivery.render import render
from mailbridge.delivery.render.filters import mailto
from mailbridge.delivery.render.render import Renderer, TemplateFailed, guarded, shipped_templates
from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.delivery.render.template_check import check
from mailbridge.delivery.render.template_context import DeskView, HistoryEntry, TemplateContext, TicketView
from mailbridge.delivery.render.ticket_context import is_marked
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.agents import IntervalRow, ResultRow, TargetRow
from mailbridge.notifications.summary_model import Summary
from mailbridge.organisation.model import ReplyMarker
from tests.compiled import SHIPPED

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}'


def a_notification(audience: Audience = Audience.CUSTOMER, event: str = "received", language: str = "en", **more: object) -> Notification:
    return replace(sample_notification(audience, event, language), **more)  # type: ignore[arg-type]


def a_view(**more: object) -> TemplateContext:
    return replace(sample_views("customer", "received")[0], **more)  # type: ignore[arg-type]


def a_folder(tmp_path: Path, **files: str) -> Path:
    """A desk's folder of templates; the key "customer_received" is mail/en/customer.received.txt.j2."""
    for name, text in files.items():
        path = tmp_path / "mail" / "en" / f"{name.replace('_', '.', 1)}.txt.j2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


class Tags(HTMLParser):
    """Which tags and addresses stand in an HTML text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "background", "action")]


@pytest.mark.parametrize("name", SHIPPED.names())
def test_every_shipped_template_renders_with_full_and_with_bare_values(name: str) -> None:
    _, language, rest = name.split("/")
    audience, _, event = rest.partition(".")
    for view in sample_views(audience, event):
        worded = SHIPPED.render(sample_notification(Audience(audience), event, language), view)
        assert worded.subject
        assert "\n" not in worded.subject
        assert worded.text.strip()
        assert worded.html.startswith("<!DOCTYPE html>")
        assert "{{" not in worded.text + worded.html


def test_the_shipped_templates_hold_no_mistake() -> None:
    assert check([shipped_templates()]) == ()


def test_every_event_of_the_vocabulary_has_a_template_and_nothing_else_has_one() -> None:
    assert {name.removeprefix("mail/en/") for name in SHIPPED.names() if name.startswith("mail/en/")} == set(VOCABULARY)


@pytest.mark.parametrize("language", ["ro", "ru"])
def test_what_customers_read_is_there_in_every_language(language: str) -> None:
    own = {name.removeprefix(f"mail/{language}/") for name in SHIPPED.names() if name.startswith(f"mail/{language}/")}
    assert own >= {name for name in VOCABULARY if name.startswith("customer.")} | {"agent.help", "agent.why", "agent.digest"}


@pytest.mark.parametrize(("language", "word"), [("en", "We received"), ("ro", "Am primit"), ("ru", "Мы получили")])
def test_a_receipt_is_in_the_language_that_was_asked_for(language: str, word: str) -> None:
    _, silent = guarded(a_notification(language=language), a_view(ticket=TicketView(number="MB-1")))
    worded = SHIPPED.render(a_notification(language=language), silent)
    assert worded.subject.startswith(word)
    assert f'<html lang="{language}">' in worded.html
    assert worded.text.startswith(SHIPPED.markers()[("en", "ro", "ru").index(language)])


def test_agents_read_in_their_language_and_in_english_where_there_is_none() -> None:
    assert "Взять" in SHIPPED.render(a_notification(Audience.AGENT, "new", "ru"), a_view(ticket=TicketView(number="MB-1"))).html
    assert '<html lang="en">' in SHIPPED.render(a_notification(Audience.AGENT, "new", "xx"), a_view()).html


def hostile(event: str) -> dict[str, object]:
    """The event's values, each text an attack."""
    days = {"first", "last"} if event == "agent.team_report" else set()
    own = {"link"} if event == "agent.sign_in" else set()  # the address of the desk's own page
    given = VOCABULARY[event].keys() - days - own
    values: dict[str, object] = {key: HOSTILE for key in given if not key.endswith(("_at", "until"))}
    values |= {key: VOCABULARY[event][key] for key in own}
    row = ResultRow(written=HOSTILE, outcome=HOSTILE, reason=HOSTILE, suggestion=HOSTILE)
    if event == "agent.why":
        said = (Summary(key="why.level", values={"level": HOSTILE}),)
        target = TargetRow(run=1, name=said, outcome=said, state="running", budget=HOSTILE, calendar=HOSTILE)
        moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
        interval = IntervalRow(run=1, kind="counted", start=moment, end=moment, percent=100, said=said)
        return {"asked": HOSTILE, "said": said, "rows": (target,), "intervals": (interval,), "more": said}
    return {**values, "results": (row,)} if "results" in values else values


@pytest.mark.parametrize("name", SHIPPED.names())
def test_no_mail_fetches_anything_or_carries_a_senders_markup(name: str) -> None:
    # given a ticket in which every word is an attack, but for the message that was sanitised
    _, language, rest = name.split("/")
    audience, _, event = rest.partition(".")
    view = TemplateContext(
        desk=DeskView(name=HOSTILE, address="support@acme.example"),
        ticket=TicketView(
            number="MB-1", subject=HOSTILE, status=HOSTILE, priority=HOSTILE, type=HOSTILE, team=HOSTILE, assignee=HOSTILE,
            requester_name=HOSTILE, requester_address=HOSTILE, verified=True,
        ),
        values=hostile(rest),
        text=HOSTILE, author=HOSTILE, quoted=HistoryEntry(author=HOSTILE, text=HOSTILE),
        history=(HistoryEntry(author=HOSTILE, text=HOSTILE),),
        files=(HOSTILE,), recipient_name=HOSTILE,
    )  # fmt: skip
    # when
    worded = SHIPPED.render(sample_notification(Audience(audience), event, language), view)
    # then
    found = Tags(worded.html)
    assert not {"script", "img", "iframe", "link", "form", "object"} & set(found.tags)
    assert not {"onerror", "onclick", "onload"} & found.attributes
    own = VOCABULARY[rest].get("link") if rest == "agent.sign_in" else None
    assert all(link.startswith("mailto:") or link == own for link in found.links), found.links
    assert "url(" not in worded.html
    assert "49" not in worded.text


def test_the_desks_own_template_comes_before_the_shipped_one(tmp_path: Path) -> None:
    own = a_folder(tmp_path, customer_received="{% if part == 'subject' %}Mulțumim{% else %}Am primit {{ ticket.number }}{% endif %}")
    worded = Renderer([own, shipped_templates()]).render(a_notification(), a_view())
    assert (worded.subject, worded.text) == ("Mulțumim", "Am primit MB-1042\n")


def test_a_template_edited_on_disk_is_used_from_the_next_mail_on(tmp_path: Path) -> None:
    renderer = Renderer([a_folder(tmp_path, customer_received="old"), shipped_templates()])
    assert renderer.render(a_notification(), a_view()).subject == "old"
    a_folder(tmp_path, customer_received="newer")
    assert renderer.render(a_notification(), a_view()).subject == "newer"


def test_a_renderer_looks_at_the_files_again_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(render, "monotonic", lambda: now)
    renderer = Renderer([tmp_path, shipped_templates()], look_every=2.0)
    before = renderer.render(a_notification(), a_view()).subject

    a_folder(tmp_path, customer_received="new file")
    now = 1001.9
    assert renderer.render(a_notification(), a_view()).subject == before

    now = 1002.0
    assert renderer.render(a_notification(), a_view()).subject == "new file"

    a_folder(tmp_path, customer_received="changed")
    now = 1003.9
    assert renderer.render(a_notification(), a_view()).subject == "new file"
    now = 1004.1
    assert renderer.render(a_notification(), a_view()).subject == "changed"

    (tmp_path / "mail/en/customer.received.txt.j2").unlink()
    now = 1006.2
    assert renderer.render(a_notification(), a_view()).subject == before


def test_an_own_template_that_is_deleted_gives_way_to_the_shipped_one(tmp_path: Path) -> None:
    renderer = Renderer([a_folder(tmp_path, customer_received="mine"), shipped_templates()])
    renderer.render(a_notification(), a_view())
    (tmp_path / "mail/en/customer.received.txt.j2").unlink()
    assert "MB-1042" in renderer.render(a_notification(), a_view()).subject


FALLBACKS = [("xx", "xx", "en"), ("", "en", "en"), ("en-GB", "xx", "en"), ("../../etc", "en", "en")]


@pytest.mark.parametrize(("wanted", "desk", "got"), FALLBACKS)
def test_the_language_falls_back_from_the_wanted_one_to_english(wanted: str, desk: str, got: str) -> None:
    worded = Renderer([shipped_templates()], language=desk).render(a_notification(language=wanted), a_view())
    assert f'<html lang="{got}">' in worded.html


@pytest.mark.parametrize("event", ["../received", "received/../../x", "", "no_such_event", "received.txt"])
def test_an_event_without_a_template_is_told(event: str) -> None:
    with pytest.raises(TemplateFailed):
        SHIPPED.render(a_notification(event=event), a_view())


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("fine\n{{ values.nonsense }}", 2, "nonsense"),
        ("a\nb\n{% if %}", 3, "Expected"),
        ("{{ ticket.number / 0 }}", 1, "unsupported operand"),
        ("x\n{{ ''.__class__ }}", 2, "unsafe"),
        ("{% include 'mail/en/not_there.j2' %}", 1, "not_there"),
        ("{% block subject %}{% endblock %}", 0, "subject is empty"),
    ],
)
def test_a_broken_template_names_its_file_and_line(tmp_path: Path, template: str, line: int, what: str) -> None:
    renderer = Renderer([a_folder(tmp_path, customer_received=template), shipped_templates()])
    with pytest.raises(TemplateFailed, match=re.escape(what)) as failure:
        renderer.render(a_notification(), a_view())
    assert (failure.value.file, failure.value.line) == ("mail/en/customer.received.txt.j2", line)


def test_check_finds_every_broken_template_and_only_those(tmp_path: Path) -> None:
    own = a_folder(tmp_path, customer_received="ok\n{{ oops }}", agent_new="{% for %}", agent_assigned="fine", nobody_hello="x")
    problems = {(problem.file, problem.line) for problem in check([own, shipped_templates()])}
    assert problems == {("mail/en/customer.received.txt.j2", 2), ("mail/en/agent.new.txt.j2", 1), ("mail/en/nobody.hello.txt.j2", 0)}


def test_output_beyond_a_megabyte_is_refused(tmp_path: Path) -> None:
    endless = "{% for a in range(90000) %}{% for b in range(90000) %}word {% endfor %}{% endfor %}"
    with pytest.raises(TemplateFailed, match="1 MB"):
        Renderer([a_folder(tmp_path, customer_received=endless), shipped_templates()]).render(a_notification(), a_view())


@pytest.mark.parametrize("separator", ["\r\n", "\n", "\u2028", "\x85", "\x00", "\u202e", "\x1b"])
def test_a_subject_is_one_line_whatever_the_sender_wrote(separator: str) -> None:
    ticket = TicketView(number="MB-1", subject=f"one{separator}Bcc: two", verified=True)
    assert SHIPPED.render(a_notification(), a_view(ticket=ticket)).subject == "Re: one Bcc: two [MB-1]"


SPELLINGS = ["Printer", "Re: Printer", "RE: AW: Fwd: Printer", "Re[2]: Printer [MB-1]", "Re: [MB-1] Printer", "Отв: Printer"]


@pytest.mark.parametrize("subject", SPELLINGS)
def test_the_subject_stays_the_same_through_the_whole_conversation(subject: str) -> None:
    ticket = TicketView(number="MB-1", subject=subject, verified=True)
    assert SHIPPED.render(a_notification(event="closed"), a_view(ticket=ticket)).subject == "Re: Printer [MB-1]"


def test_an_agents_answer_goes_out_whole_as_text_and_as_html() -> None:
    view = a_view(text="Dear Ana,\n\nplease  clean <it>.\n\nBogdan", html="<p>Dear Ana,</p><p>please <b>clean</b> it.</p>", values={})
    worded = SHIPPED.render(a_notification(event="answered", automatic=False), view)
    assert "Dear Ana,\n\nplease  clean <it>.\n\nBogdan" in worded.text
    assert "<p>Dear Ana,</p><p>please <b>clean</b> it.</p>" in worded.html


def test_a_stranger_gets_no_word_of_his_own_back() -> None:
    # given a mail whose sender nobody has proven
    view = a_view(ticket=replace(a_view().ticket or TicketView(number="x"), verified=False, subject="Buy now", requester_name="Free Money"))
    view = replace(
        view, text="visit http://spam.example", quoted=HistoryEntry(author="Free Money", text="spam"), recipient_name="Free Money"
    )
    # when
    notification, silent = guarded(a_notification(name="Free Money"), view)
    worded = SHIPPED.render(notification, silent)
    # then
    assert worded.subject == "We received your message [MB-1042]"
    assert notification.name == ""
    for word in ("Buy", "Free Money", "spam"):
        assert word not in worded.text + worded.html


def test_an_agents_answer_to_a_stranger_is_not_silenced() -> None:
    view = a_view(ticket=TicketView(number="MB-1", subject="Printer", verified=False), text="Please call us.")
    assert guarded(a_notification(event="answered", automatic=False), view)[1] == view


@pytest.mark.parametrize("marked", [True, False])
def test_the_line_above_which_to_write_is_in_both_parts_or_in_none(marked: bool) -> None:
    (marker, *_) = SHIPPED.markers()
    for event in ("received", "answered"):
        worded = SHIPPED.render(a_notification(event=event), replace(a_view(), reply_marker=marked))
        assert worded.text.startswith(f"{marker}\n") is marked
        assert (marker in worded.html) is marked


@pytest.mark.parametrize("wanted", ReplyMarker)
def test_a_team_says_whose_mails_have_the_line(wanted: ReplyMarker) -> None:
    marked = {audience for audience in (Audience.CUSTOMER, Audience.AGENT, Audience.MANAGER) if is_marked(wanted, audience)}
    agents = {Audience.AGENT, Audience.MANAGER}
    assert marked == {ReplyMarker.AGENTS: agents, ReplyMarker.EVERYBODY: agents | {Audience.CUSTOMER}, ReplyMarker.NOBODY: set()}[wanted]


def test_a_mail_link_composes_the_answer() -> None:
    link = mailto("support+mb1.a.x@acme.example", "Re: [MB-1] ă & b?", "#take\n")
    assert link == "mailto:support%2Bmb1.a.x@acme.example?subject=Re%3A%20%5BMB-1%5D%20%C4%83%20%26%20b%3F&body=%23take%0D%0A"


def test_times_are_shown_by_the_clock_of_the_readers_team() -> None:
    worded = SHIPPED.render(a_notification(Audience.AGENT, "new"), a_view(zone="Asia/Kathmandu"))
    assert "today 14:55" in worded.text


@pytest.mark.parametrize("event", ["received", "unreadable"])
@pytest.mark.parametrize(("language", "words"), [("en", "encrypted, and we cannot read it"), ("ro", "este criptat"), ("ru", "зашифровано")])
def test_customers_read_in_their_language_that_their_mail_is_encrypted(event: str, language: str, words: str) -> None:
    rendered = SHIPPED.render(a_notification(event=event, language=language), a_view(encrypted=True))
    assert words in " ".join(rendered.text.split())
    assert words in " ".join(rendered.html.split())


def test_nothing_is_said_of_encryption_where_there_is_none() -> None:
    assert "encrypted" not in SHIPPED.render(a_notification(), a_view(encrypted=False)).text
