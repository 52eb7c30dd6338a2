"""Authentication-Results fields (RFC 8601, 2.2), and Exchange Online's form without an authserv-id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

FIELD_LIMIT = 16 * 1024
COMMENT_DEPTH = 8  # of nested comments; a deeper one makes the field unreadable

TOKEN = re.compile(r"[()\\\";=]|[^\s()\\\";=]+|\s+")
# A domain's policy: "(p=REJECT sp=NONE dis=NONE)" by Google and OpenDMARC, "(policy=reject)" by rspamd.
_POLICY = re.compile(r"\b(p|sp|policy)\s*=\s*(none|quarantine|reject)\b", re.IGNORECASE)


class AmbiguousField(ValueError):
    """The field cannot be parsed in exactly one way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """One method's result, 'dmarc=pass header.from=example.test'; names in lower case, values as written."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()
    comments: tuple[str, ...] = field(default=(), compare=False)

    def get(self, name: str) -> str | None:
        """The value of property `name`, None where there is none or more than one."""
        found = [value for key, value in self.properties if key == name]
        return found[0] if len(found) == 1 else None

    def policies(self) -> dict[str, str]:
        """The policies in the comments, in lower case: {'p': 'none', 'sp': 'reject'}, {'policy': 'reject'}."""
        return {key.lower(): value.lower() for comment in self.comments for key, value in _POLICY.findall(comment)}


@dataclass(slots=True)
class _Clause:
    """The tokens between two semicolons, and the comments among them."""

    tokens: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def read_results(raw: bytes) -> tuple[str, list[MethodResult]]:
    """The authserv-id (lower case) and the verdicts.  Raises AmbiguousField."""
    clauses = list(_clauses(raw))
    server = clauses[0].tokens if clauses else []
    # authserv-id [ CFWS authres-version ]
    if not server or "=" in server or (len(server) > 1 and server[1:] != ["1"]):
        raise AmbiguousField("no authserv-id")
    return server[0].lower(), _verdicts(clauses[1:])


def read_unnamed(raw: bytes) -> list[MethodResult]:
    """The verdicts of a field that begins with its first verdict.  Raises AmbiguousField, also if there is an authserv-id."""
    clauses = list(_clauses(raw))
    if not clauses or "=" not in clauses[0].tokens:
        raise AmbiguousField("an authserv-id stands where none belongs")
    return _verdicts(clauses)


def _verdicts(clauses: Sequence[_Clause]) -> list[MethodResult]:
    return [_verdict(clause) for clause in clauses if clause.tokens and clause.tokens != ["none"]]


def _verdict(clause: _Clause) -> MethodResult:
    """method[/version] "=" result *( name "=" value )"""
    tokens = clause.tokens
    if len(tokens) < 3 or tokens[1] != "=":
        raise AmbiguousField("a clause is no verdict")
    pairs: list[tuple[str, str]] = []
    rest = tokens[3:]
    while rest:
        if len(rest) < 3 or rest[1] != "=" or rest[2] == "=":
            raise AmbiguousField("a property has no value")
        pairs.append((rest[0].lower(), rest[2]))
        rest = rest[3:]
    method = tokens[0].partition("/")[0].lower()
    return MethodResult(method=method, result=tokens[2].lower(), properties=tuple(pairs), comments=tuple(clause.comments))


def _clauses(raw: bytes) -> Iterator[_Clause]:
    """The clauses between semicolons.  A quoted string and the text that it touches are one token."""
    try:
        text = raw[:FIELD_LIMIT].decode("utf-8")
    except UnicodeDecodeError as error:
        raise AmbiguousField("not UTF-8") from error
    clause = _Clause()
    glued = False  # whether the next piece continues the last token: "x"@example.test is one value
    pieces = iter(TOKEN.findall(text))
    for piece in pieces:
        if piece == "(":
            clause.comments.append(_comment(pieces))
            glued = False
        elif piece == ";":
            yield clause
            clause, glued = _Clause(), False
        elif piece == "=":
            # In "smtp.mailfrom=prvs=1=a@b" the second equals sign belongs to the value.
            if glued and clause.tokens[-2:-1] == ["="]:
                clause.tokens[-1] += piece
            else:
                clause.tokens.append(piece)
                glued = False
        elif piece.isspace():
            glued = False
        elif piece in {")", "\\"}:
            raise AmbiguousField("a stray special")
        else:
            word = _quoted(pieces) if piece == '"' else piece
            if glued:
                clause.tokens[-1] += word
            else:
                clause.tokens.append(word)
            glued = True
    yield clause


def _comment(pieces: Iterator[str]) -> str:
    """The text of the comment whose opening was read.  The iterator is then after its end."""
    depth, text = 1, []
    for piece in pieces:
        if piece == "\\":
            text.append(next(pieces, ""))
            continue
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
        if depth > COMMENT_DEPTH:
            raise AmbiguousField("a comment is too deep")
        if not depth:
            return "".join(text)
        text.append(piece)
    raise AmbiguousField("a comment has no end")


def _quoted(pieces: Iterator[str]) -> str:
    """The text up to the closing quote, with its quotes, so that it never equals a plain word."""
    inside = ['"']
    for piece in pieces:
        if piece == '"':
            return "".join(inside) + '"'
        inside.append(next(pieces, "") if piece == "\\" else piece)
    raise AmbiguousField("a quoted string has no end")


# --- domains


def same_domain(one: str, other: str) -> bool:
    """Whether the domains are equal by labels, ignoring case and A-label encoding.  A suffix is another domain."""
    first, second = _labels(one), _labels(other)
    return bool(first) and first == second


def _labels(domain: str) -> tuple[str, ...]:
    try:
        ascii_name = domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ()
    return tuple(ascii_name.split(".")) if ascii_name else ()
