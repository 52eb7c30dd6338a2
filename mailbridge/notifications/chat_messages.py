"""Messages for chat rooms, in the forms that Slack, Microsoft Teams and Matrix take by webhook.  Pure.

No form lets what a customer wrote become a link, a mention or other markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from mailbridge.rules.flow import Shape

LONGEST = 300  # characters of a value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """What happened, on which ticket, and what to know of it: pairs of a label and a value."""

    headline: str
    number: str
    subject: str
    facts: tuple[tuple[str, str], ...]

    @property
    def line(self) -> str:
        return f"{self.headline}: {self.number} {self.subject}".strip()


def body_of(message: ChatMessage, shape: Shape) -> Mapping[str, Any]:
    """The JSON body of the call."""
    match shape:
        case Shape.SLACK:
            return slack(message)
        case Shape.TEAMS:
            return teams(message)
        case Shape.MATRIX:
            return matrix(message)
        case Shape.JSON:
            raise LookupError("a call for programs is no chat message")


def slack(message: ChatMessage) -> Mapping[str, Any]:
    """An incoming webhook's message: `text` for notifications, `blocks` to be shown.

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, and its text object
    (https://docs.slack.dev/reference/block-kit/composition-objects/text-object): at most 3,000 characters; `plain_text` has no markup.  A
    section has at most ten fields of 2,000 characters.  In `text`, "&", "<" and ">" are written as entities, so that no "<!channel>" works.
    """
    fields = [{"type": "plain_text", "text": f"{label}: {value}", "emoji": False} for label, value in message.facts[:10]]
    headline = {"type": "plain_text", "text": message.line, "emoji": False}
    section: dict[str, Any] = {"type": "section", "text": headline}
    return {"text": _entities(message.line), "blocks": [section, *([{"type": "section", "fields": fields}] if fields else [])]}


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def teams(message: ChatMessage) -> Mapping[str, Any]:
    """A message with an Adaptive Card, as the workflow "When a Teams webhook request is received" takes it.

    https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using: `type` is "message", and each
    attachment has the content type of Adaptive Cards.  TextBlock and FactSet read Markdown, so a subject could be a link.  A TextRun has
    none (https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run), since version 1.2.
    """
    lines = [_rich([_run(message.line, bold=True)])]
    lines += [_rich([_run(f"{label}: ", subtle=True), _run(value)]) for label, value in message.facts]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": lines,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _rich(runs: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, *, bold: bool = False, subtle: bool = False) -> Mapping[str, Any]:
    look = {**({"weight": "Bolder"} if bold else {}), **({"isSubtle": True} if subtle else {})}
    return {"type": "TextRun", "text": text, **look}


def matrix(message: ChatMessage) -> Mapping[str, Any]:
    """A message for matrix-hookshot, the bridge that gives Matrix rooms webhooks.

    https://matrix-org.github.io/matrix-hookshot/latest/setup/webhooks.html: `text` becomes `body` and `html` becomes `formatted_body` of
    the `m.room.message`; with `html` the text is not read as Markdown.
    """
    plain = [message.line, *(f"{label}: {value}" for label, value in message.facts)]
    rich = [f"<strong>{escape(message.line)}</strong>", *(f"{escape(label)}: {escape(value)}" for label, value in message.facts)]
    return {"text": "\n".join(plain), "html": "<br>".join(rich)}


def shortened(text: str) -> str:
    """One line of at most LONGEST characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
