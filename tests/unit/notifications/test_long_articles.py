"""An article that is too long for a mail goes along as a file."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.delivery.render.long_articles import with_file
from mailbridge.delivery.render.samples import sample_notification
from mailbridge.message.long_texts import LONGEST
from mailbridge.notifications.model import Audience
from mailbridge.notifications.payloads.knowledge import ArticleRow, ArticleSent

PARAGRAPH = "Clean the sensor below the roller with a dry cloth. " * 12 + "\n\n"


def sent(text: str) -> ArticleSent:
    return ArticleSent(article=(ArticleRow(number="KB-17", title="Sensor", text=text, whole=True),))


def test_a_long_article_begins_in_the_mail_and_is_whole_in_the_file() -> None:
    text = PARAGRAPH * 60
    notification = replace(sample_notification(Audience.CUSTOMER, "article", "en"), payload=sent(text))

    short, file = with_file(notification)

    assert file is not None
    assert (file.name, file.text) == ("KB-17.md", text)
    assert isinstance(short.payload, ArticleSent)
    shown = short.payload.article[0].text
    assert 3_000 < len(shown) < 4_010
    assert shown.endswith("cloth.\n\n…"), "cut at the end of a paragraph"


def test_an_article_that_fits_stays_whole() -> None:
    notification = replace(sample_notification(Audience.CUSTOMER, "article", "en"), payload=sent("x" * LONGEST))
    assert with_file(notification) == (notification, None)
