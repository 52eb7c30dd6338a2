"""Messages for chat rooms have the documented forms, and nothing a customer wrote becomes markup in them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mailbridge.notifications.channels import channel_calls, message_of
from mailbridge.notifications.chat_messages import LONGEST, body_of, shortened
from mailbridge.notifications.chat_words import WORDS
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.routing import Route
from mailbridge.rules.flow import USUAL, FlowEntry, NotificationChannel, Party, Shape
from mailbridge.tickets.model import Participant
from tests.builders import LATER, NOW, a_ticket, an_organisation
from tests.unit.rules.test_notifications_file import entry

EVIL = 'Help <!channel> [click](https://evil.test) *now* <b onclick="x()">&'
TICKET = a_ticket(subject=EVIL, assignee="clara", participants=(Participant(address="carol@customer.test", name="Carol <@U1>"),))
KEY = "1.4.manager.overdue:mara@desk.test"
TOLD = Notification(ticket=1, audience=Audience.MANAGER, event="overdue", recipient="mara@desk.test", key=KEY)


def body(shape: Shape) -> Any:
    return json.loads(json.dumps(body_of(message_of(TOLD, TICKET, an_organisation(), "MB"), shape)))


def texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for inner in value.values() for text in texts(inner)]
        case list():
            return [text for inner in value for text in texts(inner)]
    return []


def test_slack_gets_a_text_and_blocks_of_plain_text() -> None:
    made = body(Shape.SLACK)
    assert set(made) == {"text", "blocks"}
    assert "<!channel>" not in made["text"]
    assert made["text"].startswith("Overdue: MB-1 Help &lt;!channel&gt;")
    assert [block["type"] for block in made["blocks"]] == ["section", "section"]
    fields = made["blocks"][1]["fields"]
    assert {one["type"] for one in (made["blocks"][0]["text"], *fields)} == {"plain_text"}
    assert "Team: Support" in [one["text"] for one in fields]
    assert len(fields) <= 10


def test_teams_gets_a_message_with_one_adaptive_card_without_markdown() -> None:
    made = body(Shape.TEAMS)
    (attachment,) = made["attachments"]
    card = attachment["content"]
    assert (made["type"], attachment["contentType"], attachment["contentUrl"]) == (
        "message", "application/vnd.microsoft.card.adaptive", None,
    )  # fmt: skip
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.2")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}
    assert card["body"][0]["inlines"][0]["text"] == f"Overdue: MB-1 {EVIL}"


def test_matrix_gets_text_and_escaped_html() -> None:
    made = body(Shape.MATRIX)
    assert set(made) == {"text", "html"}
    assert "<b " not in made["html"]
    assert "&lt;b onclick=" in made["html"]
    assert made["text"].splitlines()[0] == f"Overdue: MB-1 {EVIL}"


@pytest.mark.parametrize("shape", [Shape.SLACK, Shape.TEAMS, Shape.MATRIX])
def test_a_long_subject_is_shortened(shape: Shape) -> None:
    ticket = a_ticket(subject="word " * 2000)
    made = body_of(message_of(TOLD, ticket, an_organisation(), "MB"), shape)
    assert max(map(len, texts(dict(made)))) < 1500
    assert len(shortened(ticket.subject)) == LONGEST


def test_every_event_has_a_headline() -> None:
    assert all(USUAL.keys() <= words.headlines.keys() == WORDS["en"].headlines.keys() for words in WORDS.values())


def route(one: FlowEntry) -> Route:
    return Route(notification=TOLD, entry=one)


def test_a_channel_is_called_once_for_an_event_with_a_key_that_stays() -> None:
    place = entry("{name: x, event: overdue, to: manager}").place
    channels: dict[str, NotificationChannel] = {
        shape: NotificationChannel(name=shape, url=f"https://{shape}.test/x", shape=shape, place=place)
        for shape in (Shape.SLACK, Shape.JSON)
    }
    one = FlowEntry(name="x", place=place, events=("overdue",), to=(Party.MANAGER,), channels=("mail", "slack", "json"))

    def calls(at: Any) -> Any:
        return channel_calls([route(one)], TICKET, channels, an_organisation(), "MB", at)

    first, again = calls(NOW), calls(LATER)
    assert [call.key for call in first] == [call.key for call in again]
    assert len({call.key for call in first}) == 2
    assert [(call.event, call.rule) for call in first] == [("ticket.told.slack", "x"), ("ticket.told", "x")]
    data = json.loads(first[1].body)
    assert (data["type"], data["data"]["entry"], data["data"]["event"], data["data"]["ticket"]["number"]) == (
        "ticket.told", "x", "overdue", "MB-1",
    )  # fmt: skip


def test_a_message_is_in_the_language_of_the_team() -> None:
    team = replace(an_organisation().teams[TICKET.team], language="ru")
    organisation = replace(an_organisation(), teams={**an_organisation().teams, TICKET.team: team})
    message = message_of(TOLD, TICKET, organisation, "MB")
    assert message.headline == "Срок прошёл"
    assert {"Группа", "Статус", "Приоритет"} <= {label for label, _ in message.facts}
    assert "обычный" in {value for _, value in message.facts}
