"""The documentation site (tools.site): built as `make docs` does, whole, with a search, and asking no other host."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import site
from tools.reproducible import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site.build()
    return site.SITE


def test_every_link_leads_somewhere_and_nothing_is_fetched_from_elsewhere(built: Path) -> None:
    assert site.problems(built) == []


def test_every_page_of_the_manual_is_there_and_can_be_found(built: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs" / "manual").glob("*.md")} - {"README"}
    assert pages - {path.stem for path in (built / "manual").glob("*.html")} == set()
    index = json.loads((built / "search.json").read_text(encoding="utf-8"))
    found = {re.split(r"[#?]", item["location"])[0] for item in index["items"]}
    assert {f"manual/{page}.html" for page in pages} - found == set()


def test_every_page_of_the_manual_is_in_the_menu() -> None:
    menu = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "docs" / "manual").glob("*.md") if f'"manual/{path.name}"' not in menu] == []


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ('<a href="b.html">', "a.html: b.html leads nowhere"),
        ('<a href="../outside.html">', "a.html: ../outside.html leads nowhere"),
        ('<a href="#there">', "a.html: #there: there is no such place on that page"),
        ('<script src="https://cdn.example/a.js"></script>', "a.html: fetches https://cdn.example/a.js"),
        ('<link rel="stylesheet" href="//fonts.example/css">', "a.html: fetches //fonts.example/css"),
        ('<p style="background: url(https://x.example/a.png)">', "a.html: fetches https://x.example/a.png"),
        ("", "a.css: fetches https://fonts.example/a.woff2"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, page: str, problem: str) -> None:
    (tmp_path / "a.html").write_text(page or '<a href="https://example.com/" id="x"></a><a href="#x">', encoding="utf-8")
    (tmp_path / "a.css").write_text("" if page else "@font-face { src: url('https://fonts.example/a.woff2') }", encoding="utf-8")
    assert site.problems(tmp_path) == [problem]
