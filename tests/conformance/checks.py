"""What counts as right, column by column; each check compares one stated key with the message."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html.parser import HTMLParser
from typing import Any

from mailbridge.cli.mail_json import ROBOTS
from mailbridge.message.model import Address, Attachment, Kind, Message, Part, SpanKind
from tests.conformance.suites import Case

Wanted = Any
Right = Callable[[Message, Wanted, Case], bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One stated fact and whether we got it.  `apart`: scored beside the figure, not in it."""

    column: str
    suite: str
    case: str
    right: bool
    detail: str = ""
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """`right(message, wanted, case)` is None where the key cannot be judged by this column."""

    key: str
    column: str
    right: Callable[[Message, Wanted, Case], bool | None]
    seen: Callable[[Message], object]


def verdicts(case: Case, message: Message) -> Iterator[Verdict]:
    """All that `case` states of its one mail."""
    for check in CHECKS:
        if check.key not in case.want:
            continue
        wanted = case.want[check.key]
        right = check.right(message, wanted, case)
        if right is None:
            continue
        apart = case.unconfirmed(check.key) or (check.column.startswith(("reply", "signature")) and case.noted)
        detail = "" if right else f"{check.key}: wanted {short(wanted)}, got {short(check.seen(message))}"
        yield Verdict(check.column, case.suite, case.id, right, detail, apart)
    yield from always(case, message)


def always(case: Case, message: Message) -> Iterator[Verdict]:
    """What must hold of every mail: nothing cut is lost, and a person's mail is no robot's."""
    if message.reply.text or message.reply.spans:
        yield Verdict("spans restore the text", case.suite, case.id, tiles(message), "spans have gaps or overlaps")
    if case.suite.startswith(("reply-", "signature-")):
        human = message.kind not in ROBOTS
        yield Verdict("human mail kept human", case.suite, case.id, human, f"{message.kind} {message.kind_reasons}")


def tiles(message: Message) -> bool:
    end = 0
    for span in message.reply.spans:
        if span.start != end or span.end < span.start:
            return False
        end = span.end
    return end == len(message.reply.text)


# --- words


def short(value: object, limit: int = 160) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit // 2]} … {text[-limit // 2 :]}"


def lines(text: str | None) -> str:
    """Line ends and trailing space aside."""
    return "\n".join(line.rstrip() for line in (text or "").splitlines()).strip()


def squeezed(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def bare(text: str | None) -> str:
    """Without white space; NUL as we keep it (no database takes one)."""
    return re.sub(r"\s+", "", (text or "").replace("\0", "\ufffd"))


def alike(found: str | None, wanted: str | None) -> bool:
    """Equal but for white space and Unicode form; where upstream could not decode a character, any will do."""
    pieces = unicodedata.normalize("NFC", bare(wanted)).split("\ufffd")
    pattern = ".{0,4}".join(map(re.escape, pieces))
    return re.fullmatch(pattern, unicodedata.normalize("NFC", bare(found)), re.S) is not None


class Visible(HTMLParser):
    """The text of an HTML page, roughly as a reader sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"script", "style", "title"}
        self.pieces.append(" " if tag in {"br", "p", "div", "td", "tr", "li", "table"} else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style", "title"} and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)


def visible(html: str) -> str:
    page = Visible()
    page.feed(html)
    return "".join(page.pieces)


# --- header


def same_addresses(found: tuple[Address, ...], wanted: list[dict[str, Any]]) -> bool:
    return len(found) == len(wanted) and all(same_address(one, want) for one, want in zip(found, wanted, strict=True))


def same_address(found: Address, wanted: dict[str, Any]) -> bool:
    return (
        ("address" not in wanted or idn(found.address) == idn(wanted["address"] or ""))
        and ("name" not in wanted or squeezed(found.name) == squeezed(wanted["name"]))
        and ("group" not in wanted or (found.group or "") == (wanted["group"] or ""))
    )


def idn(address: str) -> str:
    """The address with its domain as people write it, lower case."""
    local, _, domain = address.lower().rpartition("@")
    try:
        return f"{local}@{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return f"{local}@{domain}"


def same_printed(found: tuple[Address, ...], wanted: str) -> bool:
    """All addresses of a header that upstream prints as one string."""
    return all(one.address.lower() in wanted.lower() and bare(one.name) in bare(wanted).replace('"', "") for one in found) and bool(
        found
    ) == ("@" in wanted)


def same_date(found: datetime | None, wanted: str) -> bool:
    return found is not None and found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == wanted


# --- body


def text_is(message: Message, wanted: str, _: Case) -> bool:
    """Line by line; a character that upstream could not decode may be a better one."""
    return lines(message.text) == lines(wanted) or ("\ufffd" in wanted and alike(message.text, wanted))


def reply_lines(message: Message) -> tuple[str, str]:
    """The fresh text, and fresh with signature, as they stand in the mail."""
    text, spans = message.reply.text, message.reply.spans
    fresh = "".join(text[s.start : s.end] for s in spans if s.kind is SpanKind.FRESH)
    both = "".join(text[s.start : s.end] for s in spans if s.kind in {SpanKind.FRESH, SpanKind.SIGNATURE})
    return (unmarked(fresh), unmarked(both)) if message.reply.source == "html" else (fresh, both)


def unmarked(text: str) -> str:
    """Without the marks that we put in front of what an HTML body shows as quoted."""
    return re.sub(r"^>+ ", "", text, flags=re.MULTILINE)


def reply_is(message: Message, wanted: str, equal: Callable[[str], str]) -> bool:
    return equal(wanted) in {equal(text) for text in (*reply_lines(message), message.reply.fresh)}


def reply_bare(message: Message, wanted: str, _: Case) -> bool:
    return reply_is(message, wanted, bare)


def reply_exact(message: Message, wanted: str, case: Case) -> bool:
    return reply_is(message, wanted, bare if case.want.get("compare") == "ignore-whitespace" else lines)


def signature_is(message: Message, wanted: str, _: Case) -> bool:
    return bare(message.reply.signature) == bare(wanted)


def inner_is(message: Message, wanted: dict[str, str], _: Case) -> bool:
    """The inner headers of a forward, as far as upstream found them."""
    inner = message.reply.forwarded
    if inner is None:
        return False
    return (
        ("from" not in wanted or (inner.sender is not None and printed_in(inner.sender, wanted["from"])))
        and ("to" not in wanted or (all(printed_in(one, wanted["to"]) for one in inner.to) and bool(inner.to)))
        and ("subject" not in wanted or squeezed(inner.subject) == squeezed(wanted["subject"]))
        and ("date" not in wanted or inner.date is not None)
        and ("text" not in wanted or bare(wanted["text"].removesuffix("...")) in bare(inner.text))
    )


def printed_in(one: Address, wanted: str) -> bool:
    return one.address.lower() in wanted.lower() and bare(one.name) in bare(wanted)


def forwarded_sender(message: Message, wanted: str, _: Case) -> bool:
    inner = message.reply.forwarded
    return inner is not None and inner.sender is not None and inner.sender.address.lower() == wanted.lower()


def before_forward(message: Message, wanted: str, _: Case) -> bool:
    """What was written above a forward; where words stand below it too, the forward itself tells them apart."""
    inner = message.reply.forwarded
    if inner is not None and bare(inner.text_before) == bare(wanted):
        return True
    return bare(wanted) in {bare(text) for text in reply_lines(message)} or bare(message.reply.fresh) == bare(wanted)


def language_is(message: Message, wanted: str, _: Case) -> bool | None:
    words = re.findall(r"\w+", message.reply.fresh or message.text)
    return message.language == wanted if len(words) >= 20 else None


# --- files


# Where the corpus quotes the text of a file, it quotes no more than this.
QUOTED = 2000


def file_matches(found: Attachment, wanted: dict[str, Any], texts: dict[str, str]) -> bool:
    """`texts` are our decoded text parts by their hash."""
    return (
        ("filename" not in wanted or any(alike(name, wanted["filename"]) for name in (found.original_name, found.name)))
        and ("content_type" not in wanted or found.content_type == wanted["content_type"].lower())
        and bytes_match(found, wanted)
        and ("disposition" not in wanted or found.disposition == (wanted["disposition"] or found.disposition))
        and ("content_id" not in wanted or found.content_id.strip("<>") == (wanted["content_id"] or "").strip("<>"))
        and ("is_message" not in wanted or found.is_message == wanted["is_message"])
        and ("text" not in wanted or text_matches(texts.get(found.sha256, found.content.decode("utf-8", "replace")), wanted["text"]))
    )


def bytes_match(found: Attachment, wanted: dict[str, Any]) -> bool:
    """Size and hash; of text and messages with either line end, since some upstreams normalise theirs."""
    contents = [found.content]
    if found.is_message or found.content_type.startswith(("text/", "message/")):
        plain = found.content.replace(b"\r\n", b"\n")
        contents += [plain, plain.replace(b"\n", b"\r\n")]
    return any(
        ("size" not in wanted or len(content) == wanted["size"])
        and ("sha256" not in wanted or hashlib.sha256(content).hexdigest() == wanted["sha256"])
        for content in contents
    )


def text_matches(found: str, wanted: str) -> bool:
    """Equal, or where the corpus quotes only a beginning, beginning so."""
    if len(wanted) == QUOTED:
        return lines(found).startswith(lines(wanted))
    return lines(found.replace("\r\r\n", "\n")) == lines(wanted.replace("\r\r\n", "\n"))


def part_matches(found: Part, wanted: dict[str, Any]) -> bool:
    return (
        ("content_type" not in wanted or found.content_type == wanted["content_type"].lower())
        and ("size" not in wanted or found.size == wanted["size"])
        and ("sha256" not in wanted or found.sha256 == wanted["sha256"])
        and ("text" not in wanted or found.text is None or lines(found.text) == lines(wanted["text"]))
    )


def each_found(wanted: list[Wanted], found: tuple[Any, ...], matches: Callable[[Any, Wanted], bool]) -> list[Wanted]:
    """The wanted that no one of `found` is, each used once."""
    left, missing = list(found), []
    for one in wanted:
        match = next((candidate for candidate in left if matches(candidate, one)), None)
        if match is None:
            missing.append(one)
        else:
            left.remove(match)
    return missing


def texts_of(message: Message) -> dict[str, str]:
    return {part.sha256: part.text for part in message.parts if part.text is not None}


def own_files(message: Message) -> tuple[Attachment, ...]:
    """Without what was taken out of a container."""
    return tuple(one for one in message.attachments if not one.inside)


def attachments_are(message: Message, wanted: list[dict[str, Any]], _: Case) -> bool:
    """A text that is shown in the mail is a part but no file for us: name and bytes are right all the same."""
    missing = each_found(wanted, message.attachments, partial(file_matches, texts=texts_of(message)))
    nameless = [one for one in missing if not one.get("filename")]
    return len(missing) == len(nameless) and not each_found(nameless, message.parts, part_matches)


def parts_are(message: Message, wanted: list[dict[str, Any]], _: Case) -> bool:
    leaves = [one for one in wanted if not one.get("is_message")]
    return not each_found(leaves, message.parts, part_matches)


def tnef_files_are(message: Message, wanted: list[dict[str, Any]], _: Case) -> bool:
    taken_out = tuple(one for one in message.attachments if one.inside)
    return len(taken_out) >= len(wanted) and not each_found(wanted, taken_out, partial(file_matches, texts=texts_of(message)))


# --- kinds


def recipients_are(message: Message, wanted: list[str], case: Case) -> bool:
    found = {one.lower() for one in message.bounce.recipients} if message.bounce else set()
    answers = [wanted, case.want["bounced_addresses_alt"]] if "bounced_addresses_alt" in case.want else [wanted]
    return any(found == {one.lower() for one in answer} for answer in answers)


def is_loop(message: Message) -> bool:
    return message.kind is Kind.LOOP or any(reason.startswith("loop") for reason in message.kind_reasons)


def contains_all(text: str, wanted: list[str]) -> bool:
    return all(bare(one) in bare(text) for one in wanted)


def equal(get: Callable[[Message], object], normal: Callable[[Any], object] = lambda value: value) -> Right:
    return lambda message, wanted, _: normal(get(message)) == normal(wanted)


def holds(get: Callable[[Message], str]) -> Right:
    return lambda message, wanted, _: contains_all(get(message), [wanted] if isinstance(wanted, str) else wanted)


def lacks(get: Callable[[Message], str]) -> Right:
    return lambda message, wanted, _: not any(bare(one) in bare(get(message)) for one in ([wanted] if isinstance(wanted, str) else wanted))


def people(get: Callable[[Message], tuple[Address, ...]]) -> Right:
    return lambda message, wanted, _: same_addresses(get(message), wanted)


def printed(get: Callable[[Message], tuple[Address, ...]]) -> Right:
    return lambda message, wanted, _: same_printed(get(message), wanted)


def subject(message: Message) -> str:
    return message.subject


def fresh(message: Message) -> str:
    return message.reply.fresh


def seen_bounce(message: Message) -> object:
    return (message.kind.value, message.bounce)


def seen_kind(message: Message) -> object:
    return (message.kind.value, message.kind_reasons, message.suppress_auto_response)


def seen_files(message: Message) -> object:
    return [(one.original_name or one.name, one.content_type, one.size, one.sha256[:8]) for one in message.attachments]


def seen_parts(message: Message) -> object:
    return [(one.path, one.content_type, one.size, one.sha256[:8]) for one in message.parts]


CHECKS = (
    Check("subject", "subject", equal(subject, squeezed), subject),
    Check("subject_contains", "subject", holds(subject), subject),
    Check("subject_missing", "subject", equal(lambda m: not m.subject), subject),
    Check("from", "addresses", people(lambda m: m.from_), lambda m: m.from_),
    Check("to", "addresses", people(lambda m: m.to), lambda m: m.to),
    Check("cc", "addresses", people(lambda m: m.cc), lambda m: m.cc),
    Check("reply_to", "addresses", people(lambda m: m.reply_to), lambda m: m.reply_to),
    Check("from_missing", "addresses", equal(lambda m: not m.from_), lambda m: m.from_),
    Check("to_missing", "addresses", equal(lambda m: not m.to), lambda m: m.to),
    Check("header_to", "addresses", printed(lambda m: m.to), lambda m: m.to),
    Check("header_cc", "addresses", printed(lambda m: m.cc), lambda m: m.cc),
    Check("header_reply_to", "addresses", printed(lambda m: m.reply_to), lambda m: m.reply_to),
    Check("date", "date", lambda m, w, _: same_date(m.date, w), lambda m: m.date),
    Check("date_missing", "date", equal(lambda m: m.date is None), lambda m: m.date),
    Check("message_id", "message ids", equal(lambda m: m.message_id), lambda m: m.message_id),
    Check("in_reply_to", "message ids", equal(lambda m: list(m.in_reply_to)), lambda m: m.in_reply_to),
    Check("references", "message ids", equal(lambda m: list(m.references)), lambda m: m.references),
    Check("text", "text body", text_is, lambda m: m.text),
    Check("text_contains", "text body", holds(lambda m: m.text), lambda m: m.text),
    Check("text_not_contains", "text body", lacks(lambda m: m.text), lambda m: m.text),
    Check("text_ends_with", "text body", lambda m, w, _: lines(m.text).endswith(lines(w)), lambda m: m.text),
    Check("body_text", "text body", equal(lambda m: m.text, lines), lambda m: m.text),
    Check("body_missing", "text body", equal(lambda m: not m.text.strip()), lambda m: m.text),
    Check("html", "HTML body", equal(lambda m: m.html, lines), lambda m: m.html),
    Check("html_contains", "HTML body", holds(lambda m: m.html), lambda m: m.html),
    Check(
        "html_text_contains",
        "HTML body as text",
        lambda m, w, _: all(squeezed(run) in squeezed(m.text) or squeezed(run) in squeezed(visible(m.html)) for run in w),
        lambda m: m.text,
    ),
    Check("has_text", "text body", lambda m, w, _: bool(m.text.strip()) if w else None, lambda m: m.text),
    Check("has_html", "HTML body", equal(lambda m: bool(m.html)), lambda m: m.html),
    Check("attachments", "attachments", attachments_are, seen_files),
    Check("n_attachments", "number of attachments", equal(lambda m: len(own_files(m))), seen_files),
    Check("n_attachments_at_least", "number of attachments", lambda m, w, _: len(m.attachments) >= w, seen_files),
    Check("parts", "MIME leaves", parts_are, seen_parts),
    Check("reply_text", "reply_text", reply_bare, reply_lines),
    Check("reply_text", "reply_text with white space", reply_exact, reply_lines),
    Check("reply_is_whole_text", "reply_text", lambda m, _, __: bare(reply_lines(m)[1]) == bare(m.reply.text), reply_lines),
    Check("reply_contains", "reply parts", holds(lambda m: reply_lines(m)[1]), reply_lines),
    Check("reply_not_contains", "reply parts", lacks(fresh), reply_lines),
    Check("reply_starts_with", "reply parts", lambda m, w, _: bare(reply_lines(m)[1]).startswith(bare(w)), reply_lines),
    Check("signature", "signature", signature_is, lambda m: m.reply.signature),
    Check("signature_contains", "signature", holds(lambda m: m.reply.signature), lambda m: m.reply.signature),
    Check(
        "signature_starts_with",
        "signature",
        lambda m, w, _: bare(m.reply.signature).startswith(bare(w)),
        lambda m: m.reply.signature,
    ),
    Check("has_signature", "signature", equal(lambda m: bool(m.reply.signature)), lambda m: m.reply.signature),
    Check("text_without_signature", "signature", equal(fresh, bare), fresh),
    Check("is_forward", "is_forward", equal(lambda m: m.reply.forwarded is not None), lambda m: m.reply.forwarded),
    Check("forwarded", "forwarded inner headers", inner_is, lambda m: m.reply.forwarded),
    Check("forwarded_sender", "forwarded inner headers", forwarded_sender, lambda m: m.reply.forwarded),
    Check(
        "forwarded_contains",
        "forwarded inner headers",
        holds(lambda m: m.reply.forwarded.text if m.reply.forwarded else ""),
        lambda m: m.reply.forwarded,
    ),
    Check("text_before_forward", "forwarded inner headers", before_forward, fresh),
    Check("text_before_forward_contains", "forwarded inner headers", holds(fresh), fresh),
    Check("language", "language", language_is, lambda m: m.language),
    Check("is_bounce", "is_bounce", equal(lambda m: m.kind is Kind.BOUNCE), seen_kind),
    Check("bounced_addresses", "bounced_addresses", recipients_are, seen_bounce),
    Check("n_bounced", "number of bounced", equal(lambda m: len(m.bounce.recipients) if m.bounce else 0), seen_bounce),
    Check("is_temporary", "hard or soft", equal(lambda m: m.bounce.temporary if m.bounce else None), seen_bounce),
    Check("is_auto_reply", "automatic", equal(lambda m: m.kind in ROBOTS), seen_kind),
    Check("suppress_auto_response", "automatic", equal(lambda m: m.suppress_auto_response), seen_kind),
    Check("is_loop", "automatic", equal(is_loop), seen_kind),
    Check("is_feedback_report", "automatic", equal(lambda m: m.kind is Kind.FEEDBACK_REPORT), seen_kind),
    Check("is_disposition_notification", "automatic", equal(lambda m: m.kind is Kind.READ_RECEIPT), seen_kind),
    Check("is_mailing_list", "automatic", equal(lambda m: m.kind is Kind.LIST), seen_kind),
    Check("tnef_attachments", "TNEF files", tnef_files_are, seen_files),
)
