"""One mail in Chromium: how tall it is, whether it fits, and a picture of it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from tests.pictures.png import small

WIDTHS = {"phone": 390, "desktop": 900}
ABOVE = 200  # pixels of the window that the browser keeps for itself, or more: they are at the bottom of a picture and cut off
ROOM = 300  # height in pixels of the window in which a mail is measured: lower than any mail, and a height that the browser accepts
DARK = "@media (prefers-color-scheme: dark)"
PAGE = """<!doctype html><meta charset=utf-8><meta name=viewport content="width=device-width"><title>mail</title>
<style>
body {{ margin: 0 }}
header {{ font: 13px/1.5 sans-serif; color: #333; padding: 12px 16px; border-bottom: 1px solid #ccc; background: #fff }}
iframe {{ border: 0; width: {across}px; display: block }}
</style>
<header>{head}</header>
<iframe id=mail srcdoc="{body}"></iframe>
<script>
addEventListener("load", () => {{
  const frame = document.getElementById("mail"), inner = frame.contentDocument.documentElement;
  frame.style.height = inner.scrollHeight + "px";
  document.title = [inner.scrollWidth, inner.clientWidth, document.documentElement.scrollHeight].join(" ");
}});
</script>"""


# Frames of given widths in one page; of each the width it wants and has, and the text with the least contrast (WCAG 2.2, 1.4.3).
FRAMES = """<!doctype html><meta charset=utf-8><title>mails</title>{frames}
<script>
const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const colour = (css) => css.match(/[\\d.]+/g).map(Number);
const ground = (element) => {{
  for (let at = element; at; at = at.parentElement) {{
    const found = colour(getComputedStyle(at).backgroundColor);
    if (found.length < 4 || found[3] > 0) return found;
  }}
  return [255, 255, 255];
}};
const contrast = (a, b) => {{ const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); }};
addEventListener("load", () => {{
  document.title = JSON.stringify([...document.querySelectorAll("iframe")].map(frame => {{
    const inner = frame.contentDocument, walker = inner.createTreeWalker(inner.body, NodeFilter.SHOW_TEXT);
    let worst = [99, ""], bars = 99;
    while (walker.nextNode()) {{
      const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
      if (!text || !element.getClientRects().length || ["STYLE", "SCRIPT"].includes(element.tagName)) continue;
      const ratio = contrast(colour(getComputedStyle(element).color), ground(element));
      if (ratio < worst[0]) worst = [ratio, text.slice(0, 40)];
    }}
    for (const quote of inner.querySelectorAll("blockquote, div.bar"))
      bars = Math.min(bars, contrast(colour(getComputedStyle(quote).borderLeftColor), ground(quote.parentElement)));
    return [inner.documentElement.scrollWidth, inner.documentElement.clientWidth, ...worst, bars];
  }}));
}});
</script>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A mail as it is shown.  `wide` and `room` in pixels; `contrast` of the text that has the least, `text`; `bars`: of quote bars."""

    subject: str
    across: int
    dark: bool
    wide: int
    room: int
    contrast: float
    text: str
    bars: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Pixels.  `wide` is what the mail wants, `room` what the window gives: where they differ the reader scrolls sideways."""

    wide: int
    room: int
    high: int


def chromium() -> str | None:
    """The browser's path, None where there is none."""
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


def page(letter: Message, across: int) -> str:
    """The mail below its header, as mail programs show it; without an HTML part its text.  The mail has a frame of its own of that width,
    because the browser's window is never narrower than 500 pixels."""
    body = _body(letter)
    head = "".join(f"<div><b>{name}</b> {html.escape(str(letter[name]))}</div>" for name in ("From", "To", "Subject"))
    return PAGE.format(head=head, body=html.escape(body, quote=True), across=across)


def _body(letter: Message) -> str:
    """The HTML of the mail with its pictures, or its text."""
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in letter.walk() if part.get_content_maintype() == "text"}
    shown, plain = parts.get("text/html"), parts.get("text/plain")
    text = plain.decode("utf-8") if isinstance(plain, bytes) else ""
    body = shown.decode("utf-8") if isinstance(shown, bytes) else f"<pre>{html.escape(text)}</pre>"
    for part in letter.walk():
        if cid := part["Content-ID"]:
            content = part.get_payload(decode=True)
            encoded = b64encode(content).decode() if isinstance(content, bytes) else ""
            body = body.replace(f"cid:{cid[1:-1]}", f"data:{part.get_content_type()};base64,{encoded}")
    return body


def frames(letters: Sequence[Message], browser: str, widths: Sequence[int]) -> list[Frame]:
    """Each mail at each width on a light and on a dark screen, measured in one run of the browser."""
    asked = [(letter, across, dark) for letter in letters for across in widths for dark in (False, True)]
    bodies = [_body(letter).replace(DARK, "@media all" if dark else "@media print") for letter, _, dark in asked]
    shown = "".join(
        f'<iframe style="border:0;width:{across}px;height:400px" srcdoc="{html.escape(body, quote=True)}"></iframe>'
        for body, (_, across, _) in zip(bodies, asked, strict=True)
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "mails.html"
        source.write_text(FRAMES.format(frames=shown), encoding="utf-8")
        dom = _run(browser, folder, source.as_uri(), "--window-size=1000,800", "--dump-dom")
    found = re.search(r"<title>(\[.*?\])</title>", dom, re.DOTALL)
    if found is None:
        raise RuntimeError("the browser measured nothing")
    measured = json.loads(html.unescape(found[1]))
    return [
        Frame(subject=str(letter["Subject"]), across=across, dark=dark, wide=wide, room=room, contrast=ratio, text=text, bars=bars)
        for (letter, across, dark), (wide, room, ratio, text, bars) in zip(asked, measured, strict=True)
    ]


def measure(letter: Message, browser: str, across: int) -> Measured:
    """How big the mail is in a window of that width."""
    with tempfile.TemporaryDirectory() as folder:
        return _measured(_source(letter, folder, across), folder, browser, across, room=600)


def _measured(source: str, folder: str, browser: str, across: int, *, room: int) -> Measured:
    dom = _run(browser, folder, source, f"--window-size={across},{room}", "--dump-dom")
    found = re.search(r"<title>(\d+) (\d+) (\d+)</title>", dom)
    if found is None:
        raise RuntimeError("the browser measured nothing")
    wide, room, high = map(int, found.groups())
    return Measured(wide=wide, room=room, high=high)


def draw(name: str, letter: Message, browser: str, out: Path, widths: Mapping[str, int] = WIDTHS, *, dark: bool = False) -> None:
    """One picture for each width, as high as the mail, on a light or a dark screen."""
    for width, across in widths.items():
        with tempfile.TemporaryDirectory() as folder:
            source = _source(letter, folder, across, dark=dark)
            high = _measured(source, folder, browser, across, room=ROOM).high
            drawn = Path(folder) / "drawn.png"
            _run(browser, folder, source, f"--window-size={across},{high + ABOVE}", f"--screenshot={drawn}")
            (out / f"{name}-{width}.png").write_bytes(small(drawn.read_bytes(), high))


def _source(letter: Message, folder: str, across: int, *, dark: bool = False) -> str:
    source = Path(folder) / "mail.html"
    shown = page(letter, across)
    source.write_text(
        shown.replace("background: #fff", "background: #1a1d21; color: #ddd").replace(DARK, "@media all") if dark else shown,
        encoding="utf-8",
    )
    return source.as_uri()


def _run(browser: str, folder: str, source: str, *asked: str) -> str:
    usual = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
    done = subprocess.run([browser, *usual, *asked, source], check=True, capture_output=True, timeout=120)
    return done.stdout.decode("utf-8", "replace")
