"""What one language contributes to finding quotes and signatures; the files beside this one are its rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePhrases:
    """The set phrases mail programs and people write in one language, lower or upper case alike.

    `attribution` are lines that introduce a quote, without the closing colon; `{when}` stands for text with a digit in it,
    `{who}` for a name or an address.  `mobile` are lines a mail program signs with; `{thing}` stands for a device or an app.
    The header words are those before the colon of a copied header ('Von', 'Gesendet', ...).  `sign_offs` open a signature;
    `thanks` and other short words are as often the message as its end and do so only above a name.
    `disclaimers` occur in paragraphs that lawyers append.  `months` are twelve groups of names, separated by blanks.
    `prose` are words of sentences, written small, that introductions lack: whose, who, and that there is more to say.
    `date_marks` are regular expressions (on folded text) for dates that its neighbours with the same words write otherwise.
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
