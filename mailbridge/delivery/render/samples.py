"""Made-up mails that templates are tried on: by `mailbridge check`, by `templates preview`, and by every test run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.delivery.render.template_context import (
    Below,
    Cut,
    DeskView,
    HistoryEntry,
    TemplateContext,
    TextFile,
    TicketView,
    VerdictView,
)
from mailbridge.execution.customer_card import CustomerCard, EarlierTicket
from mailbridge.execution.solved_answers import SolvedAnswer
from mailbridge.notifications.earlier_values import payload_of
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.template_values import template_values
from mailbridge.notifications.summary_model import Summary
from mailbridge.organisation.opening_hours import OpenDays, OpeningHours
from mailbridge.tickets.hours.view import HoursView

_DESK = DeskView(name="Acme Support", address="support@acme.example")
_TICKET = TicketView(
    number="MB-1042",
    subject="Printer LF-2231 <E-52> & no paper",
    status="in progress",
    priority="high",
    type="incident",
    team="Field service",
    assignee="Bogdan Ionescu",
    requester_name="Ana Pop",
    requester_address="ana@acme.example",
    verified=True,
    created_at=datetime(2026, 11, 20, 15, 40, tzinfo=UTC),
    answer_due=datetime(2026, 11, 23, 9, 10, tzinfo=UTC),
    solve_due=datetime(2026, 11, 23, 13, 0, tzinfo=UTC),
    due_at=datetime(2026, 11, 25, 16, 0, tzinfo=UTC),
    meets_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    estimate=45,
    estimate_most=80,
    spent=50,
    hours=HoursView(left=160, granted=600, until=date(2026, 12, 31), first=160),
)
_QUESTION = "Since this morning it does not print at all.\nThe panel shows error E-52 & beeps <twice>.\n\n  Serial: 4711\n\nAna"
_FULL = TemplateContext(
    desk=_DESK,
    ticket=_TICKET,
    text=_QUESTION,
    html="<p>Since this morning it does not print at all.</p><p>The panel shows <b>error E-52</b>.</p>",
    author="Ana Pop",
    verdict=VerdictView(is_="verified", address="ana@acme.example", why="dmarc=pass by <mx.acme.example>"),
    quoted=HistoryEntry(author="Ana Pop", at=datetime(2026, 11, 20, 15, 40, tzinfo=UTC), text=_QUESTION),
    history=(
        HistoryEntry(
            author="Bogdan Ionescu",
            at=datetime(2026, 11, 20, 15, 50, tzinfo=UTC),
            text="Which model is it?",
            internal=True,
            files=("a.pdf",),
            message="MB-1042/2",
            cut=(Cut(kind="", lines=4),),
        ),
        HistoryEntry(author="clara", at=datetime(2026, 11, 20, 15, 55, tzinfo=UTC), text="", happened=(Summary(key="closed", values={}),)),
    ),
    files=("panel.jpg", "film of the noise.mp4"),
    renamed=("page.html.txt",),
    left_out=("film of the noise.mp4",),
    folded=2,
    encrypted=True,
    opened=True,
    invitations=("Method: REQUEST\nTitle: Look at the printer\nWhen: 2026-11-24 10:00 Europe/Bucharest",),
    below=(
        Below(kind="quote", text="Which model is it?\nIs it the one <upstairs>?", sure=False),
        Below(kind="forward", text="From: Zoe\nIt is the LF-2231.", sure=True),
    ),
    cut=(Cut(kind="quote", lines=12), Cut(kind="signature", lines=1)),
    message="MB-1042/3",
    subject="Printer <upstairs> & toner",
    by_other="Zoe Lind",
    mail=3,
    mail_subject="Re: Printer <upstairs> & toner",
    sent_at=datetime(2026, 11, 20, 15, 40, tzinfo=UTC),
    whole=TextFile(name="MB-1042-3.txt", text=f"{_QUESTION}\n\n> Which <model> is it?"),
    recipient_name="Ana Pop",
    card=CustomerCard(
        customer="Acme <SRL>",
        location="Iași",
        contract="gold",
        until=date(2026, 12, 31),
        device="LaserFast 2000 LF-2231",
        earlier=(EarlierTicket(number="MB-7", subject="Toner & paper", status="Closed", at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC)),),
        terms=(("linia 2", "packing hall"),),
    ),
    solved=(
        SolvedAnswer(number="MB-7", subject="Printer & toner", text="Hello …,\n\nplease open the <front> cover and clean the sensor."),
        SolvedAnswer(number="MB-9", subject="Printer", text="Please restart it."),
    ),
    opening=OpeningHours(days=(OpenDays(first=0, last=4, hours="09:00–18:00"),), opens_at=datetime(2026, 11, 23, 7, 0, tzinfo=UTC)),
    now=datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
    zone="Europe/Bucharest",
)
_BARE = TemplateContext(desk=_DESK, ticket=TicketView(number="MB-7"))


def sample_notification(audience: Audience, event: str, language: str) -> Notification:
    return Notification(
        ticket=1042,
        audience=audience,
        event=event,
        recipient="ana@acme.example",
        name="Ana Pop",
        key="sample",
        language=language,
        message_id="mb1042.sample@acme.example",
        reply_to="support+mb1042.c.sample@acme.example",
    )


def sample_views(audience: str, event: str) -> tuple[TemplateContext, ...]:
    """A view with everything in it, and one with as little as can be; admins' mails are about no ticket."""
    payload = payload_of(f"{audience}.{event}", VOCABULARY.get(f"{audience}.{event}", {}))
    full = replace(_FULL, values=template_values(payload) if payload else {})
    if audience == Audience.ADMIN:
        full = replace(full, ticket=None, text="", html="", quoted=None, history=())
        return full, TemplateContext(desk=_DESK)
    return full, _BARE
