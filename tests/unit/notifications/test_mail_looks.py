"""What a mail looks like: small, nothing from elsewhere, words that stand out from their ground in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from mailbridge.delivery.render.preview import page
from mailbridge.delivery.render.render import shipped_templates
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.notifications.model import Audience
from tests.compiled import SHIPPED

LARGEST = 80_000  # bytes: Gmail cuts a mail of more than 102 kB
FOLDER = shipped_templates() / "mail"
PARTS, LAYOUT = ((FOLDER / name).read_text(encoding="utf-8") for name in ("parts.html.j2", "layout.html.j2"))
DARK_STYLE = LAYOUT.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
LINK = "#0b5cad"


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, ground: str) -> float:
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def styles(text: str) -> Iterator[tuple[str, str]]:
    """(classes, style) of each tag that has a style."""
    for tag in re.findall(r"<[a-z][^<>]*?style=\"[^\"]*\"", re.sub(r"{{.*?}}", "", text)):
        classes = re.search(r'class="([^"]*)"', tag)
        yield (classes[1] if classes else ""), tag.rpartition('style="')[2]


def dark(pattern: str) -> str:
    found = re.search(pattern, DARK_STYLE)
    assert found, pattern
    return found[1]


def pairs() -> set[tuple[str, str]]:
    """(words, ground) as the parts and the layout set them."""
    text, card, top = "#1f2933", "#ffffff", "#f3f4f6"
    assert f"background:{card};" in LAYOUT
    assert f"color:{text};" in LAYOUT
    found = {(LINK, card), (LINK, top), ("#ffffff", LINK), (text, "#f3f4f6")}
    for classes, style in (*styles(PARTS), *styles(LAYOUT)):
        if "font-size:1px" in style:
            continue  # a bar: nothing stands in it
        words = re.search(r"(?<![-\w])color:(#\w{6})", style)
        ground = re.search(r"background:(#\w{6})", style)
        on = ground[1] if ground else top if "soft" in classes and style in LAYOUT else card
        found.add((words[1] if words else text, on))
        if ground:
            found.add((LINK, on))
    return found


def dark_pairs() -> set[tuple[str, str]]:
    page_, card = dark(r"\.page \{ background: (#\w{6})"), dark(r"\.card \{ background: (#\w{6})")
    text, soft, link = dark(r"\.card blockquote \{ color: (#\w{6})"), dark(r"\.soft.*?color: (#\w{6})"), dark(r"\n  a \{ color: (#\w{6})")
    grounds = [card, *(dark(rf"\.{name} \{{ background: (#\w{{6}})") for name in ("alert", "note"))]
    buttons = re.findall(r"a\.(?:button|first) \{ color: (#\w{6}) !important; background: (#\w{6})", DARK_STYLE)
    assert len(buttons) == 2
    return {*((words, ground) for words in (text, link) for ground in grounds), (soft, card), (soft, page_), (link, page_), *buttons}


def test_words_stand_out_from_their_ground_in_light_and_in_dark() -> None:
    """4.5 to 1 (WCAG 2.2, 1.4.3)."""
    assert len(pairs()) > 8
    assert {pair: contrast(*pair) for pair in pairs() | dark_pairs() if contrast(*pair) < 4.5} == {}


@pytest.mark.parametrize("name", SHIPPED.names())
def test_a_mail_is_small_and_fetches_nothing(name: str) -> None:
    _, language, rest = name.split("/")
    audience, _, event = rest.partition(".")
    html = SHIPPED.render(sample_notification(Audience(audience), event, language), sample_views(audience, event)[0]).html
    assert len(html.encode()) <= LARGEST
    assert not re.search(r"src=|url\(|@import|<link|<script|<iframe", html)


@pytest.mark.parametrize("language", ["en", "ro", "ru"])
def test_the_preview_shows_every_mail_and_loads_nothing(language: str) -> None:
    shown = page(SHIPPED, language)
    assert set(re.findall(r'<section id="([\w.]+)">', shown)) == set(SHIPPED.events())
    assert not re.search(r'<(?:script|img|link)\b|\ssrc="|url\(', shown)
    assert "<script" not in shown.replace("&lt;script", "")


@pytest.mark.parametrize("language", ["ro", "ru"])
def test_no_mail_has_english_words_in_another_language(language: str) -> None:
    """Every sentence of every template has its translation: the texts differ from the English ones."""
    same = []
    for event in SHIPPED.events():
        audience, _, name = event.partition(".")
        view = sample_views(audience, name)[0]
        english, other = (SHIPPED.render(sample_notification(Audience(audience), name, tag), view).text for tag in ("en", language))
        if english == other:
            same.append(event)
    assert same == []
