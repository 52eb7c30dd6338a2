"""Files of strangers on their way to agents: nothing that a mail program shows or runs by itself (ADR 0018).

A mail of the desk is believed: it comes from the own domain, with valid signatures.  So a page with a false login form, or a script, must
not reach an agent as such in our name.  Its content goes along, each byte as it was, under a type that nothing renders and, where its name
or its content is active, under a name that opens in a text editor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from mailbridge.message.model import Attachment

OPAQUE = "application/octet-stream"
_LOOKED_AT = 4096  # bytes at the start of a file

# Endings of names by which a mail program, a browser or an operating system shows a file as a page, mounts it or runs it.
_ACTIVE = re.compile(
    r"""
    [sx]?html? | hta | xht | dhtml | htc | mht(?:ml?)? | svgz? | xml | xslt? | xul | xsd | xbl | rdf | rss | atom | mathml | mml | swf
    | jar | jnlp | class | [cm]?js | jse | vb[se]? | ws[fhc] | sct | ps[cdm]?1 | bat | cmd | com | exe | scr | pif | ms[ipct] | cpl | dll
    | ocx | sys | gadget | application | appref-ms | lnk | url | website | webloc | desktop | scf | inf | reg | chm | hlp | (?:ba|z|c)?sh
    | command | pyw? | pl | rb | phtml | php[0-9]? | aspx? | jsp | cgi | workflow | action | app | apk | deb | rpm | appimage | iso | img
    | vhdx? | htaccess | library-ms | search-ms | settingcontent-ms | theme(?:pack)? | xll | iqy | slk
    """,
    re.VERBOSE,
)
_ACTIVE_TYPES = re.compile(
    r"text/(?:html|xml|xsl|javascript|ecmascript|jscript|vbscript|x-\w*script|x-server-parsed-html|cache-manifest|rdf)"
    r"|application/(?:xml|xml-.*|.*\+xml|(?:x-)?hta|(?:x-)?javascript|ecmascript|x-shockwave-flash|x-msdownload|x-sh|java.*)"
    r"|image/svg.*|message/external-body|multipart/.*",
)
# The tags by which browsers take a file for a page whatever its type says (https://mimesniff.spec.whatwg.org, 7.1), and more that stand in
# markup alone.
_MARKUP = re.compile(
    rb"<(?:!doctype|!--|!\[cdata|!entity|\?xml|\?mso|html|head|script|iframe|h[1-6]|div|font|table|a|style|title|b|body|br|p|svg|math|meta"
    rb"|link|base|form|img|input|object|embed|applet|frame|frameset|video|audio|center|span|job|package|component|scriptlet|rss|feed"
    rb"|[a-z]+:[a-z]+)(?:[\s/>\[:-]|$)",
    re.IGNORECASE,
)
_FIELDS = re.compile(rb"(?:mime-version|from|content-type|content-location|snapshot-content-location|subject|date):", re.IGNORECASE)


def is_markup(data: bytes) -> bool:
    """Whether a browser could take this for a page: it begins with a tag, behind blanks and byte order marks, in UTF-8, UTF-16 or UTF-32
    (which are ASCII with zeros between)."""
    return any(_MARKUP.match(text.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\f\v\0")) for text in (data, data.replace(b"\0", b"")))


def _is_text(data: bytes) -> bool:
    return b"\0" not in data


# What the start of a file must be for its type to stay.  A type that is not here becomes octet-stream; programs open such files by name.
_STARTS: Mapping[str, Callable[[bytes], bool]] = {
    "image/png": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": lambda data: data.startswith(b"\xff\xd8\xff"),
    "image/gif": lambda data: data.startswith((b"GIF87a", b"GIF89a")),
    "image/webp": lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP",
    "application/pdf": lambda data: data.startswith(b"%PDF-"),
    "text/plain": _is_text,
    "text/csv": _is_text,
}


def inert(file: Attachment) -> Attachment:
    """The file as it goes to an agent: the same bytes under a type and a name by which nothing renders or runs them."""
    name, start, kind = _plain_name(file.name), file.content[:_LOOKED_AT], file.content_type.strip().lower()
    ending = _ending(name)
    if not (_ACTIVE.fullmatch(ending) or _ACTIVE_TYPES.fullmatch(kind) or is_markup(start) or _is_saved_page(start, ending)):
        stays = kind in _STARTS and _STARTS[kind](start)
        inline = file.disposition if stays and kind.startswith("image/") else "attachment"
        return replace(file, name=name, content_type=kind if stays else OPAQUE, disposition=inline)
    if ending != "txt":
        name = f"{name or 'file'}.{'txt' if is_markup(start) or _is_text(start) else 'bin'}"
    return replace(file, name=name, content_type=OPAQUE, disposition="attachment", content_id="")


def _is_saved_page(start: bytes, ending: str) -> bool:
    """MHTML is a mail by its looks, and browsers open it by its first lines.  A mail (.eml) is opened by mail programs, which guard it as
    they guard all mail."""
    return ending not in ("eml", "msg") and bool(_FIELDS.match(start.lstrip())) and b"multipart/related" in start.lower()


def _plain_name(name: str) -> str:
    """The name as systems read it: without invisible characters, and without what Windows drops at its end or takes for a stream."""
    return "".join(char for char in name if char.isprintable()).replace(":", "_").rstrip(". ")


def _ending(name: str) -> str:
    """The last ending in lower case, as far as it is letters, digits and hyphens: `html` of `page.HTML%20`."""
    found = re.match(r"[a-z0-9-]+", name.rpartition(".")[2].strip().lower()) if "." in name else None
    return found[0] if found else ""
