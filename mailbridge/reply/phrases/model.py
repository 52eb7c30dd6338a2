"""The schema of one language's phrases for finding quotes and signatures.  The other modules of this folder hold the data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePhrases:
    """The set phrases that mail programs and people write in one language, matched case-insensitively.

    `attribution` are lines that introduce a quote, without the closing colon; `{when}` stands for text with a digit in it, `{who}` for a
    name or an address.  `mobile` are lines with which a mail program signs; `{thing}` stands for a device or an app.  The header words are
    those before the colon of a copied header ('Von', 'Gesendet', ...).

    `sign_offs` open a signature.  `thanks` and other short words are often part of the message, so they open a signature only above a name.
    `disclaimers` occur in paragraphs of legal text.  `months` are twelve groups of names, separated by blanks.  `prose` are words of
    sentences, in their usual case, that introductions lack: 'our', 'they', 'and'.  `date_marks` are regular expressions (on folded text)
    for dates that similar languages with the same words write in another form.
    """

    code: str
    attribution: tuple[str, ...]
    sender: tuple[str, ...]
    date: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: tuple[str, ...]
    original: tuple[str, ...]
    forwarded: tuple[str, ...]
    mobile: tuple[str, ...]
    sign_offs: tuple[str, ...]
    thanks: tuple[str, ...] = ()
    disclaimers: tuple[str, ...]
    months: tuple[str, ...]
    other: tuple[str, ...] = ()
    reply_prefixes: tuple[str, ...] = ()
    forward_prefixes: tuple[str, ...] = ()
    prose: tuple[str, ...] = ()
    date_marks: tuple[str, ...] = ()
