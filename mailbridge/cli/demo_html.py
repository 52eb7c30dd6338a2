"""`mailbridge demo --html`: one page with the mails of the demo.  The page loads nothing from the network."""

from __future__ import annotations

import base64
import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from pathlib import Path

from mailbridge.ops.private import private_folder

# The page loads no resources and runs no scripts.  Images are data: URLs, and the styles of a mail stay in its shadow tree.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Mails of the mailbridge demo</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1rem; overflow-wrap: anywhere }}
article {{ border: 1px solid #8886; border-radius: 8px; margin: 1.2rem 0; overflow: hidden }}
header {{ border-bottom: 1px solid #8886; font-size: .85rem; padding: .6rem 1rem }}
header b {{ font-weight: 600 }}
.in {{ margin-inline-end: 2rem }}
.out {{ margin-inline-start: 2rem }}
.in header {{ background: #4a7bd01f }}
.out header {{ background: #3c91471f }}
div.mail {{ background: #fff; color: #111; color-scheme: light; overflow-x: auto; padding: 1rem }}
pre {{ font: .9rem/1.5 ui-monospace, monospace; margin: 0; white-space: pre-wrap }}
</style></head><body>
<h1>What the people in the demo read and wrote</h1>
<p>{count} mails in the order in which they were sent. Mails to the desk are on the left, mails from the desk on the right.</p>
{articles}
</body></html>
"""
_ARTICLE = """<article class="{way}"><header>{head}</header><div class="mail">{body}</div></article>"""


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail for the page.  `is_ours`: the desk sent it."""

    raw: bytes
    is_ours: bool
    note: str = ""


def write_page(folder: Path, mails: Sequence[ShownMail]) -> Path:
    """Writes `folder`/index.html with the mails and returns its path."""
    private_folder(folder)
    target = folder / "index.html"
    target.write_text(page(mails), encoding="utf-8")
    return target


def page(mails: Sequence[ShownMail]) -> str:
    return _PAGE.format(count=len(mails), articles="\n".join(map(article, mails)))


def article(shown: ShownMail) -> str:
    """The HTML of one mail: its header and its body."""
    mail = email.message_from_bytes(shown.raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101  (this policy makes no other class)
    lines = [f"<div><b>{name}</b> {escape(str(mail[name]))}</div>" for name in ("From", "To", "Subject") if mail[name]]
    if shown.note:
        lines.insert(0, f"<div>{escape(shown.note)}</div>")
    return _ARTICLE.format(way="out" if shown.is_ours else "in", head="".join(lines), body=body(mail))


def body(mail: EmailMessage) -> str:
    """The HTML body of the mail, or its text body where there is no HTML."""
    html = mail.get_body(("html",))
    if html is None:
        plain = mail.get_body(("plain",))
        return f"<pre>{escape(plain.get_content() if plain is not None else '')}</pre>"
    return f'<div><template shadowrootmode="open">{self_contained(html.get_content(), pictures(mail))}</template></div>'


def self_contained(html: str, inline: dict[str, str]) -> str:
    """The HTML with inline images as data: URLs, without remote resources and scripts."""
    shown = re.sub(r"""(["'])cid:([^"']+)\1""", lambda found: f'"{inline.get(found[2], "data:,")}"', html)
    shown = re.sub(r"(?is)<(script|link|base|iframe|object|embed|template)\b.*?>|</(script|iframe|object|template)>", "", shown)
    return re.sub(r"""(?i)\b(src|background|srcset|poster)\s*=\s*(["']?)(?!["']?data:)[^\s>]*\2""", "", shown)


def pictures(mail: EmailMessage) -> dict[str, str]:
    """Content-ID -> data: URL of each inline image (RFC 2392, RFC 2397)."""
    return dict(_pictures(mail))


def _pictures(mail: EmailMessage) -> Iterator[tuple[str, str]]:
    for part in mail.walk():
        if part.get_content_maintype() == "image" and (name := str(part.get("Content-ID", "")).strip("<> ")):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield name, f"data:{part.get_content_type()};base64,{base64.b64encode(content).decode()}"
