"""The table of what a wish may silence: a new mail to customers or agents is looked at, and what must be heard is never silenced."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import ColleagueAnswered, LevelReached
from mailbridge.notifications.wishes import ASKED_FOR, BREACHES, MUTABLE, QUESTIONS, quiet_until, silenced
from mailbridge.organisation.priority import Priority
from mailbridge.organisation.wishes import QuietHours, Wish, Wishes, WishId, WishKind
from mailbridge.tickets.model import Ticket
from tests.builders import an_organisation
from tests.compiled import SHIPPED

SILENCED = {
    "added", "changed", "changes", "closed", "escalated", "estimate", "hours", "merged", "rating", "received", "received_together",
    "reopened", "split", "taken",
}  # fmt: skip
NIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
BOGDAN = "bogdan@desk.test"


def _events(audience: str) -> set[str]:
    names = (name.rpartition("/")[2] for name in SHIPPED.names())
    return {event for one, _, event in (name.partition(".") for name in names) if one == audience}


def test_each_mail_to_customers_is_looked_at() -> None:
    """A new one fails this: it is what the customer asked for, or a `#quiet` of the customer silences it."""
    assert _events("customer") == SILENCED | ASKED_FOR


def test_what_is_muted_is_a_mail_and_never_a_question_or_a_breach() -> None:
    assert _events("agent") >= MUTABLE
    assert not MUTABLE & (QUESTIONS | BREACHES | {"assigned", "commands", "lines", "warning", "due", "level", "bounced", "planned"})


def _ticket(**values: object) -> Ticket:
    usual = Ticket(id=1, subject="s", status="open", priority=Priority.NORMAL, team="support", created_at=NIGHT, updated_at=NIGHT)
    return replace(usual, **values)  # type: ignore[arg-type]


def _mail(event: str, **values: object) -> Notification:
    usual = Notification(ticket=1, audience=Audience.AGENT, event=event, recipient=BOGDAN, key="k")
    return replace(usual, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("event", sorted(MUTABLE))
def test_a_mute_silences_news(event: str) -> None:
    organisation = an_organisation()
    address = organisation.agents["bogdan"].address
    assert silenced(_mail(event, recipient=address), _ticket(muted=("bogdan",)), organisation) == "by bogdan (#mute)"
    assert silenced(_mail(event, recipient=address), _ticket(), organisation) == ""


@pytest.mark.parametrize("event", sorted(QUESTIONS | BREACHES | {"assigned"}))
def test_a_mute_never_silences_what_must_be_heard(event: str) -> None:
    organisation = an_organisation()
    address = organisation.agents["bogdan"].address
    assert silenced(_mail(event, recipient=address), _ticket(muted=("bogdan",)), organisation) == ""


def test_nor_an_own_customer_nor_a_mention() -> None:
    organisation = an_organisation()
    address = organisation.agents["bogdan"].address
    own = _ticket(muted=("bogdan",), assignee="bogdan")
    assert silenced(_mail("customer_replied", recipient=address), own, organisation) == ""
    mention = _mail("colleague_answered", recipient=address, payload=ColleagueAnswered(author="Clara", mentioned=True))
    assert silenced(mention, own, organisation) == ""


@pytest.mark.parametrize(("event", "late", "waits"), [
    ("new", False, True), ("assigned", False, True), ("approval", False, False), ("customer_replied", False, True),
    ("overdue", False, False), ("unclaimed", False, False), ("level", True, False), ("level", False, True),
])  # fmt: skip
def test_quiet_hours_delay_all_but_breaches(event: str, late: bool, waits: bool) -> None:
    organisation = an_organisation()
    bogdan = replace(organisation.agents["bogdan"], quiet=QuietHours(start=time(22), end=time(7)), zone="UTC")
    wish = Wish(id=WishId(kind=WishKind.QUIET, person="bogdan"), values=(("from", "22:00"), ("to", "07:00")))
    organisation = replace(organisation, agents={**organisation.agents, "bogdan": bogdan}, wishes=Wishes(all={wish.id: wish}))
    payload = LevelReached(promise="response", due_at=NIGHT, late=late) if event == "level" else None
    mail = _mail(event, recipient=bogdan.address, payload=payload)
    until = quiet_until(mail, _ticket(), organisation, NIGHT)
    assert (until is not None) == waits  # the team works around the clock, so an approval does not wait
    assert quiet_until(mail, _ticket(priority=Priority.URGENT), organisation, NIGHT) is None
