"""Names, mail addresses and other single words in configuration files.  Each function raises Wrong where a text cannot mean one."""

from __future__ import annotations

import re

from mailbridge.config.reading import Wrong, shaped

# RFC 5321 4.1.2 without quoted strings and address literals: few addresses have them, and a slip of the pen often does.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@(?:[^\s@<>,;:\"()\[\]\\.-][^\s@<>,;:\"()\[\]\\.]*\.)*[^\s@<>,;:\"()\[\]\\.]+")
_NO_ADDRESS = ("is not a mail address", 'write it like "ana@desk.example"')
_HEADER = re.compile(r"[!-9;-~]+")  # RFC 5322 2.2: printable ASCII without the colon
_DOMAIN = re.compile(r"(?:[^\s@<>,;:\"()\[\]\\./]+\.)+[^\s@<>,;:\"()\[\]\\./]+")


def address(text: str) -> str:
    """A mail address with a domain of several labels."""
    return local_address(shaped(text, r".*@.*\..*", *_NO_ADDRESS))


def local_address(text: str) -> str:
    """A mail address; also of a host without a domain: desk@mail."""
    return shaped(text, _ADDRESS, *_NO_ADDRESS)


def mailbox(text: str) -> str:
    """An address, or the name of a [[mailbox]]; lower case."""
    return (local_address if "@" in text else word)(text).lower()


def selector(text: str) -> str:
    """The selector of a DKIM key (RFC 6376 3.1), lower case."""
    label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    return shaped(text.lower(), rf"{label}(?:\.{label})*", "is no selector", "letters, digits and dashes; dots between several such words")


def domain(text: str) -> str:
    """A domain, lower case."""
    return shaped(text, _DOMAIN, "is not a domain", 'write it like "acme.example"').lower()


def header(text: str) -> str:
    """The name of a header field, lower case."""
    return shaped(text, _HEADER, "is not a name of a header field", "names have no blanks and no colon").lower()


def header_names(text: str) -> tuple[str, ...]:
    """'subject' or 'to, cc'."""
    return tuple(header(name.strip()) for name in text.split(","))


def line(text: str) -> str:
    """One line of text that is not empty."""
    if not text.strip():
        raise Wrong("must not be empty", "leave the line out to get the default")
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise Wrong("must be one line without control characters")
    return text


def word(text: str) -> str:
    """A short name: letters, digits, dots and dashes."""
    return shaped(text, r"[\w.-]{1,64}", "is not a short name", "use letters, digits, dots and dashes")


def prefix(text: str) -> str:
    """The letters of a ticket's number: MB gives MB-1042."""
    hint = 'up to ten ASCII letters and digits, a letter first: "MB"'
    return shaped(text, r"[A-Za-z][A-Za-z0-9]{0,9}", "cannot start a ticket number", hint)


def language(text: str) -> str:
    """A language by its BCP 47 tag, the short form: en, ro, pt-BR."""
    return shaped(text, r"[a-z]{2,3}(-[A-Za-z]{2,4})?", "is not a language tag", 'write it like "en", "ro" or "pt-BR"')


def language_code(text: str) -> str:
    """Two letters of ISO 639-1: en, ro."""
    return shaped(text, "[a-z]{2}", "is not a language code", 'two lower-case letters of ISO 639-1, like "ro"')


def name(text: str) -> str:
    """The name of a team, an agent, a tag."""
    return shaped(text, r"[\w.-]{1,40}", "is not a name", "a name is one word of letters, digits, - _ and .")


def phone(text: str) -> str:
    """A phone number as it was written: at least five digits, with the signs that stand in one.  Raises Wrong."""
    if not re.fullmatch(r"\+?[\d\s()./-]{5,30}(?:\s?(?:x|ext\.?|int\.?)\s?\d{1,6})?", text) or sum(c.isdigit() for c in text) < 5:
        raise Wrong(f'"{text}" is not a phone number', 'write it like "+40 232 123 456", in quotes')
    return text


def credential(text: str) -> str:
    """The name of a credential of systemd.  A text that is none is not shown: it may be the secret itself."""
    if not re.fullmatch(r"[\w.-]{1,64}", text):
        raise Wrong("expected the name of a credential", "use letters, digits, dots and dashes")
    return text
