"""The files of a mail: all leaves that are not the body, and the files inside winmail.dat, S/MIME and uuencoded text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from mailbridge.message import calendar, charsets, limits, tnef
from mailbridge.message.file_types import extension_of
from mailbridge.message.header_text import printable, shown_name
from mailbridge.message.headers import read_block
from mailbridge.message.model import Attachment
from mailbridge.message.transfer import InlineFile
from mailbridge.message.tree import Leaf

_PATH = re.compile(r"^(?:.*[\\/])?", re.DOTALL)
_DRIVE = re.compile(r"^[A-Za-z]:")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
# Default titles for the parts of a report.
_TITLES = {"message/delivery-status": "delivery-status", "message/feedback-report": "feedback-report"}
_UNSHOWABLE = re.compile(r"[<>:\"|?*\x00-\x1f]")


def of_leaf(leaf: Leaf) -> Attachment:
    """The leaf as an attachment."""
    return make(
        leaf.content,
        part=leaf.path,
        name=leaf.filename,
        content_type=leaf.content_type,
        disposition=leaf.disposition or "attachment",
        content_id=leaf.content_id,
        title=_title(leaf) if leaf.content_type.startswith(("message/", "multipart/")) else "",
    )


def of_inline_file(leaf: Leaf, number: int, file: InlineFile) -> Attachment:
    """The attachment for a uuencoded file in the text of `leaf`."""
    name = charsets.decode(file.name, leaf.charset).text
    return make(file.content, part=f"{leaf.path}.u{number}", name=name, content_type="application/octet-stream", inside=leaf.path)


def of_tnef_file(leaf: Leaf, number: int, file: tnef.TnefFile) -> Attachment:
    """The attachment for a file of the winmail.dat in `leaf`."""
    return make(
        file.content,
        part=f"{leaf.path}.{number}",
        name=file.name,
        content_type=file.content_type,
        content_id=file.content_id,
        inside=leaf.path,
    )


def make(
    content: bytes,
    *,
    part: str,
    name: str,
    content_type: str,
    disposition: str = "attachment",
    content_id: str = "",
    inside: str = "",
    title: str = "",
) -> Attachment:
    """An attachment with a name that is safe to show.  Without a name in the mail, it is made from `title`, type and position."""
    original = name or (titled(title, content_type) if title else "")
    return Attachment(
        part=part,
        name=safe_name(original) or default_name(content_type, part, content),
        content_type=content_type,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        content=content,
        original_name=printable(original),
        disposition=disposition,
        content_id=content_id,
        is_message=content_type in {"message/rfc822", "message/global"},
        inside=inside,
        summary=calendar.summary(content)[: limits.SUMMARY] if _is_calendar(content_type, original) else "",
    )


def _is_calendar(content_type: str, name: str) -> bool:
    """Whether this is a calendar file.  Some programs send invitations as application/octet-stream with a file name."""
    return content_type in {"text/calendar", "application/ics"} or name.lower().endswith(".ics")


def titled(title: str, content_type: str) -> str:
    """A description as a file name, with the usual extension of the type if it has none."""
    extension = extension_of(content_type)
    return f"{title}.{extension}" if extension and not title.lower().endswith(f".{extension}") else title


def default_name(content_type: str, part: str, content: bytes = b"") -> str:
    """A name for a file without one: deterministic, with an extension from the type or the first bytes where either shows it."""
    extension = extension_of(content_type, content)
    return f"part-{part}.{extension}" if extension else "file"


def safe_name(name: str) -> str:
    """The last component of a file name, without characters that mislead a person or a file system.  '' where nothing is left."""
    last = _DRIVE.sub("", _PATH.sub("", name.replace("\x00", "")))
    shown = shown_name(_UNSHOWABLE.sub("_", last)).strip(" .")
    # A leading dot hides a file, a leading dash makes it an option, and some names are reserved for devices.
    if shown and (last.startswith(".") or shown.startswith("-")):
        shown = f"_{shown.lstrip('-')}"
    if _RESERVED.match(shown):
        shown = f"_{shown}"
    return _shortened(shown)


def _shortened(name: str) -> str:
    if len(name) <= limits.FILE_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 20:
        return name[: limits.FILE_NAME]
    return f"{stem[: limits.FILE_NAME - len(extension) - 1]}.{extension}"


def _title(leaf: Leaf) -> str:
    """The title of a nested message or report: from the mail, else the usual one."""
    if leaf.is_unopened:
        return "unopened-parts.txt"
    return leaf.get("content-description") or (_subject(leaf) if leaf.is_message else _TITLES.get(leaf.content_type, ""))


def _subject(leaf: Leaf) -> str:
    headers = read_block(leaf.content[: limits.FIELD_BYTES]).fields
    return next((field.value for field in headers if field.key == "subject"), "")


def distinct(attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """The attachments in order, one for each place in the mail."""
    return tuple({attachment.part: attachment for attachment in attachments}.values())
