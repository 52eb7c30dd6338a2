"""Whatever is sent: the spans tile the text, nothing is lost, and the work stays small."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbridge.message.model import Reply, SpanKind
from mailbridge.reply.extract import extract
from tests.examples import examples

LINES = st.sampled_from([
    "", "Hello", "> quoted", ">> deeper", "On Mon, Apr 5, 2021 at 10:15 AM Ann <ann@example.org> wrote:", "Regards", "Ann", "--", "-- ",
    "From: ann@example.org", "Sent: Monday, 5 April 2021 10:15", "To: bob@example.org", "Subject: x", "-----Original Message-----",
    "Begin forwarded message:", "Sent from my phone", "_______", "| cell", "AB> initials", "P.S. more", "## marker ##", "\r",
    "a--- On Mon, Apr 5, 2021 10:15 a@b.c wrote:", "\udcff", "\x00",
    "This message is confidential and intended solely for the intended recipient.",
])  # fmt: skip
TAGS = st.sampled_from([
    "<div>", "</div>", "<blockquote>", "</blockquote>", '<blockquote type="cite">', '<div class="gmail_quote">',
    '<div class="gmail_attr">', '<div id="Signature">', '<div id="appendonsend">', '<hr id="zwchr">', "<br>", "<p>", "text",
    "On 5 May 2021 10:15 Ann &lt;a@b.c&gt; wrote:", '<div style="border-top:solid">', "From: a@b.c<br>To: d@e.f<br>Subject: x<br>",
    "&#xfdd0;", "\ufdd0\ue001", "\ufdd1", "<", "&", "</p", '<div style="display:none">', '<a href="https://example.org">', "</a>",
    '<blockquote class="gmail_quote">', "<table><tr><td>", "-- ", "\x00", "\udcff", '<div class="moz-forward-container">',
])  # fmt: skip


def tiles(reply: Reply) -> bool:
    place = 0
    for span in reply.spans:
        if span.start != place or span.end <= span.start:
            return False
        place = span.end
    return place == len(reply.text)


def joined(reply: Reply, kind: SpanKind) -> str:
    return "".join(reply.text[span.start : span.end] for span in reply.spans if span.kind is kind).strip()


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(LINES | st.text(max_size=20), max_size=25).map("\n".join), st.sampled_from(["", "Re: x", "Fwd: x", "AW[2]: WG: x"]))
@example("", "")
@example("\n", "")
def test_spans_tile_any_plain_body(text: str, subject: str) -> None:
    reply = extract(text, subject=subject, markers=("## marker ##",))

    assert reply.text == text
    assert tiles(reply)
    assert reply.fresh == joined(reply, SpanKind.FRESH)
    assert reply.signature == joined(reply, SpanKind.SIGNATURE)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(TAGS | st.text(max_size=10), max_size=25).map("".join))
def test_spans_tile_any_html_body(html: str) -> None:
    assert tiles(extract("", html, subject="Fwd: x"))


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(LINES, max_size=15).map("\n".join), st.lists(TAGS, max_size=15).map("".join))
def test_two_bodies_give_one_of_them(text: str, html: str) -> None:
    reply = extract(text, html)

    assert tiles(reply)
    assert reply.source in ("plain", "html")
    assert reply.source == "html" or reply.text == text


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(LINES, max_size=20).map("\n".join))
def test_fresh_text_read_again_is_not_cut_at_a_marker(text: str) -> None:
    assert "## marker ##" not in extract(text, markers=("## marker ##",)).fresh


HOSTILE = {
    "on-on-on": "On " * 66_000,
    "on-lines": "On\n" * 66_000,
    "levels-in-one-line": ">" * 100_000 + "x",
    "quoted-lines": "> x\n" * 100_000,
    "rising-levels": "\n".join(">" * level + "x" for level in range(1_500)),
    "introductions": "On 5 May 2021 10:15 a <a@b.c> said:\n" * 20_000,
    "wrote": "On 5 wrote:\n" * 20_000,
    "from": "From: a@b.c\n" * 20_000,
    "headers-apart": "From: a@b.c\n\n\n\n" * 20_000,
    "dashes": "--\n" * 60_000,
    "inner-dashes": "a" + "---b" * 100_000,
    "dash-lines": "a--b On 5 May 2021 wrote:\n" * 20_000,
    "farewells": "Regards\n" * 50_000,
    "apps": "Sent from my phone\n" * 20_000,
    "blank": "\n" * 1_000_000,
    "one-line": "x" * 5_000_000,
    "alternating": "> q\n\na\n\n" * 40_000,
    "colons": "a@b 10:15 2021:\n" * 30_000,
    "recipients": "Begin forwarded message:\n\nFrom: a@b.c\nSubject: x\nTo: " + "a@b.c, " * 50_000 + "\n\nx",
    "prefixes": "x",
    "headers-on-one-line": "From: a@b.c " + "5f>From:\u00a0" * 5_000,
    "fields-on-one-line": "From: a@b.c " + "Date: x " * 100_000,
    "raw-headers": "Received: x\n" * 20_000,
    "lone-senders": "From: Ann <a@b.c>\n\n\n\n" * 20_000,
    "bars": "|x\n\n" * 20_000,
    "shared-lines": "Thanks On Mon, Mar 5, 2018 at 10:15 AM, a@b.c wrote:\n> q\n" * 10_000,
    "titles": "-----x-----\nFrom: a@b.c\nSubject: x\n" * 10_000,
    "frames": ">>> a 5/5/2021 10:15 AM >>>\n" * 20_000,
    "farewells-above-delimiters": "Regards\n--\n" * 20_000,
    "apps-of-two-sentences": "Sent from my phone. Please excuse brevity.\n" * 20_000,
    "cited": "On 5 May 2021 10:15 Ann <a@b.c> wrote:\n> q\n\nyes\n\n" * 10_000,
    "far-quote": "a:\n" + "\n" * 900_000 + "> q",
}
# CPU time of this process; the aim on an idle core is 50 ms for most of them, the limit leaves room for slow machines.
MOST_SECONDS = 2.0


@pytest.mark.parametrize("name", HOSTILE)
def test_work_on_a_hostile_body_is_bounded(name: str) -> None:
    began = time.process_time()

    reply = extract(HOSTILE[name], subject="Re: " * 50_000, markers=("## marker ##",))

    assert time.process_time() - began < MOST_SECONDS
    assert tiles(reply)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "x",
        "<blockquote>" * 20_000 + "x",
        "<blockquote>x</blockquote>" * 40_000,
        "<div class=gmail_quote>" * 900 + "x",
        '<div style="border-top:solid">From: a@b.c<br>' * 900,
        '<p style="display:none">x</p>' * 20_000,
        "<p>hello world</p>" * 120_000,
        '<a href="http://x">x</a> (' * 40_000,
        "<" * 300_000,
    ],
    ids=["deep", "deep-quotes", "many-quotes", "containers", "borders", "hidden", "paragraphs", "links", "brackets"],
)
def test_work_on_a_hostile_page_is_bounded(html: str) -> None:
    began = time.process_time()

    reply = extract("", html)

    assert time.process_time() - began < MOST_SECONDS
    assert tiles(reply)


def test_beyond_a_megabyte_the_rest_belongs_to_the_last_span() -> None:
    text = "Hello\n\n-- \n" + "x" * 2_000_000

    reply = extract(text)

    assert reply.fresh == "Hello"
    assert reply.spans[-1].end == len(text)
