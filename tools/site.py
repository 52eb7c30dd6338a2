"""The documentation site, in build/site: `python -m tools.site`.  Every link has to lead somewhere, and no page may ask another host."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.reproducible import ROOT, environ

SITE = ROOT / "build" / "site"
# Attributes whose address a browser fetches by itself, by tag.  `a href` is followed by people alone.
FETCHED = {
    **{tag: {"src", "srcset"} for tag in ("script", "img", "iframe", "audio", "video", "source", "embed", "input", "track")},
    "link": {"href"},
    "object": {"data"},
    "use": {"href", "xlink:href"},
    "image": {"href", "xlink:href"},
    "form": {"action"},
}
NOT_FETCHED = {"canonical", "alternate", "next", "prev", "author", "license", "sitemap"}  # of <link rel>


class Page(HTMLParser):
    """What a page links to, what it makes a browser fetch, and the places that others can link to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and set(given.get("rel", "").split()) & NOT_FETCHED:
            return
        self.fetched += [given[name] for name in FETCHED.get(tag, ()) if given.get(name)]
        self.fetched += re.findall(r"url\(['\"]?([^'\")]+)", given.get("style", ""))


def build() -> None:
    """Builds the site anew.  Raises CalledProcessError where the generator finds a mistake."""
    shutil.rmtree(SITE, ignore_errors=True)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    subprocess.run(command, cwd=ROOT, check=True, env=environ())


def problems(site: Path) -> list[str]:
    """Links that lead nowhere, and what is fetched from other hosts."""
    pages = {path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [problem for name, page in pages.items() for problem in _of_page(site, name, page, pages)]
    for sheet in sorted(site.rglob("*.css")):
        addresses = re.findall(r"url\(['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", sheet.read_text(encoding="utf-8"))
        found += [f"{sheet.relative_to(site)}: fetches {one}" for both in addresses for one in both if _is_elsewhere(one)]
    return found


def _of_page(site: Path, name: str, page: Page, pages: dict[str, Page]) -> Iterator[str]:
    yield from (f"{name}: fetches {address}" for address in page.fetched if _is_elsewhere(address))
    for link in page.links:
        if _is_elsewhere(link) or urlsplit(link).scheme:
            continue
        path, fragment = unquote(urlsplit(link).path), unquote(urlsplit(link).fragment)
        base = site if path.startswith("/") else (site / name).parent
        target = (base / path.lstrip("/")).resolve() if path else site / name
        target = target / "index.html" if target.is_dir() else target
        if not target.is_file() or not target.is_relative_to(site.resolve()):
            yield f"{name}: {link} leads nowhere"
            continue
        there = pages.get(target.relative_to(site.resolve()).as_posix())
        if fragment and there is not None and fragment not in there.places:
            yield f"{name}: {link}: there is no such place on that page"


def _is_elsewhere(address: str) -> bool:
    return address.startswith("//") or urlsplit(address).scheme in {"http", "https", "ws", "wss", "ftp"}


def main() -> int:
    build()
    found = problems(SITE)
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
