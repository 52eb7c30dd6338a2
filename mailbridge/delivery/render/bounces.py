"""What a server says of a mail that it does not take, by its enhanced status code (RFC 3463), as a key of `bounces` in `words`."""

from __future__ import annotations

import re

from mailbridge.message.encryption import NOT_ENCRYPTED

_ENHANCED = re.compile(r"(?<![\d.])[245]\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?!\d)")
_FULL = re.compile(r"quota|mailbox (?:is )?full|insufficient (?:system )?storage|over ?limit", re.IGNORECASE)
_NOBODY = re.compile(r"no such (?:user|recipient|mailbox)|user unknown|unknown user|does ?n[o']t exist|invalid recipient", re.IGNORECASE)
_SUBJECTS = {
    ("1", "2"): "no-domain", ("4", "4"): "no-domain", ("1", "8"): "refused", ("1", "7"): "refused",
    ("2", "1"): "disabled", ("2", "2"): "full", ("2", "3"): "too-large", ("2", "4"): "list", ("3", "4"): "too-large",
    ("4", "7"): "not-in-time", ("4", "6"): "loop",
}  # fmt: skip
_CLASSES = {"1": "no-mailbox", "2": "disabled", "3": "server", "4": "not-in-time", "5": "server", "6": "content", "7": "refused"}
_REPLIES = {
    "550": "no-mailbox", "551": "no-mailbox", "553": "no-mailbox", "552": "full", "554": "refused", "521": "no-domain", "556": "no-domain",
}  # fmt: skip


def bounce_kind(reason: str) -> str:
    """Why the mail did not arrive, as far as the server's words say it; 'unknown' where they do not."""
    if reason.startswith(NOT_ENCRYPTED):
        return "not-encrypted"
    if _FULL.search(reason):
        return "full"
    if _NOBODY.search(reason):
        return "no-mailbox"
    found = _ENHANCED.search(reason)
    if found:
        return _SUBJECTS.get((found[1], found[2])) or _CLASSES.get(found[1], "unknown")
    basic = _BASIC.search(reason)
    return _REPLIES.get(basic[1], "unknown") if basic else "unknown"
