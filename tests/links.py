"""The links of a mail, as a scanner finds them that follows everything, and as a mail program opens them."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.policy import default
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urlsplit

LONGEST = 2_000
_CARRIES = {"href", "src", "action", "formaction", "background", "cite", "data", "poster", "srcset", "ping"}
_ACTS = {"form", "script", "iframe", "object", "embed", "link", "base", "button", "input"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    label: str
    url: str

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def body(self) -> str:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True)).get("body", "")

    @property
    def subject(self) -> str:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True)).get("subject", "")

    @property
    def address(self) -> str:
        return unquote(urlsplit(self.url).path)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, list[str]]] = []
        self.acting: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTS or any(name == "http-equiv" and (value or "").lower() == "refresh" for name, value in attrs):
            self.acting.append(tag)
        self.found += [(value, []) for name, value in attrs if name in _CARRIES and value]
        self._inside = tag == "a" if tag == "a" else self._inside

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._inside and self.found:
            self.found[-1][1].append(data)


def links_in(html: str) -> list[Link]:
    """Every URL of the page, with the words that a reader clicks on.  Raises AssertionError for what acts without a click."""
    page = _Links()
    page.feed(html)
    assert page.acting == [], f"a mail holds {page.acting}"
    return [Link(label=" ".join("".join(words).split()), url=url) for url, words in page.found]


def html_of(letter: Message) -> str:
    return "".join(
        part.get_payload(decode=True).decode("utf-8")  # type: ignore[union-attr]
        for part in letter.walk()
        if part.get_content_type() == "text/html" and part.get_content_disposition() != "attachment"
    )


def links_of(letter: Message) -> list[Link]:
    return links_in(html_of(letter))


def check(link: Link) -> None:
    """What holds for each link of ours: a mail program opens it, and everything in it survives that."""
    assert len(link.url) < LONGEST, f"{len(link.url)} characters: {link.label}"
    assert link.url.isascii(), link.url
    assert " " not in link.url, link.url
    assert "+" not in link.url, f"a plus that a program may read as a blank: {link.url}"
    assert "\n" not in link.body.replace("\r\n", ""), f"a line ends without CRLF: {link.url}"
    assert link.address.count("@") == 1, link.url


def written(link: Link, reader: str, letter: Message, *, more: str = "", id: str = "") -> bytes:
    """The mail that the reader's program makes of the link, with what the reader adds.  It is a new mail, not an answer."""
    mail = EmailMessage(policy=default.clone(linesep="\r\n", max_line_length=900))
    mail["From"], mail["To"] = reader, link.address
    mail["Subject"] = link.subject or "(no subject)"
    mail["Date"] = str(letter["Date"])
    mail["Message-ID"] = f"<{id or 'link'}.{abs(hash(link.url + more))}@{reader.rpartition('@')[2].strip('>')}>"
    mail.set_content(link.body.replace("\r\n", "\n") + more)
    return mail.as_bytes()
