"""The one door: bodies in, spans out."""

from __future__ import annotations

from mailbridge.message.model import Reply


def extract(text: str, html: str = "", *, subject: str = "", markers: tuple[str, ...] = ()) -> Reply:
    """The reply in a mail with plain body `text` ('' where it has none) and HTML body `html`.

    The spans tile `Reply.text`, which is the plain body, or the HTML body as text where that decided.  `markers` are our own
    reply lines: what stands below one is quote for certain.
    """
    raise NotImplementedError
