"""Mails as real clients write them, by client and language, each beside the spans it must be cut into.

A pair is `pairs/NAME.txt` (a plain body) or `pairs/NAME.html`, and its `.spans`: the subject, then a line for each span with its
kind, its reason and the first of its lines that is not blank.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.message.model import Reply
from mailbridge.reply.extract import extract

PAIRS = Path(__file__).with_name("pairs")
BODIES = sorted(path for path in PAIRS.iterdir() if path.suffix != ".spans")
PROMISED_LANGUAGES = frozenset({
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "ro", "ru", "uk", "cs", "sv", "da", "no", "fi", "tr", "el", "hu", "ja", "zh", "ko",
})  # fmt: skip
PROMISED_CLIENTS = frozenset({
    "gmail", "outlook-windows", "outlook-web", "outlook-phone", "apple-mail", "iphone", "thunderbird", "yahoo", "proton", "zimbra",
    "samsung", "spark", "mailspring", "gmx", "yandex",
})  # fmt: skip


def spans_file(body: Path) -> Path:
    return body.with_name(f"{body.name}.spans") if body.suffix == ".html" else body.with_suffix(".spans")


def shown(reply: Reply) -> list[str]:
    lines = []
    for span in reply.spans:
        first = next(line.strip() for line in reply.text[span.start : span.end].splitlines() if line.strip())
        lines.append(f"{span.kind:<10} {span.reason:<24} {first}".rstrip())
    return lines


@pytest.mark.parametrize("body", BODIES, ids=lambda path: path.name)
def test_mail_is_cut_where_its_pair_says(body: Path) -> None:
    subject, *expected = spans_file(body).read_text(encoding="utf-8").splitlines()
    content = body.read_text(encoding="utf-8")
    text, html = ("", content) if body.suffix == ".html" else (content, "")

    reply = extract(text, html, subject=subject.removeprefix("subject").strip())

    assert shown(reply) == expected


def test_pairs_cover_the_languages_and_clients_that_are_promised() -> None:
    names = {path.stem for path in BODIES}
    languages = {name.rpartition("-")[2] for name in names}

    assert languages >= PROMISED_LANGUAGES
    assert names >= PROMISED_CLIENTS
