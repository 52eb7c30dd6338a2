"""Machine-readable delivery reports (RFC 3464): their recipient rows, in any part of the mail, and the bounce made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailbridge.message import bounce_formats as formats
from mailbridge.message.bounce_text import RETURNED, TEXT_LIMIT, original_id, returned_to, status_in, text_leaves, unique
from mailbridge.message.model import Bounce
from mailbridge.message.tree import Leaf, Tree

REPORTS = {"message/delivery-status", "message/global-delivery-status"}
# Actions without a failure (RFC 3464, 2.3.3); RFC 3885 adds one for an address that was only tested.
DELIVERED = {"delivered", "relayed", "expanded", "deliverable", "transferred"}
FIELD = re.compile(r"^([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)$")


def report_of(tree: Tree) -> Bounce | None:
    """The bounce in an RFC 3464 report; None without a report, or if all recipients got the mail."""
    rows = [row for leaf in report_leaves(tree) for row in rows_of(leaf.content)]
    failed = [row for row in rows if not row.delivered]
    return bounce_of_rows(failed, tree) if failed else None


def says_delivered(tree: Tree) -> bool:
    """Whether there is a report and every recipient in it got the mail."""
    rows = [row for leaf in report_leaves(tree) for row in rows_of(leaf.content)]
    return bool(rows) and all(row.delivered for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The report about one recipient."""

    recipient: str
    action: str
    status: str
    diagnostic: str

    @classmethod
    def of(cls, group: dict[str, str]) -> Row | None:
        """The recipient of a group of fields; None for the group about the whole message (RFC 3464, 2.2)."""
        named = [group.get(key, "") for key in ("final-recipient", "original-recipient", "x-actual-recipient")]
        if not any(named) and "action" not in group:
            return None
        # The original recipient is the address that we used; the final one may differ by an alias (RFC 3464, 2.3.1).
        addresses = [address for address in map(bare_address, (named[1], named[0], named[2])) if address]
        action = group.get("action", "").partition("(")[0].strip().lower()
        status = formats.ENHANCED.search(group.get("status", ""))
        return cls(
            recipient=next((address for address in addresses if "@" in address), addresses[0] if addresses else ""),
            action=action,
            status=status[1] if status else "",
            diagnostic=group.get("diagnostic-code", "")[:1000],
        )

    @property
    def delivered(self) -> bool:
        """Whether the mail was delivered.  Class 2 is success for any action (RFC 3463, 2), unless the server's answer contradicts."""
        if self.action in DELIVERED:
            return True
        return self.status.startswith("2") and self.action != "delayed" and not status_in(self.diagnostic)

    @property
    def temporary(self) -> bool:
        """Whether the failure may end: class 4 is temporary, class 5 permanent (RFC 3463, 2).  'delayed' is no failure yet."""
        if self.action == "delayed":
            return True
        status = self.status or status_in(self.diagnostic)
        return status.startswith("4")


def report_leaves(tree: Tree) -> list[Leaf]:
    """The machine-readable parts, also if they have the type text/plain."""
    found = [leaf for leaf in tree.leaves if leaf.content_type in REPORTS]
    if found:
        return found
    return [leaf for leaf in tree.leaves if leaf.content_type == "text/plain" and looks_like_report(leaf.content[:8192])]


def looks_like_report(content: bytes) -> bool:
    start = content.lstrip().lower()
    return start.startswith((b"reporting-mta:", b"original-envelope-id:")) and b"final-recipient:" in start


def rows_of(content: bytes) -> list[Row]:
    return [row for row in map(Row.of, groups_of(content)) if row is not None]


def embedded_rows(tree: Tree) -> list[Row]:
    """The rows of a report that is not in its own part: in the text of the mail, or in the bounce that this mail forwards."""
    for leaves in (text_leaves(tree), [leaf for leaf in tree.leaves if leaf.content_type in RETURNED]):
        for leaf in leaves:
            start = leaf.content.lower()[:TEXT_LIMIT].find(b"reporting-mta:")
            found = rows_of(leaf.content[start:]) if start >= 0 else []
            if rows := [row for row in found if "@" in row.recipient and not row.delivered]:
                return rows
    return []


def groups_of(content: bytes) -> list[dict[str, str]]:
    """The groups of fields: folded lines joined, names in lower case, the first of duplicate fields counts."""
    text = content[:TEXT_LIMIT].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    groups: list[dict[str, str]] = [{}]
    last = ""
    for line in text.split("\n"):
        if not line.strip():
            groups.append({})
        elif line[0] in " \t" and last in groups[-1]:
            groups[-1][last] += " " + line.strip()
        elif found := FIELD.match(line):
            last = found[1].lower()
            if last == "final-recipient" and last in groups[-1]:
                # Some servers omit the empty line between two recipients.
                groups.append({})
            groups[-1].setdefault(last, found[2].strip())
    return [group for group in groups if group]


def bare_address(value: str) -> str:
    """'rfc822; <a@b>' as 'a@b'."""
    kind, semicolon, rest = value.partition(";")
    address = (rest if semicolon else kind).split(" (")[0].strip()
    if (start := address.find("<")) >= 0 and address.find(">", start) > start:
        address = address[start + 1 : address.find(">", start)]
    return address.strip("<>' ")


def bounce_of_rows(rows: list[Row], tree: Tree) -> Bounce:
    first = next((row for row in rows if not row.temporary), rows[0])
    return Bounce(
        recipients=unique(row.recipient for row in rows if row.recipient) or returned_to(tree, ""),
        temporary=all(row.temporary for row in rows),
        status=first.status or status_in(first.diagnostic),
        diagnostic=first.diagnostic,
        original_id=original_id(tree, ""),
    )
