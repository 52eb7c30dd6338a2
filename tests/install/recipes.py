"""What the manual tells people to type or to write into files, taken from its pages."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.install.pip import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "manual").glob("*.md"))]
# A line of text in code that begins with one of these is something to type.
PROGRAMS = (
    r"(?:make|pip|pipx|uv|python3?|~/\S+/pip|systemctl|journalctl|runuser|chown|chmod|createuser|createdb|postmap|openssl|psql|ALTER ROLE)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One indented or fenced block of a page; `kind` is the word after the fence, "indented" without one, "inline" within a sentence."""

    page: str
    kind: str
    text: str

    @property
    def name(self) -> str:
        """`PAGE: FIRST LINE`, which is what the tests call it by."""
        first = next(line for line in self.text.splitlines() if line.strip())
        return f"{self.page}: {' '.join(first.split('  #')[0].split())}"


def blocks() -> list[Block]:
    """Every block of every page, in order."""
    return [block for page in PAGES for block in _of(page.name, page.read_text(encoding="utf-8"))]


def block(name: str, text: str = "") -> str:
    """The text of the one block that is called so and contains `text`."""
    (found,) = [each for each in blocks() if each.name == name and text in each.text]
    return found.text


def _of(page: str, text: str) -> Iterator[Block]:
    fenced = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    for _, kind, body in fenced.findall(text):
        yield Block(page=page, kind=kind or "plain", text=body)
    prose = fenced.sub("", text)
    for body in re.findall(r"(?:^\n)((?: {4,}\S.*\n)+(?:\n?(?: {4,}\S.*\n)+)*)", prose, re.MULTILINE):
        margin = min(len(line) - len(line.lstrip()) for line in body.splitlines() if line.strip())
        yield Block(page=page, kind="indented", text="".join(f"{line[margin:]}\n" for line in body.splitlines()))
    for code in re.findall(rf"`({PROGRAMS} [^`\n]+)`", prose):
        yield Block(page=page, kind="inline", text=code)


if __name__ == "__main__":
    print(block(sys.argv[1]), end="")
