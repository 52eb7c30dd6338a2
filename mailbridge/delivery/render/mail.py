"""A worded notification becomes the bytes of a mail.

The header is written from validated parts and then read back by the standard library's parser and compared, field by field, with what was
meant; a mail that would say anything else is never given out.  The library's own generator is not used for writing: it encodes long
Message-IDs in In-Reply-To as if they were words (which breaks threads) and takes 1.4 ms where this takes a fraction.
"""

from __future__ import annotations

import email
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.header import decode_header, make_header
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from urllib.parse import quote

from mailbridge.delivery.render.mime import MimeEntity, calendar_part, file_part, multipart, text_file_part, text_part
from mailbridge.delivery.render.render import Worded
from mailbridge.errors import Permanent
from mailbridge.message import invitation as invitations
from mailbridge.message.invitation import Invitation
from mailbridge.message.model import Attachment
from mailbridge.notifications.model import Notification

LOOP_FIELD = "X-Mailbridge-Loop"
_REPLIES = ("received", "received_together", "commands")
MAX_NAME = 64
MAX_REFERENCES = 20
LONGEST_REFERENCES = 1_500  # characters
_LINE = 78

# RFC 5321 4.1.2, dot-string only; with RFC 6531 for letters beyond ASCII.  Quoted local parts and address literals are refused: nobody has
# them, and each is a way to smuggle.
_LETTERS = r"\u00a1-\u167f\u1681-\u1fff\u2070-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000efffd"
_ATOM = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_LETTERS}-]+"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.)*[^\W_](?:[\w-]{{0,61}}[^\W_])?)")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,980}")  # printable, no blank, no angle bracket
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


class Unwritable(Permanent):
    """This mail cannot be written: a part of it is not what it must be."""


def build(
    worded: Worded,
    notification: Notification,
    *,
    sender_address: str,
    desk_name: str,
    date: datetime,
    attachments: Sequence[Attachment] = (),
    text_file: tuple[str, str] | None = None,
    loop_mark: str = "",
    invitation: Invitation | None = None,
    thread: tuple[str, str] | None = None,
    writer: str = "",
    unsubscribe: str = "",
) -> bytes:
    """The whole mail, CRLF, ready for SMTP; the same input always gives the same bytes.  Raises Unwritable.

    `text_file`: name and text of a plain text that goes along as a file.  `thread`: Thread-Topic and Thread-Index.  `writer`: who wrote
    what the mail carries, beside the desk's name in From.  `unsubscribe`: mail to this address ends what the mail is one of (RFC 2369).
    """
    name = _visible(notification.from_name) or _via(_visible(writer), _visible(desk_name))
    message_id = _id(notification.message_id)
    if not message_id:
        raise Unwritable("a mail needs a Message-ID of ours", key=notification.key)
    calendar = calendar_part(invitations.written(invitation, date), invitation.method) if invitation else None
    body = _body(worded, attachments, message_id, calendar, text_file)
    meant = {
        "From": _mailbox(name, deliverable(sender_address)),
        "To": _mailbox(_visible(notification.name), deliverable(notification.recipient)),
        "Subject": _visible(worded.subject, limit=500),
        "Date": format_datetime(date),
        "Message-ID": message_id,
        "Reply-To": deliverable(notification.reply_to) if notification.reply_to else "",
        "In-Reply-To": _id(notification.in_reply_to),
        "References": " ".join(_references(notification)),
        "Thread-Topic": _visible(thread[0], limit=500) if thread else "",
        "Thread-Index": _token(thread[1]) if thread else "",
        "List-Unsubscribe": f"<mailto:{quote(unsubscribe, safe='@')}?subject=unsubscribe>" if unsubscribe else "",
        "Auto-Submitted": _auto_submitted(notification),
        "X-Auto-Response-Suppress": "All" if notification.automatic else "",
        LOOP_FIELD: _token(loop_mark),
        "MIME-Version": "1.0",
    }
    head = "".join(f"{field}: {_written(field, value)}\r\n" for field, value in meant.items() if value)
    _compare(head, {field: value for field, value in meant.items() if value})
    return head.encode() + body.encode()


def deliverable(address: str) -> str:
    """The address as SMTP takes it: an ASCII domain (A-labels, RFC 5890) where that says the same.  Raises Unwritable: it is none.

    A local part beyond ASCII stays, and the mail needs SMTPUTF8 on its way (`needs_utf8`).
    """
    match = _ADDRESS.fullmatch(address)
    if not match or len(match[1].encode()) > 64 or len(address.encode()) > 254:
        raise Unwritable("this is no address a mail can be sent to", address=repr(address[:80]))
    return f"{match[1]}@{_ascii_domain(match[2])}"


def needs_utf8(address: str) -> bool:
    """Whether only a server with SMTPUTF8 (RFC 6531) can take a mail for this address."""
    return not address.isascii()


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        encoded = domain.encode("idna").decode("ascii")
        same = encoded.encode("ascii").decode("idna") == domain.lower()
    except UnicodeError:
        return domain
    # The codec knows IDNA 2003, which turns "straße" into "strasse": another domain.  Such a name goes out as it is, with SMTPUTF8.
    return encoded if same else domain


def _auto_submitted(notification: Notification) -> str:
    """RFC 3834 5: a robot's answer to a mail is auto-replied, what it says of itself is auto-generated; an agent's words are neither."""
    if not notification.automatic:
        return ""
    return "auto-replied" if notification.event in _REPLIES else "auto-generated"


def _references(notification: Notification) -> list[str]:
    """RFC 5322 3.6.4: the conversation's ids, oldest first, the answered one last.  Where they are too long the first one and the newest
    ones stay: some relays refuse a header of more than 4,096 characters."""
    wanted = [_id(one) for one in (*notification.references, notification.in_reply_to)]
    known = list(dict.fromkeys(one for one in wanted if one))
    root, newer = known[:1], known[1:][1 - MAX_REFERENCES :]
    while newer and len(" ".join([*root, *newer])) > LONGEST_REFERENCES:
        del newer[0]
    return [*root, *newer]


def _via(writer: str, desk: str) -> str:
    """Who writes, where it is not the desk itself."""
    return f"{writer} via {desk}" if writer and desk and writer != desk else desk


def _id(message_id: str) -> str:
    """The id in angle brackets; '' where it is none that a header can carry (a foreign one may be anything)."""
    bare = message_id.strip().removeprefix("<").removesuffix(">")
    return f"<{bare}>" if _MESSAGE_ID.fullmatch(bare) else ""


def _token(value: str) -> str:
    return value if re.fullmatch(r"[!-~]{0,400}", value) else ""


def _visible(text: str, limit: int = MAX_NAME) -> str:
    """One line without controls and invisible marks, cut."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:limit].strip()


def _mailbox(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address


def _body(
    worded: Worded, attachments: Sequence[Attachment], message_id: str, calendar: MimeEntity | None, text_file: tuple[str, str] | None
) -> MimeEntity:
    """RFC 2046: mixed(alternative(plain, related(html, inline files), calendar), files); each level only where it has something to hold."""
    seed = sha256(message_id.encode()).hexdigest()[:24]
    inline = [file_part(a) for a in attachments if a.disposition == "inline" and a.content_id and worded.html]
    files = [file_part(a) for a in attachments if not (a.disposition == "inline" and a.content_id and worded.html)]
    files += [text_file_part(*text_file)] if text_file else []
    readings = [text_part(worded.text)]
    if worded.html:
        readings.append(multipart("related", [text_part(worded.html, "html"), *inline], f"=_r{seed}"))
    if calendar is not None:
        readings.append(calendar)
    return multipart("mixed", [multipart("alternative", readings, f"=_a{seed}"), *files], f"=_m{seed}")


def _written(field: str, value: str) -> str:
    """A field's value as it stands in the header, folded (RFC 5322 2.2.3)."""
    match field:
        case "From" | "To" if value.endswith(">"):
            name, _, address = value[:-1].rpartition(" <")
            return _fold(field, [*_phrase(name), f"<{address}>"])
        case "Subject" | "Thread-Topic":
            return _fold(field, _words(value))
        case _:
            return _fold(field, value.split(" "))


def _phrase(name: str) -> list[str]:
    """A display name: as it is, quoted, or as encoded words (RFC 5322 3.2.5, RFC 2047 5)."""
    if _PLAIN_NAME.fullmatch(name) and "=?" not in name:
        return name.split(" ")
    if name.isascii() and "=?" not in name:
        return ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    return list(_encoded_words(name))


def _words(text: str) -> list[str]:
    if text.isascii() and "=?" not in text and max((len(word) for word in text.split(" ")), default=0) < 900:
        return text.split(" ")
    return list(_encoded_words(text))


def _encoded_words(text: str) -> Iterator[str]:
    """RFC 2047: base64 words of at most 75 characters, none cutting a character in two."""
    chunk = b""
    for char in text:
        letter = char.encode("utf-8")
        if len(chunk) + len(letter) > 42:
            yield f"=?utf-8?B?{b64encode(chunk).decode()}?="
            chunk = b""
        chunk += letter
    if chunk:
        yield f"=?utf-8?B?{b64encode(chunk).decode()}?="


def _fold(field: str, words: Iterable[str]) -> str:
    """The words with blanks between them, or a line break and a blank where the line grows too long."""
    lines, length = [""], len(field) + 2
    for word in words:
        if lines[-1] and length + 1 + len(word) > _LINE:
            lines.append("")
            length = 1
        gap = " " if lines[-1] else ""
        lines[-1] += gap + word
        length += len(gap) + len(word)
    return "\r\n ".join(lines)


def _compare(head: str, meant: dict[str, str]) -> None:
    """Raises Unwritable unless a parser that knows nothing of us reads exactly the meant fields out of the header."""
    read = email.message_from_string(head + "\r\n")
    got = {name: _read_back(name, value) for name, value in read.items()}
    if got != meant or len(read) != len(meant) or read.defects:
        wrong = sorted(name for name in {*got, *meant} if got.get(name) != meant.get(name))
        raise Unwritable("a field would not say what it should", fields=wrong)


def _read_back(name: str, value: str) -> str:
    unfolded = value.replace("\r\n", "")
    if name in ("From", "To"):
        phrase, address = parseaddr(unfolded)
        return _mailbox(str(make_header(decode_header(phrase))), address)
    return str(make_header(decode_header(unfolded))) if name in ("Subject", "Thread-Topic") else unfolded
