"""Who really wrote a mail: the strict From, and the DMARC verdict of our own MX about exactly that domain.

The verdict is read from one field only: the topmost Authentication-Results with our authserv-id that stands above our own MX's
Received field.  All below that line came with the mail and was written by whoever sent it (RFC 8601, 5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbridge.message.addresses import strict_mailbox
from mailbridge.message.model import Address, ReadingPolicy, Sender
from mailbridge.message.tree import Field, Tree

VERDICT_LIMIT = 16 * 1024
# A nested comment deeper than this is nobody's honest work.
COMMENT_DEPTH = 8

TOKEN = re.compile(r"[()\\\";=]|[^\s()\\\";=]+|\s+")
# DKIM's l= says how much of the body is signed: the rest may be anybody's (RFC 6376, 8.2).
PARTLY_SIGNED = re.compile(rb"(?:^|;)\s*l\s*=\s*\d")


class Broken(ValueError):
    """A field that cannot be read in one way only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One method's result, 'dmarc=pass header.from=example.test'; names in lower case, values as written."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """The value of the one property `name`, None where there is none or more than one."""
        found = [value for key, value in self.properties if key == name]
        return found[0] if len(found) == 1 else None


def sender_of(tree: Tree, policy: ReadingPolicy) -> Sender:
    """The sender, strict and verified as far as the mail and our MX allow; each shortfall is a reason."""
    fields = tree.fields("from")
    if len(fields) != 1:
        return Sender(reasons=("two From fields" if fields else "no From field",))
    mailbox = strict_mailbox(fields[0].raw)
    if mailbox.address is None:
        return Sender(reasons=(mailbox.reason,))
    if misleading := misleading_names(tree):
        return Sender(reasons=(misleading,))
    result, reason = verdict_on(tree, mailbox.address, policy)
    reasons = (reason, *(("DKIM signature covers part of the body",) if partly_signed(tree) else ()))
    address, name = mailbox.address.address, mailbox.address.name
    return Sender(address=address, name=name, strict=True, verified=result == "pass", dmarc=result, reasons=reasons)


def misleading_names(tree: Tree) -> str:
    """A field that another program may take for From although we do not: ' From:', 'From :', 'From\\0:'."""
    for field in tree.headers:
        if field.key != "from" and re.sub(r"[^a-z]", "", field.key) == "from":
            return "a field looks like From"
    return ""


def partly_signed(tree: Tree) -> bool:
    return any(PARTLY_SIGNED.search(field.raw[:4096]) for field in tree.fields("dkim-signature")[:10])


def verdict_on(tree: Tree, address: Address, policy: ReadingPolicy) -> tuple[str, str]:
    """The trusted DMARC result for the domain of `address` and the words for it; '' where there is none or it is for another domain."""
    field = trusted_results(tree, policy)
    if field is None:
        return "", "no trusted Authentication-Results"
    try:
        server, verdicts = read_results(field.raw)
    except Broken as error:
        return "", f"Authentication-Results cannot be read: {error}"
    dmarc = [verdict for verdict in verdicts if verdict.method == "dmarc"]
    if len(dmarc) != 1:
        return "", "more than one DMARC verdict" if dmarc else "no DMARC verdict"
    if dmarc[0].result != "pass":
        return dmarc[0].result[:20], f"dmarc={dmarc[0].result[:20]} by {server}"
    if not same_domain(dmarc[0].get("header.from") or "", address.domain):
        return "", "DMARC passed for another domain"
    return "pass", f"dmarc=pass by {server}"


def trusted_results(tree: Tree, policy: ReadingPolicy) -> Field | None:
    """The topmost Authentication-Results of ours above our MX's own Received field; None where there is no such line of ours."""
    found: Field | None = None
    for field in tree.headers:
        if field.key == "received":
            if written_by(field, policy.own_hosts or policy.authserv_ids):
                return found
            # A hop above the verdict must be one behind our MX, which got the mail from it.
            if found is None and not came_from(field, policy.own_hosts or policy.authserv_ids):
                return None
        elif field.key == "authentication-results" and found is None and is_ours(field, policy.authserv_ids):
            found = field
    return None


def written_by(field: Field, hosts: tuple[str, ...]) -> bool:
    """Whether one of `hosts` may have written this Received field: its name behind any 'by', so that nothing that a sender can put
    into the field (HELO, comments) hides ours.  Seeing ours too early only takes trust away."""
    return any(mentioned(field, rf"\bby\s+{re.escape(host)}") for host in hosts)


def came_from(field: Field, hosts: tuple[str, ...]) -> bool:
    return any(mentioned(field, rf"^\s*from\s+{re.escape(host)}") for host in hosts)


def mentioned(field: Field, pattern: str) -> bool:
    text = field.raw[:VERDICT_LIMIT].decode("latin-1")
    return re.search(pattern + r"\.?(?=[\s;(\[]|$)", text, re.I) is not None


def is_ours(field: Field, authserv_ids: tuple[str, ...]) -> bool:
    """Whether the field's authserv-id is exactly one of ours; a field that cannot be read is not."""
    try:
        server, _ = read_results(field.raw)
    except Broken:
        # Ours but broken must stay the topmost: what stands below it does not count instead.
        return any(re.match(rf"\s*{re.escape(one)}(?=[\s;(]|$)", field.raw[:1000].decode("latin-1"), re.I) for one in authserv_ids)
    return server in {one.lower() for one in authserv_ids}


def same_domain(one: str, other: str) -> bool:
    """Equal by labels, A-labels and case aside; a suffix is another domain."""
    first, second = labels(one), labels(other)
    return bool(first) and first == second


def labels(domain: str) -> tuple[str, ...]:
    try:
        ascii_name = domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ()
    return tuple(ascii_name.split(".")) if ascii_name else ()


# --- RFC 8601, 2.2


def read_results(raw: bytes) -> tuple[str, list[Verdict]]:
    """The authserv-id (lower case) and the verdicts; raises Broken rather than guess."""
    clauses = list(split_clauses(raw))
    server = clauses[0] if clauses else []
    # authserv-id [ CFWS authres-version ]
    if not server or "=" in server or (len(server) > 1 and server[1:] != ["1"]):
        raise Broken("no authserv-id")
    return server[0].lower(), [read_verdict(clause) for clause in clauses[1:] if clause and clause != ["none"]]


def read_verdict(clause: list[str]) -> Verdict:
    """method[/version] "=" result *( name "=" value )"""
    if len(clause) < 3 or clause[1] != "=":
        raise Broken("a clause is no verdict")
    pairs: list[tuple[str, str]] = []
    rest = clause[3:]
    while rest:
        if len(rest) < 3 or rest[1] != "=" or rest[2] == "=":
            raise Broken("a property has no value")
        pairs.append((rest[0].lower(), rest[2]))
        rest = rest[3:]
    return Verdict(method=clause[0].partition("/")[0].lower(), result=clause[2].lower(), properties=tuple(pairs))


def split_clauses(raw: bytes) -> Iterator[list[str]]:
    """The tokens of each clause between semicolons; comments are gone, a quoted string is one token with what it stands against."""
    try:
        text = raw[:VERDICT_LIMIT].decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("not UTF-8") from error
    clause: list[str] = []
    glued = False  # whether the next piece continues the last piece: "x"@example.test is one value
    pieces = iter(TOKEN.findall(text))
    for piece in pieces:
        if piece == "(":
            skip_comment(pieces)
            glued = False
        elif piece == ";":
            yield clause
            clause, glued = [], False
        elif piece == "=":
            # In "smtp.mailfrom=prvs=1=a@b" the second one belongs to the value.
            if glued and clause[-2:-1] == ["="]:
                clause[-1] += piece
            else:
                clause.append(piece)
                glued = False
        elif piece.isspace():
            glued = False
        elif piece in {")", "\\"}:
            raise Broken("a stray special")
        else:
            word = quoted(pieces) if piece == '"' else piece
            if glued:
                clause[-1] += word
            else:
                clause.append(word)
            glued = True
    yield clause


def skip_comment(pieces: Iterator[str]) -> None:
    """The iterator stands behind the comment."""
    depth = 1
    for piece in pieces:
        if piece == "\\":
            next(pieces, "")
        elif piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
        if depth > COMMENT_DEPTH:
            raise Broken("a comment is too deep")
        if not depth:
            return
    raise Broken("a comment has no end")


def quoted(pieces: Iterator[str]) -> str:
    """What stands up to the closing quote, in quotes still, so that it never equals a plain word."""
    inside = ['"']
    for piece in pieces:
        if piece == '"':
            return "".join(inside) + '"'
        inside.append(next(pieces, "") if piece == "\\" else piece)
    raise Broken("a quoted string has no end")
