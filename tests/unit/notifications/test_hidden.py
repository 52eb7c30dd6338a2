"""No mail about a ticket to an agent who may not see it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailbridge.notifications.limits import Suppressed, hidden
from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.model import Outsiders, Team
from tests.builders import BOGDAN, a_ticket, an_organisation

DESK = an_organisation()
DESK = replace(
    DESK,
    teams={**DESK.teams, "people": Team(name="people", title="People", members=("clara",), outsiders=Outsiders.NOTHING)},
    agents={**DESK.agents, "bogdan": replace(BOGDAN, addresses=("bogdan@phone.test",))},
)
THEIRS = a_ticket(team="people")


def a_notification(recipient: str, event: str = "new", audience: Audience = Audience.AGENT) -> Notification:
    return Notification(ticket=1, audience=audience, event=event, recipient=recipient, key="k")


@pytest.mark.parametrize("recipient", ["bogdan@desk.test", "Bogdan@Desk.Test", "bogdan@phone.test"])
@pytest.mark.parametrize("audience", [Audience.AGENT, Audience.MANAGER])
def test_an_agent_who_may_not_see_the_ticket_gets_no_mail_about_it(recipient: str, audience: Audience) -> None:
    found = hidden(a_notification(recipient, audience=audience), THEIRS, DESK)

    assert found == Suppressed(reason="agent bogdan may not see tickets of team people")


def test_whoever_left_gets_no_mail_any_more() -> None:
    gone = replace(DESK, agents={**DESK.agents, "clara": replace(DESK.agents["clara"], active=False)})

    assert hidden(a_notification("clara@desk.test"), THEIRS, gone) is not None


@pytest.mark.parametrize("recipient", ["clara@desk.test", "mara@desk.test", "all@desk.test"])
def test_members_managers_and_plain_addresses_get_it(recipient: str) -> None:
    assert hidden(a_notification(recipient), THEIRS, DESK) is None


def test_it_is_the_ticket_of_this_moment_that_counts() -> None:
    assert hidden(a_notification("bogdan@desk.test"), replace(THEIRS, assignee="bogdan"), DESK) is None
    assert hidden(a_notification("bogdan@desk.test"), replace(THEIRS, team="support"), DESK) is None


def test_an_agent_who_is_a_customer_of_the_ticket_or_is_asked_for_a_yes_gets_that() -> None:
    assert hidden(a_notification("bogdan@desk.test", audience=Audience.CUSTOMER), THEIRS, DESK) is None
    assert hidden(a_notification("bogdan@desk.test", event="approval", audience=Audience.MANAGER), THEIRS, DESK) is None
    assert hidden(a_notification("bogdan@desk.test", event="list"), None, DESK) is None
