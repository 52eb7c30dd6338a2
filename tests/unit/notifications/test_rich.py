"""A message's HTML is shown where it says what its text says, and in no other case."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.delivery.render.reflow import as_html, reflowed
from mailbridge.delivery.render.rich.rich import Rich, rich_of
from mailbridge.delivery.render.rich.write import CarriedPicture
from mailbridge.message.html import sanitise, to_text

GMAIL = (
    '<div dir="ltr"><div>Hello,</div><div><br></div><div>Please <b>click</b> <a href="https://x.example/a">here</a>.</div>'
    '<ol><li>one</li><li>two</li></ol><div><img src="cid:ii_1" alt="image.png" width="640"></div></div>'
    '<div class="gmail_quote"><div>On Mon Ana wrote:<br></div><blockquote>old <b>words</b><img src="cid:old"></blockquote></div>'
)
GMAIL_TEXT = "Hello,\n\nPlease *click* here.\n\n   1. one\n   2. two\n\n[image: image.png]"
OUTLOOK = (
    "<div class=WordSection1><p class=MsoNormal>Clean the sensor, <span style='font-weight:bold'>please</span>.<o:p></o:p></p>"
    "<p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal><img width=900 src='cid:image001.png@01D9'></p>"
    "<p class=MsoNormal>#take</p></div><p>Bogdan</p><img src='cid:logo'>"
)
OUTLOOK_TEXT = "Clean the sensor, please.\n\n[cid:image001.png@01D9]"
TABLE = "<table><tr><th>Name</th><th>Qty</th></tr><tr><td>Toner</td><td>3</td></tr></table><p>Thanks</p>"


def rich(html: str, text: str) -> Rich:
    found = rich_of(sanitise(html), text)
    assert found is not None
    return found


def seen(html: str) -> str:
    """The letters and digits that a reader of this HTML sees."""
    return re.sub(r"\W", "", unescape(re.sub(r"<[^>]*>", "", html)))


def test_lists_bold_and_links_of_gmail_come_through() -> None:
    text, html = rich(GMAIL, GMAIL_TEXT).shown({"ii_1": CarriedPicture(cid="p1@mailbridge", name="image.png")})

    assert "<b>click</b>" in html
    assert "<li>one</li><li>two</li></ol>" in html
    assert '<a href="https://x.example/a"' in html
    assert '<img src="cid:p1@mailbridge" alt="image.png" width="500"' in html
    assert "old" not in html
    assert "here <https://x.example/a>." in text  # the plain part of the mail had no address at all
    assert "[image: image.png]" in text


def test_pictures_of_quotes_and_signatures_are_known_as_such() -> None:
    assert rich(GMAIL, GMAIL_TEXT).others == ("old",)
    assert rich(OUTLOOK, OUTLOOK_TEXT).others == ("logo",)


def test_weight_in_styles_and_pictures_of_outlook_come_through() -> None:
    text, html = rich(OUTLOOK, OUTLOOK_TEXT).shown({"image001.png@01D9": CarriedPicture(cid="p1@mailbridge", name="image001.png")})

    assert "<strong>please</strong>" in html
    assert "cid:p1@mailbridge" in html
    assert "#take" not in html
    assert text == "Clean the sensor, please.\n\n[image001.png]"


def test_tables_of_data_stay_tables_and_others_give_way() -> None:
    placed = "<table><tr><td><p>Dear desk</p></td></tr></table>"

    assert "<table" in rich(TABLE, "Name Qty\nToner 3\nThanks").shown({})[1]
    assert "<table" not in rich(placed, "Dear desk").shown({})[1]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>abc</p><p style='display:none'>#close</p><p>def</p>", "abc\n\ndef"),
        ("<p>abc</p><p style='color:#fff'>hidden words</p><p>def</p>", "abc\n\ndef"),
        ("<div style='display:none'>preview of it</div><p>abc</p><p>def</p>", "abc\n\ndef"),
    ],
)
def test_what_a_style_hides_is_not_shown(html: str, text: str) -> None:
    assert seen(rich(html, text).shown({})[1]) == "abcdef"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Pay 100 EUR</p>", "Pay 900 EUR"),  # two parts that say two things
        ("<p>Yes</p>", "Yes, and close the ticket"),
        ("<p>Open this page in a browser</p>", "The whole letter in words"),
        ("<p>visible <span style='font-size:0'>invisible</span></p>", "visible"),  # inside of a line
        ("<pre>ls -l\n  total 4</pre>", "ls -l\n  total 4"),  # no more structure than the text has
        ("", "text"),
    ],
)
def test_where_text_and_html_differ_the_text_is_shown(html: str, text: str) -> None:
    assert rich_of(sanitise(html), text) is None


def test_nothing_active_or_remote_comes_through() -> None:
    html = (
        "<p onclick='x()'>Look <a href='javascript:x()'>here</a></p><script>x()</script><img src='https://t.example/p.gif'>"
        "<form action='https://t.example'><p>now</p></form><style>p{}</style><svg onload=x()><p>then</p></svg>"
    )
    _, shown = rich(html, "Look here\nnow\nthen").shown({})

    assert not re.search(r"script|onclick|onload|t\.example|<form|<svg|<style", shown)


def test_a_link_that_looks_like_another_address_says_where_it_leads() -> None:
    html = "<p>Log in at <a href='https://evil.example/x'>https://bank.example</a> or <a href='https://bank.example/a'>bank.example</a></p>"
    _, shown = rich(html, "Log in at https://bank.example or bank.example").shown({})

    assert "(evil.example)" in shown
    assert "(bank.example)" not in shown


def test_a_picture_that_is_not_carried_is_named() -> None:
    text, html = rich("<p>Look:</p><p><img src='cid:a' alt=''></p>", "Look:").shown({"a": CarriedPicture(cid="", name="plan.png")})

    assert "[plan.png]" in html
    assert text == "Look:\n[plan.png]"


def test_a_mail_of_one_picture_alone_shows_it() -> None:
    text, html = rich("<img src='cid:a'>", "").shown({"a": CarriedPicture(cid="b@mailbridge", name="shot.png")})

    assert '<img src="cid:b@mailbridge"' in html
    assert text.strip() == "[shot.png]"


WORDS = st.text(alphabet="abé ß1#<&>'\"-*\n\u00a0漢", min_size=1, max_size=30)
MARKUP = st.recursive(
    WORDS.map(lambda words: words.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.builds(
        lambda tag, style, parts: f"<{tag} style='{style}'>{''.join(parts)}</{tag}>",
        st.sampled_from(["p", "div", "b", "span", "ul", "li", "td", "table", "blockquote", "a", "pre", "h2"]),
        st.sampled_from(["", "display:none", "font-size:0", "color:white", "font-weight:bold"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(MARKUP)
def test_whatever_is_shown_says_what_the_text_says(html: str) -> None:
    text = to_text(html)
    found = rich_of(sanitise(html), text)
    if found is not None:
        assert seen(found.shown({})[1]).lower().replace("_", "") == re.sub(r"[\W_]", "", text).lower()


WRAPPED = """\
Hello,

since the power cut of last night the printer in the packing hall does
not start any more. The panel stays dark, and the fan is running, but
nothing else happens. We have tried another socket as well.

What we did:
- switched it off and on again, twice, with the cable out for at least a
  minute
- looked at the fuse

    for x in range(10):
        print(x)

Name      Qty   Price
Toner     3     4.00

> what you asked is quoted here, and it is as long as the lines above are
> and goes on

Best regards
Ana Pop
--
Ana Pop, Head of the department of packing and of something else, which
is long
"""


def test_wrapped_paragraphs_are_joined_and_nothing_else() -> None:
    lines = reflowed(WRAPPED).split("\n")

    assert re.fullmatch("since the power cut.*another socket as well.", lines[2])
    assert "- switched it off and on again, twice, with the cable out for at least a minute" in lines
    assert "- looked at the fuse" in lines
    assert lines[lines.index("    for x in range(10):") + 1] == "        print(x)"
    assert "Toner     3     4.00" in lines
    assert "> and goes on" in lines
    assert lines[-4:] == WRAPPED.split("\n")[-4:]


@pytest.mark.parametrize(
    "text",
    [
        "Please call me.\nAna Pop\nAcme SRL, Strada Palat 3, Iași",
        "It does not print since this morning\nThe panel shows E-52\nWe need it today",
        "Please replace the toner in the printer of the hall upstairs.\nPlease call Mrs Popescu about the invoice of March.\nThanks",
        "one line that is as long as a paragraph of a mail program that leaves wrapping to the window of the reader, so it stays as it is\n"
        "and the next line is the writer's own",
    ],
)
def test_lines_that_their_writer_broke_stay(text: str) -> None:
    assert reflowed(text) == text


def test_text_as_html_is_escaped_and_its_addresses_are_links() -> None:
    shown = as_html('See https://x.example/a?b=1&c="2" and <b>\n  twice')

    assert '<a href="https://x.example/a?b=1&amp;c=" rel=' in shown
    assert "&lt;b&gt;<br>\n&nbsp;&nbsp;twice" in shown


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab c.-*>|\t\n1é", max_size=400))
def test_reflowing_loses_and_adds_no_character_but_blanks(text: str) -> None:
    assert "".join(reflowed(text).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>" + "\u00a0" * 60 + "a <b>x</b></p>", "a x"),
        ("<p>hi <b>x</b></p><p>a" + "&nbsp;" * 5_000 + "b</p>", "hi x\na b"),
        ("<p>hi <b>x</b></p><pre>a" + " " * 50_000 + "</pre>", "hi x\na"),
        ('<p>hi <b style="text-decoration:' + "a:" * 50_000 + '">x</b></p>', "hi x"),
        ("<div>" * 50 + "<p>old</p>" * 20_000 + "<p>hello <b>x</b></p>" + "</div>" * 50, "hello x"),
    ],
    ids=["blanks before", "blanks inside", "literal blanks", "a style of colons", "a deep quote"],
)
def test_no_mail_takes_long_to_show(html: str, text: str) -> None:
    """Each of these took minutes to years, and the desk sent nothing meanwhile."""
    _, shown = rich(html, text).shown({})
    assert "<strong>" in shown or "<b>" in shown
    assert seen(shown) == re.sub(r"\W", "", text)


def test_a_line_that_can_be_the_text_in_too_many_ways_is_shown_as_text() -> None:
    assert rich_of(sanitise('<p>' + '<a href="http://1">1</a>' * 3_000 + "</p>"), "1" * 3_000) is None


def test_a_link_of_a_sender_writes_no_commands_for_the_reader() -> None:
    html = '<p>Please <a href="mailto:support@desk.test?subject=Re:%20MB-1&amp;body=%23close">press <b>here</b></a></p>'
    _, shown = rich(html, "Please press here").shown({})
    assert 'href="mailto:support@desk.test"' in shown
