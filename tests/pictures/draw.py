"""One mail in Chromium: how tall it is, whether it fits, and a picture of it."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

WIDTHS = {"phone": 390, "desktop": 900}
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
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in letter.walk() if part.get_content_maintype() == "text"}
    shown, plain = parts.get("text/html"), parts.get("text/plain")
    text = plain.decode("utf-8") if isinstance(plain, bytes) else ""
    body = shown.decode("utf-8") if isinstance(shown, bytes) else f"<pre>{html.escape(text)}</pre>"
    for part in letter.walk():
        if cid := part["Content-ID"]:
            content = part.get_payload(decode=True)
            encoded = b64encode(content).decode() if isinstance(content, bytes) else ""
            body = body.replace(f"cid:{cid[1:-1]}", f"data:{part.get_content_type()};base64,{encoded}")
    head = "".join(f"<div><b>{name}</b> {html.escape(str(letter[name]))}</div>" for name in ("From", "To", "Subject"))
    return PAGE.format(head=head, body=html.escape(body, quote=True), across=across)


def measure(letter: Message, browser: str, across: int) -> Measured:
    """How big the mail is in a window of that width."""
    with tempfile.TemporaryDirectory() as folder:
        dom = _run(browser, folder, _source(letter, folder, across), f"--window-size={across},600", "--dump-dom")
    found = re.search(r"<title>(\d+) (\d+) (\d+)</title>", dom)
    if found is None:
        raise RuntimeError("the browser measured nothing")
    wide, room, high = map(int, found.groups())
    return Measured(wide=wide, room=room, high=high)


def draw(name: str, letter: Message, browser: str, out: Path) -> None:
    """One picture for each width."""
    for width, across in WIDTHS.items():
        high = measure(letter, browser, across).high
        with tempfile.TemporaryDirectory() as folder:
            target = out / f"{name}-{width}.png"
            _run(browser, folder, _source(letter, folder, across), f"--window-size={across},{high}", f"--screenshot={target}")


def _source(letter: Message, folder: str, across: int) -> str:
    source = Path(folder) / "mail.html"
    source.write_text(page(letter, across), encoding="utf-8")
    return source.as_uri()


def _run(browser: str, folder: str, source: str, *asked: str) -> str:
    usual = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
    done = subprocess.run([browser, *usual, *asked, source], check=True, capture_output=True, timeout=120)
    return done.stdout.decode("utf-8", "replace")
