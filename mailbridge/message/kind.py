"""The kind of a mail, its strength and the reasons.  The checks below are ordered by reliability.

The kind alone decides nothing: `handling.disposition` says what a mail of each kind may do, depending on the strength of the sign. A strong
sign is one that only programs set (RFC 3834 `Auto-Submitted`, `multipart/report`, `List-Id` with `Precedence`).  All other signs are weak:
words in a subject, fields that a forwarder adds, the null sender.  People write such mails too.  A weak sign can name the kind, but it
never keeps a mail from becoming a ticket.

This module does not detect our own mail that comes back: its mark is signed, and only the parent process has the keys
(`handling.evidence`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailbridge.message import auto_reply_markers, bounce, delivery_report
from mailbridge.message.absence_text import says_away
from mailbridge.message.correspondent import correspondent, is_own, list_fields
from mailbridge.message.model import Bounce, Correspondent, Kind, Message, ReadingPolicy, Strength, Through
from mailbridge.message.tree import Tree

# RFC 5321, 6.3: the count of Received fields is the last loop protection.  Postfix and Sendmail stop at 50 and 25.
MOST_HOPS = 50
OWN_MARK = "x-mailbridge-loop"
OWN_GROUP_FIELDS = ("list-post", "list-id", "x-mailing-list", "mailing-list", "x-beenthere")
TEXT_LIMIT = 4000
RETURNED_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """The kind with its strength and reasons.  `suppress_auto_response` is also set for kind HUMAN if an answer would be wrong."""

    kind: Kind
    reasons: tuple[str, ...]
    suppress_auto_response: bool
    strength: Strength = Strength.WEAK
    bounce: Bounce | None = None
    correspondent: Correspondent | None = None


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail with the values that the checks use."""

    tree: Tree
    message: Message
    policy: ReadingPolicy
    correspondent: Correspondent | None = None

    @property
    def null_sender(self) -> bool:
        """Whether the envelope sender is null: '<>' (RFC 5321, 4.5.5), or a server's own name for it.  It must not be answered."""
        envelope = self.policy.envelope_from if self.policy.envelope_from is not None else self.message.return_path
        return envelope is not None and (not envelope or envelope.lower().partition("@")[0] == "mailer-daemon")

    @property
    def submitted(self) -> str:
        """The keyword of Auto-Submitted (RFC 3834, 5) in lower case; '' where a person sent the mail, or a gateway forwarded a person's
        mail.

        Gateways write `auto-forwarded` for the Autoforwarded of X.400 (RFC 2156): the mail inside is from a person.
        """
        word = (self.tree.get("auto-submitted") or "").strip().lower()
        keyword = re.split(r"[\s;(]", word, maxsplit=1)[0]
        return "" if keyword in {"no", "auto-forwarded"} else keyword

    @property
    def says_person(self) -> bool:
        """Whether the sender states that a person sent the mail: Auto-Submitted: no (RFC 3834, 5)."""
        return re.match(r"no\b", (self.tree.get("auto-submitted") or "").strip().lower()) is not None


@dataclass(frozen=True, slots=True)
class KindFinding:
    """The result of a check."""

    kind: Kind
    reason: str
    bounce: Bounce | None = None


def classify(tree: Tree, message: Message, policy: ReadingPolicy) -> Kinds:
    """The kind of the mail, by the first check that returns a finding."""
    seen = MailView(tree, message, policy, correspondent(tree, message, policy))
    quiet = quiet_reasons(seen)
    for question in QUESTIONS:
        if answer := question(seen):
            return Kinds(
                kind=answer.kind,
                reasons=(answer.reason, *quiet),
                suppress_auto_response=True,
                strength=strength(seen, answer.kind),
                bounce=answer.bounce,
                correspondent=seen.correspondent,
            )
    return Kinds(kind=Kind.HUMAN, reasons=tuple(quiet), suppress_auto_response=bool(quiet), correspondent=seen.correspondent)


def strength(seen: MailView, kind: Kind) -> Strength:
    """STRONG for a sign that only programs set, else WEAK."""
    reported = seen.tree.content_type == "multipart/report" and kind in REPORTED
    listed = kind is Kind.LIST and seen.tree.get("list-id") is not None and is_bulk(seen)
    # RFC 7489, 7.2.1.1: aggregate reports carry no multipart/report, but their subject and file name are fixed.
    aggregate = kind is Kind.FEEDBACK_REPORT and aggregate_report(seen) is not None
    return Strength.STRONG if seen.submitted or reported or listed or aggregate else Strength.WEAK


REPORTED = frozenset((Kind.BOUNCE, Kind.FEEDBACK_REPORT, Kind.READ_RECEIPT, Kind.AUTO_REPLY))


# --- checks, most reliable first


def loop(seen: MailView) -> KindFinding | None:
    """A mail in a loop, by the number of servers that it passed."""
    hops = len(seen.tree.fields("received"))
    return KindFinding(Kind.LOOP, f"loop: {hops} Received fields") if hops > MOST_HOPS else None


def feedback(seen: MailView) -> KindFinding | None:
    """A complaint: an RFC 5965 report, or one of the few other formats."""
    if bounce.report_type(seen.tree) == "feedback-report" or seen.tree.of_type("message/feedback-report"):
        return KindFinding(Kind.FEEDBACK_REPORT, "feedback report (RFC 5965)")
    if complained := bounce.complained(seen.message.text):
        return KindFinding(Kind.FEEDBACK_REPORT, f"complaint about a mail to {', '.join(complained[:3])}")
    name = next((name for name in auto_reply_markers.COMPLAINT_FIELDS if seen.tree.get(name) is not None), None)
    if name is None and auto_reply_markers.COMPLAINT_SUBJECT.match(seen.message.subject[:200]):
        return KindFinding(Kind.FEEDBACK_REPORT, "complaint subject")
    return KindFinding(Kind.FEEDBACK_REPORT, f"field {name}") if name else None


def aggregate_report(seen: MailView) -> KindFinding | None:
    """A daily report of a receiver about a domain: DMARC (RFC 7489, 7.2.1.1) or TLS (RFC 8460, 5.3)."""
    if bounce.report_type(seen.tree) == "tlsrpt" or any("tlsrpt" in leaf.content_type for leaf in seen.tree.leaves):
        return KindFinding(Kind.FEEDBACK_REPORT, "TLS report (RFC 8460)")
    if not auto_reply_markers.AGGREGATE_SUBJECT.match(seen.message.subject[:500]):
        return None
    named = any(auto_reply_markers.AGGREGATE_FILE.fullmatch(leaf.filename[:500]) for leaf in seen.tree.leaves)
    return KindFinding(Kind.FEEDBACK_REPORT, "DMARC report (RFC 7489)") if named else None


def read_receipt(seen: MailView) -> KindFinding | None:
    """A read receipt (RFC 8098)."""
    if bounce.report_type(seen.tree) == "disposition-notification" or seen.tree.of_type("message/disposition-notification"):
        return KindFinding(Kind.READ_RECEIPT, "disposition notification (RFC 8098)")
    return None


def report(seen: MailView) -> KindFinding | None:
    """A delivery status notification (RFC 3464)."""
    if found := delivery_report.report_of(seen.tree):
        return KindFinding(Kind.BOUNCE, "RFC 3464 report", found)
    return KindFinding(Kind.AUTO_REPLY, "delivery receipt (RFC 3464)") if delivery_report.says_delivered(seen.tree) else None


def plain_bounce(seen: MailView) -> KindFinding | None:
    """A bounce by the name, title or fields that only mail servers use."""
    return bounced(seen, certain=True)


def calendar(seen: MailView) -> KindFinding | None:
    """An answer to an invitation (RFC 5546, 3.2.3 and 3.2.7).  The invitation itself is a person's mail."""
    for leaf in seen.tree.of_type("text/calendar"):
        method = leaf.param("method").upper() or method_in(leaf.content)
        if method in {"REPLY", "COUNTER", "REFRESH"}:
            return KindFinding(Kind.CALENDAR, f"calendar {method}")
    return None


def answering(seen: MailView) -> KindFinding | None:
    """An automatic reply: RFC 3834, 5, and older header fields."""
    if seen.submitted == "auto-replied":
        return KindFinding(Kind.AUTO_REPLY, "Auto-Submitted: auto-replied")
    if found := marked(seen, "answering"):
        return KindFinding(Kind.AUTO_REPLY, f"field {found}")
    for name, pattern in auto_reply_markers.ANSWERING_VALUES:
        if any(pattern.search(value[:500]) for value in seen.tree.get_all(name)):
            return KindFinding(Kind.AUTO_REPLY, f"{name} of an autoresponder")
    return KindFinding(Kind.AUTO_REPLY, auto_reply_markers.VACATION_REASON) if says_vacation(seen) else None


def says_vacation(seen: MailView) -> bool:
    """Whether the subject is that of a vacation reply.  One that is a topic among people as well needs the word of a header or the text."""
    subject = seen.message.subject
    if not auto_reply_markers.is_vacation(subject):
        return False
    return not auto_reply_markers.is_topic(subject) or seen.null_sender or is_bulk(seen) or suppresses(seen) or says_away(seen.message.text)


def challenge(seen: MailView) -> KindFinding | None:
    """A challenge-response robot."""
    if name := next((name for name in auto_reply_markers.CHALLENGE_FIELDS if seen.tree.get(name) is not None), None):
        return KindFinding(Kind.CHALLENGE, f"field {name}")
    if (seen.tree.get("x-delivery-agent") or "").lower().startswith("tmda"):
        return KindFinding(Kind.CHALLENGE, "challenge-response by TMDA")
    words = seen.message.text[:TEXT_LIMIT]
    if auto_reply_markers.CHALLENGE_SUBJECT.are_in(seen.message.subject[:300]) and auto_reply_markers.CHALLENGE_WORDS.are_in(words):
        return KindFinding(Kind.CHALLENGE, "challenge-response")
    return None


def worded_bounce(seen: MailView) -> KindFinding | None:
    """A bounce by its wording."""
    return bounced(seen, certain=False)


def null_sender(seen: MailView) -> KindFinding | None:
    """A mail with the null sender.  It is a bounce only if it says so; else it is an automatic reply, or a gateway lost the sender."""
    if not seen.null_sender or (seen.submitted and not seen.message.in_reply_to):
        return None
    found = bounce.read_text(seen.tree, seen.message)
    if found.recipients and found.status:
        return KindFinding(Kind.BOUNCE, "null sender, a recipient and a status", found)
    return KindFinding(Kind.AUTO_REPLY, "null sender")


def generated(seen: MailView) -> KindFinding | None:
    """Generated by a program, not as a reply."""
    if seen.submitted:
        return KindFinding(Kind.AUTO_GENERATED, f"Auto-Submitted: {seen.submitted[:40]}")
    found = marked(seen, "generated")
    return KindFinding(Kind.AUTO_GENERATED, f"field {found}") if found else None


def mailing_list(seen: MailView) -> KindFinding | None:
    """A list: RFC 2919, RFC 2369, and Precedence.  Excludes the group of our own address, and a person's mail that a list or form passes
    on.
    """
    if seen.correspondent is not None:
        return None
    fields = list_fields(seen.tree)
    if fields:
        return None if is_own_group(seen) else KindFinding(Kind.LIST, f"field {fields[0]}")
    return KindFinding(Kind.AUTO_GENERATED, BULK_REASON) if is_bulk(seen) and not seen.says_person else None


BULK_REASON = "Precedence of bulk mail"  # alone it forbids automatic answers, but does not exclude a person as author
Question = Callable[[MailView], KindFinding | None]
QUESTIONS: tuple[Question, ...] = (
    loop,
    feedback,
    aggregate_report,
    read_receipt,
    report,
    plain_bounce,
    calendar,
    challenge,
    answering,
    worded_bounce,
    null_sender,
    generated,
    mailing_list,
)


# --- signs that suppress an answer without changing the kind


def quiet_reasons(seen: MailView) -> list[str]:
    """The reasons against an automatic answer to a mail that a person may have written."""
    reasons = []
    if suppresses(seen):
        reasons.append("X-Auto-Response-Suppress")
    if (seen.tree.get("auto-submitted") or "").strip().lower().startswith("auto-forwarded"):
        reasons.append("Auto-Submitted: auto-forwarded")
    if is_bulk(seen) and seen.says_person:
        reasons.append(BULK_REASON)
    reasons.extend(f"mass mail field {name}" for name in auto_reply_markers.MASS_FIELDS if seen.tree.get(name) is not None)
    if seen.correspondent is None and any(
        auto_reply_markers.NO_REPLY.fullmatch(a.address.partition("@")[0]) for a in seen.message.from_[:1]
    ):
        reasons.append("sender takes no replies")
    if seen.correspondent is not None and seen.correspondent.through in {Through.LIST, Through.SERVICE}:
        reasons.append(f"through a {seen.correspondent.through}")
    if seen.correspondent is None and is_own(seen.policy, [address.address for address in seen.message.from_[:1]]):
        reasons.append("from our own address")
    if auto_reply_markers.ACKNOWLEDGEMENT.match(seen.message.subject[:300]):
        reasons.append("acknowledgement of another desk")
    if found := marked(seen, "loop"):
        reasons.append(f"loop mark {found}")
    if any(seen.message.message_id.lower().endswith("@" + host.lower()) for host in seen.policy.own_hosts):
        reasons.append("loop: Message-ID of our own host")
    return reasons


def suppresses(seen: MailView) -> bool:
    """Whether the mail asks for no automatic answers, as Exchange does."""
    return any(auto_reply_markers.SUPPRESSED.search(value[:200]) for value in seen.tree.get_all("x-auto-response-suppress"))


def marked(seen: MailView, mark: str) -> str:
    """The name of the first field with this mark whose value is not "no"; '' where there is none."""
    for field in seen.tree.headers:
        if auto_reply_markers.mark_of(field.key) == mark and field.value.strip().lower() not in {"no", "false"}:
            return field.name
    return ""


def is_bulk(seen: MailView) -> bool:
    return any(auto_reply_markers.BULK.match(value) for name in ("precedence", "x-precedence") for value in seen.tree.get_all(name))


def is_own_group(seen: MailView) -> bool:
    """Whether the list is our own address: a group whose mail we read."""
    text = " ".join(value for name in OWN_GROUP_FIELDS for value in seen.tree.get_all(name)).lower()[:4000]
    return any(own in text or f"<{own.replace('@', '.')}>" in text for own in seen.policy.own_addresses)


def bounced(seen: MailView, *, certain: bool) -> KindFinding | None:
    found = bounce.informal(
        seen.tree, seen.message, null_sender=seen.null_sender, certain=certain, own=seen.policy.own_addresses
    )
    return KindFinding(Kind.BOUNCE, found.reason, found.bounce) if found else None


def own_mark(tree: Tree) -> str:
    """The raw value of our loop mark on this mail, not verified: only the parent process has the keys."""
    return (tree.get(OWN_MARK) or "").strip()[:200]


def returned_mark(tree: Tree) -> str:
    """The raw value of our loop mark on the mail that a delivery report returns; '' where it returns none."""
    found = (_RETURNED_MARK.search(leaf.content[:RETURNED_LIMIT]) for leaf in tree.leaves[:20])
    return next((match[1].decode("ascii") for match in found if match), "")


_RETURNED_MARK = re.compile(rb"^X-Mailbridge-Loop:[ \t]*(?:\r?\n[ \t]+)?([!-~]{1,200})[ \t]*\r?$", re.M | re.I)


def method_in(content: bytes) -> str:
    """The METHOD of an iCalendar object whose Content-Type does not name it (RFC 6047, 2.4 requires both)."""
    found = re.search(rb"^METHOD[ \t]*:[ \t]*([A-Za-z]{1,20})", content[:4096], re.M | re.I)
    return found[1].decode("ascii").upper() if found else ""
