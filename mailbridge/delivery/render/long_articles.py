"""An article that is too long for a mail: the mail has its beginning, and all of it goes along as a file."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.delivery.render.template_context import TextFile
from mailbridge.message.long_texts import beginning, is_long
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.knowledge import ArticleNews, ArticleSent, ArticlesFound


def with_file(notification: Notification) -> tuple[Notification, TextFile | None]:
    """The notification with the beginning of an article that is too long, and the file with all of it; None where nothing is."""
    match notification.payload:
        case ArticleSent() | ArticlesFound() | ArticleNews() as payload if payload.article and is_long(payload.article[0].text):
            row = payload.article[0]
            short = replace(payload, article=(replace(row, text=f"{beginning(row.text)}\n\n…"), *payload.article[1:]))
            return replace(notification, payload=short), TextFile(name=f"{row.number}.md", text=row.text)
    return notification, None
