"""The calls of channels that entries of notifications.yaml name: one for each event, entry and channel.  Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from mailbridge.ids import ticket_number
from mailbridge.notifications.chat_messages import ChatMessage, body_of, shortened
from mailbridge.notifications.chat_words import words_in
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.tickets import Alert, LevelReached
from mailbridge.notifications.recipients import team_of
from mailbridge.notifications.routing import Route
from mailbridge.notifications.webhook_model import CHAT, TOLD, Call
from mailbridge.notifications.webhooks import about_ticket, call_key
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.rules.flow import MAIL, NotificationChannel, Shape, word
from mailbridge.tickets.model import Ticket


def channel_calls(
    routes: Iterable[Route],
    ticket: Ticket,
    channels: Mapping[str, NotificationChannel],
    organisation: Organisation,
    prefix: str,
    now: datetime,
) -> tuple[Call, ...]:
    """The calls of these routes, as the ticket is now.  The same event of the same ticket gives the same keys."""
    return tuple(_calls(routes, ticket, channels, organisation, prefix, now))


def _calls(
    routes: Iterable[Route],
    ticket: Ticket,
    channels: Mapping[str, NotificationChannel],
    organisation: Organisation,
    prefix: str,
    now: datetime,
) -> Iterator[Call]:
    for route in routes:
        entry, one = route.entry, route.notification
        for name in entry.channels if entry is not None else ():
            if entry is None or name == MAIL:
                continue
            channel, number = channels[name], int(one.key.split(".", 2)[1])
            body: Mapping[str, Any]
            if channel.shape is Shape.JSON:
                event = TOLD
                data = {"entry": entry.name, "event": word(one.event), "ticket": about_ticket(ticket, prefix)}
                body = {"type": TOLD, "timestamp": now.isoformat(), "data": data}
            else:
                event = f"{CHAT}{channel.shape}"
                body = body_of(message_of(one, ticket, organisation, prefix), channel.shape)
            yield Call(
                key=call_key(ticket.id, f"{TOLD} {one.event}", number, entry.name, channel.url),
                ticket=ticket.id,
                rule=entry.name,
                event=event,
                url=channel.url,
                body=json.dumps(body, ensure_ascii=True, separators=(",", ":")),
            )


def message_of(one: Notification, ticket: Ticket, organisation: Organisation, prefix: str) -> ChatMessage:
    """What a chat room reads: what happened and where the ticket stands; never what somebody wrote in the text of a mail."""
    requester, agent, team = ticket.requester, organisation.agents.get(ticket.assignee), team_of(ticket, organisation)
    words = words_in(team.language)
    facts = {
        "From": " ".join(filter(None, (requester.name, f"<{requester.address}>"))) if requester else "",
        "Team": team.title,
        "Assignee": agent.title if agent else ticket.assignee,
        "Status": transitions.status(ticket.status, organisation).title_in(team.language),
        "Priority": words.priorities.get(ticket.priority, ticket.priority),
        "Due": _due(one),
    }
    return ChatMessage(
        headline=words.headlines.get(one.event, word(one.event)),
        number=ticket_number(prefix, ticket.id),
        subject=_clean(shortened(ticket.subject)),
        facts=tuple((words.labels.get(label, label), _clean(shortened(value))) for label, value in facts.items() if value),
    )


def _due(one: Notification) -> str:
    payload = one.payload
    if not isinstance(payload, Alert | LevelReached):
        return ""
    return f"{payload.promise}, {payload.due_at:%Y-%m-%d %H:%M} UTC"


def _clean(text: str) -> str:
    """Without halves of characters, which many readers of JSON refuse."""
    return text.encode("utf-8", "replace").decode()
