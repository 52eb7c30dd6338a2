"""The HTML of a message beside its text: the same words with lists, tables, links and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailbridge.delivery.render.rich.align import Alignment, aligned
from mailbridge.delivery.render.rich.tree import Page, Picture, Words, leaves, page_of
from mailbridge.delivery.render.rich.write import CarriedPicture, html_of, text_of

MOST_TEXT = 20_000  # characters; a longer text is cut, and shown without HTML
MOST_HTML = 60_000  # characters; Gmail cuts mails at 102 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class Rich:
    """A message whose HTML has the same content as its text.

    `pictures`: the Content-IDs of shown pictures.  `others`: those of pictures in the parts left out (quotes and signatures).
    """

    text: str
    page: Page
    alignment: Alignment
    pictures: tuple[str, ...]
    others: tuple[str, ...]

    def shown(self, pictures: Mapping[str, CarriedPicture | None]) -> tuple[str, str]:
        """Text and HTML; HTML is '' if it is too large.  `pictures`: by the sender's Content-ID."""
        html = html_of(self.page.root, self.alignment.kept, pictures)
        return text_of(self.text, self.alignment.marks, pictures), html if len(html) <= MOST_HTML else ""


def rich_of(html: str, text: str) -> Rich | None:
    """The message as HTML; None if the HTML differs from `text` or has no more structure than it."""
    page = page_of(html) if html and len(text) <= MOST_TEXT else None
    alignment = aligned(page.root, text) if page else None
    if page is None or alignment is None:
        return None
    found = [leaf for leaf in leaves(page.root) if isinstance(leaf, Picture)]
    words = [leaf for leaf in leaves(page.root) if isinstance(leaf, Words) and id(leaf) in alignment.kept and leaf.text.strip()]
    shown = dict.fromkeys(picture.cid for picture in found if id(picture) in alignment.kept)
    if not shown and all(leaf.literal for leaf in words):
        return None
    others = dict.fromkeys(picture.cid for picture in found if picture.cid not in shown)
    return Rich(text=text, page=page, alignment=alignment, pictures=tuple(shown), others=tuple(others))
