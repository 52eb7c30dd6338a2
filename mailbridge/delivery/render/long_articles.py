"""An article that is too long for a mail: the mail has its beginning, and all of it goes along as a file."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.delivery.render.template_context import TextFile
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.knowledge import ArticleNews, ArticleSent, ArticlesFound

LONGEST = 20_000  # characters of an article that stand in a mail
BEGINNING = 4_000  # of a longer one


def with_file(notification: Notification) -> tuple[Notification, TextFile | None]:
    """The notification with the beginning of an article that is too long, and the file with all of it; None where nothing is."""
    match notification.payload:
        case ArticleSent() | ArticlesFound() | ArticleNews() as payload if payload.article and len(payload.article[0].text) > LONGEST:
            row = payload.article[0]
            short = replace(payload, article=(replace(row, text=f"{_beginning(row.text)}\n\n…"), *payload.article[1:]))
            return replace(notification, payload=short), TextFile(name=f"{row.number}.md", text=row.text)
    return notification, None


def _beginning(text: str) -> str:
    """Up to the end of a paragraph, or of a line where a paragraph is long."""
    cut = text[:BEGINNING]
    edge = max(cut.rfind("\n\n"), cut.rfind("\n") if cut.rfind("\n\n") < BEGINNING // 4 else -1)
    return cut[: edge if edge > 0 else BEGINNING].rstrip()
