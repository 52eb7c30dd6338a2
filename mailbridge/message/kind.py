"""What sort of mail this is, and why: the order of the questions below is the order of trust in the answers.

Three mistakes cost differently.  A robot taken for a person may start a loop; a person taken for a robot gets silence; so marks that
programs set decide the kind, and what only looks like a robot at most suppresses the automatic answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailbridge.message import bounce, delivery_report, robot_words
from mailbridge.message.model import Bounce, Kind, Message, ReadingPolicy
from mailbridge.message.tree import Tree

# RFC 5321, 6.3: a count of Received fields is the last guard; Postfix and Sendmail stop at 50 and 25.
MOST_HOPS = 50
OWN_MARK = "x-mailbridge-loop"
OWN_GROUP_FIELDS = ("list-post", "list-id", "x-mailing-list", "mailing-list", "x-beenthere")
TEXT_LIMIT = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """The kind with its reasons; `suppress_auto_response` also where the kind is HUMAN but an answer would be wrong."""

    kind: Kind
    reasons: tuple[str, ...]
    suppress_auto_response: bool
    bounce: Bounce | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A mail as the questions look at it."""

    tree: Tree
    message: Message
    policy: ReadingPolicy

    @property
    def null_sender(self) -> bool:
        """RFC 5321, 4.5.5: '<>' is the sender of what must not be answered; some servers write their own name for it."""
        envelope = self.policy.envelope_from if self.policy.envelope_from is not None else self.message.return_path
        return envelope is not None and (not envelope or envelope.lower().partition("@")[0] == "mailer-daemon")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question found."""

    kind: Kind
    reason: str
    bounce: Bounce | None = None


def classify(tree: Tree, message: Message, policy: ReadingPolicy) -> Kinds:
    """The kind of the mail, by the first question that has an answer."""
    seen = Seen(tree, message, policy)
    quiet = quiet_reasons(seen)
    for question in QUESTIONS:
        if answer := question(seen):
            return Kinds(kind=answer.kind, reasons=(answer.reason, *quiet), suppress_auto_response=True, bounce=answer.bounce)
    return Kinds(kind=Kind.HUMAN, reasons=tuple(quiet), suppress_auto_response=bool(quiet))


# --- questions, most certain first


def loop(seen: Seen) -> Answer | None:
    """Our own mail come back, or one that goes round."""
    for field in seen.tree.headers:
        # Another mailbridge desk marks its mail with its own address; that is a robot of somebody else's, not a loop of ours.
        if field.key == OWN_MARK and any(own in field.value.lower() for own in seen.policy.own_addresses):
            return Answer(Kind.LOOP, "loop: our own mark")
    if is_own(seen, [address.address for address in seen.message.from_[:1]]):
        return Answer(Kind.LOOP, "loop: from our own address")
    if any(own in value.lower() for value in seen.tree.get_all("x-loop")[:20] for own in seen.policy.own_addresses):
        return Answer(Kind.LOOP, "loop: X-Loop names our address")
    hops = len(seen.tree.fields("received"))
    return Answer(Kind.LOOP, f"loop: {hops} Received fields") if hops > MOST_HOPS else None


def feedback(seen: Seen) -> Answer | None:
    """RFC 5965 and the few that report complaints otherwise."""
    if bounce.report_type(seen.tree) == "feedback-report" or seen.tree.of_type("message/feedback-report"):
        return Answer(Kind.FEEDBACK_REPORT, "feedback report (RFC 5965)")
    name = next((name for name in robot_words.COMPLAINT_FIELDS if seen.tree.get(name) is not None), None)
    if name is None and robot_words.COMPLAINT_SUBJECT.match(seen.message.subject[:200]):
        return Answer(Kind.FEEDBACK_REPORT, "complaint subject")
    return Answer(Kind.FEEDBACK_REPORT, f"field {name}") if name else None


def read_receipt(seen: Seen) -> Answer | None:
    """RFC 8098."""
    if bounce.report_type(seen.tree) == "disposition-notification" or seen.tree.of_type("message/disposition-notification"):
        return Answer(Kind.READ_RECEIPT, "disposition notification (RFC 8098)")
    return None


def report(seen: Seen) -> Answer | None:
    """RFC 3464."""
    if found := delivery_report.report_of(seen.tree):
        return Answer(Kind.BOUNCE, "RFC 3464 report", found)
    return Answer(Kind.AUTO_REPLY, "delivery receipt (RFC 3464)") if delivery_report.says_delivered(seen.tree) else None


def plain_bounce(seen: Seen) -> Answer | None:
    """A bounce by the name, title or fields that only mail servers use."""
    return bounced(seen, certain=True)


def calendar(seen: Seen) -> Answer | None:
    """An answer to an invitation (RFC 5546, 3.2.3 and 3.2.7); the invitation itself is a person's mail."""
    for leaf in seen.tree.of_type("text/calendar"):
        method = leaf.param("method").upper() or method_in(leaf.content)
        if method in {"REPLY", "COUNTER", "REFRESH"}:
            return Answer(Kind.CALENDAR, f"calendar {method}")
    return None


def answering(seen: Seen) -> Answer | None:
    """RFC 3834, 5, and the fields that were there before it."""
    submitted = (seen.tree.get("auto-submitted") or "").strip().lower()
    if submitted.startswith("auto-replied"):
        return Answer(Kind.AUTO_REPLY, "Auto-Submitted: auto-replied")
    if found := marked(seen, "answering"):
        return Answer(Kind.AUTO_REPLY, f"field {found}")
    for name, pattern in robot_words.ANSWERING_VALUES:
        if any(pattern.search(value[:500]) for value in seen.tree.get_all(name)):
            return Answer(Kind.AUTO_REPLY, f"{name} of an autoresponder")
    if robot_words.VACATION_SUBJECT.match(seen.message.subject[:300]):
        return Answer(Kind.AUTO_REPLY, "vacation subject")
    return None


def challenge(seen: Seen) -> Answer | None:
    """A robot that wants to know whether a person wrote."""
    if name := next((name for name in robot_words.CHALLENGE_FIELDS if seen.tree.get(name) is not None), None):
        return Answer(Kind.CHALLENGE, f"field {name}")
    if (seen.tree.get("x-delivery-agent") or "").lower().startswith("tmda"):
        return Answer(Kind.CHALLENGE, "challenge-response by TMDA")
    words = seen.message.text[:TEXT_LIMIT]
    if robot_words.CHALLENGE_SUBJECT.are_in(seen.message.subject[:300]) and robot_words.CHALLENGE_WORDS.are_in(words):
        return Answer(Kind.CHALLENGE, "challenge-response")
    return None


def worded_bounce(seen: Seen) -> Answer | None:
    """A bounce by its words."""
    return bounced(seen, certain=False)


def null_sender(seen: Seen) -> Answer | None:
    """Nothing else is known of it, but nobody can be answered."""
    if not seen.null_sender:
        return None
    return Answer(Kind.BOUNCE, "null sender", bounce.read_text(seen.tree, seen.message))


def generated(seen: Seen) -> Answer | None:
    """Made by a program, in answer to nothing."""
    submitted = (seen.tree.get("auto-submitted") or "no").strip().lower()
    if not submitted.startswith("no"):
        return Answer(Kind.AUTO_GENERATED, f"Auto-Submitted: {submitted[:40]}")
    if found := marked(seen, "generated"):
        return Answer(Kind.AUTO_GENERATED, f"field {found}")
    if found := marked(seen, "loop"):
        return Answer(Kind.AUTO_GENERATED, f"loop mark {found}")
    return None


def mailing_list(seen: Seen) -> Answer | None:
    """RFC 2919, RFC 2369, and Precedence; not the group that our own address is."""
    fields = [name for name in robot_words.LIST_FIELDS if seen.tree.get(name) is not None]
    bulk = any(robot_words.BULK.match(value) for name in ("precedence", "x-precedence") for value in seen.tree.get_all(name))
    if fields and is_own_group(seen):
        return None
    if fields:
        return Answer(Kind.LIST, f"field {fields[0]}")
    return Answer(Kind.AUTO_GENERATED, "Precedence of bulk mail") if bulk else None


Question = Callable[[Seen], Answer | None]
QUESTIONS: tuple[Question, ...] = (
    loop,
    feedback,
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


# --- what suppresses an answer without making the mail a robot's


def quiet_reasons(seen: Seen) -> list[str]:
    """Why no automatic answer must go out although a person may have written."""
    reasons = []
    if any(robot_words.SUPPRESSED.search(value[:200]) for value in seen.tree.get_all("x-auto-response-suppress")):
        reasons.append("X-Auto-Response-Suppress")
    reasons.extend(f"mass mail field {name}" for name in robot_words.MASS_FIELDS if seen.tree.get(name) is not None)
    if any(robot_words.NO_REPLY.fullmatch(address.address.partition("@")[0]) for address in seen.message.from_[:1]):
        reasons.append("sender takes no replies")
    if robot_words.ACKNOWLEDGEMENT.match(seen.message.subject[:300]):
        reasons.append("acknowledgement of another desk")
    if any(seen.message.message_id.lower().endswith("@" + host.lower()) for host in seen.policy.own_hosts):
        reasons.append("loop: Message-ID of our own host")
    return reasons


def marked(seen: Seen, mark: str) -> str:
    """The first field whose name is such a mark and whose value is not no, '' where there is none."""
    for field in seen.tree.headers:
        if robot_words.mark_of(field.key) == mark and field.value.strip().lower() not in {"no", "false"}:
            return field.name
    return ""


def is_own(seen: Seen, addresses: list[str]) -> bool:
    """Whether one of `addresses` is a mailbox of ours, its +detail aside."""
    plain = {re.sub(r"\+[^@]*@", "@", address.lower()) for address in addresses}
    return any(own in plain for own in seen.policy.own_addresses)


def is_own_group(seen: Seen) -> bool:
    """Whether the list is our own address: a group whose mails we read."""
    text = " ".join(value for name in OWN_GROUP_FIELDS for value in seen.tree.get_all(name)).lower()[:4000]
    return any(own in text or f"<{own.replace('@', '.')}>" in text for own in seen.policy.own_addresses)


def bounced(seen: Seen, *, certain: bool) -> Answer | None:
    found = bounce.informal(seen.tree, seen.message, null_sender=seen.null_sender, certain=certain)
    return Answer(Kind.BOUNCE, found.reason, found.bounce) if found else None


def method_in(content: bytes) -> str:
    """The METHOD of an iCalendar object whose Content-Type does not tell it (RFC 6047, 2.4 asks for both)."""
    found = re.search(rb"^METHOD[ \t]*:[ \t]*([A-Za-z]{1,20})", content[:4096], re.M | re.I)
    return found[1].decode("ascii").upper() if found else ""
