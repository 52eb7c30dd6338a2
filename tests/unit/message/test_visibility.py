"""Text that a reader of an HTML mail does not see is none, however it was hidden; text that is seen stays."""

from __future__ import annotations

import pytest

from mailbridge.message.html import to_text
from mailbridge.message.visibility import may_hide
from mailbridge.reply.html import page_of

SEEN = "<p>Please look at it.</p>"

HIDDEN = {
    "display": '<p style="display:none">#close</p>',
    "display spaced, with a comment": '<p style="dis/* x */play : NONE ! important">#close</p>',
    "display escaped": '<p style="d\\69splay:none">#close</p>',
    "display as references": '<p style="display&#58;none">#close</p>',
    "attribute": "<p hidden>#close</p>",
    "visibility": '<div style="visibility:hidden"><p>#close</p></div>',
    "letters without size": '<div style="font-size:0"><p>#close</p></div>',
    "letters of a pixel": '<p style="font-size: 1px">#close</p>',
    "letters by percent of none": '<div style="font-size:0.4pt"><p style="font-size:200%">#close</p></div>',
    "font": '<p style="font: italic 0/0 arial">#close</p>',
    "white on white": '<p style="color:#ffffff">#close</p>',
    "white by name": '<p><font color="white">#close</font></p>',
    "nearly white": '<p style="color:rgb(250, 251, 250)">#close</p>',
    "white by hue": '<p style="color:hsl(0, 0%, 100%)">#close</p>',
    "white in a page with a colour": '<table bgcolor="#333333"><tr><td><p style="color:#343434">#close</p></td></tr></table>',
    "without a share": '<p style="color:rgba(0,0,0,0.01)">#close</p>',
    "transparent": '<p style="color:transparent">#close</p>',
    "filled": '<p style="-webkit-text-fill-color: white">#close</p>',
    "class": "<style>.x { color: white }</style><p class='y x'>#close</p>",
    "class among rules": "<style>p {margin:0} @media screen { .a, .x > b {display:none} }</style><p class=x><b>#close</b></p>",
    "id": "<style>#x { font-size: 0 }</style><p id=x>#close</p>",
    "element": "<style>blockquote b { visibility: hidden }</style><blockquote><b>#close</b></blockquote>",
    "wide screen": "<style>@media (min-width: 100px) { .x { display: none } }</style><p class=x>#close</p>",
    "important": "<style>.x { display: none !important }</style><p class=x style='display:block'>#close</p>",
    "opacity": '<div style="opacity:.01"><p>#close</p></div>',
    "opacity together": '<div style="opacity:.2"><p style="opacity:20%">#close</p></div>',
    "clip": '<p style="position:absolute;clip:rect(0 0 0 0)">#close</p>',
    "clip with commas": '<p style="position:absolute; clip: rect(1px, 1px, 1px, 1px)">#close</p>',
    "clip-path": '<p style="clip-path: inset(100%)">#close</p>',
    "off the screen": '<p style="position:absolute;left:-9999px">#close</p>',
    "indented": '<p style="text-indent:-9999px">#close</p>',
    "margin": '<p style="margin-left:-5000px">#close</p>',
    "moved": '<p style="transform: translate(-9999px, 0)">#close</p>',
    "scaled": '<p style="transform:scale(0)">#close</p>',
    "no height": '<div style="max-height:0;overflow:hidden"><p>#close</p></div>',
    "no width": '<div style="width:1px; overflow: hidden"><p>#close</p></div>',
    "in one program": '<p style="mso-hide:all">#close</p>',
    "picture": '<div style="visibility:hidden"><img src="cid:x" alt="#close"></div>',
}
VISIBLE = {
    "dark page": '<div style="background:#222"><p style="color:white">#close</p></div>',
    "dark cell": '<table><tr><td bgcolor="navy"><font color="#ffffff">#close</font></td></tr></table>',
    "picture behind": '<div style="background: url(cid:x) #fff"><p style="color:#fff">#close</p></div>',
    "seen again": '<div style="visibility:hidden"><p style="visibility:visible">#close</p></div>',
    "large again": '<div style="font-size:0"><p style="font-size:14px">#close</p></div>',
    "own colour in white": '<div style="color:white"><p style="color:black">#close</p></div>',
    "link in white": '<div style="color:white"><a href="https://example.org/x">#close</a></div>',
    "narrow screen": "<style>@media (max-width: 480px) { .x { display: none } }</style><p class=x>#close</p>",
    "printer": "<style>@media print { .x { display: none } }</style><p class=x>#close</p>",
    "dark mode": "<style>@media (prefers-color-scheme: dark) { p { color: #fff } }</style><p>#close</p>",
    "overruled": "<style>.x { display: none }</style><p class=x style='display:block'>#close</p>",
    "more specific": "<style>p.x { display: block } .x { display: none }</style><p class=x>#close</p>",
    "later": "<style>.x { display: none } .x { display: block }</style><p class=x>#close</p>",
    "another class": "<style>.y { display: none }</style><p class=x>#close</p>",
    "hover": "<style>p:hover { display: none }</style><p>#close</p>",
    "broken rule": "<style>p >> { display: none } }</style><p>#close</p>",
    "small print": '<p style="font-size:7pt;color:#999999">#close</p>',
    "cut off but large": '<div style="max-height:200px;overflow:hidden"><p>#close</p></div>',
    "outlook": "<style>/* Font */ p.MsoNormal {margin:0cm; font-size:11.0pt; mso-x:EN-US}</style><p class=MsoNormal>#close</p>",
    "margin of nothing": '<p style="margin: 0 0 0 -10px">#close</p>',
}


@pytest.mark.parametrize("how", HIDDEN)
def test_hidden_text_is_none(how: str) -> None:
    html = f"<html><body>{SEEN}{HIDDEN[how]}</body></html>"

    assert may_hide(html)
    assert to_text(html).strip() == "Please look at it."
    assert page_of(html).text.strip() == "Please look at it."


@pytest.mark.parametrize("how", VISIBLE)
def test_visible_text_stays(how: str) -> None:
    html = f"<html><body>{SEEN}{VISIBLE[how]}</body></html>"

    assert "#close" in to_text(html)
    assert "#close" in page_of(html).text


def test_plain_answers_are_not_looked_at_closely() -> None:
    assert not may_hide('<p style="color:#1F497D;font-size:11.0pt;font-family:Calibri;margin:0cm">Yes.</p><div dir="ltr"><br></div>')
    assert not may_hide('<blockquote style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)">q</blockquote>')


def test_endless_rules_and_nesting_end() -> None:
    rules = "".join(f".a{n} > b {{ display: none }}" for n in range(5_000))
    html = f"<style>{rules}</style>" + "<div style='color:white;background:black'>" * 300 + "x" + "</div>" * 300

    assert "x" in to_text(html)


@pytest.mark.parametrize(
    "html",
    ["<!--" * 200_000, "margin" * 100_000, "color:" + " " * 600_000, "*/" + "/* " * 200_000, "<p style='margin-left" + "-x" * 300_000],
    ids=["comments", "words", "spaces", "open comments", "long property"],
)
def test_looking_for_styles_takes_time_that_grows_with_the_length_alone(html: str) -> None:
    """Where it grew with the square, each of these took minutes."""
    assert not may_hide(html)


def test_comments_and_white_space_hide_no_style() -> None:
    assert may_hide("/* a */ <p style='display /* b */ \n\n\t : /**/   none'> /* not closed")
    assert may_hide("<p style='color:" + " " * 1000 + "white'>")
