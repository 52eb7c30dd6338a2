"""HTML bodies: as plain text, and as a sanitised copy for display.  Size and nesting are limited before parsing.

The sanitiser's time is quadratic in the nesting and cannot be interrupted; the DOM's is quadratic in the attributes of one tag.  What
exceeds the limits is shown as its text.
"""

from __future__ import annotations

import html as standard_html
import re
from itertools import accumulate

import nh3
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from mailbridge.message import charsets, header_text, limits, visibility

# Elements that do not add nesting: HTML closes them by itself, or they are always empty.
_FLAT = r"br|img|hr|input|meta|link|p|li|t[dhr]|tbody|col|wbr|area|base|dd|dt|option|o:p"
_NESTING_TAG = re.compile(rf"<(/?)(?!(?:{_FLAT})\b)[a-zA-Z]", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_TAG = re.compile(r"<[^<>]*>")
_LONG_TAG = 16 << 10
_MANY_ATTRIBUTES = 400
# each costs the sanitiser up to 10 microseconds
_MANY_AMPERSANDS = 50_000

_BLANK_LINES = re.compile(r"\n{3,}")


def to_text(html: str) -> str:
    """The displayed text of `html`: without hidden elements, with links, image descriptions and line breaks."""
    html = html[: limits.HTML_BYTES]
    if _is_monstrous(html):
        return _stripped(html)
    text = extract_plain_text(_seen(_ANCHOR.sub(_anchor, html)), preserve_formatting=True, links=True, alt_texts=True)
    return tidy(charsets.clean(text))


def _seen(html: str) -> str | HTMLTree:
    """The visible content of `html`: the string itself, or, where a style may hide something, its tree without hidden elements."""
    tree = HTMLTree.parse(html) if visibility.may_hide(html) else None
    if tree is None or tree.document is None:
        return html
    visibility.remove_hidden(tree.document)
    return tree


def without_turns(html: str) -> str:
    """`html` without bidirectional controls, as characters and as references (UAX 9)."""
    if "&#" in html:
        html = _TURNING_REFERENCE.sub("", html)
    return header_text.without_turns(html)


_TURNING_REFERENCE = re.compile(r"&#0*(?:823[4-8]|829[4-7]|[xX]0*(?:202[a-eA-E]|206[6-9]))(?![0-9a-fA-F]);?")


# The library outputs the target of every anchor, also of those that have none.  Walking its list of elements takes quadratic time, so the
# source is changed instead.
_ANCHOR = re.compile(r"<a\b([^<>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_SHOWN = 600  # characters after an anchor in which its displayed text is searched


def _anchor(match: re.Match[str]) -> str:
    """The anchor, if its target says more than its displayed text."""
    href = _HREF.search(match[1])
    target = standard_html.unescape(next(filter(None, href.groups()), "")).strip() if href else ""
    if not _LINK.match(target):
        return "<span>"
    shown = match.string[match.end() : match.end() + _SHOWN].lower().partition("</a")[0]
    return "<span>" if _bare(standard_html.unescape(_TAG.sub("", shown))) == _bare(target) else match[0]


def _bare(link: str) -> str:
    """A normal form: equal for two spellings of one link."""
    return _SCHEME.sub("", link.strip().lower()).removeprefix("www.").rstrip("/")


_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)")


def tidy(text: str) -> str:
    """`text` without trailing white space in lines, runs of empty lines, and outer empty lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")


def dom(html: str) -> HTMLTree | None:
    """The document tree for structural analysis; None where building it would cost too much."""
    return None if _is_monstrous(html) or len(html) > limits.HTML_BYTES else HTMLTree.parse(html)


def sanitise(html: str) -> str:
    """A copy of `html` that is safe to show: no scripts, forms, remote images or tracking pixels; cid: images stay in place.

    Content that is too large or too deep to be sanitised in bounded time is returned as its escaped text.
    """
    if not html:
        return ""
    if len(html) > limits.HTML_BYTES or html.count("&") > _MANY_AMPERSANDS or _nesting(html) > limits.HTML_DEPTH or _is_monstrous(html):
        return f"<pre>{standard_html.escape(to_text(html))}</pre>"
    clean = _CLEANER.clean(html)
    return _IMAGE.sub(_image, clean) if "<img" in clean else clean


# In the notation of the sanitiser.
_IMAGE = re.compile(r'<img((?: [\w-]+="[^"]*")*)>')
_ALT = re.compile(r' alt="([^"]*)"')


def _image(match: re.Match[str]) -> str:
    """An image without a source is replaced by its description."""
    if ' src="' in match[1]:
        return match[0]
    alt = _ALT.search(match[1])
    return f"[{alt[1]}]" if alt and alt[1].strip() else ""


def _nesting(html: str) -> int:
    """An upper bound of the depth of nested elements."""
    if html.count("<") <= limits.HTML_DEPTH:
        return 0
    return max(accumulate(-1 if slash else 1 for slash in _NESTING_TAG.findall(html)), default=0)


def _is_monstrous(html: str) -> bool:
    """Whether a tag has so many attributes that parsing it takes quadratic time."""
    return any(len(piece) > _LONG_TAG and _attributes(piece) > _MANY_ATTRIBUTES for piece in html.split(">"))


def _attributes(piece: str) -> int:
    tag = _QUOTED.sub(" ", piece[piece.find("<") + 1 :]) if "<" in piece else ""
    return len(tag.replace("/", " ").split())


def _stripped(html: str) -> str:
    """The text between the tags, for content that is not given to a parser."""
    return tidy(charsets.clean(standard_html.unescape(_TAG.sub(" ", html))))


_STYLES = {
    "color", "background-color", "font-family", "font-size", "font-style", "font-weight", "text-align", "text-decoration",
    "vertical-align", "white-space", "line-height", "margin", "margin-left", "padding", "padding-left", "border", "border-left",
    "border-collapse", "width", "height",
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing", "width", "align", "bgcolor"},
    "td": {"colspan", "rowspan", "align", "valign", "width", "bgcolor"},
    "th": {"colspan", "rowspan", "align", "valign", "width", "bgcolor"},
    "blockquote": {"type"},
}
_SHOWN_IMAGE = re.compile(r"cid:|data:image/(?:png|jpeg|gif|webp);base64,", re.IGNORECASE)
_LINK = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The attribute's new value; None removes the attribute."""
    if name == "src":
        return value if _SHOWN_IMAGE.match(value.strip()) else None
    if name == "href":
        return value if _LINK.match(value.strip()) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS | {"font"},
    clean_content_tags={"script", "style", "title", "head", "template", "noscript"} - nh3.ALLOWED_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    filter_style_properties=_STYLES,
    url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
    link_rel="noopener noreferrer nofollow",
    strip_comments=True,
)
